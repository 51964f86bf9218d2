//! Reads of tombstones, and of what undoes changes.

use super::{DbError, OrgDb};

/// A tombstone: of a table, or of a column.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct TombstoneRow {
    /// The table, by its name in the database now.
    pub table_name: String,
    /// The column, by its name in the database; empty if the table itself is dropped.
    pub column_name: String,
    /// The change that dropped it.
    pub change_id: String,
    /// Who asked for that.
    pub actor: Option<String>,
    /// When: RFC 3339, UTC.
    pub dropped_at: String,
    /// Until when it is kept at least: RFC 3339, UTC.
    pub kept_until: String,
    /// Whether that is over, by the database's clock.
    pub expired: bool,
    /// What the metadata lost with it: JSON as the pipeline wrote it.
    pub memory: Option<String>,
}

/// What is to be known of a change to undo it.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct UndoRow {
    /// The change.
    pub id: String,
    /// The revision it led to.
    pub revision: i64,
    /// What undoes it: JSON as the pipeline wrote it. None of changes that an older host made.
    pub undo: Option<String>,
    /// The change that rolled it back.
    pub rolled_back_by: Option<String>,
}

/// What a later change touched.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct LaterRow {
    /// The change.
    pub id: String,
    /// What it touched: JSON as the pipeline wrote it. None of changes that an older host made.
    pub touched: Option<String>,
    /// The changes that it rolled back, if it does nothing else: JSON.
    pub rolls_back: Option<String>,
}

impl OrgDb {
    /// Every tombstone, newest first; each is kept for `keep_days`.
    ///
    /// # Errors
    /// What the database says.
    pub async fn tombstones(&self, keep_days: u32) -> Result<Vec<TombstoneRow>, DbError> {
        on_either!(
            self,
            TombstoneRow,
            "SELECT table_name, column_name, change_id, actor, memory::text AS memory, \
             to_char(dropped_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"') AS dropped_at, \
             to_char((dropped_at + $2 * interval '1 day') AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"') AS kept_until, \
             dropped_at + $2 * interval '1 day' <= now() AS expired \
             FROM hookwright.tombstone WHERE org = $1 ORDER BY hookwright.tombstone.dropped_at DESC, table_name, column_name",
            "SELECT table_name, column_name, change_id, actor, memory, dropped_at, \
             coalesce(strftime('%Y-%m-%dT%H:%M:%fZ', dropped_at, '+' || $2 || ' days'), dropped_at) AS kept_until, \
             coalesce(julianday(dropped_at) + $2 <= julianday('now'), 0) AS expired \
             FROM hookwright_tombstone WHERE org = $1 ORDER BY dropped_at DESC, table_name, column_name",
            [self.org().as_str(), i64::from(keep_days)],
            fetch_all
        )
    }

    /// What undoes a change that was made.
    ///
    /// # Errors
    /// What the database says.
    pub async fn undo(&self, change: &str) -> Result<Option<UndoRow>, DbError> {
        on_either!(
            self,
            UndoRow,
            "SELECT id, revision, undo::text AS undo, rolled_back_by FROM hookwright.change WHERE org = $1 AND id = $2",
            "SELECT id, revision, undo, rolled_back_by FROM hookwright_change WHERE org = $1 AND id = $2",
            [self.org().as_str(), change],
            fetch_optional
        )
    }

    /// What the changes after a revision touched, newest first.
    ///
    /// # Errors
    /// What the database says.
    pub async fn later(&self, revision: i64) -> Result<Vec<LaterRow>, DbError> {
        on_either!(
            self,
            LaterRow,
            "SELECT id, (undo -> 'touched')::text AS touched, (undo -> 'rollsBack')::text AS rolls_back \
             FROM hookwright.change WHERE org = $1 AND revision > $2 ORDER BY revision DESC",
            "SELECT id, json_extract(undo, '$.touched') AS touched, json_extract(undo, '$.rollsBack') AS rolls_back \
             FROM hookwright_change WHERE org = $1 AND revision > $2 ORDER BY revision DESC",
            [self.org().as_str(), revision],
            fetch_all
        )
    }
}
