//! What a database says when it refuses a statement, put into the words of this host. `error.rs` and the executor call it.

use std::io::ErrorKind;

use sqlx::error::DatabaseError;
use sqlx::postgres::PgDatabaseError;

use super::fault::{EXCHANGED, NO_INDEX, RENAMED, sqlite_code};
use super::{About, DbError};

/// Why no answer came, in our words as far as it is known.
pub(crate) fn plainly(error: &sqlx::Error) -> String {
    match error {
        sqlx::Error::Io(error) => match error.kind() {
            ErrorKind::ConnectionRefused => "connection refused: nothing listens there".to_owned(),
            ErrorKind::ConnectionReset
            | ErrorKind::ConnectionAborted
            | ErrorKind::BrokenPipe
            | ErrorKind::UnexpectedEof => "the other side closed the connection".to_owned(),
            _ => error.to_string(),
        },
        sqlx::Error::Tls(error) => format!("no encrypted connection came about: {error}"),
        sqlx::Error::Protocol(said) => format!("what came back cannot be understood: {said}"),
        sqlx::Error::WorkerCrashed => "the thread that works on the file ended".to_owned(),
        sqlx::Error::Database(error) => match error.try_downcast_ref::<PgDatabaseError>() {
            Some(error) => said(error),
            None => error.message().to_owned(),
        },
        sqlx::Error::Configuration(error) => error.to_string(),
        error => error.to_string(),
    }
}

/// Who is at work where: the host's role, and the organisation's schema. SQLite has neither.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Whom<'a> {
    pub role: &'a str,
    pub schema: &'a str,
}

/// An error that trying again cannot help, put into words.
pub(super) fn refused(error: sqlx::Error, whom: Whom<'_>) -> DbError {
    let sqlx::Error::Database(inner) = &error else {
        return DbError::Refused {
            message: error.to_string(),
            state: String::new(),
            help: None,
            source: Some(error),
        };
    };
    match inner.try_downcast_ref::<PgDatabaseError>() {
        Some(e) => postgres(e, whom).unwrap_or_else(|(message, help)| DbError::Refused {
            message,
            state: e.code().to_owned(),
            help,
            source: None,
        }),
        None => sqlite(inner.as_ref()),
    }
}

type Words = (String, Option<&'static str>);

fn postgres(e: &PgDatabaseError, whom: Whom<'_>) -> Result<DbError, Words> {
    let said = said(e);
    let on = about(e);
    let constraint = |message| Ok(DbError::Constraint { message, on, rows: None });
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
            grant: if said.contains("row-level security") { see_all_rows(e, whom) } else { grant(e, whom) },
        }),
        "42P07" | "42710" | "42701" => Ok(DbError::NameTaken(format!(
            "what the change makes is there already, and Hookwright did not make it: {said}"
        ))),
        "42P01" | "42703" | "42704" => {
            Ok(DbError::Drifted(format!("what the change works on is not there any more: {said}")))
        }
        RENAMED | EXCHANGED => Ok(DbError::misnamed(e)),
        // Such as a view, a part of a partitioned table, or one that is made of a type.
        "42809" | "42P16" => {
            Ok(DbError::Drifted(format!("what the change works on is something else by now: {said}")))
        }
        NO_INDEX => Err((
            e.message().to_owned(),
            Some("find out who drops indexes beside Hookwright, then send the event again"),
        )),
        "2BP01" => Ok(DbError::InTheWay {
            message: said,
            help: "other objects depend on it: drop those first, by hand if Hookwright did not make them",
        }),
        "0A000" => Ok(DbError::InTheWay {
            message: said,
            help: "a view, rule or other object that Hookwright did not make stands in the way: drop it, send the event again, then make it anew",
        }),
        "57014" => Err((
            format!("a statement took longer than the statement timeout: {said}"),
            Some(
                "raise statement_timeout_ms for this organisation, or send the change when the table is quiet",
            ),
        )),
        code if code.starts_with("54") => {
            constraint(format!("it is more than a limit of the database allows: {said}"))
        }
        code if code.starts_with("53") => Err(short_of(code, &said)),
        _ => Err((said, None)),
    }
}

impl DbError {
    /// That a table or column of the model is called otherwise.
    fn misnamed(e: &PgDatabaseError) -> Self {
        let (table, now) = (e.table().unwrap_or_default(), e.detail().unwrap_or_default());
        match e.column() {
            None => Self::renamed(table, now),
            Some(column) => Self::exchanged(table, column, now),
        }
    }

    /// That a table of the model is called otherwise: whatever has its name is none of it.
    pub(crate) fn renamed(table: &str, now: &str) -> Self {
        Self::Drifted(format!(
            "the table \"{table}\" of the model is called \"{now}\" in the database: somebody gave it another name by hand, and nothing is done to what may be called \"{table}\" now"
        ))
    }

    /// That a column of the model is called otherwise, and another has its name.
    pub(crate) fn exchanged(table: &str, column: &str, now: &str) -> Self {
        Self::Drifted(format!(
            "the column \"{column}\" of the table \"{table}\" is called \"{now}\" in the database: somebody gave it another name by hand, and nothing is done to what may have either name now"
        ))
    }
}

/// What a server has no more of.
fn short_of(code: &str, said: &str) -> Words {
    let (what, next) = match code {
        "53100" => (
            "the disk of the server is full",
            "nothing was changed; free space on the server's disk, or move tables to another tablespace; see what takes it: SELECT oid::regclass, pg_size_pretty(pg_total_relation_size(oid)) FROM pg_class WHERE relkind IN ('r', 'm') ORDER BY pg_total_relation_size(oid) DESC LIMIT 9",
        ),
        "53400" => (
            "a limit that is set on the server is reached",
            "nothing was changed; raise what is named for the host's role, such as temp_file_limit, as an administrator",
        ),
        _ => ("the server is out of a resource", "free space, memory or connections on the server"),
    };
    (format!("{what}: {said}"), Some(next))
}

fn about(e: &PgDatabaseError) -> Option<About> {
    let table = e.table().map(str::to_owned);
    match (table, e.constraint(), e.column()) {
        (Some(table), Some(name), _) => Some(About::Constraint { table, name: name.to_owned() }),
        (Some(table), None, Some(name)) => Some(About::Columns { table, names: vec![name.to_owned()] }),
        _ => e.code().starts_with("22").then_some(About::Values),
    }
}

/// What SQLite names: columns, as in `UNIQUE constraint failed: invoice.number, invoice.year`, or a check.
fn about_of_sqlite(said: &str) -> Option<About> {
    let (kind, place) = said.split_once(" constraint failed: ")?;
    if kind == "CHECK" {
        return Some(About::Check(place.to_owned()));
    }
    let parts: Option<Vec<_>> = place.split(", ").map(|part| part.split_once('.')).collect();
    let parts = parts?;
    let table = parts.first()?.0.to_owned();
    Some(About::Columns { table, names: parts.iter().map(|(_, name)| (*name).to_owned()).collect() })
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

/// A name as SQL writes it.
fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// What has the host see the rows that a policy of the table hides from it.
fn see_all_rows(e: &PgDatabaseError, whom: Whom<'_>) -> String {
    let (role, schema) = (quoted(whom.role), quoted(whom.schema));
    let always = format!("as a superuser, ALTER ROLE {role} BYPASSRLS");
    match e.message().split_once("for table \"").and_then(|(_, rest)| rest.strip_suffix('"')) {
        Some(table) => format!(
            "ALTER TABLE {schema}.{} NO FORCE ROW LEVEL SECURITY, if {role} owns it; else, {always}",
            quoted(table)
        ),
        None => always,
    }
}

fn grant(e: &PgDatabaseError, whom: Whom<'_>) -> String {
    let role = quoted(whom.role);
    match (e.schema(), e.table()) {
        (Some(schema), Some(table)) => {
            format!("ALTER TABLE {}.{} OWNER TO {role}", quoted(schema), quoted(table))
        }
        _ => format!("GRANT what is lacking on what is named TO {role}, or make that role its owner"),
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
        19 => {
            let on = about_of_sqlite(&said);
            DbError::Constraint { message: format!("the rows do not allow it: {said}"), on, rows: None }
        }
        // Of rows that it meets when it adds a column it says only this, as an error like any other.
        1 if said == "CHECK constraint failed" || said == "NOT NULL constraint failed" => {
            DbError::Constraint { message: format!("the rows do not allow it: {said}"), on: None, rows: None }
        }
        // What they say of the file is told by whoever knows its path (`ailing.rs`).
        3 | 8 | 10 | 11 | 13 | 14 | 23 | 26 => refused(None),
        _ if ["already exists", "there is already", "duplicate column name"]
            .iter()
            .any(|s| said.contains(s)) =>
        {
            DbError::NameTaken(format!(
                "what the change makes is there already, and Hookwright did not make it: {said}"
            ))
        }
        // A trigger of the bookkeeping whose table is gone.
        _ if said.contains("no such table: main.hookwright_") => {
            DbError::Drifted(format!("what the change works on is not there any more: {said}"))
        }
        // A view or trigger of others that would not work afterwards.
        _ if said.starts_with("error in ") => DbError::InTheWay {
            message: said,
            help: "drop the view or trigger that is named, send the change again, and make it anew to fit",
        },
        _ if said.contains("no such table") || said.contains("no such column") => {
            DbError::Drifted(format!("what the change works on is not there any more: {said}"))
        }
        _ => refused(None),
    }
}
