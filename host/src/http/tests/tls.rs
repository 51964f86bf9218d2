//! TLS over real connections: both versions of HTTP, certificates that change, and peers that never shake hands.

use std::path::PathBuf;
use std::sync::Arc;

use axum::body::Body;
use axum::http::{Request, Version};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rcgen::{CertifiedKey, KeyPair};
use rustls::crypto::ring;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::Site;
use crate::config::{TlsConfig, TlsFiles};
use crate::http::tls::{Certificate, TlsListener};
use crate::http::{Options, router_with, serve};

type Sender = hyper::client::conn::http1::SendRequest<Body>;

/// A directory with a certificate and its key.
struct Files {
    directory: tempfile::TempDir,
}

impl Files {
    fn new() -> (Self, CertificateDer<'static>) {
        let files = Self { directory: tempfile::tempdir().expect("a directory") };
        let certificate = files.renew();
        (files, certificate)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).expect("written");
    }

    /// Another certificate with another key.
    fn renew(&self) -> CertificateDer<'static> {
        let CertifiedKey { cert, signing_key } = made();
        self.write("cert.pem", &cert.pem());
        self.write("key.pem", &signing_key.serialize_pem());
        cert.der().clone()
    }

    fn config(&self) -> TlsConfig {
        let (certificate, key) = (Some(self.path("cert.pem")), Some(self.path("key.pem")));
        TlsConfig { certificate, key, ..TlsConfig::default() }
    }

    fn files(&self) -> TlsFiles {
        self.config().files().expect("both are set")
    }
}

fn made() -> CertifiedKey<KeyPair> {
    rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate")
}

/// A connection to a port, trusting one certificate.
async fn connect(
    port: u16,
    trusted: &CertificateDer<'static>,
    alpn: &[u8],
) -> std::io::Result<TlsStream<TcpStream>> {
    let mut roots = RootCertStore::empty();
    roots.add(trusted.clone()).expect("a certificate");
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let builder = builder.with_safe_default_protocol_versions().expect("versions");
    let mut config = builder.with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = vec![alpn.to_vec()];
    let stream = TcpStream::connect(("127.0.0.1", port)).await?;
    let name = ServerName::try_from("localhost").expect("a name");
    TlsConnector::from(Arc::new(config)).connect(name, stream).await
}

async fn http1(stream: TlsStream<TcpStream>) -> Sender {
    let (sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.expect("HTTP/1.1");
    tokio::spawn(connection);
    sender
}

fn alive() -> Request<Body> {
    Request::get("/healthz").header("host", "localhost").body(Body::empty()).expect("a request")
}

/// A server whose certificate the test has in hand.
async fn server(site: &Site, config: &TlsConfig) -> (u16, Arc<Certificate>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let certificate = Arc::new(Certificate::read(&config.files().expect("both")).expect("read"));
    let listener = TlsListener::new(listener, certificate.clone(), config).expect("a listener");
    let router = router_with(site.host.clone(), Options::default());
    tokio::spawn(async move { axum::serve(listener, router).await });
    (port, certificate)
}

#[tokio::test]
async fn both_versions_of_http_are_served() {
    let (files, trusted) = Files::new();
    let site = Site::of(Options::default(), |config| config.tls = files.config()).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let serving = tokio::spawn(serve(site.host.clone(), listener, std::future::pending()));

    let stream = connect(port, &trusted, b"http/1.1").await.expect("a handshake");
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"http/1.1"[..]));
    let answer = http1(stream).await.send_request(alive()).await.expect("an answer");
    assert_eq!((answer.status().as_u16(), answer.version()), (200, Version::HTTP_11));

    let stream = connect(port, &trusted, b"h2").await.expect("a handshake");
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
    let executor = TokioExecutor::new();
    let (mut sender, connection) =
        hyper::client::conn::http2::handshake(executor, TokioIo::new(stream)).await.expect("HTTP/2");
    tokio::spawn(connection);
    let request = Request::get(format!("https://localhost:{port}/v1/orgs/acme/changes"));
    let answer = sender.send_request(request.body(Body::empty()).expect("a request")).await;
    let answer = answer.expect("an answer");
    assert_eq!((answer.status().as_u16(), answer.version()), (200, Version::HTTP_2));

    let plain = reqwest::get(format!("http://127.0.0.1:{port}/healthz")).await.expect("an answer");
    assert_eq!(plain.status(), 400, "nothing is served without TLS");
    serving.abort();
}

#[tokio::test]
async fn a_changed_certificate_is_taken_over_and_a_broken_one_is_not() {
    let (files, old) = Files::new();
    let site = Site::with(Options::default()).await;
    let (port, certificate) = server(&site, &files.config()).await;
    let mut before = http1(connect(port, &old, b"http/1.1").await.expect("a handshake")).await;
    assert_eq!(before.send_request(alive()).await.expect("an answer").status(), 200);
    assert!(!certificate.reload().expect("the same"));

    let new = files.renew();
    assert!(certificate.reload().expect("another"));
    assert!(connect(port, &old, b"http/1.1").await.is_err(), "the old one is given no more");
    connect(port, &new, b"http/1.1").await.expect("the new one is given");
    before.ready().await.expect("still open");
    assert_eq!(before.send_request(alive()).await.expect("an answer").status(), 200);

    let another = made();
    for (file, text) in [
        ("cert.pem", "no certificate".to_owned()),
        ("cert.pem", another.cert.pem()),
        ("key.pem", "-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----\n".to_owned()),
    ] {
        files.write(file, &text);
        let error = certificate.reload().expect_err("refused");
        assert_eq!(error.code, "tls/invalid", "{error}");
        assert!(!error.to_string().contains("c2VjcmV0"), "{error}");
        assert!(!certificate.reload().expect("told once"));
        connect(port, &new, b"http/1.1").await.expect("the last good one is given");
    }
    std::fs::remove_file(files.path("key.pem")).expect("removed");
    assert!(certificate.reload().expect_err("gone").to_string().contains("key.pem"));
    let last = files.renew();
    assert!(certificate.reload().expect("good again"));
    connect(port, &last, b"http/1.1").await.expect("given");
}

#[tokio::test]
async fn who_speaks_http_to_it_is_told() {
    let (site, (files, _)) = (Site::new().await, Files::new());
    let (port, _) = server(&site, &files.config()).await;
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await.expect("connected");
    stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n").await.expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("an answer");
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
    assert!(
        head.starts_with("HTTP/1.1 400 ") && head.contains(&format!("Content-Length: {}", body.len())),
        "{head}"
    );
    assert!(body.contains("use https://"), "{body}");
}

#[tokio::test]
async fn who_never_shakes_hands_keeps_nobody_out() {
    let (files, trusted) = Files::new();
    let site = Site::with(Options::default()).await;
    let config = TlsConfig { handshake_timeout_ms: 1_000, max_handshakes: 1, ..files.config() };
    let (port, _certificate) = server(&site, &config).await;
    let mut silent = TcpStream::connect(("127.0.0.1", port)).await.expect("a connection");
    let stream = connect(port, &trusted, b"http/1.1").await.expect("a handshake, once the other is over");
    assert_eq!(http1(stream).await.send_request(alive()).await.expect("an answer").status(), 200);
    assert_eq!(silent.read(&mut [0; 1]).await.expect("an end"), 0);
}

#[tokio::test]
async fn a_server_does_not_begin_with_files_it_cannot_use() {
    let (files, _) = Files::new();
    files.write("cert.pem", "");
    let error = Certificate::read(&files.files()).err().expect("refused");
    assert_eq!(error.code, "tls/invalid");
    let site = Site::of(Options::default(), |config| config.tls = files.config()).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let error = serve(site.host.clone(), listener, std::future::pending()).await.expect_err("refused");
    assert_eq!(error.code, "tls/invalid");
}
