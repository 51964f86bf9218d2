//! Entities as REST: reads show the metadata, writes become events.

use axum::Json;
use hookwright_core::metadata::Entity;
use serde::Serialize;

use super::caller::{Caller, Writing};
use super::extract::JsonBody;
use super::problem::Problem;
use super::schema::{EntityBody, EntityChanges, EntityView, OfOrg};
use super::submit::{Answer, Around, Consent, IdempotencyKey, Written, switches};
use crate::access::Scope;

/// A list of entities.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct Entities {
    /// By name.
    #[schema(value_type = Vec<EntityView>)]
    entities: Vec<Entity>,
}

switches! {
    /// How an entity is deleted.
    Deletion {
        /// Whether its table goes too.
        drop_table
    }
}

/// List the entities.
#[utoipa::path(
    get, path = "/v1/orgs/{org}/entities", tag = "metadata",
    params(OfOrg),
    responses((status = 200, body = Entities))
)]
pub(super) async fn list(caller: Caller) -> Result<Json<Entities>, Problem> {
    let org = caller.org(Scope::MetadataRead)?;
    Ok(Json(Entities { entities: caller.host().entities(&org).await? }))
}

/// Show an entity.
#[utoipa::path(
    get, path = "/v1/orgs/{org}/entities/{entity}", tag = "metadata",
    params(OfOrg, ("entity" = String, Path)),
    responses((status = 200, body = EntityView))
)]
pub(super) async fn show(caller: Caller) -> Result<Json<Entity>, Problem> {
    let org = caller.org(Scope::MetadataRead)?;
    Ok(Json(caller.host().entity(&org, &caller.ident("entity")?).await?))
}

/// Create an entity, with its table.
#[utoipa::path(
    post, path = "/v1/orgs/{org}/entities", tag = "metadata",
    params(OfOrg, Consent, IdempotencyKey),
    request_body(content = EntityBody, content_type = "application/json"),
    responses(Written)
)]
pub(super) async fn create(writing: Writing, JsonBody(body): JsonBody) -> Answer {
    let event = Around { kind: "entity.create", texts: &[], switches: &[], body: Some(("entity", &body)) };
    writing.send(event).await
}

/// Change an entity: its name, label or comment.
#[utoipa::path(
    patch, path = "/v1/orgs/{org}/entities/{entity}", tag = "metadata",
    params(OfOrg, ("entity" = String, Path), Consent, IdempotencyKey),
    request_body(content = EntityChanges, content_type = "application/json"),
    responses(Written)
)]
pub(super) async fn update(writing: Writing, JsonBody(body): JsonBody) -> Answer {
    let texts = writing.names(&["entity"])?;
    let event =
        Around { kind: "entity.update", texts: &texts, switches: &[], body: Some(("changes", &body)) };
    writing.send(event).await
}

/// Delete an entity; its table only when asked.
#[utoipa::path(
    delete, path = "/v1/orgs/{org}/entities/{entity}", tag = "metadata",
    params(OfOrg, ("entity" = String, Path), Deletion, IdempotencyKey),
    responses(Written)
)]
pub(super) async fn delete(writing: Writing<Deletion>) -> Answer {
    let texts = writing.names(&["entity"])?;
    let switches = [("dropTable", writing.switches.drop_table)];
    let event = Around { kind: "entity.delete", texts: &texts, switches: &switches, body: None };
    writing.send(event).await
}
