//! How plugins are bound over HTTP, and what becomes of the entities that are there: planned, or made what the plugins
//! call for then. The plugins' routes call it.

use axum::Json;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use hookwright_core::ident::OrgName;
use hookwright_core::signature::{MAX_SIGNATURE_BYTES, PluginSignature};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::caller::Caller;
use super::drift::Part;
use super::plans::Planned;
use super::problem::Problem;
use super::submit::{IdempotencyKey, Switches, answer, switches};
use crate::access::Scope;
use crate::api::{OnFault, PluginInfo, PluginOptions};
use crate::error::{Error, Result};
use crate::host_trial::Trial;
use crate::outcome::Outcome;

switches! {
    /// What is to be done about the entities that are there. With `dryRun` nothing is bound: what they would need is
    /// answered.
    Existing {
        /// Make them what the plugins call for then.
        sync
    }
}

/// How a plugin is installed.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
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
    /// What becomes of a change when it breaks; it is refused by default.
    #[serde(default)]
    on_fault: OnFault,
    /// Bind nothing; answer what the entities that are there would need.
    #[serde(default)]
    dry_run: bool,
    /// Make the entities that are there what the plugins call for then.
    #[serde(default)]
    sync: bool,
    /// What of that needs a confirmation may run.
    #[serde(default)]
    confirm: bool,
    /// What of that destroys data may run.
    #[serde(default)]
    allow_destructive: bool,
}

/// The header with a component's signature.
#[derive(Debug, utoipa::IntoParams)]
#[into_params(parameter_in = Header)]
pub(super) struct Signed {
    /// The signature of the component: what `hookwright plugin sign` writes
    #[param(rename = "Plugin-Signature")]
    _given: Option<String>,
}

impl Signed {
    const HEADER: &str = "plugin-signature";

    /// The signature, if one is given.
    pub(super) fn of(headers: &HeaderMap) -> Result<Option<PluginSignature>> {
        let mut values = headers.get_all(Self::HEADER).iter();
        let read = |value: &HeaderValue| PluginSignature::parse(value.to_str().ok()?.trim());
        match (values.next(), values.next()) {
            (None, _) => Ok(None),
            (Some(value), None) => read(value).map(Some).ok_or_else(no_signature),
            _ => Err(no_signature()),
        }
    }
}

fn no_signature() -> Error {
    let message = format!(
        "the header \"{}\" is not one signature of a plugin in at most {MAX_SIGNATURE_BYTES} characters",
        Signed::HEADER
    );
    Error::new("request/invalid", message)
        .help("send what hookwright plugin sign FILE --key KEY writes: ed25519:KEY:SIGNATURE")
}

impl Installation {
    /// How the plugin is bound, and what is to be done about the entities that are there.
    pub(super) fn parts(self, signature: Option<PluginSignature>) -> Result<(PluginOptions, Existing)> {
        let not_json = |e: serde_json::Error| {
            Error::new("request/invalid", format!("the parameter \"config\" is not JSON: {e}"))
        };
        let config: Option<Value> =
            self.config.map(|c| serde_json::from_str(&c)).transpose().map_err(not_json)?;
        let split = |g: String| g.split(',').map(|k| k.trim().to_owned()).filter(|k| !k.is_empty()).collect();
        let options = PluginOptions {
            config,
            grants: self.grants.map(split),
            order: self.order,
            enabled: self.enabled.unwrap_or(true),
            on_fault: self.on_fault,
            signature,
        };
        let (dry_run, sync, confirm) = (self.dry_run, self.sync, self.confirm);
        Ok((options, Existing { sync, confirm, allow_destructive: self.allow_destructive, dry_run }))
    }
}

/// A plugin that is bound otherwise, and what became of the entities that are there.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Settled {
    /// The plugin that was installed.
    #[serde(skip_serializing_if = "Option::is_none")]
    plugin: Option<PluginInfo>,
    /// Whether the entities needed nothing.
    in_step: bool,
    /// What was done to them.
    #[serde(skip_serializing_if = "Option::is_none")]
    outcome: Option<Outcome>,
}

/// What is told of a plugin that is bound otherwise, or would be.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(untagged)]
#[schema(as = BoundPlugin)]
pub(super) enum Told {
    /// With `dryRun`: what the entities that are there would need.
    Planned(Box<Planned>),
    /// With `sync`: what became of them.
    Settled(Box<Settled>),
    /// Else: the plugin, if it was installed.
    Plugin(Option<Box<PluginInfo>>),
}

impl IntoResponse for Told {
    fn into_response(self) -> Response {
        match self {
            Self::Plugin(None) => StatusCode::NO_CONTENT.into_response(),
            told => Json(told).into_response(),
        }
    }
}

impl Existing {
    /// The organisation of the path, if the sender may do what the switches ask for. Nothing is bound before.
    pub(super) fn org(self, caller: &Caller) -> Result<OrgName> {
        if self.dry_run && self.sync {
            return Err(Error::new("request/invalid", "of \"dryRun\" and \"sync\" only one can be given")
                .help("send it with dryRun=true first, then with sync=true"));
        }
        let org = caller.org(Scope::PluginsWrite)?;
        match (self.dry_run, self.sync) {
            (true, _) => caller.org(Scope::MetadataRead),
            (_, true) => caller.org(Scope::EventsWrite),
            _ => Ok(org),
        }
    }

    /// Whether nothing is to be bound.
    pub(super) fn is_trial(self) -> bool {
        self.dry_run
    }

    /// What the entities would need, were the plugins others.
    pub(super) async fn tried(self, caller: &Caller, org: &OrgName, trial: Trial) -> Result<Told, Problem> {
        let outcome = caller.host().plugin_trial(org, trial).await?;
        let in_step = outcome.intents.is_empty() && outcome.left.is_empty();
        let outcome = Some(outcome).filter(|_| !in_step);
        Ok(Told::Planned(Box::new(Planned { in_step, plan: None, outcome })))
    }

    /// What became of the entities, now that the plugins are others.
    pub(super) async fn settled(
        self,
        caller: &Caller,
        org: &OrgName,
        plugin: Option<PluginInfo>,
    ) -> Result<Told, Problem> {
        if !self.sync {
            return Ok(Told::Plugin(plugin.map(Box::new)));
        }
        // The plugin is bound all the same.
        let so_far = |Problem(mut error): Problem| {
            let message = error.message;
            error.message =
                format!("the plugins are bound as asked, the entities are what they were: {message}");
            error.help = format!(
                "do not send it again: bring the entities in step by POST /v1/orgs/{org}/sync, with the consent that it asks for"
            );
            Problem(error)
        };
        let outcome = self.synchronised(caller, org).await.map_err(so_far)?;
        let in_step = outcome.as_ref().is_none_or(Outcome::is_all);
        Ok(Told::Settled(Box::new(Settled { plugin, in_step, outcome })))
    }

    async fn synchronised(self, caller: &Caller, org: &OrgName) -> Result<Option<Outcome>, Problem> {
        let drift = caller.host().drift(org).await?;
        if drift.is_done(&hookwright_core::drift::Scope::default()) {
            return Ok(None);
        }
        let change = Part::default().change("schema.sync", &IdempotencyKey::none())?;
        let outcome = caller.submit(org, change, self.options(&caller.principal)).await?;
        Ok(Some(answer(outcome)?.into_outcome()))
    }
}
