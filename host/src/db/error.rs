//! What goes wrong with an organisation's database, told with both sides and what to do next.

use std::time::Duration;

use super::fault::{Fault, fault, is_login};
use super::refusal::{Refusal, Whose};
use super::words::{Whom, plainly, refused};
use crate::trouble::Trouble;

/// Events that a message names.
const MOST: usize = 3;
/// What to do about a change that takes longer than its request may.
pub(crate) const LESS_AT_ONCE: &str = "send fewer events at once, or raise \"http.request_timeout_ms\"; on the command line a change takes as long as it takes";

/// Trouble with an organisation's database.
#[derive(Debug, thiserror::Error)]
pub enum DbError {
    /// An address that cannot be used.
    #[error("the address of the database is not valid: {what}")]
    Address {
        /// What is wrong with it; without what is secret in it.
        what: String,
        /// What to write instead.
        help: String,
    },
    /// A file that is another organisation's.
    #[error("the file \"{file}\" belongs to the organisation \"{other}\", not to \"{org}\"")]
    Taken {
        /// The organisation that was to have it.
        org: String,
        /// The file.
        file: String,
        /// The organisation that has it.
        other: String,
    },
    /// No answer, or nobody is let in.
    #[error("{}", unreachable(.org, &plainly(.source), .trouble.as_deref()))]
    Unreachable {
        /// The organisation.
        org: String,
        /// What was tried.
        source: sqlx::Error,
        /// Why, if that was looked into and found.
        trouble: Option<Box<Trouble>>,
    },
    /// A database that cannot be used as it is: its file, its history, or a setting stands in the way.
    #[error("{}", .0.found)]
    Unusable(Box<Trouble>),
    /// It was not reached several times in a row, and is not tried for a while.
    #[error("{}; it is not reached since {} s, and tried again in {} s", unreachable(.org, .cause, .trouble.as_deref()), since.as_secs(), ceil(*next))]
    Open {
        /// The organisation.
        org: String,
        /// For how long it is not reached.
        since: Duration,
        /// What stood in the way last.
        cause: String,
        /// When it is tried next.
        next: Duration,
        /// Why, if that was looked into and found.
        trouble: Option<Box<Trouble>>,
    },
    /// All connections that may be used were in use.
    #[error("{} in use for {} ms{}", all(*.most, &whose(*of, org)), waited.as_millis(), waited_for(.by.as_deref()))]
    Crowded {
        /// The organisation.
        org: String,
        /// Whose connections they are.
        of: Whose,
        /// How many they are.
        most: usize,
        /// How long it was waited for one.
        waited: Duration,
        /// Whom they wait for, if that was looked into and found.
        by: Option<Box<Trouble>>,
    },
    /// A privilege is missing.
    #[error("{message}")]
    Denied {
        /// Who lacks what.
        message: String,
        /// What to run.
        grant: String,
    },
    /// A newer host has been here.
    #[error("the bookkeeping has version {found}, this host knows up to {known}")]
    Version {
        /// What is there.
        found: i64,
        /// What this host can use.
        known: i64,
    },
    /// A lock that others hold.
    #[error("a lock was not granted in {tries} {}; {}", if *.tries == 1 { "try" } else { "tries" }, held_by(.blockers, .holders.as_deref()))]
    Blocked {
        /// How often it was tried.
        tries: u32,
        /// Who holds it.
        blockers: Vec<super::Blocker>,
        /// Which processes have the file, of one that is a file.
        holders: Option<String>,
    },
    /// Rows stand against a constraint.
    #[error("{message}")]
    Constraint {
        /// What the database said, and what it means.
        message: String,
        /// What of the rows it is about, where the database says that.
        on: Option<About>,
        /// Set if the message tells some of the rows; with the statement that shows them, if there is one.
        rows: Option<Option<String>>,
    },
    /// The database is not what the model says.
    #[error("{0}")]
    Drifted(String),
    /// Something that Hookwright did not make has the name of what a change makes.
    #[error("{0}")]
    NameTaken(String),
    /// A table of SQLite has to be made anew, and has something that cannot be carried along.
    #[error("{message}")]
    WouldBeLost {
        /// The table.
        table: String,
        /// What would be lost, and why.
        message: String,
    },
    /// Something that Hookwright did not make depends on what the change works on.
    #[error("{message}")]
    InTheWay {
        /// What the database said.
        message: String,
        /// What to do.
        help: &'static str,
    },
    /// The database refused a statement.
    #[error("{message}")]
    Refused {
        /// What it means.
        message: String,
        /// SQLSTATE, or SQLite's result code.
        state: String,
        /// What to do.
        help: Option<&'static str>,
        /// What the database said.
        source: Option<sqlx::Error>,
    },
    /// The connection broke and nobody answers what came of it.
    #[error(
        "it is not known whether the change {change} ({}) was committed: the answer to its COMMIT did not come, and the ledger could not be asked: {source}",
        quoted(.events)
    )]
    UnknownOutcome {
        /// The change.
        change: String,
        /// The ids of its events.
        events: Vec<String>,
        /// Why it could not be asked.
        source: Box<DbError>,
    },
    /// It was not done in the time that there was for it.
    #[error(
        "the change \"{change}\" was not made in the time of its request; what was done of it was taken back"
    )]
    OutOfTime {
        /// The change.
        change: String,
    },
    /// The bookkeeping cannot be read.
    #[error("the bookkeeping of the organisation \"{org}\" cannot be read: {what}")]
    Bookkeeping {
        /// The organisation.
        org: String,
        /// What is wrong with it.
        what: String,
    },
}

/// What a refusal of rows is about, in the database's names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum About {
    /// A constraint or an index of a table.
    Constraint {
        /// The table.
        table: String,
        /// The constraint.
        name: String,
    },
    /// Columns of a table.
    Columns {
        /// The table.
        table: String,
        /// The columns.
        names: Vec<String>,
    },
    /// A check of SQLite, which says of it no more than this.
    Check(String),
    /// Values from which something is computed; whose they are the database does not say.
    Values,
}

impl DbError {
    /// The code in the catalogue.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Address { .. } | Self::Taken { .. } => "config/invalid",
            Self::Unreachable { trouble: Some(trouble), .. } | Self::Unusable(trouble) => {
                crate::catalogue::of_database(&trouble.code)
            }
            Self::Unreachable { .. } => "db/unreachable",
            Self::Open { .. } => "db/circuit-open",
            Self::Crowded { of: Whose::Org, .. } => "org/overloaded",
            Self::Crowded { .. } => "host/overloaded",
            Self::Denied { .. } => "db/denied",
            Self::Version { .. } => "db/newer",
            Self::Blocked { .. } => "db/blocked",
            Self::Constraint { .. } => "db/constraint",
            Self::Drifted(_) => "db/drifted",
            Self::NameTaken(_) => "db/name-taken",
            Self::WouldBeLost { .. } => "db/would-be-lost",
            Self::InTheWay { .. } => "db/in-the-way",
            Self::Refused { .. } => "db/failed",
            Self::UnknownOutcome { .. } => "db/unknown-outcome",
            Self::OutOfTime { .. } => "host/timeout",
            Self::Bookkeeping { .. } => "db/bookkeeping",
        }
    }

    /// A finer code than the catalogue's, where the cause is known.
    #[must_use]
    pub fn finer(&self) -> Option<&str> {
        match self {
            Self::Unreachable { trouble: Some(trouble), .. } | Self::Unusable(trouble) => Some(&trouble.code),
            _ => None,
        }
    }

    /// Seconds after which it is worth trying again, if that is worth it at all.
    #[must_use]
    pub fn retry_after_s(&self) -> u64 {
        match self {
            Self::Open { next, .. } => ceil(*next),
            _ => 1,
        }
    }

    /// What to do, where it is known better than the catalogue does.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        match self {
            Self::Address { help, .. } => Some(help.clone()),
            Self::Taken { org, .. } => Some(format!(
                "give each organisation a file of its own: hookwright org add {org} --database sqlite:{org}.db"
            )),
            Self::UnknownOutcome { events, source, .. } => {
                let why = source.help().map(|help| format!("; why the ledger is not to be had: {help}"));
                Some(format!(
                    "all of it is committed or nothing, never a part: send the same event again ({}), as it was, once the database answers; the ledger then says what became of it, and nothing is done twice{}",
                    quoted(events),
                    why.unwrap_or_default()
                ))
            }
            Self::Constraint { rows: Some(shown), .. } => {
                let see = shown.as_ref().map(|sql| format!("see them: {sql}; ")).unwrap_or_default();
                Some(format!("{see}correct them, or delete them, then send the change again"))
            }
            Self::WouldBeLost { table, .. } => Some(format!(
                "take away by hand what is named; what is in the text of the table goes if \"{table}\" is made anew by hand without it; then send the event again"
            )),
            Self::OutOfTime { .. } => Some(LESS_AT_ONCE.to_owned()),
            Self::Denied { grant, .. } => Some(format!("run as the owner of what is named, or as a superuser: {grant}")),
            Self::InTheWay { help, .. } => Some((*help).to_owned()),
            Self::Refused { help, .. } => help.map(str::to_owned),
            Self::Blocked { holders: Some(_), .. } => Some(
                "have that program end its transaction, or end it, and send the change again; a program that keeps the file open should write in short transactions".to_owned(),
            ),
            Self::Blocked { blockers, .. } if blockers.is_empty() => Some(
                "send the change again later; if that goes on, find out who has the file or the table for so long".to_owned(),
            ),
            Self::Unreachable { trouble: Some(trouble), .. } | Self::Unusable(trouble) => {
                Some(trouble.advice())
            }
            Self::Open { trouble: Some(trouble), next, .. } => Some(format!(
                "{}; the database is tried again by itself in {} s",
                trouble.advice(),
                ceil(*next)
            )),
            Self::Crowded { by: Some(by), .. } => Some(by.advice()),
            Self::Crowded { of: Whose::Database, .. } => {
                Some("send the request again a little later; or raise database.max_connections".to_owned())
            }
            Self::Crowded { of: Whose::Host, .. } => Some(
                "send the request again a little later; or raise database.max_connections_total".to_owned(),
            ),
            _ => None,
        }
    }
}

impl From<DbError> for crate::error::Error {
    fn from(error: DbError) -> Self {
        let made = Self::new(error.code(), error.to_string());
        let made = match error.help() {
            Some(help) => made.help(help),
            None => made,
        };
        let made = match error.finer() {
            Some(code) => made.coded(code),
            None => made,
        };
        match error {
            // The cause is told already; what the driver saw of it adds nothing.
            DbError::Unreachable { trouble: Some(_), .. }
            | DbError::Unusable(_)
            | DbError::UnknownOutcome { .. }
            | DbError::Address { .. }
            | DbError::Taken { .. } => made,
            error => made.because(error),
        }
    }
}

fn unreachable(org: &str, cause: &str, trouble: Option<&Trouble>) -> String {
    match trouble {
        Some(trouble) => trouble.found.clone(),
        None => format!("the database of the organisation \"{org}\" does not answer: {cause}"),
    }
}

/// The ids of a change's events.
fn quoted(events: &[String]) -> String {
    let each: Vec<_> = events.iter().take(MOST).map(|id| format!("\"{}\"", id.escape_default())).collect();
    let what = if events.len() == 1 { "event" } else { "events" };
    let more = events.len().saturating_sub(MOST);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{what} {}{more}", each.join(", "))
}

/// Whole seconds, at least one.
fn ceil(duration: Duration) -> u64 {
    duration.as_millis().div_ceil(1_000).try_into().unwrap_or(u64::MAX).max(1)
}

fn waited_for(trouble: Option<&Trouble>) -> String {
    trouble.map(|trouble| format!("; {}", trouble.found)).unwrap_or_default()
}

fn all(most: usize, whose: &str) -> String {
    match most {
        1 => format!("the one connection {whose} was"),
        most => format!("all {most} connections {whose} were"),
    }
}

fn whose(of: Whose, org: &str) -> String {
    match of {
        Whose::Org => format!("of the organisation \"{org}\""),
        Whose::Database => format!("to the database of the organisation \"{org}\""),
        Whose::Host => "of the host".to_owned(),
    }
}

fn held_by(found: &[super::Blocker], holders: Option<&str>) -> String {
    match (found, holders) {
        ([], Some(holders)) => holders.to_owned(),
        ([], None) => "who holds it is not known any more".to_owned(),
        (some, _) => {
            let each: Vec<_> = some.iter().map(ToString::to_string).collect();
            format!("it is held by {}", each.join("; "))
        }
    }
}

/// An error of sqlx outside a change, put into words.
pub(super) fn explain(org: &str, whom: Whom<'_>, error: sqlx::Error) -> DbError {
    let error = match Refusal::told(org, error) {
        Ok(told) => return told,
        Err(error) => error,
    };
    match fault(&error) {
        Fault::Lost | Fault::Unreachable => unreached(org, error),
        _ if is_login(&error) => unreached(org, error),
        // What the driver says of a key or a certificate that the address names.
        _ if matches!(error, sqlx::Error::Configuration(_)) => unreached(org, error),
        Fault::Busy | Fault::Locked => DbError::Blocked { tries: 1, blockers: Vec::new(), holders: None },
        // SQLite lets a column hold anything: hands, not hosts, wrote what cannot be read.
        _ if matches!(error, sqlx::Error::ColumnDecode { .. }) => DbError::Bookkeeping {
            org: org.to_owned(),
            what: format!("a row has another value than a host writes: {error}"),
        },
        _ => refused(error, whom),
    }
}

fn unreached(org: &str, source: sqlx::Error) -> DbError {
    DbError::Unreachable { org: org.to_owned(), source, trouble: None }
}
