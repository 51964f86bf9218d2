//! Decisions on held changes.

use axum::Json;
use serde::Deserialize;

use super::caller::Caller;
use super::extract::{JsonBody, parsed};
use super::problem::Problem;
use super::schema::OfOrg;
use super::submit::{Answer, Written, answer};
use crate::access::Scope;
use crate::api::{ApproveOptions, RejectOptions};
use crate::outcome::Outcome;

/// How a held change is approved.
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(super) struct Approval {
    /// What destroys data may run too; default false.
    allow_destructive: bool,
    /// The plan that is approved (`planHash` of the held change); the one that was last shown, if absent.
    plan_hash: Option<String>,
}

/// How a held change is rejected.
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(super) struct Rejection {
    /// Why.
    reason: Option<String>,
}

/// Approve a held change, as the token's name.
///
/// It is worked out anew: if its plan is another now, nothing runs, and the new plan waits to be approved.
#[utoipa::path(
    post, path = "/v1/orgs/{org}/changes/{id}/approve", tag = "changes",
    params(OfOrg, ("id" = String, Path)),
    request_body(content = Approval, content_type = "application/json"),
    responses(Written)
)]
pub(super) async fn approve(caller: Caller, JsonBody(body): JsonBody) -> Answer {
    let org = caller.org(Scope::ChangesApprove)?;
    let Approval { allow_destructive, plan_hash } = parsed(&body)?;
    let options =
        ApproveOptions { allow_destructive, plan_hash, actor: caller.principal.actor(), until: caller.until };
    answer(caller.host().approve(&org, caller.part("id")?, options).await?)
}

/// Reject a held change, as the token's name: it can never be approved afterwards.
///
/// Of a staged change the steps done are taken back; it is rolled back then.
#[utoipa::path(
    post, path = "/v1/orgs/{org}/changes/{id}/reject", tag = "changes",
    params(OfOrg, ("id" = String, Path)),
    request_body(content = Rejection, content_type = "application/json"),
    responses((status = 200, description = "Rejected", body = Outcome))
)]
pub(super) async fn reject(caller: Caller, JsonBody(body): JsonBody) -> Result<Json<Outcome>, Problem> {
    let org = caller.org(Scope::ChangesApprove)?;
    let Rejection { reason } = parsed(&body)?;
    let options = RejectOptions { reason, actor: caller.principal.actor() };
    Ok(Json(caller.host().reject(&org, caller.part("id")?, options).await?))
}
