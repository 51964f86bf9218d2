//! Scenario files: what happens to an org, step by step, and what is expected of it, as readable text.
//!
//! ```text
//! # A dropped table needs permission.
//! -- events --
//! {"id":"e-1","type":"entity.create","entity":{"name":"invoice"}}
//! -- setup.sql --
//! INSERT INTO invoice …
//! -- events: confirm --
//! {"id":"e-2","type":"entity.delete","entity":"invoice","dropTable":true}
//! -- outcome --
//! held policy/drop-table
//! -- rows.sql --
//! SELECT count(*) FROM invoice
//! -- rows --
//! 1
//! ```
//!
//! The comment on top says what the scenario shows. Sections are carried out in the order in which
//! they stand. An expectation (`outcome`, `plan.postgres`, `plan.sqlite`; `outcome.postgres` and
//! `outcome.sqlite` where they differ) is one about the `events`
//! before it; `events` without an `outcome` are expected to be applied, every one. `rows.sql` is
//! asked at the end. Events can be sent with `confirm`, `allow-destructive`, `dry-run` and `batch`; with `approve` they
//! are sent without consent, and what is held is approved by somebody else with it. SQL names tables without a schema: it runs inside the org's own, and plans leave
//! the schema out. `plugins` lists the plugins to bind, one a line, with its configuration as JSON
//! behind the name if it has one; `schema-sync` if the section is absent. `policy` is the text of the
//! host's policy file.
//!
//! What no event leads to is asked for in `intents` sections: each line is the id of an event on an entity and an
//! intent (see `tests/guests/wishes`), which a plugin of that name then asks for after all others.
//!
//! An outcome is the status with the codes of its reasons, or `error CODE`, with the JSON pointer
//! where there is one.

mod error;
mod events;
mod inject;
mod parse;
mod rewrite;
mod run;

use std::path::{Path, PathBuf};

use serde_json::{Map, Value as Json};

pub use error::Error;
pub use events::Event;
pub use rewrite::{Expected, update_file, update_requested};
pub use run::run;

/// A kind of database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Dialect {
    /// PostgreSQL.
    Postgres,
    /// SQLite.
    Sqlite,
}

impl Dialect {
    /// Both of them.
    pub const ALL: [Self; 2] = [Self::Postgres, Self::Sqlite];

    /// The word for it in sections and test names.
    pub fn name(self) -> &'static str {
        match self {
            Self::Postgres => "postgres",
            Self::Sqlite => "sqlite",
        }
    }
}

/// One scenario file.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// Where it was read from.
    pub path: PathBuf,
    /// What it shows: the comment on top.
    pub about: String,
    /// The plugins to bind, in order.
    pub plugins: Vec<String>,
    /// What the plugin `wishes` asks for, by the ids of events.
    pub wishes: Map<String, Json>,
    /// The text of the host's policy file, if it has one.
    pub policy: Option<String>,
    /// What happens, in order.
    pub steps: Vec<Step>,
    /// What is asked of the org's database at the end.
    pub rows: Option<Rows>,
    /// All that stands before the first section.
    preamble: String,
    sections: Vec<Section>,
}

/// One thing that happens.
#[derive(Clone, Debug)]
pub enum Step {
    /// Statements run on the org's database.
    Setup(Setup),
    /// Events sent to the host.
    Events(Events),
}

/// A `setup` section.
#[derive(Clone, Debug)]
pub struct Setup {
    /// The line of its header, from 1.
    pub line: usize,
    /// The one database it is meant for; both if none.
    pub dialect: Option<Dialect>,
    /// The statements.
    pub sql: String,
}

/// An `events` section with what is expected of it.
#[derive(Clone, Debug)]
pub struct Events {
    /// The line of its header, from 1.
    pub line: usize,
    /// How the events are sent.
    pub mode: Mode,
    /// One event a line.
    pub events: Vec<Event>,
    /// Status and code of each change; all `applied` if none.
    pub outcome: Option<Vec<String>>,
    /// The same where one database is another than `outcome` says.
    pub outcome_of: Each,
    /// The statements; anything if none.
    pub plan: Each,
}

/// Lines that are expected of one database or the other.
#[derive(Clone, Debug, Default)]
pub struct Each([Option<Vec<String>>; 2]);

impl Each {
    /// The lines expected of a database, if any are.
    pub fn of(&self, dialect: Dialect) -> Option<&[String]> {
        self.0[dialect as usize].as_deref()
    }

    fn slot(&mut self, dialect: Dialect) -> &mut Option<Vec<String>> {
        &mut self.0[dialect as usize]
    }
}

impl Events {
    /// How many changes the events are: one, if they are a batch.
    pub fn changes(&self) -> usize {
        if self.mode.batch { 1 } else { self.events.len() }
    }

    /// Status and code expected of each change on a database.
    pub fn outcomes(&self, dialect: Dialect) -> Vec<String> {
        let applied = || vec!["applied".to_owned(); self.changes()];
        let own = self.outcome_of.of(dialect).map(<[String]>::to_vec);
        own.or_else(|| self.outcome.clone()).unwrap_or_else(applied)
    }
}

/// How events are sent: the words after `events:`, separated by commas.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Mode {
    /// `confirm`
    pub confirm: bool,
    /// `allow-destructive`
    pub allow_destructive: bool,
    /// `dry-run`
    pub dry_run: bool,
    /// `batch`: all lines are one atomic change.
    pub batch: bool,
    /// `approve`: sent without consent, and approved with it if that holds them.
    pub approve: bool,
}

/// A query and the rows it gives, one a line, columns separated by ` | `, `NULL` for a null.
#[derive(Clone, Debug)]
pub struct Rows {
    /// The line of the query's header, from 1.
    pub line: usize,
    /// The query.
    pub sql: String,
    /// The rows; anything if none.
    pub expected: Option<Vec<String>>,
}

/// A section as it stands in the file.
#[derive(Clone, Debug)]
struct Section {
    /// Of the header, from 1.
    line: usize,
    /// Between the dashes.
    name: String,
    /// All up to the next header.
    body: String,
}

impl Scenario {
    /// The file's name without its ending.
    pub fn name(&self) -> String {
        let stem = self.path.file_stem().unwrap_or_default();
        stem.to_string_lossy().into_owned()
    }

    /// Reads one file.
    ///
    /// # Errors
    /// If it cannot be read or is not a scenario.
    pub fn load(path: &Path) -> Result<Self, Error> {
        let text = std::fs::read_to_string(path)
            .map_err(|error| Error::new(path, 0, format!("cannot be read: {error}")))?;
        Self::parse(path, &text)
    }

    /// Reads every `*.txt` file of a directory, by name.
    ///
    /// # Errors
    /// If the directory cannot be read, or one of the files is not a scenario.
    pub fn load_all(directory: &Path) -> Result<Vec<Self>, Error> {
        let unreadable = |error: std::io::Error| Error::new(directory, 0, format!("cannot be read: {error}"));
        let mut paths = Vec::new();
        for entry in std::fs::read_dir(directory).map_err(unreadable)? {
            paths.push(entry.map_err(unreadable)?.path());
        }
        paths.retain(|path| path.extension().is_some_and(|ending| ending == "txt"));
        paths.sort();
        paths.iter().map(|path| Self::load(path)).collect()
    }
}
