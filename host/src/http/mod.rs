//! The host over HTTP: an axum router, and a server that stops without breaking off a change.
//!
//! Called by the CLI and by programs that embed the host. Touches the host's
//! functions alone: no database, no sandbox.

mod advice;
mod auth;
mod binding;
mod caller;
mod changes;
mod connections;
mod decisions;
mod doctor;
mod document;
mod drift;
mod entities;
mod events;
mod extract;
mod fields;
mod flights;
mod health;
mod limits;
mod observe;
mod plans;
mod plugins;
mod problem;
mod routes;
mod schema;
mod serve;
mod signed;
mod submit;
#[cfg(test)]
mod tests;
mod tls;
mod tombstones;
mod unread;

use std::sync::Arc;

pub use serve::{bind, serve, stop_signal};

use tokio::sync::Semaphore;

use crate::host::Host;

/// How the router behaves besides the host's configuration.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Options {
    /// Whether a request without a token may do everything, as long as the host has no token at all. Only for a
    /// server that other machines cannot reach.
    pub anonymous: bool,
}

/// What every handler can reach.
#[derive(Clone)]
struct App {
    host: Host,
    options: Options,
    flights: Arc<flights::Flights>,
    limits: Arc<limits::Limits>,
    /// Bodies of signed requests that are read before it is known who sends them.
    unverified: Arc<Semaphore>,
}

/// The router of a host. Every request needs a token.
pub fn router(host: Host) -> axum::Router {
    router_with(host, Options::default())
}

/// The router of a host, with options.
pub fn router_with(host: Host, options: Options) -> axum::Router {
    crate::telemetry::metrics::install();
    let flights = flights::Flights::new(host.config().http.max_requests_per_org as usize);
    let limits = Arc::new(limits::Limits::new(host.config().rate, governor::clock::MonotonicClock));
    let unverified = Arc::new(Semaphore::new(host.config().http.max_unverified_requests as usize));
    routes::router(App { host, options, flights, limits, unverified })
}

/// The OpenAPI description of the router.
#[must_use]
pub fn openapi() -> utoipa::openapi::OpenApi {
    routes::openapi()
}
