//! Reads of held changes: what waits for a decision, and what was decided.

use super::{DbError, OrgDb};

/// Which held changes to list, newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldPage {
    /// Only changes before this one.
    pub before: Option<String>,
    /// How many at most; 500 is the most.
    pub limit: u32,
}

/// A change that is held, or was.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct HeldRow {
    /// Its id; the ledger's too, once it is approved.
    pub id: String,
    /// `held`, `approved`, `rejected`, `staged`, `undoing` or `rolled-back`.
    pub status: String,
    /// Who asked, as its events say; else who sent it.
    pub actor: Option<String>,
    /// Who sent it, as the host knows.
    pub sender: Option<String>,
    /// Its events in order: JSON, each with `id`, `digest` and `body`.
    pub events: String,
    /// Tells its plan from any other.
    pub plan_hash: String,
    /// The revision it was worked out on.
    pub revision: i64,
    /// The strictest verdict of its intents.
    pub verdict: String,
    /// What it is about: JSON as the pipeline wrote it.
    pub summary: String,
    /// Its outcome: JSON as the pipeline wrote it.
    pub outcome: String,
    /// Since when it is held: RFC 3339, UTC.
    pub created_at: String,
    /// For how many seconds, by the database's clock.
    pub age_s: i64,
    /// When it was decided on: RFC 3339, UTC.
    pub decided_at: Option<String>,
    /// Who decided.
    pub decided_by: Option<String>,
    /// What they said.
    pub note: Option<String>,
    /// Why its steps were taken back, unless somebody decided so; or what it waits for: JSON.
    pub reasons: Option<String>,
    /// What its sender or approver allowed, once it is staged: JSON.
    pub consent: Option<String>,
}

impl HeldRow {
    /// Whether it still waits.
    #[must_use]
    pub fn waits(&self) -> bool {
        self.status == "held"
    }

    /// Whether its steps are being done.
    #[must_use]
    pub fn is_staged(&self) -> bool {
        self.status == "staged"
    }

    /// Whether its steps are being taken back.
    #[must_use]
    pub fn is_undoing(&self) -> bool {
        self.status == "undoing"
    }

    /// Whether its steps are taken back, or about to be.
    #[must_use]
    pub fn is_undone(&self) -> bool {
        self.is_undoing() || self.status == "rolled-back"
    }
}

/// All columns; times as RFC 3339 on either database. Those of SQLite can hold anything: a row that hands edited is to be read, too.
macro_rules! held {
    (postgres $($rest:literal)+) => {
        concat!("SELECT id, status, actor, sender, events::text AS events, plan_hash, revision, verdict, \
            summary::text AS summary, outcome::text AS outcome, \
            to_char(created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"') AS created_at, \
            greatest(extract(epoch FROM now() - created_at), 0)::bigint AS age_s, \
            to_char(decided_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"') AS decided_at, \
            decided_by, note, reasons::text AS reasons, consent::text AS consent FROM hookwright.held WHERE org = $1", $($rest),+)
    };
    (sqlite $($rest:literal)+) => {
        concat!("SELECT CAST(id AS TEXT) AS id, CAST(status AS TEXT) AS status, CAST(actor AS TEXT) AS actor, \
            CAST(sender AS TEXT) AS sender, CAST(events AS TEXT) AS events, CAST(plan_hash AS TEXT) AS plan_hash, \
            CASE typeof(revision) WHEN 'integer' THEN revision ELSE -1 END AS revision, CAST(verdict AS TEXT) AS verdict, \
            CAST(summary AS TEXT) AS summary, CAST(outcome AS TEXT) AS outcome, CAST(created_at AS TEXT) AS created_at, \
            coalesce(max(CAST(strftime('%s', 'now') AS INTEGER) - CAST(strftime('%s', created_at) AS INTEGER), 0), 0) AS age_s, \
            CAST(decided_at AS TEXT) AS decided_at, CAST(decided_by AS TEXT) AS decided_by, CAST(note AS TEXT) AS note, \
            NULL AS reasons, NULL AS consent FROM hookwright_held WHERE org = $1", $($rest),+)
    };
}

impl OrgDb {
    /// A held change by its id, decided on or not.
    ///
    /// # Errors
    /// What the database says.
    pub async fn held(&self, id: &str) -> Result<Option<HeldRow>, DbError> {
        let found = on_either!(
            self,
            HeldRow,
            held!(postgres " AND id = $2"),
            held!(sqlite " AND id = $2"),
            [self.org().as_str(), id],
            fetch_optional
        )?;
        Ok(self.shaped(found.into_iter().collect())?.pop())
    }

    /// The change that somebody decided against and that one of some events belongs to.
    ///
    /// # Errors
    /// What the database says.
    pub async fn rejected<'e>(
        &self,
        events: impl IntoIterator<Item = &'e str>,
    ) -> Result<Option<HeldRow>, DbError> {
        let ids = serde_json::Value::from_iter(events).to_string();
        let found = on_either!(
            self,
            HeldRow,
            held!(postgres " AND status IN ('rejected', 'undoing', 'rolled-back') AND reasons IS NULL AND id IN (SELECT e.held_id"
                " FROM hookwright.held_event e WHERE e.org = $1 AND e.event_id IN (SELECT json_array_elements_text($2::json))) LIMIT 1"),
            held!(sqlite " AND status = 'rejected' AND id IN (SELECT e.held_id FROM hookwright_held_event e"
                " WHERE e.org = $1 AND e.event_id IN (SELECT value FROM json_each($2))) LIMIT 1"),
            [self.org().as_str(), &ids],
            fetch_optional
        )?;
        Ok(self.shaped(found.into_iter().collect())?.pop())
    }

    /// A page of the changes that wait, or whose steps are under way, newest first: ids begin with the time. Rows that no host
    /// writes are among them, see `HeldRow::misshapen`.
    ///
    /// # Errors
    /// What the database says.
    pub async fn held_changes(&self, page: &HeldPage) -> Result<Vec<HeldRow>, DbError> {
        let limit = i64::from(page.limit.min(super::ledger::MAX_PAGE));
        on_either!(
            self,
            HeldRow,
            held!(postgres " AND status IN ('held', 'staged', 'undoing') AND ($2::text IS NULL OR id COLLATE \"C\" < $2 COLLATE \"C\")"
                " ORDER BY id COLLATE \"C\" DESC LIMIT $3"),
            held!(sqlite " AND status IN ('held', 'staged', 'undoing') AND ($2 IS NULL OR id < $2) ORDER BY hookwright_held.id DESC LIMIT $3"),
            [self.org().as_str(), page.before.as_deref(), limit],
            fetch_all
        )
    }
}
