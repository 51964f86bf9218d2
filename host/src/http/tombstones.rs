//! What is dropped and kept: listed, restored, purged. And rollbacks of changes.

use axum::Json;
use serde::{Deserialize, Serialize};

use super::caller::{Caller, Writing};
use super::extract::{JsonBody, parsed};
use super::problem::Problem;
use super::schema::OfOrg;
use super::submit::{Answer, Around, Consent, IdempotencyKey, Written};
use crate::access::Scope;
use crate::api::Tombstone;
use crate::error::{Error, Result};

/// Everything that is dropped and kept.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct Tombstones {
    /// Newest first.
    tombstones: Vec<Tombstone>,
}

/// Something that is dropped and kept.
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Dropped {
    /// The entity that is dropped, or that has the field.
    entity: String,
    /// The field that is dropped; absent if it is the entity.
    field: Option<String>,
    /// The name it has in the database meanwhile; the one dropped last, if absent.
    kept: Option<String>,
}

/// What is to be purged.
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(super) struct Purge {
    /// The entity that is dropped, or that has the field.
    entity: Option<String>,
    /// The field that is dropped; absent if it is the entity.
    field: Option<String>,
    /// The name it has in the database meanwhile; all of the name, if absent.
    kept: Option<String>,
    /// Instead of one: everything that is kept past its time.
    expired: bool,
}

impl Dropped {
    fn around<'a>(&'a self, of_entity: &'static str, of_field: &'static str) -> (&'static str, Texts<'a>) {
        let texts =
            [("entity", Some(&self.entity)), ("field", self.field.as_ref()), ("kept", self.kept.as_ref())];
        let texts = texts.into_iter().filter_map(|(key, text)| Some((key, text?.as_str()))).collect();
        (if self.field.is_some() { of_field } else { of_entity }, texts)
    }
}

type Texts<'a> = Vec<(&'static str, &'a str)>;

/// List what is dropped and kept, newest first.
#[utoipa::path(
    get, path = "/v1/orgs/{org}/tombstones", tag = "tombstones",
    params(OfOrg),
    responses((status = 200, body = Tombstones))
)]
pub(super) async fn list(caller: Caller) -> Result<Json<Tombstones>, Problem> {
    let org = caller.org(Scope::MetadataRead)?;
    Ok(Json(Tombstones { tombstones: caller.host().tombstones(&org).await? }))
}

/// Restore what was dropped, with its data, constraints, indexes and metadata.
#[utoipa::path(
    post, path = "/v1/orgs/{org}/tombstones/restore", tag = "tombstones",
    params(OfOrg, Consent, IdempotencyKey),
    request_body(content = Dropped, content_type = "application/json"),
    responses(Written)
)]
pub(super) async fn restore(writing: Writing, JsonBody(body): JsonBody) -> Answer {
    let dropped: Dropped = parsed(&body)?;
    let (kind, texts) = dropped.around("entity.restore", "field.restore");
    let event = Around { kind, texts: &texts, switches: &[], body: None };
    writing.send(event).await
}

/// Purge what was dropped: it cannot come back.
#[utoipa::path(
    post, path = "/v1/orgs/{org}/tombstones/purge", tag = "tombstones",
    params(OfOrg, Consent, IdempotencyKey),
    request_body(content = Purge, content_type = "application/json"),
    responses(Written)
)]
pub(super) async fn purge(writing: Writing, JsonBody(body): JsonBody) -> Answer {
    let one = which(parsed(&body)?)?;
    let (kind, texts) = match &one {
        Some(one) => one.around("entity.purge", "field.purge"),
        None => ("tombstones.purge", Vec::new()),
    };
    let event = Around { kind, texts: &texts, switches: &[], body: None };
    writing.send(event).await
}

/// One thing, or none for everything that is kept past its time.
fn which(purge: Purge) -> Result<Option<Dropped>> {
    match purge {
        Purge { entity: Some(entity), field, kept, expired: false } => {
            Ok(Some(Dropped { entity, field, kept }))
        }
        Purge { entity: None, field: None, kept: None, expired: true } => Ok(None),
        _ => {
            let help = "give \"entity\", with \"field\" and \"kept\" if need be; or \"expired\": true alone";
            Err(Error::new("request/invalid", "it is not clear what is to be purged").help(help))
        }
    }
}

/// Roll a change back, by a new change.
///
/// It is refused if something that the change touched was changed since, or if nothing undoes one of its intents.
#[utoipa::path(
    post, path = "/v1/orgs/{org}/changes/{id}/rollback", tag = "changes",
    params(OfOrg, ("id" = String, Path), Consent, IdempotencyKey),
    responses(Written)
)]
pub(super) async fn rollback(writing: Writing) -> Answer {
    let texts = [("change", writing.part("id")?)];
    let event = Around { kind: "change.rollback", texts: &texts, switches: &[], body: None };
    writing.send(event).await
}
