//! The hook endpoint: events in, outcome out.

use hookwright_core::event::Change;

use super::caller::Writing;
use super::extract::JsonBody;
use super::schema::{Events, OfOrg};
use super::submit::{Answer, Consent, IdempotencyKey, Written};
use crate::error::Error;

/// Send one event, or several as one atomic change.
///
/// The id of an event is its idempotency key: sent again, it is answered with the recorded outcome. An event without an
/// id has that of the header `Idempotency-Key`, or of a signed request's `webhook-id`; the nth of several has `ID.n`.
///
/// Instead of a token the request may carry a signature (Standard Webhooks); then it takes no query.
#[utoipa::path(
    post, path = "/v1/orgs/{org}/events", tag = "events",
    params(OfOrg, Consent, IdempotencyKey),
    request_body(content = Events, content_type = "application/json"),
    responses(Written),
    security(("token" = []), ("signature" = []))
)]
pub(super) async fn send(writing: Writing, JsonBody(body): JsonBody) -> Answer {
    let change = match writing.key().given()? {
        Some(id) => Change::parse_as(&body, &id),
        None => Change::parse(&body),
    };
    writing.submit(change.map_err(Error::from)?).await
}
