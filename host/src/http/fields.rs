//! Fields as REST: reads show the metadata, writes become events.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::{Extension, Json};
use hookwright_core::metadata::Field;
use serde::Deserialize;

use super::App;
use super::extract::{JsonBody, Path, Query, ident, not_found, org};
use super::problem::Problem;
use super::schema::{FieldBody, FieldChanges, FieldView};
use super::submit::{Answer, Around, Consent, submit};
use crate::access::{Principal, Scope};
use crate::outcome::Outcome;

/// How a field is deleted.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub(super) struct Deletion {
    /// Whether its column goes too.
    drop_column: bool,
    /// What needs a confirmation may run.
    confirm: bool,
    /// What destroys data may run.
    allow_destructive: bool,
    /// Work it out and change nothing.
    dry_run: bool,
}

/// Show a field.
#[utoipa::path(
    get, path = "/v1/orgs/{org}/entities/{entity}/fields/{field}", tag = "metadata",
    params(("org" = String, Path, description = "The organisation"), ("entity" = String, Path), ("field" = String, Path)),
    responses((status = 200, body = FieldView))
)]
pub(super) async fn show(
    State(app): State<App>,
    Extension(principal): Extension<Principal>,
    Path((name, entity, field)): Path<(String, String, String)>,
) -> Result<Json<Field>, Problem> {
    let org = org(&principal, &name, Scope::MetadataRead)?;
    let entity = app.host.entity(&org, &ident("entity", &entity)?).await?;
    let found = entity.field(&ident("field", &field)?).cloned();
    Ok(Json(found.ok_or_else(|| not_found("field", &field))?))
}

/// Add a field to an entity, with its column.
#[utoipa::path(
    post, path = "/v1/orgs/{org}/entities/{entity}/fields", tag = "metadata",
    params(
        ("org" = String, Path, description = "The organisation"), ("entity" = String, Path), Consent,
        ("Idempotency-Key" = Option<String>, Header, description = "The event's id"),
    ),
    request_body(content = FieldBody, content_type = "application/json"),
    responses((status = 200, description = "Applied, replayed or planned", body = Outcome))
)]
pub(super) async fn create(
    State(app): State<App>,
    Extension(principal): Extension<Principal>,
    Path((name, entity)): Path<(String, String)>,
    Query(consent): Query<Consent>,
    headers: HeaderMap,
    JsonBody(body): JsonBody,
) -> Answer {
    let org = org(&principal, &name, Scope::EventsWrite)?;
    ident("entity", &entity)?;
    let texts = [("entity", entity.as_str())];
    let event = Around { kind: "field.create", texts: &texts, switches: &[], body: Some(("field", &body)) };
    submit(&app, org, event.change(&headers)?, consent.options(&principal)).await
}

/// Change a field; `null` takes an attribute away.
#[utoipa::path(
    patch, path = "/v1/orgs/{org}/entities/{entity}/fields/{field}", tag = "metadata",
    params(
        ("org" = String, Path, description = "The organisation"), ("entity" = String, Path), ("field" = String, Path), Consent,
        ("Idempotency-Key" = Option<String>, Header, description = "The event's id"),
    ),
    request_body(content = FieldChanges, content_type = "application/json"),
    responses((status = 200, description = "Applied, replayed or planned", body = Outcome))
)]
pub(super) async fn update(
    State(app): State<App>,
    Extension(principal): Extension<Principal>,
    Path((name, entity, field)): Path<(String, String, String)>,
    Query(consent): Query<Consent>,
    headers: HeaderMap,
    JsonBody(body): JsonBody,
) -> Answer {
    let org = org(&principal, &name, Scope::EventsWrite)?;
    ident("entity", &entity)?;
    ident("field", &field)?;
    let texts = [("entity", entity.as_str()), ("field", field.as_str())];
    let event = Around { kind: "field.update", texts: &texts, switches: &[], body: Some(("changes", &body)) };
    submit(&app, org, event.change(&headers)?, consent.options(&principal)).await
}

/// Delete a field; its column only when asked.
#[utoipa::path(
    delete, path = "/v1/orgs/{org}/entities/{entity}/fields/{field}", tag = "metadata",
    params(
        ("org" = String, Path, description = "The organisation"), ("entity" = String, Path), ("field" = String, Path), Deletion,
        ("Idempotency-Key" = Option<String>, Header, description = "The event's id"),
    ),
    responses((status = 200, description = "Applied, replayed or planned", body = Outcome))
)]
pub(super) async fn delete(
    State(app): State<App>,
    Extension(principal): Extension<Principal>,
    Path((name, entity, field)): Path<(String, String, String)>,
    Query(deletion): Query<Deletion>,
    headers: HeaderMap,
) -> Answer {
    let org = org(&principal, &name, Scope::EventsWrite)?;
    ident("entity", &entity)?;
    ident("field", &field)?;
    let texts = [("entity", entity.as_str()), ("field", field.as_str())];
    let switches = [("dropColumn", deletion.drop_column)];
    let event = Around { kind: "field.delete", texts: &texts, switches: &switches, body: None };
    let Deletion { confirm, allow_destructive, dry_run, .. } = deletion;
    let consent = Consent::new(confirm, allow_destructive, dry_run);
    submit(&app, org, event.change(&headers)?, consent.options(&principal)).await
}
