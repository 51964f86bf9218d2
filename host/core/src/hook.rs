//! What a hook is called with and what it gives back, as values; the sandbox
//! carries them over to the guest and back.

use serde::Serialize;

use crate::ident::Ident;
use crate::intent::Intent;
use crate::spec::{EntitySpec, FieldSpec};

/// What happens to an entity or field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs)]
pub enum Action {
    Create,
    Update,
    Delete,
}

/// A point in an event's life at which plugins are called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, serde::Deserialize)]
#[allow(missing_docs)]
pub enum HookPoint {
    #[serde(rename = "entity.before")]
    EntityBefore,
    #[serde(rename = "entity.after")]
    EntityAfter,
    #[serde(rename = "field.before")]
    FieldBefore,
    #[serde(rename = "field.after")]
    FieldAfter,
}

impl HookPoint {
    /// The point's name in manifests and reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::EntityBefore => "entity.before",
            Self::EntityAfter => "entity.after",
            Self::FieldBefore => "field.before",
            Self::FieldAfter => "field.after",
        }
    }
}

/// Where a hook call comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Context {
    pub org: String,
    pub event_id: String,
    pub actor: Option<String>,
    pub at: Option<String>,
}

/// One requested change of an entity.
#[derive(Debug, Clone, PartialEq)]
pub struct EntityChange {
    /// What happens.
    pub action: Action,
    /// The entity before; absent at creation.
    pub old: Option<EntitySpec>,
    /// The entity after; absent at deletion.
    pub new: Option<EntitySpec>,
    /// At deletion: whether the table goes too.
    pub drop_table: bool,
}

/// One requested change of a field.
#[derive(Debug, Clone, PartialEq)]
pub struct FieldChange {
    /// The entity's name.
    pub entity: Ident,
    /// What happens.
    pub action: Action,
    /// The field before; absent at creation.
    pub old: Option<FieldSpec>,
    /// The field after; absent at deletion.
    pub new: Option<FieldSpec>,
    /// At deletion: whether the column goes too.
    pub drop_column: bool,
}

/// A call of a hook.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs)]
pub enum HookCall {
    EntityBefore(EntityChange),
    EntityAfter(EntityChange),
    FieldBefore(FieldChange),
    FieldAfter(FieldChange),
}

impl HookCall {
    /// Which point it calls.
    #[must_use]
    pub fn point(&self) -> HookPoint {
        match self {
            Self::EntityBefore(_) => HookPoint::EntityBefore,
            Self::EntityAfter(_) => HookPoint::EntityAfter,
            Self::FieldBefore(_) => HookPoint::FieldBefore,
            Self::FieldAfter(_) => HookPoint::FieldAfter,
        }
    }
}

/// What a hook gave back.
#[derive(Debug, Clone, PartialEq)]
pub enum HookReply {
    /// A before hook on an entity: the spec in place of the requested one, or none to leave it.
    Entity(Option<EntitySpec>),
    /// A before hook on a field: the spec in place of the requested one, or none to leave it.
    Field(Option<FieldSpec>),
    /// An after hook: what the schema needs.
    Intents(Vec<Intent>),
}

/// A plugin's "no".
#[derive(Debug, Clone, PartialEq, Eq, Serialize, thiserror::Error)]
#[error("{message}")]
pub struct Rejection {
    /// A short word for programs.
    pub code: String,
    /// What is wrong, for people.
    pub message: String,
    /// What to do instead.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
}
