//! The server: listens, says who is let in, and stops without breaking off a change.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::connections::answer;
use super::tls::{self, Certificate, TlsListener};
use super::{Options, router_with};
use crate::error::{Error, Result};
use crate::host::Host;

/// Listens on the configured address.
///
/// # Errors
/// `config/invalid`.
pub async fn bind(host: &Host) -> Result<TcpListener> {
    let address = host.config().http.listen;
    TcpListener::bind(address).await.map_err(|e| {
        let message = format!("the address {address} cannot be listened on: {e}");
        Error::new("config/invalid", message)
            .help("set \"http.listen\" to a free address, such as 127.0.0.1:8788")
    })
}

/// Serves until `stop` is done, then lets running requests and changes finish, for a bounded time: over TLS if a
/// certificate is configured.
///
/// # Errors
/// `tls/invalid`, `host/fault`.
pub async fn serve(host: Host, listener: TcpListener, stop: impl Future<Output = ()>) -> Result<()> {
    let fault = |e| Error::new("host/fault", "the server failed").because(e);
    let address = listener.local_addr().map_err(fault)?;
    let anonymous = host.policy().is_dev_throughout() && address.ip().is_loopback();
    if anonymous && !host.has_tokens().await? {
        tracing::warn!(
            "requests from this machine need no token until the first one is created; mode = \"prod\" ends this"
        );
    }
    tracing::info!(address = %address, "listening");
    let patience = Duration::from_millis(host.config().http.shutdown_timeout_ms);
    let (stopping, mut told) = watch::channel(false);
    let router = router_with(host.clone(), Options { anonymous });
    let stopping_told = async move {
        // A sender that is gone tells the same.
        let _ = told.wait_for(|stopping| *stopping).await;
    };
    let (tls, http) = (&host.config().tls, &host.config().http);
    let certificate = tls.files().map(|files| Certificate::read(&files).map(Arc::new)).transpose()?;
    let mut reloading = JoinSet::new();
    let server = match certificate {
        None => answer(listener, router, http, stopping_told).left_future(),
        Some(certificate) => {
            reloading.spawn(tls::keep_current(certificate.clone(), Duration::from_secs(tls.reload_s)));
            let listener = TlsListener::new(listener, certificate, tls).map_err(fault)?;
            answer(listener, router, http, stopping_told).right_future()
        }
    };
    let out_of_patience = async {
        stop.await;
        tracing::info!("stopping: running changes are finished first");
        let _ = stopping.send(true);
        tokio::time::sleep(patience).await;
    };
    tokio::select! {
        () = server => {}
        () = out_of_patience => tracing::warn!("requests still ran after {} ms and were broken off", patience.as_millis()),
    }
    if tokio::time::timeout(patience, host.drain()).await.is_err() {
        tracing::warn!(
            "changes still ran after {} ms; the ledger knows what becomes of them",
            patience.as_millis()
        );
    }
    Ok(())
}

/// Done when the process is asked to stop (SIGINT, SIGTERM).
pub async fn stop_signal() {
    let interrupt = tokio::signal::ctrl_c();
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! { _ = interrupt => {}, _ = terminate.recv() => {} }
            return;
        }
    }
    let _ = interrupt.await;
}
