//! Where a database is not what metadata and plugins call for; repaired, or taken into the metadata.

use axum::Json;
use axum::http::StatusCode;
use hookwright_core::event::Change;
use serde::{Deserialize, Serialize};

use super::caller::{Caller, Writing};
use super::extract::{JsonBody, parsed};
use super::problem::Problem;
use super::schema::OfOrg;
use super::submit::{Answer, Around, Consent, IdempotencyKey, Written};
use crate::access::Scope;
use crate::drift::{Finding, Ignored};
use crate::error::Result;

/// How a database stands.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Drift {
    /// Whether there is nothing to do, whatever others added.
    in_step: bool,
    /// What differs.
    findings: Vec<Finding>,
    /// What is left as it is, because somebody decided so: what differs, and what is gone meanwhile.
    ignored: Vec<Ignored>,
}

/// What of an organisation; all of it, if nothing is given.
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(super) struct Part {
    /// One entity.
    entity: Option<String>,
    /// One field of it.
    field: Option<String>,
    /// What others added, too.
    extras: bool,
}

/// Compare the database with what metadata and plugins call for; it is only read.
#[utoipa::path(
    get, path = "/v1/orgs/{org}/drift", tag = "drift",
    params(OfOrg),
    responses((status = 200, body = Drift))
)]
pub(super) async fn show(caller: Caller) -> Result<Json<Drift>, Problem> {
    let org = caller.org(Scope::MetadataRead)?;
    let drift = caller.host().drift(&org).await?;
    let findings = crate::drift::told(&org, &drift);
    let ignored = caller.host().ignored(&org).await?;
    let ignored = ignored.into_iter().map(|ignored| ignored.beside(&drift)).collect();
    Ok(Json(Drift { in_step: drift.is_in_step(), findings, ignored }))
}

/// Why a finding is left as it is.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Reason {
    /// In words.
    reason: String,
}

/// Leave a finding as it is, as long as it stays what it is.
#[utoipa::path(
    post, path = "/v1/orgs/{org}/drift/{finding}/ignore", tag = "drift",
    params(OfOrg, ("finding" = String, Path)),
    request_body(content = Reason, content_type = "application/json"),
    responses((status = 200, body = Ignored))
)]
pub(super) async fn ignore(caller: Caller, JsonBody(body): JsonBody) -> Result<Json<Ignored>, Problem> {
    let org = caller.org(Scope::EventsWrite)?;
    let Reason { reason } = parsed(&body)?;
    let actor = caller.principal.actor();
    let ignored = caller.host().ignore(&org, caller.part("finding")?, &reason, actor.as_deref()).await?;
    Ok(Json(ignored))
}

/// Count a finding as drift again.
#[utoipa::path(
    delete, path = "/v1/orgs/{org}/drift/{finding}/ignore", tag = "drift",
    params(OfOrg, ("finding" = String, Path)),
    responses((status = 204, description = "Done"))
)]
pub(super) async fn heed(caller: Caller) -> Result<StatusCode, Problem> {
    let org = caller.org(Scope::EventsWrite)?;
    caller.host().heed(&org, caller.part("finding")?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Make the database what metadata and plugins call for.
#[utoipa::path(
    post, path = "/v1/orgs/{org}/sync", tag = "drift",
    params(OfOrg, Consent, IdempotencyKey),
    request_body(content = Part, content_type = "application/json"),
    responses(Written)
)]
pub(super) async fn sync(writing: Writing, JsonBody(body): JsonBody) -> Answer {
    send("schema.sync", writing, &body).await
}

/// Make the metadata what the database has; no table is changed.
#[utoipa::path(
    post, path = "/v1/orgs/{org}/adopt", tag = "drift",
    params(OfOrg, Consent, IdempotencyKey),
    request_body(content = Part, content_type = "application/json"),
    responses(Written)
)]
pub(super) async fn adopt(writing: Writing, JsonBody(body): JsonBody) -> Answer {
    send("schema.adopt", writing, &body).await
}

async fn send(kind: &'static str, writing: Writing, body: &[u8]) -> Answer {
    let part: Part = parsed(body)?;
    writing.submit(part.change(kind, writing.key())?).await
}

impl Part {
    /// An event about it.
    pub(super) fn change(&self, kind: &'static str, key: &IdempotencyKey) -> Result<Change> {
        let texts = [("entity", self.entity.as_ref()), ("field", self.field.as_ref())];
        let texts: Vec<_> = texts.into_iter().filter_map(|(key, text)| Some((key, text?.as_str()))).collect();
        Around { kind, texts: &texts, switches: &[("extras", self.extras)], body: None }.change(key)
    }
}
