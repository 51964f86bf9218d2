//! What a statement does to those who use its table, as declared for its kind.
//!
//! The declarations hold for PostgreSQL and are measured by a test, which runs every kind of statement
//! and reads `pg_locks`, `relfilenode`, the number of scans and the rows written.
//! On SQLite every statement holds the one lock of the file, for as long as it runs.

use serde::{Deserialize, Serialize};

use crate::ident::Ident;

/// How strongly a table is locked, weakest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LockLevel {
    /// As a reader with row locks: nobody waits but who drops or rewrites the table.
    RowShare,
    /// As a writer.
    RowExclusive,
    /// Against other changes of the schema; readers and writers go on.
    ShareUpdateExclusive,
    /// Against writers.
    Share,
    /// Against writers, and others of its kind.
    ShareRowExclusive,
    /// Against everybody, readers too.
    AccessExclusive,
}

impl LockLevel {
    /// Its name, as PostgreSQL's documentation writes it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::RowShare => "ROW SHARE",
            Self::RowExclusive => "ROW EXCLUSIVE",
            Self::ShareUpdateExclusive => "SHARE UPDATE EXCLUSIVE",
            Self::Share => "SHARE",
            Self::ShareRowExclusive => "SHARE ROW EXCLUSIVE",
            Self::AccessExclusive => "ACCESS EXCLUSIVE",
        }
    }

    /// Whether readers or writers wait while it is held.
    #[must_use]
    pub fn blocks(self) -> bool {
        self >= Self::Share
    }

    /// Whether it has to wait for a lock that somebody else holds, by the name that `pg_locks` has for that, such as
    /// `RowExclusiveLock` (PostgreSQL's documentation, "Conflicting Lock Modes").
    #[must_use]
    pub fn waits_for(self, held: &str) -> bool {
        let Some(held) = HELD.iter().position(|name| *name == held) else { return false };
        let weakest = match self {
            Self::RowShare => "ExclusiveLock",
            Self::RowExclusive => "ShareLock",
            Self::ShareUpdateExclusive => "ShareUpdateExclusiveLock",
            Self::Share if HELD[held] == "ShareLock" => return false,
            Self::Share | Self::ShareRowExclusive => "RowExclusiveLock",
            Self::AccessExclusive => "AccessShareLock",
        };
        HELD[..=held].contains(&weakest)
    }
}

/// The locks of tables as `pg_locks` names them, weakest first.
const HELD: [&str; 8] = [
    "AccessShareLock",
    "RowShareLock",
    "RowExclusiveLock",
    "ShareUpdateExclusiveLock",
    "ShareLock",
    "ShareRowExclusiveLock",
    "ExclusiveLock",
    "AccessExclusiveLock",
];

/// A lock on a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableLock {
    /// The table.
    pub table: Ident,
    /// How strongly.
    pub level: LockLevel,
}

/// How much of a table a statement goes through while it holds its lock.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Extent {
    /// Nothing of it: it takes a moment, however large the table is.
    #[default]
    Nothing,
    /// Every row is read, here or where a foreign key refers to.
    Scan,
    /// Rows are written in place: who writes the same rows waits until the transaction ends.
    Rows,
    /// Every row is written anew.
    Rewrite,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn locks_wait_as_postgres_says() {
        let waits = |level: LockLevel| -> Vec<&str> {
            HELD.into_iter()
                .filter(|held| level.waits_for(held))
                .map(|held| held.trim_end_matches("Lock"))
                .collect()
        };
        assert_eq!(waits(LockLevel::RowShare), ["Exclusive", "AccessExclusive"]);
        assert_eq!(
            waits(LockLevel::RowExclusive),
            ["Share", "ShareRowExclusive", "Exclusive", "AccessExclusive"]
        );
        let update = ["ShareUpdateExclusive", "Share", "ShareRowExclusive", "Exclusive", "AccessExclusive"];
        assert_eq!(waits(LockLevel::ShareUpdateExclusive), update);
        let share =
            ["RowExclusive", "ShareUpdateExclusive", "ShareRowExclusive", "Exclusive", "AccessExclusive"];
        assert_eq!(waits(LockLevel::Share), share);
        assert_eq!(waits(LockLevel::ShareRowExclusive).len(), 6);
        assert_eq!(waits(LockLevel::AccessExclusive).len(), HELD.len());
        assert!(!LockLevel::AccessExclusive.waits_for("SIReadLock"));
    }
}
