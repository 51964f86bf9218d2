//! The hook endpoint: events in, outcome out.

use hookwright_core::event::Change;

use super::caller::Writing;
use super::extract::JsonBody;
use super::schema::{Events, OfOrg};
use super::submit::{Answer, Consent, Written};
use crate::error::Error;

/// Send one event, or several as one atomic change.
///
/// The id of an event is its idempotency key: sent again, it is answered with the recorded outcome.
#[utoipa::path(
    post, path = "/v1/orgs/{org}/events", tag = "events",
    params(OfOrg, Consent),
    request_body(content = Events, content_type = "application/json"),
    responses(Written)
)]
pub(super) async fn send(writing: Writing, JsonBody(body): JsonBody) -> Answer {
    let change = Change::parse(&body).map_err(Error::from)?;
    writing.submit(change).await
}
