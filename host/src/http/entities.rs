//! Entities as REST: reads show the metadata, writes become events.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::{Extension, Json};
use hookwright_core::metadata::Entity;
use serde::{Deserialize, Serialize};

use super::App;
use super::extract::{JsonBody, Path, Query, ident, org};
use super::problem::Problem;
use super::schema::{EntityBody, EntityChanges, EntityView};
use super::submit::{Answer, Around, Consent, submit};
use crate::access::{Principal, Scope};
use crate::outcome::Outcome;

/// A list of entities.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct Entities {
    /// By name.
    #[schema(value_type = Vec<EntityView>)]
    entities: Vec<Entity>,
}

/// How an entity is deleted.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub(super) struct Deletion {
    /// Whether its table goes too.
    drop_table: bool,
    /// What needs a confirmation may run.
    confirm: bool,
    /// What destroys data may run.
    allow_destructive: bool,
    /// Work it out and change nothing.
    dry_run: bool,
}

/// List the entities.
#[utoipa::path(
    get, path = "/v1/orgs/{org}/entities", tag = "metadata",
    params(("org" = String, Path, description = "The organisation")),
    responses((status = 200, body = Entities))
)]
pub(super) async fn list(
    State(app): State<App>,
    Extension(principal): Extension<Principal>,
    Path(name): Path<String>,
) -> Result<Json<Entities>, Problem> {
    let org = org(&principal, &name, Scope::MetadataRead)?;
    Ok(Json(Entities { entities: app.host.entities(&org).await? }))
}

/// Show an entity.
#[utoipa::path(
    get, path = "/v1/orgs/{org}/entities/{entity}", tag = "metadata",
    params(("org" = String, Path, description = "The organisation"), ("entity" = String, Path)),
    responses((status = 200, body = EntityView))
)]
pub(super) async fn show(
    State(app): State<App>,
    Extension(principal): Extension<Principal>,
    Path((name, entity)): Path<(String, String)>,
) -> Result<Json<Entity>, Problem> {
    let org = org(&principal, &name, Scope::MetadataRead)?;
    Ok(Json(app.host.entity(&org, &ident("entity", &entity)?).await?))
}

/// Create an entity, with its table.
#[utoipa::path(
    post, path = "/v1/orgs/{org}/entities", tag = "metadata",
    params(
        ("org" = String, Path, description = "The organisation"), Consent,
        ("Idempotency-Key" = Option<String>, Header, description = "The event's id"),
    ),
    request_body(content = EntityBody, content_type = "application/json"),
    responses((status = 200, description = "Applied, replayed or planned", body = Outcome))
)]
pub(super) async fn create(
    State(app): State<App>,
    Extension(principal): Extension<Principal>,
    Path(name): Path<String>,
    Query(consent): Query<Consent>,
    headers: HeaderMap,
    JsonBody(body): JsonBody,
) -> Answer {
    let org = org(&principal, &name, Scope::EventsWrite)?;
    let event = Around { kind: "entity.create", texts: &[], switches: &[], body: Some(("entity", &body)) };
    submit(&app, org, event.change(&headers)?, consent.options(&principal)).await
}

/// Change an entity: its name, label or comment.
#[utoipa::path(
    patch, path = "/v1/orgs/{org}/entities/{entity}", tag = "metadata",
    params(
        ("org" = String, Path, description = "The organisation"), ("entity" = String, Path), Consent,
        ("Idempotency-Key" = Option<String>, Header, description = "The event's id"),
    ),
    request_body(content = EntityChanges, content_type = "application/json"),
    responses((status = 200, description = "Applied, replayed or planned", body = Outcome))
)]
pub(super) async fn update(
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
    let event =
        Around { kind: "entity.update", texts: &texts, switches: &[], body: Some(("changes", &body)) };
    submit(&app, org, event.change(&headers)?, consent.options(&principal)).await
}

/// Delete an entity; its table only when asked.
#[utoipa::path(
    delete, path = "/v1/orgs/{org}/entities/{entity}", tag = "metadata",
    params(
        ("org" = String, Path, description = "The organisation"), ("entity" = String, Path), Deletion,
        ("Idempotency-Key" = Option<String>, Header, description = "The event's id"),
    ),
    responses((status = 200, description = "Applied, replayed or planned", body = Outcome))
)]
pub(super) async fn delete(
    State(app): State<App>,
    Extension(principal): Extension<Principal>,
    Path((name, entity)): Path<(String, String)>,
    Query(deletion): Query<Deletion>,
    headers: HeaderMap,
) -> Answer {
    let org = org(&principal, &name, Scope::EventsWrite)?;
    ident("entity", &entity)?;
    let (texts, switches) = ([("entity", entity.as_str())], [("dropTable", deletion.drop_table)]);
    let event = Around { kind: "entity.delete", texts: &texts, switches: &switches, body: None };
    let Deletion { confirm, allow_destructive, dry_run, .. } = deletion;
    let consent = Consent::new(confirm, allow_destructive, dry_run);
    submit(&app, org, event.change(&headers)?, consent.options(&principal)).await
}
