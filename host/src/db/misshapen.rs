//! Rows of the ledger, of held changes and of tombstones that hands edited into something that no host writes. Metadata and
//! model have a sum over them (`kept.rs`); these are looked at where they are read, and all of them by `doctor`.

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
    column_name, '', '', '', coalesce(memory::text, ''), '' FROM hookwright.tombstone WHERE org = $1 ORDER BY 1";
const TOMBSTONE_SQLITE: &str = "SELECT table_name || CASE column_name WHEN '' THEN '' ELSE '.' || column_name END, table_name, \
    column_name, '', '', '', coalesce(CAST(memory AS TEXT), ''), \
    CASE WHEN julianday(dropped_at) IS NULL THEN dropped_at ELSE '' END FROM hookwright_tombstone WHERE org = $1 ORDER BY 1";

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

    /// Rows of held changes, of the ledger and of tombstones that no host writes, among the thousand newest of each kind.
    ///
    /// # Errors
    /// What the database says.
    pub(crate) async fn all_misshapen(&self, schema: &Schema) -> Result<Vec<Trouble>, DbError> {
        let org = self.org().as_str();
        let held = on_either!(self, Row, HELD_POSTGRES, HELD_SQLITE, [org], fetch_all)?;
        let changes = on_either!(self, Row, CHANGE_POSTGRES, CHANGE_SQLITE, [org], fetch_all)?;
        let tombstones = on_either!(self, Row, TOMBSTONE_POSTGRES, TOMBSTONE_SQLITE, [org], fetch_all)?;
        let of = |table: &'static str, row: &Row, what: Option<String>| {
            what.map(|what| self.misshapen(table, &row.0, &what))
        };
        let held = held.iter().filter_map(|row| of("held", row, of_held(row)));
        let changes = changes.iter().filter_map(|row| of("change", row, of_change(row)));
        let tombstones = tombstones.iter().filter_map(|row| of("tombstone", row, of_tombstone(row, schema)));
        Ok(held.chain(changes).chain(tombstones).collect())
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

fn of_tombstone((_, table, column, _, _, _, memory, time): &Row, schema: &Schema) -> Option<String> {
    let parsed = |name: &str| Ident::parse(name).map_err(|e| e.to_string());
    let of = match parsed(table) {
        Ok(of) => of,
        Err(said) => return Some(format!("its table_name is no name: {said}")),
    };
    if !memory.is_empty()
        && let Err(what) = read::<Memory>(memory, "memory")
    {
        return Some(what);
    }
    let is_there = match column.as_str() {
        "" => schema.buried.contains_key(&of),
        column => match parsed(column) {
            Ok(column) => {
                let known = schema.table(&of).map(|table| table.buried.contains_key(&column));
                let buried = || schema.buried.get(&of).map(|of| of.table.buried.contains_key(&column));
                known.or_else(buried).unwrap_or_default()
            }
            Err(said) => return Some(format!("its column_name is no name: {said}")),
        },
    };
    let gone = (!is_there).then(|| "the model has nothing that was dropped there".to_owned());
    gone.or_else(|| of_time("dropped_at", time))
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
