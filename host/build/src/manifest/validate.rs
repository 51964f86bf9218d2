//! What a manifest may say.
//!
//! Called as a manifest is embedded and as it is read. Pure.
use std::collections::HashSet;
use std::hash::Hash;

use super::{CONTRACT, Grant, Manifest, ManifestError};

/// The kinds of intent, as grants name them.
pub const GRANTS: [&str; 31] = [
    "create-table",
    "drop-table",
    "rename-table",
    "add-column",
    "drop-column",
    "rename-column",
    "change-type",
    "set-not-null",
    "drop-not-null",
    "set-default",
    "drop-default",
    "create-index",
    "drop-index",
    "add-unique",
    "drop-unique",
    "add-foreign-key",
    "drop-foreign-key",
    "add-check",
    "drop-check",
    "set-values",
    "set-comment",
    "restore-table",
    "restore-column",
    "add-primary-key",
    "drop-primary-key",
    "rename-primary-key",
    "rename-unique",
    "rename-foreign-key",
    "rename-check",
    "rename-index",
    "backfill",
];

const MAX_NAME: usize = 64;
/// How long a text is that [`plain`] makes, in bytes, up to one more character.
const MAX_MESSAGE: usize = 1_000;
const MAX_DESCRIPTION: usize = 1000;
const MAX_ENTITIES: usize = 1000;
/// No identifier is longer; a pattern of more characters matches nothing useful.
const MAX_PATTERN: usize = 128;

impl Manifest {
    /// Checks every key; the first that is not acceptable is the error.
    pub fn validate(&self) -> Result<(), ManifestError> {
        self.check_words()?;
        if self.contract != CONTRACT {
            let found = shortened(&self.contract);
            return Err(ManifestError::Contract { found });
        }
        self.check_hooks()?;
        self.check_entities()?;
        self.check_grants()?;
        let is_object = |schema: &serde_json::Value| schema.is_object();
        let is_fine = self.config_schema.as_ref().is_none_or(is_object);
        require(is_fine, "configSchema", "", "it must be an object")
    }

    fn check_words(&self) -> Result<(), ManifestError> {
        let name_char = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_';
        let is_name = is_word(&self.name, name_char);
        let wanted = "it must be 1 to 64 of the characters a-z 0-9 - _";
        require(is_name, "name", &self.name, wanted)?;
        let is_version = is_word(&self.version, |c| c.is_ascii_alphanumeric() || ".+-".contains(c));
        require(is_version, "version", &self.version, "write it like 1.2.3")?;
        let description = self.description.as_deref().unwrap_or_default();
        let is_plain = description.len() <= MAX_DESCRIPTION && !description.chars().any(char::is_control);
        let wanted = "it must be one line of at most 1000 bytes";
        require(is_plain, "description", description, wanted)
    }

    fn check_hooks(&self) -> Result<(), ManifestError> {
        let wanted = "name at least one hook";
        require(!self.hooks.is_empty(), "hooks", "", wanted)?;
        match repeated(&self.hooks) {
            Some(hook) => refuse("hooks", hook.as_str(), "it stands there twice"),
            None => Ok(()),
        }
    }

    fn check_entities(&self) -> Result<(), ManifestError> {
        let count = self.entities.len();
        let is_some = (1..=MAX_ENTITIES).contains(&count);
        let wanted = "name 1 to 1000 patterns, such as \"*\"";
        require(is_some, "entities", &count.to_string(), wanted)?;
        match self.entities.iter().find(|pattern| !is_pattern(pattern)) {
            Some(pattern) => refuse("entities", pattern, "a pattern has the characters A-Z a-z 0-9 _ * ?"),
            None => Ok(()),
        }
    }

    fn check_grants(&self) -> Result<(), ManifestError> {
        let mut grants = Vec::with_capacity(self.grants.len());
        for text in &self.grants {
            match text.parse::<Grant>() {
                Ok(grant) => grants.push(grant),
                Err(why) => return refuse("grants", text, why),
            }
        }
        match repeated(&grants) {
            Some(grant) => refuse("grants", &grant.to_string(), "it stands there twice"),
            None => Ok(()),
        }
    }
}

/// Whether it can be a pattern of tables' names.
pub(super) fn is_pattern(text: &str) -> bool {
    let legal = |c: char| c.is_ascii_alphanumeric() || "_*?".contains(c);
    (1..=MAX_PATTERN).contains(&text.len()) && text.chars().all(legal)
}

fn is_word(text: &str, allowed: impl Fn(char) -> bool) -> bool {
    (1..=MAX_NAME).contains(&text.len()) && text.chars().all(allowed)
}

fn repeated<T: Eq + Hash>(items: &[T]) -> Option<&T> {
    let mut seen = HashSet::new();
    items.iter().find(|item| !seen.insert(*item))
}

fn require(holds: bool, key: &'static str, value: &str, reason: &'static str) -> Result<(), ManifestError> {
    if holds { Ok(()) } else { refuse(key, value, reason) }
}

fn refuse(key: &'static str, value: &str, reason: &'static str) -> Result<(), ManifestError> {
    let value = shortened(value);
    Err(ManifestError::Invalid { key, value, reason })
}

/// For a message: hostile text neither floods it nor breaks its line.
fn shortened(text: &str) -> String {
    text.escape_debug().take(MAX_NAME).collect()
}

/// The same of a library's message that quotes such text.
pub(super) fn plain(message: &str) -> String {
    let mut told = String::new();
    for c in message.chars() {
        match c {
            _ if told.len() >= MAX_MESSAGE => return told + "…",
            c if c.is_control() => told.extend(c.escape_debug()),
            c => told.push(c),
        }
    }
    told
}
