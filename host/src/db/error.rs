//! What goes wrong with an organisation's database, told with both sides and what to do next.

use std::time::Duration;

use sqlx::error::DatabaseError;
use sqlx::postgres::PgDatabaseError;

use super::fault::{Fault, fault, is_login, sqlite_code};
use super::refusal::{Refusal, Whose};
use crate::trouble::Trouble;

/// Trouble with an organisation's database.
#[derive(Debug, thiserror::Error)]
pub enum DbError {
    /// An address that cannot be used.
    #[error("the address of the database is not valid: {0}")]
    Address(String),
    /// No answer, or nobody is let in.
    #[error("{}", unreachable(.org, .source, .trouble.as_deref()))]
    Unreachable {
        /// The organisation.
        org: String,
        /// What was tried.
        source: sqlx::Error,
        /// Why, if that was looked into and found.
        trouble: Option<Box<Trouble>>,
    },
    /// A SQLite file that cannot be used.
    #[error("{}", .0.found)]
    Unusable(Box<Trouble>),
    /// It was not reached several times in a row, and is not tried for a while.
    #[error("the database of the organisation \"{org}\" is not reached since {} s and not tried for {} s more: {cause}", since.as_secs(), ceil(*next))]
    Open {
        /// The organisation.
        org: String,
        /// For how long it is not reached.
        since: Duration,
        /// What stood in the way last.
        cause: String,
        /// When it is tried next.
        next: Duration,
    },
    /// All connections that may be used were in use.
    #[error("all {most} connections {} were in use for {} ms", whose(*of, org), waited.as_millis())]
    Crowded {
        /// The organisation.
        org: String,
        /// Whose connections they are.
        of: Whose,
        /// How many they are.
        most: usize,
        /// How long it was waited for one.
        waited: Duration,
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
    #[error("a lock was not granted in {tries} tries; {}", held_by(.blockers))]
    Blocked {
        /// How often it was tried.
        tries: u32,
        /// Who holds it.
        blockers: Vec<super::Blocker>,
    },
    /// Rows stand against a constraint.
    #[error("{message}")]
    Constraint {
        /// What the database said, and what it means.
        message: String,
        /// The table and the constraint, where the database names them.
        on: Option<(String, String)>,
    },
    /// The database is not what the model says.
    #[error("{0}")]
    Drifted(String),
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
        "the connection broke while the change \"{change}\" was being committed, and the ledger could not be asked: {source}"
    )]
    UnknownOutcome {
        /// The change.
        change: String,
        /// Why it could not be asked.
        source: Box<DbError>,
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

impl DbError {
    /// The code in the catalogue.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Address(_) => "config/invalid",
            Self::Unreachable { .. } | Self::Unusable(_) => "db/unreachable",
            Self::Open { .. } => "db/circuit-open",
            Self::Crowded { of: Whose::Org, .. } => "org/overloaded",
            Self::Crowded { .. } => "host/overloaded",
            Self::Denied { .. } => "db/denied",
            Self::Version { .. } => "db/newer",
            Self::Blocked { .. } => "db/blocked",
            Self::Constraint { .. } => "db/constraint",
            Self::Drifted(_) => "db/drifted",
            Self::Refused { .. } => "db/failed",
            Self::UnknownOutcome { .. } => "db/unknown-outcome",
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
            Self::Address(_) => {
                Some("write postgres://USER:PASSWORD@HOST:PORT/NAME, or sqlite:PATH".to_owned())
            }
            Self::Denied { grant, .. } => Some(format!("run as the owner of the database: {grant}")),
            Self::Refused { help, .. } => help.map(str::to_owned),
            Self::Unreachable { trouble: Some(trouble), .. } | Self::Unusable(trouble) => {
                Some(trouble.advice())
            }
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
            DbError::Unreachable { trouble: Some(_), .. } | DbError::Unusable(_) | DbError::Address(_) => {
                made
            }
            error => made.because(error),
        }
    }
}

fn unreachable(org: &str, source: &sqlx::Error, trouble: Option<&Trouble>) -> String {
    match trouble {
        Some(trouble) => trouble.found.clone(),
        None => format!("the database of the organisation \"{org}\" does not answer: {source}"),
    }
}

/// Whole seconds, at least one.
fn ceil(duration: Duration) -> u64 {
    duration.as_millis().div_ceil(1_000).try_into().unwrap_or(u64::MAX).max(1)
}

fn whose(of: Whose, org: &str) -> String {
    match of {
        Whose::Org => format!("of the organisation \"{org}\""),
        Whose::Database => format!("to the database of the organisation \"{org}\""),
        Whose::Host => "of the host".to_owned(),
    }
}

fn held_by(found: &[super::Blocker]) -> String {
    match found {
        [] => "who holds it is not known any more".to_owned(),
        some => {
            let each: Vec<_> = some.iter().map(ToString::to_string).collect();
            format!("it is held by {}", each.join("; "))
        }
    }
}

/// An error of sqlx outside a change, put into words.
pub(crate) fn explain(org: &str, error: sqlx::Error) -> DbError {
    let error = match Refusal::told(org, error) {
        Ok(told) => return told,
        Err(error) => error,
    };
    match fault(&error) {
        Fault::Lost | Fault::Unreachable => unreached(org, error),
        _ if is_login(&error) => unreached(org, error),
        Fault::Busy | Fault::Locked => DbError::Blocked { tries: 1, blockers: Vec::new() },
        _ => refused(error),
    }
}

fn unreached(org: &str, source: sqlx::Error) -> DbError {
    DbError::Unreachable { org: org.to_owned(), source, trouble: None }
}

/// An error that trying again cannot help, put into words.
pub(crate) fn refused(error: sqlx::Error) -> DbError {
    let sqlx::Error::Database(inner) = &error else {
        return DbError::Refused {
            message: error.to_string(),
            state: String::new(),
            help: None,
            source: Some(error),
        };
    };
    match inner.try_downcast_ref::<PgDatabaseError>() {
        Some(e) => postgres(e).unwrap_or_else(|(message, help)| DbError::Refused {
            message,
            state: e.code().to_owned(),
            help,
            source: None,
        }),
        None => sqlite(inner.as_ref()),
    }
}

type Words = (String, Option<&'static str>);

fn postgres(e: &PgDatabaseError) -> Result<DbError, Words> {
    let said = said(e);
    let on = e.table().zip(e.constraint()).map(|(table, name)| (table.to_owned(), name.to_owned()));
    let constraint = |message| Ok(DbError::Constraint { message, on });
    match e.code() {
        "23502" => constraint(format!(
            "rows of the table {} leave the column {} NULL: {said}",
            name(e.table()),
            name(e.column())
        )),
        "23505" => constraint(format!(
            "rows of the table {} share values that \"{}\" wants distinct: {said}",
            name(e.table()),
            e.constraint().unwrap_or("?")
        )),
        "23503" => constraint(format!(
            "rows of the table {} refer to rows that do not exist, against {}: {said}",
            name(e.table()),
            name(e.constraint())
        )),
        "23514" => constraint(format!(
            "rows of the table {} do not meet {}: {said}",
            name(e.table()),
            name(e.constraint())
        )),
        code if code.starts_with("22") => constraint(format!("values of the rows do not fit: {said}")),
        "42501" => Ok(DbError::Denied {
            message: format!("the database refuses a privilege: {said}"),
            grant: grant(e),
        }),
        "42P07" | "42710" | "42701" => Ok(DbError::Drifted(format!(
            "what the change makes is there already, and Hookwright did not make it: {said}"
        ))),
        "42P01" | "42703" | "42704" => {
            Ok(DbError::Drifted(format!("what the change works on is not there any more: {said}")))
        }
        super::fault::NO_INDEX => Err((
            e.message().to_owned(),
            Some("find out who drops indexes beside Hookwright, then send the event again"),
        )),
        "2BP01" => Err((
            said,
            Some("other objects depend on it: drop those first, by hand if Hookwright did not make them"),
        )),
        "0A000" => Err((
            said,
            Some(
                "a view, rule or other object that Hookwright did not make stands in the way: drop it, send the event again, then make it anew",
            ),
        )),
        "57014" => Err((
            format!("a statement took longer than the statement timeout: {said}"),
            Some(
                "raise statement_timeout_ms for this organisation, or send the change when the table is quiet",
            ),
        )),
        code if code.starts_with("54") => {
            constraint(format!("it is more than a limit of the database allows: {said}"))
        }
        code if code.starts_with("53") => Err((
            format!("the server is out of a resource: {said}"),
            Some("free space, memory or connections on the server"),
        )),
        _ => Err((said, None)),
    }
}

fn name(of: Option<&str>) -> String {
    of.map_or_else(|| "?".to_owned(), |n| format!("\"{n}\""))
}

fn said(e: &PgDatabaseError) -> String {
    match e.detail() {
        Some(detail) => format!("{} ({}; SQLSTATE {})", e.message(), detail.trim_end_matches('.'), e.code()),
        None => format!("{} (SQLSTATE {})", e.message(), e.code()),
    }
}

fn grant(e: &PgDatabaseError) -> String {
    match (e.schema(), e.table()) {
        (Some(schema), Some(table)) => {
            format!("ALTER TABLE \"{schema}\".\"{table}\" OWNER TO <the host's role>")
        }
        _ => "make the host's role the owner of what is named".to_owned(),
    }
}

fn sqlite(e: &dyn DatabaseError) -> DbError {
    let said = e.message().to_owned();
    let refused = |help| DbError::Refused {
        message: said.clone(),
        state: e.code().unwrap_or_default().into_owned(),
        help,
        source: None,
    };
    match sqlite_code(e) {
        19 => DbError::Constraint { message: format!("the rows do not allow it: {said}"), on: None },
        8 | 14 | 23 => DbError::Denied {
            message: format!("the database file refuses: {said}"),
            grant: "chmod u+rw on the file and its directory".to_owned(),
        },
        13 => refused(Some("free space on the disk")),
        11 | 26 => refused(Some("the file is damaged or no SQLite database: restore it from a backup")),
        _ if ["already exists", "there is already", "duplicate column name"]
            .iter()
            .any(|s| said.contains(s)) =>
        {
            DbError::Drifted(format!(
                "what the change makes is there already, and Hookwright did not make it: {said}"
            ))
        }
        // A view or trigger of others that would not work afterwards.
        _ if said.starts_with("error in ") => {
            refused(Some("drop it, send the change again, and make it anew to fit"))
        }
        _ if said.contains("no such table") || said.contains("no such column") => {
            DbError::Drifted(format!("what the change works on is not there any more: {said}"))
        }
        _ => refused(None),
    }
}
