//! The values that the host's functions take and give, besides outcomes: what every surface speaks in.
//!
//! Plain data, without behaviour that reaches outside.

use std::time::Instant;

use hookwright_core::event::EventError;
use hookwright_core::ident::OrgName;
use hookwright_core::signature::{PluginSignature, PublicKey};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use crate::access::{OrgPattern, Scope};
use crate::config::DatabaseUrl;
pub use crate::db::{CircuitState, PoolsState, Pressure};
use crate::error::Error;
use crate::quota::QuotaState;
use crate::suspension::Standing;

/// How an organisation fares, as far as the host knows without asking its database.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = OrgHealth)]
pub struct Health {
    /// Its database.
    #[serde(flatten)]
    pub pressure: Pressure,
    /// What it has used up.
    pub quotas: QuotaState,
}

/// How a change is to be taken, besides what its events say themselves.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SubmitOptions {
    /// Work it out and change nothing.
    pub dry_run: bool,
    /// What needs a confirmation may run.
    pub confirm: bool,
    /// What destroys data may run.
    pub allow_destructive: bool,
    /// Who asks, where the events do not say.
    pub actor: Option<String>,
    /// The one plan that may run; any, if none.
    pub plan_hash: Option<String>,
    /// When it is given up, with nothing changed; never, if none. A transaction that PostgreSQL was given goes on.
    pub until: Option<Instant>,
}

/// How a held change is approved.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ApproveOptions {
    /// What destroys data may run too.
    pub allow_destructive: bool,
    /// The plan that is approved; the one that was last shown, if none.
    pub plan_hash: Option<String>,
    /// Who approves.
    pub actor: Option<String>,
    /// When it is given up, as of a change that is sent.
    pub until: Option<Instant>,
}

/// How a held change is rejected.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RejectOptions {
    /// Why.
    pub reason: Option<String>,
    /// Who rejects.
    pub actor: Option<String>,
}

/// Which part of the list of held changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldPart {
    /// Only what was held before this change.
    pub before: Option<String>,
    /// At most so many.
    pub limit: u32,
}

/// Which part of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page {
    /// Only what is older than this revision.
    pub before: Option<i64>,
    /// At most so many.
    pub limit: u32,
}

/// How an organisation is registered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OrgOptions {
    /// Whether the embedded `schema-sync` is bound to it.
    pub default_plugins: bool,
    /// Whether a PostgreSQL database that the server does not have is made, or the directory of an SQLite file.
    pub create_database: bool,
}

impl Default for OrgOptions {
    fn default() -> Self {
        Self { default_plugins: true, create_database: false }
    }
}

/// A registered organisation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct OrgInfo {
    /// Its name.
    pub name: OrgName,
    /// Its database, shown without the password.
    pub database: DatabaseUrl,
    /// When it was registered (RFC 3339, UTC).
    pub created_at: String,
}

/// How a plugin is installed.
#[derive(Debug, Clone, PartialEq)]
pub struct PluginOptions {
    /// Its configuration; the one it has, or none.
    pub config: Option<Json>,
    /// What it is granted, each `KIND` or `KIND on PATTERN`; what its manifest asks for by default.
    pub grants: Option<Vec<String>>,
    /// Its place among the org's plugins; its manifest's priority by default.
    pub order: Option<i32>,
    /// Whether it is called from now on.
    pub enabled: bool,
    /// What becomes of a change when it breaks.
    pub on_fault: OnFault,
    /// The signature of its component, if it is signed.
    pub signature: Option<PluginSignature>,
}

impl Default for PluginOptions {
    fn default() -> Self {
        let (enabled, on_fault) = (true, OnFault::default());
        Self { config: None, grants: None, order: None, enabled, on_fault, signature: None }
    }
}

/// What becomes of a change when a plugin breaks. A plugin that refuses the change has not broken.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema, clap::ValueEnum,
)]
#[serde(rename_all = "lowercase")]
pub enum OnFault {
    /// It is refused.
    #[default]
    Reject,
    /// It goes on as if the plugin had nothing to say. Not so where the whole schema is worked out, as for drift: what
    /// the plugin calls for would seem not to be called for.
    Skip,
}

impl OnFault {
    /// Its name, as in JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Reject => "reject",
            Self::Skip => "skip",
        }
    }
}

/// How a plugin's grants are to change.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct GrantChange {
    /// What it may do from now on: `KIND` or `KIND on PATTERN`.
    pub grant: Vec<String>,
    /// What it may do no longer, as it was granted.
    pub revoke: Vec<String>,
}

/// That a plugin gave another answer when a call was run again on the same input.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Differences {
    /// How often that was found.
    pub count: u64,
    /// The hook that was called the last time.
    pub hook: String,
    /// When that was (RFC 3339, UTC).
    pub at: String,
}

/// That a build broke whenever it was called, and the version that worked before is bound again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Returned {
    /// The version of the build that broke.
    pub from_version: String,
    /// Its component's digest (sha256, hex).
    pub from_digest: String,
    /// When the one before was bound again (RFC 3339, UTC).
    pub at: String,
    /// Which host did it: its machine and process.
    pub host: String,
    /// How often the build was called there, without once working.
    pub faults: u32,
    /// What it broke with last.
    pub cause: String,
}

/// A plugin bound to an organisation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PluginInfo {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Its component's digest (sha256, hex).
    pub digest: String,
    /// The hooks it is called for.
    pub hooks: Vec<String>,
    /// What it is granted: kinds of intents, some on the tables of a pattern only.
    pub grants: Vec<String>,
    /// What its manifest asks for.
    #[serde(default)]
    pub asks: Vec<String>,
    /// What it asks for and was not granted, or not as widely.
    #[serde(default)]
    pub not_granted: Vec<String>,
    /// What it was granted beyond what it asks for.
    #[serde(default)]
    pub beyond: Vec<String>,
    /// Its place among the org's plugins: lower is called earlier.
    pub order: i32,
    /// Whether it is called.
    pub enabled: bool,
    /// What becomes of a change when it breaks.
    #[serde(default)]
    pub on_fault: OnFault,
    /// The public key that it is signed with, if it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signed_by: Option<String>,
    /// How it fares, if the host that answers has called it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub standing: Option<Standing>,
    /// What became of the build that was installed in its place, if it broke at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub returned: Option<Returned>,
    /// That it gave two answers to the same call, if it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub differences: Option<Differences>,
    /// Its configuration.
    #[schema(value_type = Object)]
    pub config: Json,
    /// When it was installed (RFC 3339, UTC).
    pub installed_at: String,
}

/// What a component says of itself, and whether it can be a plugin.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PluginReport {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Its digest (sha256, hex).
    pub digest: String,
    /// The hooks it wants.
    pub hooks: Vec<String>,
    /// Patterns of the entities it wants to hear of; none: all.
    pub entities: Vec<String>,
    /// What it asks for: kinds of intents, some on the tables of a pattern only.
    pub grants: Vec<String>,
    /// Its size.
    pub size_bytes: u64,
}

/// A token, without its secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TokenInfo {
    /// Names it in lists and logs.
    pub id: String,
    /// What it is for.
    pub name: String,
    /// The organisations it reaches.
    pub orgs: Vec<OrgPattern>,
    /// What it may do there.
    pub scopes: Vec<Scope>,
    /// When it was made (RFC 3339, UTC).
    pub created_at: String,
    /// When it was revoked, if it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revoked_at: Option<String>,
}

/// A key whose signatures an organisation takes for plugins.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SignerInfo {
    /// Whose it is.
    pub name: String,
    /// The public key.
    pub key: PublicKey,
    /// When it was added (RFC 3339, UTC).
    pub added_at: String,
}

/// A key of a webhook, without its secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct WebhookInfo {
    /// Names it in lists and logs.
    pub id: String,
    /// The organisation that events can be sent to with it.
    pub org: OrgName,
    /// What it is for.
    pub name: String,
    /// When it was made (RFC 3339, UTC).
    pub created_at: String,
    /// When it was revoked, if it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revoked_at: Option<String>,
}

impl From<EventError> for Error {
    fn from(error: EventError) -> Self {
        let invalid = Self::new("event/invalid", error.message);
        match error.pointer.is_empty() {
            true => invalid.help("correct the event; its shape is in docs/EVENTS.md"),
            false => invalid.at(error.pointer),
        }
    }
}

/// Something that is dropped and kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Tombstone {
    /// The entity or table: by its name of now, or by the one it had if it is dropped itself.
    pub entity: String,
    /// The field or column that is dropped, by the name it had; absent if it is the entity.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// The name it has in the database meanwhile.
    pub kept: String,
    /// The change that dropped it; absent if that is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub change: Option<String>,
    /// Who asked for that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor: Option<String>,
    /// When it was dropped (RFC 3339, UTC).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dropped_at: Option<String>,
    /// Until when it is kept at least (RFC 3339, UTC).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kept_until: Option<String>,
    /// Whether that is over.
    pub expired: bool,
    /// Rows of the table, as the database estimates them; PostgreSQL only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows: Option<i64>,
}

impl Tombstone {
    /// `invoice`, or `invoice.status`.
    #[must_use]
    pub fn subject(&self) -> String {
        match &self.field {
            Some(field) => format!("{}.{field}", self.entity),
            None => self.entity.clone(),
        }
    }
}
