//! TLS 1.2 and 1.3 by ring: whom to trust, and who we are.

use std::sync::Arc;

use rustls::client::WantsClientCert;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, ConfigBuilder, RootCertStore, WantsVerifier};

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
            None if is_used => with_the_systems(builder)?,
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

/// Trusts whom the operating system trusts.
#[cfg(not(target_os = "android"))]
fn with_the_systems(
    builder: ConfigBuilder<ClientConfig, WantsVerifier>,
) -> std::result::Result<ConfigBuilder<ClientConfig, WantsClientCert>, Failure> {
    rustls_platform_verifier::BuilderVerifierExt::with_platform_verifier(builder).map_err(|_| Failure::Setup)
}

/// Android's own verifier is asked through classes in Java, without which it panics, and which nobody brings who loads this
/// library from Dart. What it trusts lies in a folder: that of Google Play's updates from Android 14 on, else the device's.
#[cfg(target_os = "android")]
fn with_the_systems(
    builder: ConfigBuilder<ClientConfig, WantsVerifier>,
) -> std::result::Result<ConfigBuilder<ClientConfig, WantsClientCert>, Failure> {
    let store = authorities_in(&["/apex/com.android.conscrypt/cacerts", "/system/etc/security/cacerts"]);
    store.map(|store| builder.with_root_certificates(store)).ok_or(Failure::Setup)
}

/// The authorities in the first of `folders` that has any, a PEM file each; what cannot be read is passed over.
#[cfg(any(target_os = "android", test))]
fn authorities_in(folders: &[&str]) -> Option<RootCertStore> {
    let in_folder = |folder: &&str| {
        let mut store = RootCertStore::empty();
        for file in std::fs::read_dir(folder).ok()?.flatten() {
            let found = CertificateDer::pem_file_iter(file.path()).into_iter().flatten().flatten();
            store.add_parsable_certificates(found);
        }
        (!store.is_empty()).then_some(store)
    };
    folders.iter().find_map(in_folder)
}

fn certificates(path: &str, place: &str) -> Result<Vec<CertificateDer<'static>>> {
    let read = CertificateDer::pem_file_iter(path).and_then(Iterator::collect::<std::result::Result<Vec<_>, _>>);
    read.ok().filter(|list| !list.is_empty()).ok_or_else(|| unreadable(place, "certificates"))
}

fn unreadable(place: &str, what: &str) -> Error {
    Error::new(ErrorKind::ConfigInvalid, place, format!("must be the path of a readable PEM file with {what}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn authorities_are_those_of_the_first_folder_that_has_any() {
        let [empty, full] = [(); 2].map(|()| tempfile::tempdir().unwrap());
        for name in ["one", "two"] {
            let key = rcgen::KeyPair::generate().unwrap();
            let certificate = rcgen::CertificateParams::new(vec![name.to_owned()]).unwrap().self_signed(&key).unwrap();
            std::fs::write(full.path().join(name), certificate.pem() + "what a tool says about it\n").unwrap();
        }
        std::fs::write(full.path().join("three"), "no certificate").unwrap();
        let [empty, full] = [&empty, &full].map(|folder| folder.path().to_str().unwrap());
        assert_eq!(authorities_in(&["/nowhere", empty, full]).unwrap().len(), 2);
        assert!(authorities_in(&["/nowhere", empty]).is_none());
    }
}
