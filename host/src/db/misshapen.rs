//! Rows of the ledger, of held changes and of tombstones that hands edited into something that no host writes. Metadata and
//! model have a sum over them (`kept.rs`); these are looked at where they are read, and all of them by `doctor`.

use futures_util::TryStreamExt;
use hookwright_core::event::Change;
use hookwright_core::ident::Ident;
use hookwright_core::schema::Schema;
use hookwright_core::tombstone::Memory;
use hookwright_core::undo::Undo;
use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::Value as Json;

use super::{DbError, HeldRow, OrgDb, Pool};
use crate::ledger::Summary;
use crate::outcome::{Outcome, Reason};
use crate::trouble::Trouble;

/// What a held change may be.
const STATUSES: [&str; 6] = ["held", "approved", "rejected", "staged", "undoing", "rolled-back"];
/// What the strictest of its verdicts may be.
const VERDICTS: [&str; 4] = ["safe", "needs-confirmation", "destructive", "forbidden"];

/// A row as texts: its key, and what is to be looked at.
type Row = (String, String, String, String, String, String, String, String);

/// An event of a held change.
#[derive(Deserialize)]
#[allow(dead_code)]
struct Event {
    id: String,
    digest: String,
    body: Json,
}

const HELD_POSTGRES: &str = "SELECT id, status, revision::text, events::text, summary::text, outcome::text, verdict, \
    coalesce(reasons::text, '') FROM hookwright.held WHERE org = $1 ORDER BY id DESC LIMIT 1000";
const HELD_SQLITE: &str = "SELECT id, coalesce(CAST(status AS TEXT), ''), coalesce(CAST(revision AS TEXT), ''), \
    coalesce(CAST(events AS TEXT), ''), coalesce(CAST(summary AS TEXT), ''), coalesce(CAST(outcome AS TEXT), ''), \
    coalesce(CAST(verdict AS TEXT), ''), CASE WHEN julianday(created_at) IS NULL THEN created_at ELSE '' END \
    FROM hookwright_held WHERE org = $1 ORDER BY id DESC LIMIT 1000";
const CHANGE_POSTGRES: &str = "SELECT id, status, revision::text, '', summary::text, outcome::text, \
    coalesce(undo::text, ''), '' FROM hookwright.change WHERE org = $1 ORDER BY id DESC LIMIT 1000";
const CHANGE_SQLITE: &str = "SELECT id, coalesce(CAST(status AS TEXT), ''), coalesce(CAST(revision AS TEXT), ''), '', \
    coalesce(CAST(summary AS TEXT), ''), coalesce(CAST(outcome AS TEXT), ''), coalesce(CAST(undo AS TEXT), ''), \
    CASE WHEN julianday(committed_at) IS NULL THEN committed_at ELSE '' END FROM hookwright_change WHERE org = $1 ORDER BY id DESC LIMIT 1000";
const TOMBSTONE_POSTGRES: &str = "SELECT table_name || CASE column_name WHEN '' THEN '' ELSE '.' || column_name END, table_name, \
    column_name, '', '', '', coalesce(memory::text, ''), '' FROM hookwright.tombstone WHERE org = $1 \
    AND ($2::text IS NULL OR (table_name COLLATE \"C\", column_name COLLATE \"C\") > ($2, $3)) \
    ORDER BY table_name COLLATE \"C\", column_name COLLATE \"C\" LIMIT $4";
const TOMBSTONE_SQLITE: &str = "SELECT CAST(table_name || CASE column_name WHEN '' THEN '' ELSE '.' || column_name END AS TEXT), \
    CAST(table_name AS TEXT), CAST(column_name AS TEXT), '', '', '', coalesce(CAST(memory AS TEXT), ''), \
    CASE WHEN julianday(dropped_at) IS NULL THEN CAST(dropped_at AS TEXT) ELSE '' END FROM hookwright_tombstone WHERE org = $1 \
    AND ($2 IS NULL OR (CAST(table_name AS TEXT), CAST(column_name AS TEXT)) > ($2, $3)) ORDER BY 2, 3 LIMIT $4";

/// Tombstones that are read at once.
const PAGE: i64 = 200;

/// What is wrong with a tombstone.
struct Amiss {
    /// Its table and column.
    place: (String, String),
    key: String,
    what: String,
    /// Whether the model alone says so.
    gone: bool,
}

impl HeldRow {
    /// What of it no host writes.
    pub(crate) fn misshapen(&self) -> Option<String> {
        let Self { status, verdict, events, summary, outcome, reasons, .. } = self;
        let row = [status, &self.revision.to_string(), events, summary, outcome, verdict].map(String::clone);
        let [status, revision, events, summary, outcome, verdict] = row;
        of_held(&(String::new(), status, revision, events, summary, outcome, verdict, String::new()))
            .or_else(|| reasons.as_deref().and_then(|json| read::<Vec<Reason>>(json, "reasons").err()))
            .or_else(|| self.consent.as_deref().and_then(|json| read::<IgnoredAny>(json, "consent").err()))
    }
}

impl OrgDb {
    /// That a row of the bookkeeping is not what a host writes.
    pub(crate) fn misshapen(&self, table: &str, key: &str, what: &str) -> Trouble {
        let org = self.org();
        let name = match self.pool() {
            Pool::Postgres(_) => format!("hookwright.{table}"),
            Pool::Sqlite(_) => format!("hookwright_{table}"),
        };
        let found = format!(
            "the row \"{}\" of {name} of the organisation \"{org}\" cannot be used: {what}",
            key.escape_default()
        );
        let literal = |text: &str| format!("'{}'", text.replace('\'', "''"));
        let (means, without) = match table {
            "held" => (
                "somebody edited it by hand: that held change can be neither shown nor decided on",
                format!(
                    "; or, if it is not wanted any more, and was not made: DELETE FROM {name}_event WHERE org = '{org}' AND held_id = {0}; DELETE FROM {name} WHERE org = '{org}' AND id = {0}",
                    literal(key)
                ),
            ),
            "tombstone" => (
                "somebody edited it by hand: what was dropped is still there, and cannot be restored or purged",
                String::new(),
            ),
            _ => (
                "somebody edited it by hand: that change cannot be shown, or not rolled back; others are made as before",
                String::new(),
            ),
        };
        Trouble::broken("db/bookkeeping", found, means)
            .next(format!("put the row back from a backup{without}; then: hookwright doctor --org {org}"))
    }

    /// That events belong to a held change whose row is gone.
    pub(crate) fn without_its_row(&self, id: &str) -> Trouble {
        let (org, id) = (self.org(), id.escape_default());
        let [held, event] = match self.pool() {
            Pool::Postgres(_) => ["hookwright.held", "hookwright.held_event"],
            Pool::Sqlite(_) => ["hookwright_held", "hookwright_held_event"],
        };
        let found = format!(
            "the event belongs to the held change \"{id}\" of the organisation \"{org}\" ({event}), and {held} has no row of it"
        );
        let means = "somebody deleted it by hand: it can be neither approved nor rejected, nor sent again";
        Trouble::broken("db/bookkeeping", found, means).next(format!(
            "put the row back from a backup; or give its events free: DELETE FROM {event} WHERE org = '{org}' AND held_id = '{id}'; then send them again"
        ))
    }

    /// The rows, if each is one that a host writes.
    pub(super) fn shaped(&self, rows: Vec<HeldRow>) -> Result<Vec<HeldRow>, DbError> {
        match rows.iter().find_map(|row| Some((&row.id, row.misshapen()?))) {
            Some((id, what)) => Err(DbError::Unusable(Box::new(self.misshapen("held", id, &what)))),
            None => Ok(rows),
        }
    }

    /// Rows of held changes, of the ledger and of tombstones that no host writes, among the thousand newest of the former two.
    ///
    /// # Errors
    /// What the database says.
    pub(crate) async fn all_misshapen(&self, schema: &Schema) -> Result<Vec<Trouble>, DbError> {
        let of = |table: &'static str, row: &Row, what: Option<String>| {
            what.map(|what| self.misshapen(table, &row.0, &what))
        };
        let held = |row: &Row| of("held", row, of_held(row));
        let mut told = self.each((HELD_POSTGRES, HELD_SQLITE), held).await?;
        let change = |row: &Row| of("change", row, of_change(row));
        told.extend(self.each((CHANGE_POSTGRES, CHANGE_SQLITE), change).await?);
        let tombstones = self.tombstones_amiss(schema).await?;
        told.extend(tombstones.iter().map(|amiss| self.misshapen("tombstone", &amiss.key, &amiss.what)));
        Ok(told)
    }

    /// What is told of rows, which come one by one: an outcome may be large.
    async fn each(
        &self,
        (postgres, sqlite): (&'static str, &'static str),
        of: impl Fn(&Row) -> Option<Trouble>,
    ) -> Result<Vec<Trouble>, DbError> {
        let (org, of) = (self.org().as_str(), &of);
        reading!(self, async {
            match self.pool() {
                Pool::Postgres(pool) => {
                    let mut lent = pool.acquire().await?;
                    let rows = sqlx::query_as::<_, Row>(postgres).bind(org).fetch(&mut *lent);
                    let told = rows.try_filter_map(async |row| Ok(of(&row))).try_collect().await;
                    lent.answered(told)
                }
                Pool::Sqlite(pool) => {
                    let mut lent = pool.acquire().await?;
                    let rows = sqlx::query_as::<_, Row>(sqlite).bind(org).fetch(&mut *lent);
                    let told = rows.try_filter_map(async |row| Ok(of(&row))).try_collect().await;
                    lent.answered(told)
                }
            }
        })
    }

    /// Tombstones that no host writes, or that the model knows nothing of. The model is older than the tombstones: what was
    /// dropped in between is no trouble, so the latter are held against a newer one before they are told.
    async fn tombstones_amiss(&self, schema: &Schema) -> Result<Vec<Amiss>, DbError> {
        let first = self.tombstones_against(schema).await?;
        if !first.iter().any(|amiss| amiss.gone) {
            return Ok(first);
        }
        let now = self.snapshot().await?;
        let mut again = self.tombstones_against(&now.schema).await?;
        again.retain(|amiss| !amiss.gone || first.iter().any(|it| it.gone && it.place == amiss.place));
        Ok(again)
    }

    async fn tombstones_against(&self, schema: &Schema) -> Result<Vec<Amiss>, DbError> {
        let (org, mut found) = (self.org().as_str(), Vec::new());
        let mut after: Option<(String, String)> = None;
        loop {
            let (table, column) =
                (after.as_ref().map(|it| it.0.as_str()), after.as_ref().map(|it| it.1.as_str()));
            let rows = on_either!(
                self,
                Row,
                TOMBSTONE_POSTGRES,
                TOMBSTONE_SQLITE,
                [org, table, column, PAGE],
                fetch_all
            )?;
            found.extend(rows.iter().filter_map(|row| of_tombstone(row, schema)));
            match rows.into_iter().nth(PAGE as usize - 1) {
                Some((_, table, column, ..)) => after = Some((table, column)),
                None => return Ok(found),
            }
        }
    }
}

fn of_held((_, status, revision, events, summary, outcome, verdict, time): &Row) -> Option<String> {
    one_of("status", status, &STATUSES)
        .or_else(|| one_of("verdict", verdict, &VERDICTS))
        .or_else(|| number(revision, 0))
        .or_else(|| of_events(events).err())
        .or_else(|| of_outcome(summary, outcome, time))
}

fn of_change((_, status, revision, _, summary, outcome, undo, time): &Row) -> Option<String> {
    one_of("status", status, &["applied"])
        .or_else(|| number(revision, 1))
        .or_else(|| of_outcome(summary, outcome, time))
        .or_else(|| if undo.is_empty() { None } else { read::<Undo>(undo, "undo").err() })
}

fn of_tombstone(row: &Row, schema: &Schema) -> Option<Amiss> {
    let (key, table, column, _, _, _, memory, time) = row;
    let amiss = |what: String, gone: bool| {
        let place = (table.clone(), column.clone());
        Amiss { place, key: key.clone(), what, gone }
    };
    let parsed = |name: &str, of: &str| Ident::parse(name).map_err(|e| format!("its {of} is no name: {e}"));
    let place = match (parsed(table, "table_name"), column.as_str()) {
        (Ok(of), "") => Ok((of, None)),
        (Ok(of), column) => parsed(column, "column_name").map(|column| (of, Some(column))),
        (Err(what), _) => Err(what),
    };
    let (of, column) = match place {
        Ok(place) => place,
        Err(what) => return Some(amiss(what, false)),
    };
    if !memory.is_empty()
        && let Err(what) = read::<Memory>(memory, "memory")
    {
        return Some(amiss(what, false));
    }
    let is_there = match column {
        None => schema.buried.contains_key(&of),
        Some(column) => {
            let known = schema.table(&of).map(|table| table.buried.contains_key(&column));
            let buried = || schema.buried.get(&of).map(|of| of.table.buried.contains_key(&column));
            known.or_else(buried).unwrap_or_default()
        }
    };
    match is_there {
        true => of_time("dropped_at", time).map(|what| amiss(what, false)),
        false => Some(amiss("the model has nothing that was dropped there".to_owned(), true)),
    }
}

fn of_outcome(summary: &str, outcome: &str, time: &str) -> Option<String> {
    let summary = read::<Summary>(summary, "summary").err();
    summary.or_else(|| read::<Outcome>(outcome, "outcome").err()).or_else(|| of_time("time", time))
}

fn of_events(events: &str) -> Result<(), String> {
    let kept: Vec<Event> = read(events, "events")?;
    let bodies = kept.into_iter().map(|event| event.body).collect();
    Change::from_json(Json::Array(bodies))
        .map(drop)
        .map_err(|e| format!("its events are not valid: {}", e.message))
}

fn of_time(what: &str, wrong: &str) -> Option<String> {
    (!wrong.is_empty()).then(|| format!("its {what} is \"{}\", which is no time", wrong.escape_default()))
}

fn one_of(what: &str, found: &str, all: &[&str]) -> Option<String> {
    (!all.contains(&found))
        .then(|| format!("its {what} is \"{}\", wanted {}", found.escape_default(), all.join(", ")))
}

fn number(revision: &str, least: i64) -> Option<String> {
    let is = revision.parse::<i64>().is_ok_and(|found| found >= least);
    (!is).then(|| format!("its revision is \"{}\", wanted {least} or more", revision.escape_default()))
}

fn read<T: DeserializeOwned>(json: &str, what: &str) -> Result<T, String> {
    serde_json::from_str(json).map_err(|e| format!("its {what} does not parse: {e}"))
}

#[cfg(test)]
mod tests {
    use hookwright_core::ddl::Dialect;
    use serde_json::json;

    use super::*;
    use crate::db::gate::Script;
    use crate::executor::testing::Bench;

    #[tokio::test]
    async fn what_was_dropped_since_the_model_was_read_is_no_trouble_on_postgres() {
        dropped_since(Dialect::Postgres).await;
    }

    #[tokio::test]
    async fn what_was_dropped_since_the_model_was_read_is_no_trouble_on_sqlite() {
        dropped_since(Dialect::Sqlite).await;
    }

    async fn dropped_since(dialect: Dialect) {
        let mut bench = Bench::new(dialect).await;
        let columns = json!([{"name": "id", "ty": {"type": "Int"}, "nullable": false}, {"name": "note", "ty": {"type": "Text"}, "nullable": true}]);
        let create =
            json!({"intent": "create-table", "table": "invoice", "columns": columns, "primaryKey": ["id"]});
        bench.change(&[create]).await;
        let before = bench.schema.clone();
        bench.change(&[json!({"intent": "drop-column", "table": "invoice", "column": "note"})]).await;
        let invoice = Ident::parse("invoice").expect("a name");
        let dropped =
            bench.schema.table(&invoice).and_then(|table| table.buried.keys().next()).expect("kept");
        tombstones(&bench, &["invoice".to_owned()], dropped.as_str()).await;
        assert_eq!(bench.db.tombstones_against(&before).await.expect("read").len(), 1);
        assert_eq!(bench.db.tombstones_amiss(&before).await.expect("read").len(), 0);
        // More than are read at once, of which the model knows nothing now either.
        let lost: Vec<_> = (0..2 * PAGE + 1).map(|n| format!("lost_{n}")).collect();
        tombstones(&bench, &lost, "").await;
        let found = bench.db.tombstones_amiss(&before).await.expect("read");
        let found: std::collections::BTreeSet<_> = found.into_iter().map(|amiss| amiss.key).collect();
        assert_eq!(found, lost.into_iter().collect());
    }

    async fn tombstones(bench: &Bench, tables: &[String], column: &str) {
        let mut script = Script::new(bench.db.dialect());
        for table in tables {
            script.sql("INSERT INTO ").sql(match bench.db.dialect() {
                Dialect::Postgres => "hookwright.tombstone",
                Dialect::Sqlite => "hookwright_tombstone",
            });
            script.sql(" (org, table_name, column_name, change_id) VALUES (");
            script.texts([bench.db.org().as_str(), table, column, "c-2"]).sql(");\n");
        }
        match bench.db.pool() {
            Pool::Postgres(pool) => {
                drop(script.postgres(&mut pool.acquire().await.expect("lent")).await.expect("written"))
            }
            Pool::Sqlite(pool) => {
                drop(script.sqlite(&mut pool.acquire().await.expect("lent")).await.expect("written"))
            }
        }
    }
}
