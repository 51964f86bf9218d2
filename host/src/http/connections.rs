//! The connections of the server: so many at a time, each of which has to send the heads of its requests in time.
//!
//! `serve.rs` calls it. The server that axum has waits for a head as long as its sender likes.

use std::future::Future;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::Request;
use axum::serve::Listener;
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::sync::Semaphore;
use tower::ServiceExt;

use super::limits::Peer;
use crate::config::HttpConfig;

/// Requests of one HTTP/2 connection that are answered at the same time.
const STREAMS: u32 = 256;

/// Answers on every connection until `stopping` is done; then lets running requests end.
pub(super) async fn answer<L>(
    mut listener: L,
    router: Router,
    config: &HttpConfig,
    stopping: impl Future<Output = ()>,
) where
    L: Listener<Addr = SocketAddr>,
{
    let places = Arc::new(Semaphore::new(config.max_connections as usize));
    let (builder, open) = (builder(Duration::from_millis(config.header_timeout_ms)), GracefulShutdown::new());
    let told = Arc::new(AtomicBool::new(false));
    let mut stopping = pin!(stopping);
    loop {
        // Whoever finds no place waits before it is accepted, and holds nothing of the host.
        let next = async { (places.clone().acquire_owned().await, listener.accept().await) };
        let (place, (io, address)) = tokio::select! {
            next = next => next,
            () = &mut stopping => break,
        };
        let told = told.clone();
        let router = router.clone().map_request(move |request| from(request, address));
        let connection = builder.serve_connection(TokioIo::new(io), TowerToHyperService::new(router));
        let connection = open.watch(connection.into_owned());
        tokio::spawn(async move {
            let _place = place;
            match connection.await {
                Err(error) if is_no_http(&*error) && !told.swap(true, Ordering::Relaxed) => {
                    tracing::warn!(target: "hookwright::http", %address, error, "a client speaks no HTTP here, such as TLS to a port without (https:// for http://): set tls.certificate and tls.key, or correct its address; others are told at the level debug");
                }
                Err(error) => {
                    tracing::debug!(target: "hookwright::http", %address, error, "a connection ended early");
                }
                Ok(()) => {}
            }
        });
    }
    drop(listener);
    open.shutdown().await;
}

/// Whether what came could not be read as HTTP.
fn is_no_http(error: &(dyn std::error::Error + 'static)) -> bool {
    error.downcast_ref::<hyper::Error>().is_some_and(hyper::Error::is_parse)
}

fn builder(header: Duration) -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(header);
    // A client that is gone is noticed by its silence.
    let http2 = &mut builder.http2();
    http2.timer(TokioTimer::new()).keep_alive_interval(header).keep_alive_timeout(header);
    http2.max_concurrent_streams(STREAMS);
    builder
}

fn from(request: Request<Incoming>, address: SocketAddr) -> Request<Body> {
    let mut request = request.map(Body::new);
    request.extensions_mut().insert(ConnectInfo(Peer(address)));
    request
}
