//! Certificates that keep a connection from coming about, shown by a server of the test's own: each is told by what is wrong
//! with it.

use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, IsCa, KeyPair, date_time_ymd};
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use crate::db::{DbOptions, OrgDb, Pools};
use crate::executor::testing::org;

/// A certificate of a server, with its key.
struct Shown {
    pem: String,
    config: Arc<ServerConfig>,
}

impl Shown {
    /// One that its own key signed, for these names.
    fn made(names: &[&str], set: impl FnOnce(&mut CertificateParams)) -> Self {
        let names: Vec<_> = names.iter().map(ToString::to_string).collect();
        let mut params = CertificateParams::new(names).expect("names");
        set(&mut params);
        let key = KeyPair::generate().expect("a key");
        let made = params.self_signed(&key).expect("a certificate");
        let secret = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_no_client_auth()
            .with_single_cert(vec![made.der().clone()], secret)
            .expect("a certificate with its key");
        Self { pem: made.pem(), config: Arc::new(config) }
    }

    /// Shows it to whoever asks for TLS as clients of PostgreSQL do.
    async fn serve(&self) -> u16 {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let acceptor = TlsAcceptor::from(self.config.clone());
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut request = [0; 8];
                if stream.read_exact(&mut request).await.is_ok() && stream.write_all(b"S").await.is_ok() {
                    // The client breaks it off.
                    acceptor.accept(stream).await.ok();
                }
            }
        });
        port
    }
}

/// What is told of a server with this certificate, to a host that trusts another one, or has no file of one; after one attempt.
async fn told(shown: &Shown, trusted: &str, mode: &str) -> (String, String) {
    let directory = tempfile::tempdir().expect("a directory");
    let root = directory.path().join("root.pem");
    if !trusted.is_empty() {
        std::fs::write(&root, trusted).expect("written");
    }
    let (port, root) = (shown.serve().await, root.display().to_string());
    let url = format!("postgres://app@localhost:{port}/crm?sslmode={mode}&sslrootcert={root}");
    let options = DbOptions { circuit_failures: 2, ..DbOptions::default() };
    let db = OrgDb::connect(&org(), &url, &options, &Pools::new(&options)).expect("an address").of_new();
    let error = db.serves().await.expect_err("it is not trusted");
    assert_eq!(error.finer(), Some("db/tls"), "{error}");
    (error.to_string().replace(&root, "FILE"), error.help().unwrap_or_default())
}

#[tokio::test]
async fn one_of_an_authority_is_told_with_what_makes_another() {
    let authority = |params: &mut CertificateParams| params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let shown = Shown::made(&["localhost"], authority);
    for mode in ["verify-ca", "verify-full"] {
        let (found, next) = told(&shown, &shown.pem, mode).await;
        assert!(found.contains("is one of a certificate authority (CA:TRUE)"), "{found}");
        let made = "-addext basicConstraints=critical,CA:FALSE -addext subjectAltName=DNS:localhost";
        assert!(next.contains(made), "{next}");
    }
}

#[tokio::test]
async fn what_is_wrong_with_one_is_told() {
    let plain = |names: &[&str]| Shown::made(names, |_| ());
    let (shown, other) = (plain(&["localhost"]), plain(&["localhost"]));
    let (found, next) = told(&shown, &other.pem, "verify-ca").await;
    assert!(found.ends_with("is not signed by any that the file \"FILE\" (sslrootcert) has"), "{found}");
    assert!(next.contains("openssl s_client -starttls postgres"), "{next}");
    let (found, _) = told(&shown, "no certificate", "verify-ca").await;
    assert_eq!(found, "the file \"FILE\" (sslrootcert) has no certificate that can be read");
    let (found, _) = told(&shown, "", "verify-ca").await;
    assert!(found.starts_with("the file \"FILE\" (sslrootcert) cannot be read: No such file"), "{found}");
    let elsewhere = plain(&["db.internal"]);
    let (found, _) = told(&elsewhere, &elsewhere.pem, "verify-full").await;
    assert!(found.ends_with("is not for the host \"localhost\": it is for db.internal"), "{found}");
    let old = Shown::made(&["localhost"], |params| params.not_after = date_time_ymd(2001, 2, 3));
    let (found, _) = told(&old, &old.pem, "verify-ca").await;
    assert!(found.ends_with("is valid no more, since 2001-02-03T00:00:00Z"), "{found}");
}
