//! Plans of repairs over HTTP: made, looked at, and carried out if they are still what they were.

use axum::Json;
use hookwright_core::event::Body;
use serde::{Deserialize, Serialize};

use super::caller::{Caller, Writing};
use super::drift::Part;
use super::extract::{JsonBody, parsed};
use super::problem::Problem;
use super::schema::OfOrg;
use super::submit::{Answer, Consent, IdempotencyKey, Written};
use crate::access::Scope;
use crate::api::SubmitOptions;
use crate::error::Error;
use crate::outcome::Outcome;
use crate::plans::Plan;

/// A plan, and what it would do.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Planned {
    /// Whether there is nothing to do.
    pub(super) in_step: bool,
    /// What is to be sent back to have it carried out; absent if there is nothing to do, and of plugins that are only tried.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) plan: Option<Plan>,
    /// Verdicts, statements with locks and times, and what stands against it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) outcome: Option<Outcome>,
}

/// A plan that is to be carried out.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Applied {
    /// The plan, as it was given.
    plan: Plan,
}

/// Plan what would make the database what metadata and plugins call for; it is only read.
#[utoipa::path(
    post, path = "/v1/orgs/{org}/plans", tag = "drift",
    params(OfOrg),
    request_body(content = Part, content_type = "application/json"),
    responses((status = 200, body = Planned))
)]
pub(super) async fn make(caller: Caller, JsonBody(body): JsonBody) -> Result<Json<Planned>, Problem> {
    let org = caller.org(Scope::MetadataRead)?;
    let part: Part = parsed(&body)?;
    let change = part.change("schema.sync", &IdempotencyKey::none())?;
    let Some(Body::SchemaSync { scope }) = change.events.first().map(|event| &event.body) else {
        return Err(Error::new("host/fault", "the event of a plan is no repair").into());
    };
    let drift = caller.host().drift(&org).await?;
    crate::drift::reached(&drift, scope)?;
    if drift.is_done(scope) {
        return Ok(Json(Planned { in_step: true, plan: None, outcome: None }));
    }
    let options = SubmitOptions { dry_run: true, ..SubmitOptions::default() };
    let outcome = caller.submit(&org, change.clone(), options).await?;
    Ok(Json(Planned { in_step: false, plan: Plan::of(&org, &change, &outcome), outcome: Some(outcome) }))
}

/// Carry a plan out, if it is still what it was; else nothing of it runs (`policy/plan-moved`). A plan that was carried
/// out already is answered from the ledger.
#[utoipa::path(
    post, path = "/v1/orgs/{org}/plans/{hash}/apply", tag = "drift",
    params(OfOrg, ("hash" = String, Path), Consent),
    request_body(content = Applied, content_type = "application/json"),
    responses(Written)
)]
pub(super) async fn apply(writing: Writing, JsonBody(body): JsonBody) -> Answer {
    let Applied { plan } = parsed(&body)?;
    let hash = writing.part("hash")?;
    if hash != plan.plan_hash {
        let message = "the hash of the path is not that of the plan in the body";
        return Err(Error::new("request/invalid", message).help("send the plan as it was given").into());
    }
    writing.apply(plan).await
}
