//! A case as its file has it: a change of the base of all cases, what another tool says of it, and what we are to say.

use std::path::Path;

use hookwright_core::policy::{Hazard, Mode, Verdict};
use hookwright_tests::scenario::Dialect;
use serde::Deserialize;

/// What every case begins at: entities, what no event leads to, and rows.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Base {
    pub events: Vec<String>,
    pub intents: Vec<String>,
    pub rows: String,
}

/// The cases of one topic.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct File {
    /// The tool or topic, for the document.
    pub source: String,
    #[serde(rename = "case")]
    pub cases: Vec<Case>,
}

/// A case.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    pub name: String,
    /// The rule, check or test of the tool.
    pub from: String,
    /// What the tool says of it.
    pub theirs: String,
    /// The change, as events without ids.
    #[serde(default)]
    pub events: Vec<String>,
    /// Or as intents.
    #[serde(default)]
    pub intents: Vec<String>,
    /// Whether the tables have rows.
    #[serde(default = "yes")]
    pub rows: bool,
    /// Whether the tables are large.
    #[serde(default)]
    pub large: bool,
    #[serde(default = "prod")]
    pub mode: Mode,
    /// One database alone.
    pub on: Option<String>,
    /// What others made: views, triggers, rows.
    pub setup: Option<String>,
    /// Statements of programs, which may be accepted before and refused afterwards, or the other way round.
    #[serde(default)]
    pub writes: Vec<String>,
    pub verdict: Verdict,
    #[serde(default)]
    pub hazards: Vec<Hazard>,
    /// Codes that must be among those given.
    #[serde(default)]
    pub codes: Vec<String>,
    /// Whether rows stand against it, whatever the consent.
    #[serde(default)]
    pub blocked: bool,
    /// What differs on SQLite.
    pub sqlite: Option<OnSqlite>,
    /// Why a loss is declared that these rows do not show.
    pub cautious: Option<String>,
    /// Where we say other than the tool: what was measured.
    pub differs: Option<String>,
}

/// What differs on SQLite.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OnSqlite {
    pub verdict: Verdict,
    #[serde(default)]
    pub hazards: Vec<Hazard>,
    #[serde(default)]
    pub codes: Vec<String>,
    #[serde(default)]
    pub blocked: bool,
}

fn yes() -> bool {
    true
}

fn prod() -> Mode {
    Mode::Prod
}

impl Case {
    /// The databases that it is tried on. Large tables are PostgreSQL's alone.
    pub fn dialects(&self) -> Vec<Dialect> {
        let wanted = |d: &Dialect| self.on.as_ref().is_none_or(|on| on == d.name());
        let possible = |d: &Dialect| !(self.large && *d == Dialect::Sqlite);
        Dialect::ALL.into_iter().filter(|d| wanted(d) && possible(d)).collect()
    }

    /// The case as it is for a database.
    pub fn on(&self, dialect: Dialect) -> Self {
        match (dialect, &self.sqlite) {
            (Dialect::Sqlite, Some(other)) => {
                let OnSqlite { verdict, hazards, codes, blocked } = other.clone();
                Self { verdict, hazards, codes, blocked, ..self.clone() }
            }
            _ => self.clone(),
        }
    }
}

/// The base of all cases.
pub fn base() -> Base {
    let text = include_str!("cases/base.toml");
    toml::from_str(text).unwrap_or_else(|e| panic!("cases/base.toml: {e}"))
}

/// Every file, by name.
pub fn files() -> Vec<(String, File)> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/verdicts/cases");
    let mut files = Vec::new();
    for entry in std::fs::read_dir(&directory).expect("the directory of the cases") {
        let path = entry.expect("an entry").path();
        let name = path.file_stem().and_then(|n| n.to_str()).expect("a name").to_owned();
        if name != "base" {
            let text = std::fs::read_to_string(&path).expect("a file of cases");
            files.push((name.clone(), toml::from_str(&text).unwrap_or_else(|e| panic!("{name}.toml: {e}"))));
        }
    }
    files.sort_by(|a, b| a.0.cmp(&b.0));
    files
}
