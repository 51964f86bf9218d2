//! Whether what was read of an organisation is what its ledger says: the revision, and the rows that the last change left.

use serde_json::Value as Json;

use super::kept::{Kept, Sum, Sums};
use super::{DbError, OrgDb, Pool};
use crate::executor::settle_file;
use crate::trouble::Trouble;

/// What the ledger says of an organisation.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    /// The revision that its last change led to; 0 if it has none.
    pub(super) last: i64,
    /// Whether it knows any event.
    pub(super) events: bool,
    /// The version of the bookkeeping.
    pub(super) version: i64,
    /// What the change of the organisation's revision recorded of the rows; none if an older host made it.
    pub(super) recorded: Option<String>,
    /// The comment on the organisation's schema.
    pub(super) mark: Option<String>,
}

impl OrgDb {
    /// What others changed of the bookkeeping, if they did.
    pub(super) fn amiss(
        &self,
        (revision, change): (i64, Option<&str>),
        ledger: &Ledger,
        found: &Kept,
    ) -> Option<Trouble> {
        match change {
            _ if revision != ledger.last => Some(self.other_revision(revision, ledger)),
            Some(_) if !ledger.events => Some(self.no_events(revision)),
            Some(change) => {
                let recorded = serde_json::from_str(ledger.recorded.as_deref()?).ok()?;
                self.other_rows(change, &recorded, found.sums())
            }
            None => None,
        }
    }

    /// Has the rows that are there count, and records that they are as the last change left them. Says what they were told
    /// for; none if they are what the ledger says.
    ///
    /// # Errors
    /// What is amiss besides, or what the database says.
    pub(crate) async fn accept(&self) -> Result<Option<Trouble>, DbError> {
        let snapshot = self.snapshot().await?;
        let Some(trouble) = snapshot.amiss else { return Ok(None) };
        let (Some(change), true) = (&snapshot.change, trouble.code == ROWS) else {
            return Err(DbError::Unusable(trouble));
        };
        let known = self.undo(change).await?.and_then(|row| row.undo);
        let known = known.and_then(|undo| serde_json::from_str::<Json>(&undo).ok());
        let (Some(Json::Object(mut undo)), Ok(kept)) =
            (known, serde_json::to_value(snapshot.kept.recorded()))
        else {
            return Err(DbError::Unusable(trouble));
        };
        undo.insert("kept".to_owned(), kept);
        let undo = Json::Object(undo).to_string();
        self.write_undo(change, &undo).await.map_err(|e| self.explain(e))?;
        self.forget_hands().await.map_err(|e| self.explain(e))?;
        Ok(Some(*trouble))
    }

    async fn write_undo(&self, change: &str, undo: &str) -> sqlx::Result<()> {
        let org = self.org().as_str();
        match self.pool() {
            Pool::Postgres(pool) => {
                let query =
                    sqlx::query("UPDATE hookwright.change SET undo = $3::json WHERE org = $1 AND id = $2");
                let query = query.bind(org).bind(change).bind(undo);
                query.execute(&mut *pool.acquire().await?).await.map(drop)
            }
            Pool::Sqlite(pool) => {
                let mut connection = pool.acquire().await?;
                let query = sqlx::query("UPDATE hookwright_change SET undo = ? WHERE org = ? AND id = ?");
                query.bind(undo).bind(org).bind(change).execute(&mut *connection).await?;
                settle_file(&mut connection, self.options().lock_timeout_ms).await;
                Ok(())
            }
        }
    }

    fn table(&self, name: &str) -> String {
        match self.pool() {
            Pool::Postgres(_) => format!("hookwright.{name}"),
            Pool::Sqlite(_) => format!("hookwright_{name}"),
        }
    }

    fn other_revision(&self, revision: i64, Ledger { last, .. }: &Ledger) -> Trouble {
        let (org, change) = (self.org(), self.table("change"));
        let goes = match last {
            0 => format!("its ledger ({change}) has no change of it"),
            last => format!("its ledger ({change}) goes to revision {last}"),
        };
        let found = format!("the organisation \"{org}\" is at revision {revision}, and {goes}");
        let means = "the revision was set by hand, or changes were taken out of the ledger: it is not known any more what was done, so no change is made";
        let next = match last {
            0 => format!("put the rows of {change} and {} back from a backup", self.table("event")),
            last => format!(
                "put back from a backup what is missing of {change}; or, if {last} is right: UPDATE {} SET revision = {last} WHERE org = '{org}'",
                self.table("org")
            ),
        };
        Trouble::broken(CODE, found, means).next(format!("{next}; then: hookwright doctor --org {org}"))
    }

    fn no_events(&self, revision: i64) -> Trouble {
        let (org, event) = (self.org(), self.table("event"));
        let found = format!(
            "the ledger of the organisation \"{org}\" ({event}) knows no event, and the organisation is at revision {revision}"
        );
        let means = "its rows were deleted by hand: an event that is sent again would be made twice, so no change is made";
        Trouble::broken(CODE, found, means)
            .next(format!("put the rows of {event} back from a backup; then: hookwright doctor --org {org}"))
    }

    fn other_rows(&self, change: &str, recorded: &Sums, found: &Sums) -> Option<Trouble> {
        let org = self.org();
        let kinds = [
            ("entity", recorded.entities, found.entities),
            ("field", recorded.fields, found.fields),
            ("model", recorded.tables, found.tables),
        ];
        let other: Vec<_> = kinds
            .into_iter()
            .filter(|(_, left, there)| left != there)
            .map(|(name, left, there)| differs(&self.table(name), left, there))
            .collect();
        if other.is_empty() {
            return None;
        }
        let found = format!(
            "rows of the bookkeeping of the organisation \"{org}\" are not as its last change ({change}) left them: {}",
            other.join("; ")
        );
        let means = "somebody edited, added or deleted them by hand: the metadata or the model do not say what the changes made of them, and what follows from them could be lost, so no change is made";
        let backup = self.rows_back();
        Some(Trouble::broken(ROWS, found, means).next(format!(
            "{backup}; or, if what is there now is to count: hookwright org accept {org}, then see what follows from it: hookwright drift --org {org}; and have the model say what is there: hookwright sync --org {org}"
        )))
    }
}

/// The ledger, or the revision, is another.
const CODE: &str = "db/ledger-changed";
/// Metadata or model are others.
const ROWS: &str = "db/bookkeeping-changed";

fn differs(table: &str, left: Sum, there: Sum) -> String {
    match (left.rows, there.rows) {
        (left, there) if left == there => {
            let rows = if there == 1 { "row is" } else { "rows are" };
            format!("in {table} {there} {rows} there as before, and not with the same contents")
        }
        (left, there) => {
            let rows = if there == 1 { "row is" } else { "rows are" };
            format!("in {table} {there} {rows} there, and it left {left}")
        }
    }
}
