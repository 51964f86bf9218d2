//! The configuration, and a name's way past it.
//!
//! Only `lib.rs` calls it. Pure.
use hookwright_sdk::Rejection;
use regex_lite::Regex;
use serde::Deserialize;

use crate::snake_case;

/// Lower snake case that starts with a letter, no longer than an identifier may be.
const USUAL_PATTERN: &str = "[a-z][a-z0-9_]{0,62}";

/// What can be configured; all of it may be left out.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    entities: String,
    fields: String,
    mode: Mode,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Mode {
    Reject,
    Amend,
}

impl Default for Config {
    fn default() -> Self {
        Self { entities: USUAL_PATTERN.to_owned(), fields: USUAL_PATTERN.to_owned(), mode: Mode::Reject }
    }
}

impl Config {
    /// The guard of entity names.
    pub fn entities(&self) -> Result<Guard<'_>, Rejection> {
        Guard::new(&self.entities, self.mode)
    }

    /// The guard of field names.
    pub fn fields(&self) -> Result<Guard<'_>, Rejection> {
        Guard::new(&self.fields, self.mode)
    }
}

/// A pattern, and what to do with a name that does not fit it.
#[derive(Debug)]
pub struct Guard<'a> {
    pattern: &'a str,
    whole: Regex,
    mode: Mode,
}

impl<'a> Guard<'a> {
    fn new(pattern: &'a str, mode: Mode) -> Result<Self, Rejection> {
        let whole = Regex::new(&format!("^(?:{pattern})$")).map_err(|error| {
            Rejection::new(
                "bad-config",
                format!("pattern \"{pattern}\" is not a regular expression: {error}"),
            )
            .help("Correct the configuration of naming-guard for this organisation.")
        })?;
        Ok(Self { pattern, whole, mode })
    }

    /// `None` if the name may stay, `Some` with the name it gets instead, or the refusal.
    pub fn amended(&self, what: &str, name: &str) -> Result<Option<String>, Rejection> {
        if self.whole.is_match(name) {
            return Ok(None);
        }
        let better = snake_case(name);
        let fits = self.whole.is_match(&better);
        match self.mode {
            Mode::Amend if fits => Ok(Some(better)),
            Mode::Amend | Mode::Reject => Err(self.refusal(what, name, fits.then_some(better))),
        }
    }

    fn refusal(&self, what: &str, name: &str, better: Option<String>) -> Rejection {
        let pattern = self.pattern;
        let message = format!("{what} name \"{name}\" does not match the pattern \"{pattern}\"");
        Rejection::new("name-pattern", message).help(match better {
            Some(better) => format!("Use \"{better}\"."),
            None => "Choose a name that matches the pattern.".to_owned(),
        })
    }
}
