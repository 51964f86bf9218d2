//! A plugin's manifest: what it is, which hooks it wants, what it asks leave to do.
//!
//! The host reads it from an uploaded component; the build embeds it. Pure.
mod grant;
mod section;
mod validate;

use serde::{Deserialize, Serialize};

pub use grant::{Grant, matches};
pub use section::{MAX_BYTES, SECTION, embed, read};
pub use validate::GRANTS;

/// The contract that this host's plugins are built for.
pub const CONTRACT: &str = "1.0";

/// What a component says about itself, in its custom section `hookwright:manifest`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Manifest {
    /// The plugin's name: lower case letters, digits, `-` and `_`.
    pub name: String,
    /// Its version.
    pub version: String,
    /// What it does, in a sentence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The version of the hook contract it was built for.
    pub contract: String,
    /// The hooks the host is to call.
    pub hooks: Vec<Hook>,
    /// The entities it cares for, as patterns with `*` and `?`.
    pub entities: Vec<String>,
    /// What it asks leave to do, each a [`Grant`]: `KIND` of [`GRANTS`], or `KIND on PATTERN`.
    pub grants: Vec<String>,
    /// Where it stands among other plugins: lower runs first.
    pub priority: u16,
    /// JSON Schema of its configuration.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub config_schema: Option<serde_json::Value>,
}

/// A point in an event's life at which a plugin is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Hook {
    /// Before an entity changes.
    #[serde(rename = "entity.before")]
    EntityBefore,
    /// After an entity's change is worked out.
    #[serde(rename = "entity.after")]
    EntityAfter,
    /// Before a field changes.
    #[serde(rename = "field.before")]
    FieldBefore,
    /// After a field's change is worked out.
    #[serde(rename = "field.after")]
    FieldAfter,
}

impl Hook {
    /// The hook as the manifest writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::EntityBefore => "entity.before",
            Self::EntityAfter => "entity.after",
            Self::FieldBefore => "field.before",
            Self::FieldAfter => "field.after",
        }
    }
}

/// Why a manifest is not acceptable. Each message ends with what to do.
#[derive(Debug, thiserror::Error)]
pub enum ManifestError {
    /// The bytes are no component.
    #[error("the file is not a WebAssembly component. Build it with \"hookwright plugin build\".")]
    NotComponent,
    /// The component is broken.
    #[error("the component is truncated or malformed: {0}. Build it again.")]
    Malformed(String),
    /// There is no manifest section.
    #[error(
        "the component has no manifest (custom section \"hookwright:manifest\"). Build it with \"hookwright plugin build\"."
    )]
    Missing,
    /// There are two manifest sections.
    #[error(
        "the component has more than one manifest (custom section \"hookwright:manifest\"). Build it again."
    )]
    Duplicate,
    /// The manifest section is too large.
    #[error("the manifest is {bytes} bytes long, at most {max} are allowed. Shorten it.")]
    TooLarge {
        /// Its size.
        bytes: usize,
        /// The limit.
        max: usize,
    },
    /// The manifest is not text.
    #[error("the manifest is not UTF-8: {0}. Build it again.")]
    NotUtf8(#[from] std::str::Utf8Error),
    /// The manifest is not the JSON it should be.
    #[error("the manifest is not as it should be: {}. Build it again.", validate::plain(&.0.to_string()))]
    Json(#[from] serde_json::Error),
    /// The manifest says something that is not acceptable.
    #[error("{key} \"{value}\" in the manifest is not acceptable: {reason}.")]
    Invalid {
        /// The key.
        key: &'static str,
        /// What it says (shortened).
        value: String,
        /// What it should say.
        reason: &'static str,
    },
    /// The plugin is built for another contract.
    #[error(
        "the plugin is built for hook contract \"{found}\", this host serves \"{CONTRACT}\". It needs a host that serves \"{found}\", or a build for \"{CONTRACT}\"."
    )]
    Contract {
        /// The plugin's contract.
        found: String,
    },
}
