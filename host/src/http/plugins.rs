//! The plugins of an organisation.

use axum::Json;
use axum::http::HeaderMap;
use serde::Serialize;

use super::binding::{Existing, Installation, Signed, Told};
use super::caller::Caller;
use super::extract::{Component, JsonBody, Query, parsed};
use super::problem::Problem;
use super::schema::{ComponentBytes, OfOrg};
use crate::access::Scope;
use crate::api::{GrantChange, PluginInfo};
use crate::host_trial::Trial;

/// The plugins of an organisation.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct Plugins {
    /// In the order they are called.
    plugins: Vec<PluginInfo>,
}

/// List the plugins, in the order they are called.
#[utoipa::path(
    get, path = "/v1/orgs/{org}/plugins", tag = "plugins",
    params(OfOrg),
    responses((status = 200, body = Plugins))
)]
pub(super) async fn list(caller: Caller) -> Result<Json<Plugins>, Problem> {
    let org = caller.org(Scope::PluginsRead)?;
    Ok(Json(Plugins { plugins: caller.host().plugin_list(&org).await? }))
}

/// Install a plugin, in place of the one of its name.
#[utoipa::path(
    post, path = "/v1/orgs/{org}/plugins", tag = "plugins",
    params(OfOrg, Installation, Signed),
    request_body(content = ComponentBytes, content_type = "application/wasm", description = "The component"),
    responses((status = 200, body = Told))
)]
pub(super) async fn install(
    caller: Caller,
    Query(installation): Query<Installation>,
    headers: HeaderMap,
    Component(bytes): Component,
) -> Result<Told, Problem> {
    let (options, existing) = installation.parts(Signed::of(&headers)?)?;
    let (org, component) = (existing.org(&caller)?, bytes.to_vec());
    if existing.is_trial() {
        let options = Box::new(options);
        return existing.tried(&caller, &org, Trial::Install { component, options }).await;
    }
    let plugin = caller.host().plugin_install(&org, component, options).await?;
    existing.settled(&caller, &org, Some(plugin)).await
}

/// Let a plugin do more, or less.
#[utoipa::path(
    post, path = "/v1/orgs/{org}/plugins/{name}/grants", tag = "plugins",
    params(OfOrg, ("name" = String, Path)),
    request_body(content = GrantChange, content_type = "application/json"),
    responses((status = 200, body = PluginInfo))
)]
pub(super) async fn grants(caller: Caller, JsonBody(body): JsonBody) -> Result<Json<PluginInfo>, Problem> {
    let org = caller.org(Scope::PluginsWrite)?;
    let help = "send {\"grant\": [\"KIND on PATTERN\"], \"revoke\": [\"KIND\"]}";
    let change: GrantChange = parsed(&body).map_err(|e| e.help(help))?;
    Ok(Json(caller.host().plugin_grant(&org, caller.part("name")?, change).await?))
}

/// Call a plugin from now on.
#[utoipa::path(
    post, path = "/v1/orgs/{org}/plugins/{name}/enable", tag = "plugins",
    params(OfOrg, ("name" = String, Path), Existing),
    responses((status = 204, description = "Done"), (status = 200, body = Told))
)]
pub(super) async fn enable(caller: Caller, Query(existing): Query<Existing>) -> Result<Told, Problem> {
    switch(&caller, existing, Turn::Enable).await
}

/// Call a plugin no longer.
#[utoipa::path(
    post, path = "/v1/orgs/{org}/plugins/{name}/disable", tag = "plugins",
    params(OfOrg, ("name" = String, Path), Existing),
    responses((status = 204, description = "Done"), (status = 200, body = Told))
)]
pub(super) async fn disable(caller: Caller, Query(existing): Query<Existing>) -> Result<Told, Problem> {
    switch(&caller, existing, Turn::Disable).await
}

/// Remove a plugin from the organisation.
#[utoipa::path(
    delete, path = "/v1/orgs/{org}/plugins/{name}", tag = "plugins",
    params(OfOrg, ("name" = String, Path), Existing),
    responses((status = 204, description = "Done"), (status = 200, body = Told))
)]
pub(super) async fn remove(caller: Caller, Query(existing): Query<Existing>) -> Result<Told, Problem> {
    switch(&caller, existing, Turn::Remove).await
}

/// What is done with a plugin that is there.
enum Turn {
    Enable,
    Disable,
    Remove,
}

async fn switch(caller: &Caller, existing: Existing, turn: Turn) -> Result<Told, Problem> {
    let (org, name, host) = (existing.org(caller)?, caller.part("name")?, caller.host());
    if existing.is_trial() {
        let trial = match turn {
            Turn::Enable => Trial::Enable(name.to_owned()),
            Turn::Disable | Turn::Remove => Trial::Without(name.to_owned()),
        };
        return existing.tried(caller, &org, trial).await;
    }
    match turn {
        Turn::Enable => host.plugin_enable(&org, name).await?,
        Turn::Disable => host.plugin_disable(&org, name).await?,
        Turn::Remove => host.plugin_remove(&org, name).await?,
    }
    existing.settled(caller, &org, None).await
}
