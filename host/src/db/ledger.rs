//! Reads of the ledger: what changes were made, and which event led to which.

use super::{DbError, OrgDb};

/// Most changes on one page.
pub const MAX_PAGE: u32 = 500;

/// Which changes to list, newest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChangePage {
    /// Only changes before this revision (of the last change of the page before).
    pub before: Option<i64>,
    /// How many at most; 500 is the most.
    pub limit: u32,
}

/// A change, without its outcome.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangeRow {
    /// Its id.
    pub id: String,
    /// The revision it led to.
    pub revision: i64,
    /// What became of it.
    pub status: String,
    /// Who asked.
    pub actor: Option<String>,
    /// What it belongs to elsewhere.
    pub correlation_id: Option<String>,
    /// When it was committed: RFC 3339, UTC.
    pub committed_at: String,
    /// What it is about: JSON as the pipeline wrote it.
    pub summary: String,
    /// The change that rolled it back.
    pub rolled_back_by: Option<String>,
}

/// A change with its outcome.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangeRecord {
    /// The change.
    pub row: ChangeRow,
    /// Its outcome: JSON as the pipeline wrote it.
    pub outcome: String,
}

/// An event of the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventRow {
    /// Its id.
    pub event_id: String,
    /// The change it is part of.
    pub change_id: String,
    /// The digest of what it asked for.
    pub digest: String,
    /// What it asked for: JSON as the pipeline wrote it.
    pub body: String,
}

type ChangeColumns =
    (String, i64, String, Option<String>, Option<String>, String, String, Option<String>, Option<String>);
type EventColumns = (String, String, String, String);

impl From<ChangeColumns> for ChangeRecord {
    fn from(columns: ChangeColumns) -> Self {
        let (id, revision, status, actor, correlation_id, committed_at, summary, rolled_back_by, outcome) =
            columns;
        let row =
            ChangeRow { id, revision, status, actor, correlation_id, committed_at, summary, rolled_back_by };
        Self { row, outcome: outcome.unwrap_or_default() }
    }
}

impl From<EventColumns> for EventRow {
    fn from((event_id, change_id, digest, body): EventColumns) -> Self {
        Self { event_id, change_id, digest, body }
    }
}

/// The columns of a change; the time as RFC 3339 on either database.
macro_rules! changes {
    (postgres $more:literal $($rest:literal)+) => {
        concat!("SELECT id, revision, status, actor, correlation_id, \
            to_char(committed_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"') AS committed_at, \
            summary::text AS summary, rolled_back_by", $more, " FROM hookwright.change WHERE org = $1", $($rest),+)
    };
    (sqlite $more:literal $($rest:literal)+) => {
        concat!("SELECT id, revision, status, actor, correlation_id, committed_at, summary, rolled_back_by", $more,
            " FROM hookwright_change WHERE org = $1", $($rest),+)
    };
}

impl OrgDb {
    /// A page of changes, newest first.
    ///
    /// # Errors
    /// What the database says.
    pub async fn changes(&self, page: ChangePage) -> Result<Vec<ChangeRow>, DbError> {
        let before = page.before.unwrap_or(i64::MAX);
        let limit = i64::from(page.limit.min(MAX_PAGE));
        let rows = on_either!(
            self,
            ChangeColumns,
            changes!(postgres ", NULL::text AS outcome" " AND revision < $2 ORDER BY revision DESC LIMIT $3"),
            changes!(sqlite ", NULL AS outcome" " AND revision < $2 ORDER BY revision DESC LIMIT $3"),
            [self.org().as_str(), before, limit],
            fetch_all
        )?;
        Ok(rows.into_iter().map(|columns| ChangeRecord::from(columns).row).collect())
    }

    /// A change by its id.
    ///
    /// # Errors
    /// What the database says.
    pub async fn change(&self, id: &str) -> Result<Option<ChangeRecord>, DbError> {
        let row = on_either!(
            self,
            ChangeColumns,
            changes!(postgres ", outcome::text AS outcome" " AND id = $2"),
            changes!(sqlite ", outcome" " AND id = $2"),
            [self.org().as_str(), id],
            fetch_optional
        )?;
        Ok(row.map(ChangeRecord::from))
    }

    /// An event by its id.
    ///
    /// # Errors
    /// What the database says.
    pub async fn event(&self, event_id: &str) -> Result<Option<EventRow>, DbError> {
        let row = on_either!(
            self,
            EventColumns,
            "SELECT event_id, change_id, digest, body::text AS body FROM hookwright.event WHERE org = $1 AND event_id = $2",
            "SELECT event_id, change_id, digest, body FROM hookwright_event WHERE org = $1 AND event_id = $2",
            [self.org().as_str(), event_id],
            fetch_optional
        )?;
        Ok(row.map(EventRow::from))
    }

    /// The entities, and fields of entities, that events deleted from the metadata, by their names of then.
    ///
    /// # Errors
    /// What the database says.
    pub async fn deleted(&self) -> Result<Vec<(String, Option<String>)>, DbError> {
        on_either!(
            self,
            (String, Option<String>),
            "SELECT body ->> 'entity', body ->> 'field' FROM hookwright.event \
                WHERE org = $1 AND body ->> 'type' IN ('entity.delete', 'field.delete')",
            "SELECT json_extract(body, '$.entity'), json_extract(body, '$.field') FROM hookwright_event \
                WHERE org = $1 AND json_extract(body, '$.type') IN ('entity.delete', 'field.delete')",
            [self.org().as_str()],
            fetch_all
        )
    }

    /// The events of a change.
    ///
    /// # Errors
    /// What the database says.
    pub async fn events_of(&self, change_id: &str) -> Result<Vec<EventRow>, DbError> {
        let rows = on_either!(
            self,
            EventColumns,
            "SELECT event_id, change_id, digest, body::text AS body FROM hookwright.event WHERE org = $1 AND change_id = $2 ORDER BY event_id",
            "SELECT event_id, change_id, digest, body FROM hookwright_event WHERE org = $1 AND change_id = $2 ORDER BY event_id",
            [self.org().as_str(), change_id],
            fetch_all
        )?;
        Ok(rows.into_iter().map(EventRow::from).collect())
    }
}
