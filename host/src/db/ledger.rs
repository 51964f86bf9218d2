//! Reads of the ledger: what changes were made, and which event led to which.

use super::{DbError, OrgDb, Point};

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

/// Events that are in the ledger, and where the history is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// Where the history is.
    pub point: Point,
    /// Those of the events asked for that are there.
    pub events: Vec<EventRow>,
}

type SeenColumns = (i64, Option<String>, i64, Option<String>, Option<String>, Option<String>, Option<String>);

const SEEN_POSTGRES: &str = "\
    SELECT o.revision, c.id, o.touched, e.event_id, e.change_id, e.digest, e.body::text FROM hookwright.org o \
    LEFT JOIN hookwright.change c ON c.org = o.org AND c.revision = o.revision \
    LEFT JOIN hookwright.event e ON e.org = o.org \
        AND e.event_id = ANY (ARRAY(SELECT pg_catalog.json_array_elements_text($2::pg_catalog.json))) WHERE o.org = $1";

const SEEN_SQLITE: &str = "\
    SELECT o.revision, c.id, o.touched, e.event_id, e.change_id, e.digest, e.body FROM hookwright_org o \
    LEFT JOIN hookwright_change c ON c.org = o.org AND c.revision = o.revision \
    LEFT JOIN hookwright_event e ON e.org = o.org AND e.event_id IN (SELECT value FROM json_each($2)) WHERE o.org = $1";

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

/// The columns of a change; the time as RFC 3339 on either database. Those of SQLite can hold anything: a row that hands
/// edited is to be read, too.
macro_rules! changes {
    (postgres $more:literal $($rest:literal)+) => {
        concat!("SELECT id, revision, status, actor, correlation_id, \
            to_char(committed_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"') AS committed_at, \
            summary::text AS summary, rolled_back_by", $more, " FROM hookwright.change WHERE org = $1", $($rest),+)
    };
    (sqlite $more:literal $($rest:literal)+) => {
        concat!("SELECT CAST(id AS TEXT), CASE typeof(revision) WHEN 'integer' THEN revision ELSE -1 END, CAST(status AS TEXT), \
            CAST(actor AS TEXT), CAST(correlation_id AS TEXT), CAST(committed_at AS TEXT), CAST(summary AS TEXT), \
            CAST(rolled_back_by AS TEXT)", $more,
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
            changes!(sqlite ", CAST(outcome AS TEXT)" " AND id = $2"),
            [self.org().as_str(), id],
            fetch_optional
        )?;
        Ok(row.map(ChangeRecord::from))
    }

    /// Which of some events are in the ledger, and where the history is: one statement, so both are of one moment.
    ///
    /// # Errors
    /// What the database says.
    pub async fn seen<'e>(&self, events: impl IntoIterator<Item = &'e str>) -> Result<Seen, DbError> {
        let ids = serde_json::Value::from_iter(events).to_string();
        let rows = on_either!(
            self,
            SeenColumns,
            SEEN_POSTGRES,
            SEEN_SQLITE,
            [self.org().as_str(), &ids],
            fetch_all
        )?;
        let point = match rows.first() {
            Some((revision, change, touched, ..)) => {
                Point { revision: *revision, change: change.clone(), touched: *touched }
            }
            None => {
                let what = "it has no row of the organisation".to_owned();
                return Err(self.told(DbError::Bookkeeping { org: self.org().to_string(), what }).await);
            }
        };
        let row = |(_, _, _, id, change, digest, body): SeenColumns| {
            Some(EventRow::from((
                id?,
                change.unwrap_or_default(),
                digest.unwrap_or_default(),
                body.unwrap_or_default(),
            )))
        };
        Ok(Seen { point, events: rows.into_iter().filter_map(row).collect() })
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

    /// The entities and fields that adoptions took in which were rolled back since.
    ///
    /// # Errors
    /// What the database says.
    pub async fn adopted_no_more(&self) -> Result<Vec<(String, Option<String>)>, DbError> {
        on_either!(
            self,
            (String, Option<String>),
            "SELECT DISTINCT coalesce(a ->> 'entity', ''), a ->> 'field' FROM hookwright.event e \
                JOIN hookwright.change c ON c.org = e.org AND c.id = e.change_id \
                CROSS JOIN LATERAL json_array_elements(coalesce(c.outcome -> 'adopted', '[]')) a \
                WHERE e.org = $1 AND e.body ->> 'type' = 'schema.adopt' AND c.rolled_back_by IS NOT NULL",
            "SELECT DISTINCT coalesce(json_extract(a.value, '$.entity'), ''), json_extract(a.value, '$.field') \
                FROM hookwright_event e JOIN hookwright_change c ON c.org = e.org AND c.id = e.change_id \
                CROSS JOIN json_each(c.outcome, '$.adopted') a \
                WHERE e.org = $1 AND json_extract(e.body, '$.type') = 'schema.adopt' AND c.rolled_back_by IS NOT NULL",
            [self.org().as_str()],
            fetch_all
        )
    }

    /// The ids of findings of hands that repairs left as they are, and recorded so.
    ///
    /// # Errors
    /// What the database says.
    pub async fn left_by_repairs(&self) -> Result<Vec<(String,)>, DbError> {
        on_either!(
            self,
            (String,),
            "SELECT DISTINCT coalesce(l ->> 'id', '') FROM hookwright.event e \
                JOIN hookwright.change c ON c.org = e.org AND c.id = e.change_id \
                CROSS JOIN LATERAL json_array_elements(coalesce(c.outcome -> 'left', '[]')) l \
                WHERE e.org = $1 AND e.body ->> 'type' = 'schema.sync' AND l ->> 'moved' IN ('hands', 'several')",
            "SELECT DISTINCT coalesce(json_extract(l.value, '$.id'), '') FROM hookwright_event e \
                JOIN hookwright_change c ON c.org = e.org AND c.id = e.change_id \
                CROSS JOIN json_each(c.outcome, '$.left') l \
                WHERE e.org = $1 AND json_extract(e.body, '$.type') = 'schema.sync' \
                AND json_extract(l.value, '$.moved') IN ('hands', 'several')",
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
