//! The hook endpoint: events in, outcome out.

use axum::Extension;
use axum::extract::State;
use hookwright_core::event::Change;

use super::App;
use super::extract::{JsonBody, Path, Query, org};
use super::schema::Events;
use super::submit::{Answer, Consent, submit};
use crate::access::{Principal, Scope};
use crate::error::Error;
use crate::outcome::Outcome;

/// Send one event, or several as one atomic change.
///
/// The id of an event is its idempotency key: sent again, it is answered with the recorded outcome.
#[utoipa::path(
    post, path = "/v1/orgs/{org}/events", tag = "events",
    params(("org" = String, Path, description = "The organisation"), Consent),
    request_body(content = Events, content_type = "application/json"),
    responses((status = 200, description = "Applied, replayed or planned", body = Outcome))
)]
pub(super) async fn send(
    State(app): State<App>,
    Extension(principal): Extension<Principal>,
    Path(name): Path<String>,
    Query(consent): Query<Consent>,
    JsonBody(body): JsonBody,
) -> Answer {
    let org = org(&principal, &name, Scope::EventsWrite)?;
    let change = Change::parse(&body).map_err(Error::from)?;
    submit(&app, org, change, consent.options(&principal)).await
}
