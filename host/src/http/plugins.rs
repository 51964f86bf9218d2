//! The plugins of an organisation.

use axum::Json;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::caller::Caller;
use super::extract::{Component, JsonBody, Query, shown};
use super::problem::Problem;
use super::schema::OfOrg;
use crate::access::Scope;
use crate::api::{GrantChange, PluginInfo, PluginOptions};
use crate::error::{Error, Result};

/// The plugins of an organisation.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct Plugins {
    /// In the order they are called.
    plugins: Vec<PluginInfo>,
}

/// How a plugin is installed.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Installation {
    /// Its configuration, as JSON.
    config: Option<String>,
    /// What it is granted, each `KIND` or `KIND on PATTERN`, separated by commas; what it asks for by default.
    grants: Option<String>,
    /// Its place among the plugins: lower is called earlier.
    order: Option<i32>,
    /// Whether it is called from now on; true by default.
    enabled: Option<bool>,
}

impl Installation {
    fn options(self) -> Result<PluginOptions> {
        let not_json = |e: serde_json::Error| {
            Error::new("request/invalid", format!("the parameter \"config\" is not JSON: {e}"))
        };
        let config: Option<Value> =
            self.config.map(|c| serde_json::from_str(&c)).transpose().map_err(not_json)?;
        let split = |g: String| g.split(',').map(|k| k.trim().to_owned()).filter(|k| !k.is_empty()).collect();
        Ok(PluginOptions {
            config,
            grants: self.grants.map(split),
            order: self.order,
            enabled: self.enabled.unwrap_or(true),
        })
    }
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
    params(OfOrg, Installation),
    request_body(content = Vec<u8>, content_type = "application/wasm", description = "The component"),
    responses((status = 200, body = PluginInfo))
)]
pub(super) async fn install(
    caller: Caller,
    Query(installation): Query<Installation>,
    Component(bytes): Component,
) -> Result<Json<PluginInfo>, Problem> {
    let org = caller.org(Scope::PluginsWrite)?;
    Ok(Json(caller.host().plugin_install(&org, bytes.to_vec(), installation.options()?).await?))
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
    let change: GrantChange = serde_json::from_slice(&body).map_err(|e| {
        let help = "send {\"grant\": [\"KIND on PATTERN\"], \"revoke\": [\"KIND\"]}";
        Error::new("request/invalid", format!("the body is no change of grants: {}", shown(&e.to_string())))
            .help(help)
    })?;
    Ok(Json(caller.host().plugin_grant(&org, caller.part("name")?, change).await?))
}

/// Call a plugin from now on.
#[utoipa::path(
    post, path = "/v1/orgs/{org}/plugins/{name}/enable", tag = "plugins",
    params(OfOrg, ("name" = String, Path)),
    responses((status = 204, description = "Done"))
)]
pub(super) async fn enable(caller: Caller) -> Result<StatusCode, Problem> {
    let org = caller.org(Scope::PluginsWrite)?;
    caller.host().plugin_enable(&org, caller.part("name")?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Call a plugin no longer.
#[utoipa::path(
    post, path = "/v1/orgs/{org}/plugins/{name}/disable", tag = "plugins",
    params(OfOrg, ("name" = String, Path)),
    responses((status = 204, description = "Done"))
)]
pub(super) async fn disable(caller: Caller) -> Result<StatusCode, Problem> {
    let org = caller.org(Scope::PluginsWrite)?;
    caller.host().plugin_disable(&org, caller.part("name")?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Remove a plugin from the organisation.
#[utoipa::path(
    delete, path = "/v1/orgs/{org}/plugins/{name}", tag = "plugins",
    params(OfOrg, ("name" = String, Path)),
    responses((status = 204, description = "Done"))
)]
pub(super) async fn remove(caller: Caller) -> Result<StatusCode, Problem> {
    let org = caller.org(Scope::PluginsWrite)?;
    caller.host().plugin_remove(&org, caller.part("name")?).await?;
    Ok(StatusCode::NO_CONTENT)
}
