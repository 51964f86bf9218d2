//! TLS: certificate and key as they are in their files now, and a listener whose connections have shaken hands.
//!
//! `serve.rs` calls it. A connection keeps the certificate that it began with, so that changing it breaks nothing off.

use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use axum::serve::Listener;
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use sha2::{Digest, Sha256};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use crate::config::{TlsConfig, TlsFiles};
use crate::error::{Error, Result};

/// Connections that have shaken hands and wait for the server to take them.
const READY: usize = 64;
/// A certificate with its chain has a few kilobytes.
const MOST_BYTES: u64 = 1 << 20;

/// The certificate of a server, with its key.
pub(super) struct Certificate {
    files: TlsFiles,
    now: RwLock<Now>,
}

struct Now {
    /// What the files held when they were last read, usable or not.
    seen: [u8; 32],
    config: Arc<ServerConfig>,
}

impl Certificate {
    /// Reads the files.
    ///
    /// # Errors
    /// `tls/invalid`.
    pub(super) fn read(files: &TlsFiles) -> Result<Self> {
        let held = held(files)?;
        let now = Now { seen: held.digest(), config: held.config(files)? };
        Ok(Self { files: files.clone(), now: RwLock::new(now) })
    }

    /// Reads the files again; gives whether they hold something else now, which new connections get.
    ///
    /// # Errors
    /// `tls/invalid`, once for what cannot be used; new connections get what they got before.
    pub(super) fn reload(&self) -> Result<bool> {
        let held = held(&self.files);
        let seen = held.as_ref().map_or([0; 32], Held::digest);
        if self.now.read().unwrap_or_else(PoisonError::into_inner).seen == seen {
            return Ok(false);
        }
        let config = held.and_then(|held| held.config(&self.files));
        let mut now = self.now.write().unwrap_or_else(PoisonError::into_inner);
        now.seen = seen;
        now.config = config?;
        Ok(true)
    }

    fn config(&self) -> Arc<ServerConfig> {
        self.now.read().unwrap_or_else(PoisonError::into_inner).config.clone()
    }
}

/// What the two files hold.
struct Held {
    chain: Vec<u8>,
    key: Vec<u8>,
}

fn held(files: &TlsFiles) -> Result<Held> {
    Ok(Held { chain: bytes(&files.certificate)?, key: bytes(&files.key)? })
}

impl Held {
    fn digest(&self) -> [u8; 32] {
        let length = (self.chain.len() as u64).to_be_bytes();
        Sha256::new().chain_update(length).chain_update(&self.chain).chain_update(&self.key).finalize().into()
    }

    fn config(&self, files: &TlsFiles) -> Result<Arc<ServerConfig>> {
        let (certificate, key) = (&files.certificate, &files.key);
        let chain: Vec<_> = CertificateDer::pem_slice_iter(&self.chain)
            .collect::<std::result::Result<_, _>>()
            .map_err(|e| unusable("certificate", certificate, &e.to_string()))?;
        if chain.is_empty() {
            return Err(unusable("certificate", certificate, "it holds no certificate in PEM"));
        }
        // The error of a key may quote what it found.
        let private = PrivateKeyDer::from_pem_slice(&self.key)
            .map_err(|_| unusable("key", key, "it holds no private key in PEM"))?;
        let builder = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()));
        let builder = builder
            .with_safe_default_protocol_versions()
            .map_err(|e| Error::new("host/fault", "TLS has no protocol version").because(e))?;
        let mut config = builder
            .with_no_client_auth()
            .with_single_cert(chain, private)
            .map_err(|e| unusable("certificate", certificate, &format!("with \"{}\": {e}", key.display())))?;
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(Arc::new(config))
    }
}

fn bytes(path: &Path) -> Result<Vec<u8>> {
    let read = || {
        let length = std::fs::metadata(path)?.len();
        let large = || io::Error::other(format!("it has {length} bytes, at most {MOST_BYTES} are read"));
        if length > MOST_BYTES { Err(large()) } else { std::fs::read(path) }
    };
    read().map_err(|e| unusable("file", path, &e.to_string()))
}

fn unusable(what: &str, path: &Path, why: &str) -> Error {
    Error::new("tls/invalid", format!("the {what} \"{}\" cannot be used: {why}", path.display()))
}

/// Reads the files again every so often and on SIGHUP, for as long as it runs.
pub(super) async fn keep_current(certificate: Arc<Certificate>, every: Duration) {
    let mut hangups = Hangups::new();
    loop {
        tokio::select! {
            () = tokio::time::sleep(every) => {}
            () = hangups.next() => {}
        }
        let files = &certificate.files;
        match certificate.reload() {
            Ok(false) => {}
            Ok(true) => {
                tracing::info!(certificate = %files.certificate.display(), "new connections get another certificate");
            }
            Err(error) => {
                let code = error.code.as_str();
                tracing::error!(code, "new connections get the certificate that they got before: {error}");
            }
        }
    }
}

/// The signals that ask for the files to be read again.
struct Hangups {
    #[cfg(unix)]
    signals: Option<tokio::signal::unix::Signal>,
}

impl Hangups {
    fn new() -> Self {
        Self {
            #[cfg(unix)]
            signals: tokio::signal::unix::signal(tokio::signal::unix::SignalKind::hangup()).ok(),
        }
    }

    async fn next(&mut self) {
        #[cfg(unix)]
        if let Some(signals) = &mut self.signals
            && signals.recv().await.is_some()
        {
            return;
        }
        std::future::pending().await
    }
}

/// A listener that gives connections once they have shaken hands, each in its own time.
pub(super) struct TlsListener {
    address: SocketAddr,
    ready: mpsc::Receiver<(TlsStream<TcpStream>, SocketAddr)>,
    /// Ends with the listener.
    _accepting: JoinSet<()>,
}

impl TlsListener {
    pub(super) fn new(
        listener: TcpListener,
        certificate: Arc<Certificate>,
        config: &TlsConfig,
    ) -> io::Result<Self> {
        let address = listener.local_addr()?;
        let (give, ready) = mpsc::channel(READY);
        let timeout = Duration::from_millis(config.handshake_timeout_ms);
        let places = Arc::new(Semaphore::new(config.max_handshakes as usize));
        let mut accepting = JoinSet::new();
        accepting.spawn(accept(listener, certificate, timeout, places, give));
        Ok(Self { address, ready, _accepting: accepting })
    }
}

async fn accept(
    mut listener: TcpListener,
    certificate: Arc<Certificate>,
    timeout: Duration,
    places: Arc<Semaphore>,
    give: mpsc::Sender<(TlsStream<TcpStream>, SocketAddr)>,
) {
    let mut under_way = JoinSet::new();
    loop {
        let Ok(place) = places.clone().acquire_owned().await else { return };
        let (stream, peer) = Listener::accept(&mut listener).await;
        while under_way.try_join_next().is_some() {}
        let (acceptor, give) = (TlsAcceptor::from(certificate.config()), give.clone());
        under_way.spawn(async move {
            let _place = place;
            let shaking = async {
                match speaks_plainly(&stream).await {
                    true => Err(redirected(stream).await),
                    false => acceptor.accept(stream).await,
                }
            };
            match tokio::time::timeout(timeout, shaking).await {
                // It is stopping if nobody takes it.
                Ok(Ok(stream)) => drop(give.send((stream, peer)).await),
                Ok(Err(error)) => tracing::debug!(target: "hookwright::http", %peer, %error, "no handshake"),
                Err(_) => {
                    let timeout_ms = timeout.as_millis() as u64;
                    tracing::debug!(target: "hookwright::http", %peer, timeout_ms, "the handshake took too long");
                }
            }
        });
    }
}

/// What is answered to somebody who speaks HTTP where TLS is spoken: else there would be nothing to learn from.
const PLAIN: &[u8] = b"HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 49\r\nConnection: close\r\n\r\nthis port speaks HTTPS alone: use https:// there\n";

/// Whether the first byte is one of an HTTP method, which no handshake begins with.
async fn speaks_plainly(stream: &TcpStream) -> bool {
    let mut first = [0];
    matches!(stream.peek(&mut first).await, Ok(1) if first[0].is_ascii_uppercase())
}

async fn redirected(mut stream: TcpStream) -> io::Error {
    // What was sent is read, or closing would take the answer away.
    let mut head = [0; 4096];
    let told = async {
        let _head = stream.read(&mut head).await?;
        stream.write_all(PLAIN).await?;
        stream.shutdown().await
    };
    told.await.err().unwrap_or_else(|| io::Error::other("it spoke HTTP without TLS, and was told so"))
}

impl Listener for TlsListener {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        match self.ready.recv().await {
            Some(connection) => connection,
            None => std::future::pending().await,
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.address)
    }
}
