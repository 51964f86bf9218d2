//! Whether the host lives, whether it can work, and how it fares.

use axum::Json;
use axum::extract::State;
use axum::http::header;
use axum::http::request::Parts;
use axum::response::IntoResponse;
use serde::Serialize;

use super::caller::Caller;
use super::problem::Problem;
use super::schema::OfOrg;
use super::{App, auth};
use crate::access::Scope;
use crate::api;
use crate::error::Error;
use crate::telemetry;

/// How the host is.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct Health {
    /// `alive` or `ready`.
    status: &'static str,
}

/// Whether the process answers.
#[utoipa::path(get, path = "/healthz", tag = "host", responses((status = 200, body = Health)))]
pub(super) async fn alive() -> Json<Health> {
    Json(Health { status: "alive" })
}

/// Whether the host can take changes.
#[utoipa::path(get, path = "/readyz", tag = "host", responses((status = 200, body = Health)))]
pub(super) async fn ready(State(app): State<App>) -> Result<Json<Health>, Problem> {
    app.host.ready().await?;
    Ok(Json(Health { status: "ready" }))
}

/// Show how an organisation fares.
///
/// Whether its database is tried, what stands in the way, and the connections in use, as far as the host knows: it is not
/// asked. And what the organisation has used up of its quotas.
#[utoipa::path(
    get, path = "/v1/orgs/{org}/health", tag = "host",
    params(OfOrg),
    responses((status = 200, body = api::Health))
)]
pub(super) async fn show(caller: Caller) -> Result<Json<api::Health>, Problem> {
    let org = caller.reach(Scope::MetadataRead)?;
    Ok(Json(caller.host().health(&org).await?))
}

/// Metrics in the text format of Prometheus; needs the scope `metrics:read`.
#[utoipa::path(
    get, path = "/metrics", tag = "host",
    responses((status = 200, body = String, content_type = "text/plain"))
)]
pub(super) async fn metrics(State(app): State<App>, request: Parts) -> Result<impl IntoResponse, Problem> {
    auth::principal(&app, &request).await?.require(Scope::MetricsRead)?;
    app.host.measure();
    let text = telemetry::metrics::render();
    let text = text.ok_or_else(|| {
        Error::new("request/not-found", "the program around the host keeps its own metrics")
    })?;
    Ok(([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text))
}
