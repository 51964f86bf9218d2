//! What an error of a database means for trying again: decided by SQLSTATE (or SQLite's result code), never by message.

use sqlx::error::DatabaseError;
use sqlx::postgres::{PgDatabaseError, PgSeverity};

use super::refusal::Refusal;

/// SQLSTATE raised when another change holds the organisation's lock.
pub(crate) const BUSY: &str = "HW001";
/// SQLSTATE raised when the organisation is at another revision.
pub(crate) const MOVED: &str = "HW002";
/// SQLSTATE raised when an event is in the ledger; the detail is its change.
pub(crate) const REPEATED: &str = "HW003";
/// SQLSTATE raised when the attempt was given up by its own host.
pub(crate) const FENCED: &str = "HW004";
/// SQLSTATE raised when an event belongs to a held change, or the held change is decided; the detail is that change.
pub(crate) const HELD: &str = "HW005";
/// SQLSTATE raised when another host has taken a change's steps over.
pub(crate) const TAKEN: &str = "HW006";
/// SQLSTATE raised when a step is done, or taken back, already.
pub(crate) const DONE: &str = "HW007";
/// SQLSTATE raised when an index that was built for a change is not there, or is not valid.
pub(crate) const NO_INDEX: &str = "HW008";
/// SQLSTATE raised when a change is taken back: nothing more of it is to be done.
pub(crate) const UNDOING: &str = "HW009";

/// SQLSTATE raised when a newer host has brought the bookkeeping to its version; the detail is that version.
pub(crate) const NEWER: &str = "HW010";

/// SQLSTATE raised when a table that a change works on has another name; the detail is that name.
pub(crate) const RENAMED: &str = "HW011";

/// SQLSTATE raised when what has the name of a column that a change works on is another; the detail is the column's name.
pub(crate) const EXCHANGED: &str = "HW012";

/// SQLSTATE of a statement on a table that is not there, or whose schema is not.
const NO_TABLE: [&str; 2] = ["42P01", "3F000"];

/// The answer of a query, or what stands for it where its table is not there.
pub(super) fn or_without_table<T>(answer: sqlx::Result<T>, without: T) -> sqlx::Result<T> {
    match answer {
        Err(sqlx::Error::Database(e)) if e.code().is_some_and(|code| NO_TABLE.contains(&&*code)) => {
            Ok(without)
        }
        answer => answer,
    }
}

/// What an error means for trying again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The organisation is at another revision.
    Moved,
    /// An event is in the ledger already, by this change.
    Repeated(String),
    /// An event belongs to this held change, or this held change is decided on already.
    Held(String),
    /// Another host goes on with the steps of the change.
    Taken,
    /// The step is done, or taken back, already.
    Done,
    /// The change is taken back.
    Undoing,
    /// The bookkeeping is of this version, which the host does not know.
    Newer(i64),
    /// Another change of the organisation is being made.
    Busy,
    /// A lock was not granted in time.
    Locked,
    /// It failed whole, and may do better next time.
    Transient,
    /// The connection broke: what was sent may or may not have happened.
    Lost,
    /// No connection could be had: nothing was sent.
    Unreachable,
    /// The host itself gave no connection: nothing was sent.
    Refused,
    /// It will fail again.
    Final,
}

/// The fault behind an error of sqlx.
pub(crate) fn fault(error: &sqlx::Error) -> Fault {
    match error {
        sqlx::Error::Configuration(e) => match e.downcast_ref() {
            Some(Refusal::NotReached(_)) => Fault::Unreachable,
            Some(_) => Fault::Refused,
            None => Fault::Final,
        },
        sqlx::Error::Database(e) => match e.try_downcast_ref::<PgDatabaseError>() {
            Some(e) => postgres(e.code(), e.detail(), ends_session(e.severity())),
            None => sqlite(e.as_ref()),
        },
        sqlx::Error::Io(_) | sqlx::Error::Protocol(_) | sqlx::Error::WorkerCrashed => Fault::Lost,
        sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed | sqlx::Error::Tls(_) => Fault::Unreachable,
        _ => Fault::Final,
    }
}

fn ends_session(severity: PgSeverity) -> bool {
    matches!(severity, PgSeverity::Fatal | PgSeverity::Panic)
}

fn postgres(code: &str, detail: Option<&str>, ended: bool) -> Fault {
    match code {
        BUSY => Fault::Busy,
        TAKEN => Fault::Taken,
        DONE => Fault::Done,
        UNDOING => Fault::Undoing,
        MOVED => Fault::Moved,
        NEWER => Fault::Newer(detail.and_then(|version| version.parse().ok()).unwrap_or_default()),
        FENCED => Fault::Transient,
        REPEATED => Fault::Repeated(detail.unwrap_or_default().to_owned()),
        HELD => Fault::Held(detail.unwrap_or_default().to_owned()),
        "55P03" => Fault::Locked,
        "40001" | "40P01" | "40P03" => Fault::Transient,
        "53300" | "57P03" => Fault::Unreachable,
        "57P01" | "57P02" | "57P05" | "25P03" => Fault::Lost,
        _ if code.starts_with("08") => Fault::Lost,
        // A refused login is FATAL too, but it is an answer, and trying again cannot help it.
        _ if ended && !is_refusal(code) => Fault::Lost,
        _ => Fault::Final,
    }
}

/// Whether a server let nobody in: the role, the password, the database or a limit is in the way.
pub(crate) fn is_login(error: &sqlx::Error) -> bool {
    let sqlx::Error::Database(e) = error else { return false };
    let Some(e) = e.try_downcast_ref::<PgDatabaseError>() else { return false };
    let code = e.code();
    ends_session(e.severity()) && (is_refusal(code) || matches!(code, "53300" | "57P03"))
}

/// Whether a FATAL error of this code is a login that is refused for good: the role, the password or the database.
fn is_refusal(code: &str) -> bool {
    code.starts_with("28") || matches!(code, "3D000" | "42501" | "55000")
}

/// SQLite's primary result code of an error.
pub(crate) fn sqlite_code(error: &dyn DatabaseError) -> i32 {
    error.code().and_then(|c| c.parse::<i32>().ok()).unwrap_or_default() & 0xff
}

fn sqlite(error: &dyn DatabaseError) -> Fault {
    match sqlite_code(error) {
        // SQLITE_BUSY and SQLITE_LOCKED.
        5 | 6 => Fault::Locked,
        _ => Fault::Final,
    }
}

/// The same error when it came while a connection was being made: then nothing had been sent.
pub(crate) fn before_sending(fault: Fault) -> Fault {
    match fault {
        Fault::Lost => Fault::Unreachable,
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sqlstates_decide() {
        assert_eq!(postgres("40P01", None, false), Fault::Transient);
        assert_eq!(postgres("55P03", None, false), Fault::Locked);
        assert_eq!(postgres("57P01", None, true), Fault::Lost);
        assert_eq!(postgres("08006", None, true), Fault::Lost);
        assert_eq!(postgres("HW003", Some("c-1"), false), Fault::Repeated("c-1".into()));
        assert_eq!(postgres("28P01", None, true), Fault::Final);
        assert_eq!(postgres("42501", None, true), Fault::Final);
        assert_eq!(postgres("55000", None, true), Fault::Final);
        assert_eq!(postgres("42P07", None, false), Fault::Final);
        assert_eq!(postgres("53300", None, true), Fault::Unreachable);
    }

    #[test]
    fn lost_connections_are_not_refusals() {
        let broken = sqlx::Error::Io(std::io::ErrorKind::ConnectionReset.into());
        assert_eq!(fault(&broken), Fault::Lost);
        assert_eq!(before_sending(fault(&broken)), Fault::Unreachable);
    }
}
