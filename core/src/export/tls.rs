//! TLS 1.2 and 1.3 by ring: whom to trust, and who we are.

use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore};
use rustls_platform_verifier::BuilderVerifierExt;

use crate::error::{Error, ErrorKind, Result};
use crate::export::Failure;

/// Certificates as configured, read when the client is made: a wrong path is an error there and not at night.
pub(super) struct Tls {
    /// The only authorities trusted; nothing means those of the operating system.
    authorities: Option<Vec<CertificateDer<'static>>>,
    /// The client's chain and its key.
    identity: Option<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>)>,
}

impl Tls {
    /// Reads the PEM files at these paths.
    pub(super) fn read(authorities: Option<&str>, chain: Option<&str>, key: Option<&str>) -> Result<Self> {
        let identity = match (chain, key) {
            (Some(chain), Some(key)) => {
                let place = "/client/export/client_key";
                let key = PrivateKeyDer::from_pem_file(key).map_err(|_| unreadable(place, "one private key"))?;
                Some((certificates(chain, "/client/export/client_certificate")?, key))
            }
            _ => None,
        };
        let authorities = authorities.map(|path| certificates(path, "/client/export/certificate")).transpose()?;
        let tls = Self { authorities, identity };
        // A key that does not belong to its certificate is found here.
        if tls.identity.is_some() || tls.authorities.is_some() {
            tls.config(true).map_err(|_| unreadable("/client/export", "certificates that belong together"))?;
        }
        Ok(tls)
    }

    /// The configuration of a connection that uses TLS or does not.
    pub(super) fn config(&self, is_used: bool) -> std::result::Result<ClientConfig, Failure> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        let builder = builder.map_err(|_| Failure::Setup)?;
        let builder = match &self.authorities {
            Some(authorities) => {
                let mut store = RootCertStore::empty();
                for authority in authorities {
                    store.add(authority.clone()).map_err(|_| Failure::Setup)?;
                }
                builder.with_root_certificates(store)
            }
            None if is_used => builder.with_platform_verifier().map_err(|_| Failure::Setup)?,
            // Plain HTTP: an empty store costs nothing, reading the system's costs milliseconds.
            None => builder.with_root_certificates(RootCertStore::empty()),
        };
        match &self.identity {
            Some((chain, key)) => {
                builder.with_client_auth_cert(chain.clone(), key.clone_key()).map_err(|_| Failure::Setup)
            }
            None => Ok(builder.with_no_client_auth()),
        }
    }
}

fn certificates(path: &str, place: &str) -> Result<Vec<CertificateDer<'static>>> {
    let read = CertificateDer::pem_file_iter(path).and_then(Iterator::collect::<std::result::Result<Vec<_>, _>>);
    read.ok().filter(|list| !list.is_empty()).ok_or_else(|| unreadable(place, "certificates"))
}

fn unreadable(place: &str, what: &str) -> Error {
    Error::new(ErrorKind::ConfigInvalid, place, format!("must be the path of a readable PEM file with {what}"))
}
