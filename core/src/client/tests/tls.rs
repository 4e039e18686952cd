//! TLS against a real server: whom the client trusts, who it says it is, and that nothing goes out in clear.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver};
use std::thread;

use rcgen::{BasicConstraints, CertificateParams, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, date_time_ymd};
use rustls::pki_types::PrivateKeyDer;
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig, ServerConnection, StreamOwned};

use super::{PATIENCE, client, stats, track};

const ONE_ACCEPTED: &str = r#"{"accepted":1,"rejected":0,"dropped":0,"results":[]}"#;

/// An authority of our own.
struct Authority {
    issuer: Issuer<'static, KeyPair>,
    certificate: rcgen::Certificate,
}

/// A certificate with its key.
struct Identity {
    certificate: rcgen::Certificate,
    key: KeyPair,
}

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap();
        Self { issuer: Issuer::new(params, key), certificate }
    }

    fn sign(&self, name: &str, change: impl FnOnce(&mut CertificateParams)) -> Identity {
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
        change(&mut params);
        let key = KeyPair::generate().unwrap();
        Identity { certificate: params.signed_by(&key, &self.issuer).unwrap(), key }
    }

    fn roots(&self) -> RootCertStore {
        let mut roots = RootCertStore::empty();
        roots.add(self.certificate.der().clone()).unwrap();
        roots
    }
}

/// A collector behind TLS that accepts one record a request; tells of each request's first line.
fn serve(identity: &Identity, clients: Option<&Authority>) -> (SocketAddr, Receiver<String>) {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder =
        ServerConfig::builder_with_provider(Arc::clone(&provider)).with_safe_default_protocol_versions().unwrap();
    let builder = match clients {
        Some(authority) => {
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(authority.roots()), provider);
            builder.with_client_cert_verifier(verifier.build().unwrap())
        }
        None => builder.with_no_client_auth(),
    };
    let key = PrivateKeyDer::try_from(identity.key.serialize_der()).unwrap();
    let config = Arc::new(builder.with_single_cert(vec![identity.certificate.der().clone()], key).unwrap());
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (tell, requests) = mpsc::channel();
    thread::spawn(move || {
        for tcp in listener.incoming().map_while(Result::ok) {
            let connection = ServerConnection::new(Arc::clone(&config)).unwrap();
            let mut reader = BufReader::new(StreamOwned::new(connection, tcp));
            let mut first = String::new();
            // A handshake that fails ends the connection here.
            if reader.read_line(&mut first).is_err() || tell.send(first).is_err() {
                continue;
            }
            let mut line = String::new();
            while reader.read_line(&mut line).is_ok_and(|read| read > 2) {
                line.clear();
            }
            let length = ONE_ACCEPTED.len();
            let head = format!("HTTP/1.1 200 x\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n");
            let stream = reader.get_mut();
            let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(ONE_ACCEPTED.as_bytes()));
            stream.conn.send_close_notify();
            let _ = stream.flush();
        }
    });
    (address, requests)
}

fn write(folder: &Path, name: &str, text: &str) -> String {
    let path = folder.join(name);
    std::fs::write(&path, text).unwrap();
    path.to_string_lossy().into_owned()
}

/// Whether one record was delivered, to a server whose authority the client trusts, or another one.
fn delivered(host: &str, identity: &Identity, trusted: &Authority) -> bool {
    let folder = tempfile::tempdir().unwrap();
    let (address, requests) = serve(identity, None);
    let client = client(&format!("https://{host}:{}", address.port()), |config| {
        config.export.certificate = Some(write(folder.path(), "ca.pem", &trusted.certificate.pem()));
        config.retry_max_attempts = 1;
    });
    track(&client, [1]);
    assert!(client.flush(PATIENCE));
    let is_delivered = stats(&client)["delivered"] == 1;
    assert_eq!(requests.try_iter().count(), usize::from(is_delivered), "nothing of a request before trust");
    is_delivered
}

#[test]
fn a_server_is_trusted_by_its_authority_and_its_name() {
    let (authority, other) = (Authority::new(), Authority::new());
    let good = authority.sign("127.0.0.1", |_| {});
    assert!(delivered("127.0.0.1", &good, &authority));
    assert!(!delivered("127.0.0.1", &good, &other), "another authority");
    assert!(!delivered("localhost", &good, &authority), "another name");
    let expired = authority.sign("127.0.0.1", |params| params.not_after = date_time_ymd(2020, 1, 1));
    assert!(!delivered("127.0.0.1", &expired, &authority), "expired");
    let early = authority.sign("127.0.0.1", |params| params.not_before = date_time_ymd(2990, 1, 1));
    assert!(!delivered("127.0.0.1", &early, &authority), "not valid yet");
}

#[test]
fn without_an_authority_of_its_own_the_operating_system_decides() {
    let (address, requests) = serve(&Authority::new().sign("127.0.0.1", |_| {}), None);
    let client = client(&format!("https://{address}"), |config| config.retry_max_attempts = 1);
    track(&client, [1]);
    assert!(client.flush(PATIENCE));
    assert_eq!(stats(&client)["dropped"]["export_failed"], 1);
    assert_eq!(requests.try_iter().count(), 0);
}

#[test]
fn a_client_shows_its_certificate_where_one_is_asked_for() {
    let authority = Authority::new();
    let folder = tempfile::tempdir().unwrap();
    let (address, requests) = serve(&authority.sign("127.0.0.1", |_| {}), Some(&authority));
    let me = authority.sign("client", |_| {});
    for (is_known, expected) in [(true, 1), (false, 0)] {
        let client = client(&format!("https://{address}"), |config| {
            config.export.certificate = Some(write(folder.path(), "ca.pem", &authority.certificate.pem()));
            config.retry_max_attempts = 1;
            if is_known {
                config.export.client_certificate = Some(write(folder.path(), "client.pem", &me.certificate.pem()));
                config.export.client_key = Some(write(folder.path(), "key.pem", &me.key.serialize_pem()));
            }
        });
        track(&client, [1]);
        assert!(client.flush(PATIENCE));
        assert_eq!(stats(&client)["delivered"], expected);
        assert_eq!(requests.try_iter().count(), expected);
    }
}

#[test]
fn a_key_of_another_certificate_is_an_error_when_the_client_is_made() {
    let authority = Authority::new();
    let folder = tempfile::tempdir().unwrap();
    let (me, other) = (authority.sign("me", |_| {}), authority.sign("other", |_| {}));
    let config = super::config("https://127.0.0.1:1", |config| {
        config.export.client_certificate = Some(write(folder.path(), "client.pem", &me.certificate.pem()));
        config.export.client_key = Some(write(folder.path(), "key.pem", &other.key.serialize_pem()));
    });
    let error = super::Client::with_world(&config, &crate::client::switch::World::of(&|_| None)).err().unwrap();
    assert_eq!(error.path(), "/client/export");
}
