//! What an organisation has used up of its quotas, for people and programs. Plain data.

use serde::{Deserialize, Serialize};

/// What is used up, and the most that may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Used {
    /// Used up.
    pub used: u64,
    /// The most.
    pub most: u64,
}

/// Calls of plugins at this moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct CallsState {
    /// That run.
    pub running: Used,
    /// That wait for that.
    pub waiting: Used,
}

/// Plugins that are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct KeptState {
    /// Plugins that are bound.
    pub bound: Used,
    /// Earlier versions.
    pub versions: Used,
    /// Bytes of the components of both.
    pub bytes: Used,
}

/// What an organisation has used up of its quotas.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct QuotaState {
    /// Milliseconds that its plugins kept a processor of the host that answers busy, within the last minute.
    pub guest_ms: Used,
    /// Its plugin calls on the host that answers.
    pub calls: CallsState,
    /// Components uploaded within the last hour.
    pub uploads: Used,
    /// Their bytes.
    pub upload_bytes: Used,
    /// What is kept of its plugins.
    pub kept: KeptState,
}
