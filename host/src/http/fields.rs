//! Fields as REST: reads show the metadata, writes become events.

use axum::Json;
use hookwright_core::metadata::Field;

use super::caller::{Caller, Writing};
use super::extract::{JsonBody, not_found};
use super::problem::Problem;
use super::schema::{FieldBody, FieldChanges, FieldView, OfOrg};
use super::submit::{Answer, Around, Consent, IdempotencyKey, Written, switches};
use crate::access::Scope;

switches! {
    /// How a field is deleted.
    Deletion {
        /// Whether its column goes too.
        drop_column
    }
}

/// Show a field.
#[utoipa::path(
    get, path = "/v1/orgs/{org}/entities/{entity}/fields/{field}", tag = "metadata",
    params(OfOrg, ("entity" = String, Path), ("field" = String, Path)),
    responses((status = 200, body = FieldView))
)]
pub(super) async fn show(caller: Caller) -> Result<Json<Field>, Problem> {
    let org = caller.org(Scope::MetadataRead)?;
    let entity = caller.host().entity(&org, &caller.ident("entity")?).await?;
    let name = caller.ident("field")?;
    let found = entity.field(&name).cloned();
    Ok(Json(found.ok_or_else(|| not_found("field", name.as_str()))?))
}

/// Add a field to an entity, with its column.
#[utoipa::path(
    post, path = "/v1/orgs/{org}/entities/{entity}/fields", tag = "metadata",
    params(OfOrg, ("entity" = String, Path), Consent, IdempotencyKey),
    request_body(content = FieldBody, content_type = "application/json"),
    responses(Written)
)]
pub(super) async fn create(writing: Writing, JsonBody(body): JsonBody) -> Answer {
    let texts = writing.names(&["entity"])?;
    let event = Around { kind: "field.create", texts: &texts, switches: &[], body: Some(("field", &body)) };
    writing.send(event).await
}

/// Change a field; `null` takes an attribute away.
#[utoipa::path(
    patch, path = "/v1/orgs/{org}/entities/{entity}/fields/{field}", tag = "metadata",
    params(OfOrg, ("entity" = String, Path), ("field" = String, Path), Consent, IdempotencyKey),
    request_body(content = FieldChanges, content_type = "application/json"),
    responses(Written)
)]
pub(super) async fn update(writing: Writing, JsonBody(body): JsonBody) -> Answer {
    let texts = writing.names(&["entity", "field"])?;
    let event = Around { kind: "field.update", texts: &texts, switches: &[], body: Some(("changes", &body)) };
    writing.send(event).await
}

/// Delete a field; its column only when asked.
#[utoipa::path(
    delete, path = "/v1/orgs/{org}/entities/{entity}/fields/{field}", tag = "metadata",
    params(OfOrg, ("entity" = String, Path), ("field" = String, Path), Deletion, IdempotencyKey),
    responses(Written)
)]
pub(super) async fn delete(writing: Writing<Deletion>) -> Answer {
    let texts = writing.names(&["entity", "field"])?;
    let switches = [("dropColumn", writing.switches.drop_column)];
    let event = Around { kind: "field.delete", texts: &texts, switches: &switches, body: None };
    writing.send(event).await
}
