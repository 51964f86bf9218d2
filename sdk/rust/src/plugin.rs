//! What a plugin implements: the trait [`Plugin`] and what its hooks receive.
//!
//! Plugins call this; `glue.rs` and `testing/` drive it. Pure: touches nothing.
use crate::bindings::hookwright::hooks::types as wit;
use crate::{EntitySpec, FieldSpec, Intent, Rejection};

/// A hook plugin. Every hook has a default that does nothing, so a plugin writes those it cares about.
///
/// A hook has no `self`: each call runs in a fresh instance, so there is no state to keep.
/// The manifest (`[package.metadata.hookwright]` in `Cargo.toml`) lists the hooks the host is to call.
pub trait Plugin {
    /// Before an entity's metadata changes: `Some` replaces the requested spec, an error refuses the change.
    fn entity_before(_cx: &Context, _change: &Change<EntitySpec>) -> Result<Option<EntitySpec>, Rejection> {
        Ok(None)
    }

    /// After an entity's metadata change is worked out: what the schema needs.
    fn entity_after(_cx: &Context, _change: &Change<EntitySpec>) -> Result<Vec<Intent>, Rejection> {
        Ok(Vec::new())
    }

    /// Before a field of `entity` changes: `Some` replaces the requested spec, an error refuses the change.
    fn field_before(
        _cx: &Context,
        _entity: &str,
        _change: &Change<FieldSpec>,
    ) -> Result<Option<FieldSpec>, Rejection> {
        Ok(None)
    }

    /// After the change of a field of `entity` is worked out: what the schema needs.
    /// At an entity's creation it is called once for each of its fields.
    fn field_after(
        _cx: &Context,
        _entity: &str,
        _change: &Change<FieldSpec>,
    ) -> Result<Vec<Intent>, Rejection> {
        Ok(Vec::new())
    }
}

/// One requested change of an entity (`S` = [`EntitySpec`]) or a field (`S` = [`FieldSpec`]).
#[derive(Debug, Clone, PartialEq)]
pub enum Change<S> {
    /// It is new.
    Create(S),
    /// It becomes another.
    Update {
        /// As it was.
        old: S,
        /// As it will be.
        new: S,
    },
    /// It goes.
    Delete {
        /// As it was.
        old: S,
        /// Whether the table or column goes too.
        drop: bool,
    },
}

impl<S> Change<S> {
    /// The spec as it will be; at a deletion there is none.
    pub fn new_spec(&self) -> Option<&S> {
        match self {
            Self::Create(new) | Self::Update { new, .. } => Some(new),
            Self::Delete { .. } => None,
        }
    }

    /// The spec as it was; at a creation there is none.
    pub fn old_spec(&self) -> Option<&S> {
        match self {
            Self::Create(_) => None,
            Self::Update { old, .. } | Self::Delete { old, .. } => Some(old),
        }
    }

    pub(crate) fn from_parts(
        action: wit::Action,
        old: Option<S>,
        new: Option<S>,
        drop: bool,
    ) -> Result<Self, Rejection> {
        match (action, old, new) {
            (wit::Action::Create, None, Some(new)) => Ok(Self::Create(new)),
            (wit::Action::Update, Some(old), Some(new)) => Ok(Self::Update { old, new }),
            (wit::Action::Delete, Some(old), None) => Ok(Self::Delete { old, drop }),
            (action, ..) => Err(Rejection::new(
                "malformed-change",
                format!("change \"{action:?}\" came with the wrong specs"),
            )
            .help("Report this: the host breaks the hook contract.")),
        }
    }
}

/// Where a hook call comes from.
#[derive(Debug, Clone, PartialEq)]
pub struct Context(pub(crate) wit::Context);

impl Context {
    /// The organisation whose metadata changes.
    pub fn org(&self) -> &str {
        &self.0.org
    }

    /// The id of the event that asks for the change.
    pub fn event_id(&self) -> &str {
        &self.0.event_id
    }

    /// Who asked, if the event says so.
    pub fn actor(&self) -> Option<&str> {
        self.0.actor.as_deref()
    }

    /// When the event says it happened (RFC 3339). The guest has no clock of its own.
    pub fn at(&self) -> Option<&str> {
        self.0.at.as_deref()
    }
}
