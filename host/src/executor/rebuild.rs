//! SQLite's table rebuild: what it would lose is looked at before, and put back after.
//!
//! The order is SQLite's own procedure for changes that `ALTER TABLE` cannot make.
//! Foreign keys are off by then, and what breaks one is compared before the commit.

use std::collections::BTreeSet;

use hookwright_core::ddl::{Dialect, Rebuild};
use hookwright_core::schema::Table;
use sqlx::Row;
use sqlx::sqlite::SqliteConnection;

use super::Failure;
use crate::db::gate::Script;
use crate::db::{DbError, OrgDb, inspect_sqlite_table};

/// Makes a table anew with its rows, and with the triggers and indexes on it that are not the model's.
pub(super) async fn run(db: &OrgDb, connection: &mut SqliteConnection, rebuild: &Rebuild) -> Result<(), Failure> {
    expect(db, connection, &rebuild.before).await?;
    let kept = others(connection, &rebuild.before).await?;
    for statement in rebuild.swap.iter().chain(&rebuild.indexes) {
        let mut script = Script::new(Dialect::Sqlite);
        script.statement(statement).sqlite(connection).await?;
    }
    for sql in kept {
        let mut script = Script::new(Dialect::Sqlite);
        script.stored(&sql).sqlite(connection).await?;
    }
    Ok(())
}

/// What the table has beyond the model would be lost, so the rebuild is refused then.
async fn expect(db: &OrgDb, connection: &mut SqliteConnection, wanted: &Table) -> Result<(), Failure> {
    let found = inspect_sqlite_table(db, connection, &wanted.name).await.map_err(Failure::Found)?;
    let differs = match &found {
        None => Some("it is not there".to_owned()),
        Some(found) => difference(wanted, found),
    };
    match differs {
        None => Ok(()),
        Some(what) => Err(Failure::Found(DbError::Drifted(format!(
            "the table \"{}\" is not what the model says, and making it anew could lose something: {what}",
            wanted.name.as_str()
        )))),
    }
}

/// How a table differs from the model, for people; none if it does not.
fn difference(wanted: &Table, found: &Table) -> Option<String> {
    let (wanted, found) = (plain(wanted), plain(found));
    if wanted == found {
        return None;
    }
    for column in found.columns.values() {
        match wanted.column(&column.name) {
            None => return Some(format!("it has the column \"{}\" besides", column.name.as_str())),
            Some(model) if model != column => {
                return Some(format!("its column \"{}\" is {column:?}, not {model:?}", column.name.as_str()));
            }
            Some(_) => {}
        }
    }
    let missing = wanted.columns.keys().find(|name| !found.columns.contains_key(*name));
    let what = missing.map(|name| format!("it has no column \"{}\"", name.as_str()));
    Some(what.unwrap_or_else(|| "its constraints are others".to_owned()))
}

/// What a rebuild carries over by itself: no comments (SQLite has none), no indexes (made anew).
fn plain(table: &Table) -> Table {
    let mut table = table.clone();
    table.comment = None;
    table.columns.values_mut().for_each(|c| c.comment = None);
    table.uniques.clear();
    table.indexes.clear();
    table
}

/// The SQL of triggers on the table, and of indexes on it that are not the model's.
async fn others(connection: &mut SqliteConnection, table: &Table) -> sqlx::Result<Vec<String>> {
    let rows = sqlx::query(
        "SELECT name, sql, type FROM sqlite_master WHERE tbl_name = ? COLLATE NOCASE \
         AND type IN ('index', 'trigger') AND sql IS NOT NULL ORDER BY type, name",
    )
    .bind(table.name.as_str())
    .fetch_all(connection)
    .await?;
    let uniques = table.uniques.iter().map(|u| u.name.as_str());
    let own: BTreeSet<_> = uniques.chain(table.indexes.iter().map(|i| i.name.as_str())).collect();
    let mut kept = Vec::new();
    for row in rows {
        let (name, sql, kind): (String, String, String) = (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
        if kind == "trigger" || !own.contains(name.as_str()) {
            kept.push(sql);
        }
    }
    Ok(kept)
}

/// Rows that refer to nothing, by table, row and the table referred to.
#[derive(Debug, Default)]
pub(super) struct Violations(BTreeSet<(String, Option<i64>, String)>);

impl Violations {
    pub async fn find(connection: &mut SqliteConnection) -> sqlx::Result<Self> {
        let rows = sqlx::query("PRAGMA foreign_key_check").fetch_all(connection).await?;
        let one = |row: &sqlx::sqlite::SqliteRow| Ok((row.try_get(0)?, row.try_get(1)?, row.try_get(2)?));
        rows.iter().map(one).collect::<sqlx::Result<_>>().map(Self)
    }

    /// Refuses a change that makes rows refer to nothing.
    pub async fn no_more(self, connection: &mut SqliteConnection) -> Result<(), Failure> {
        let after = Self::find(connection).await?;
        // A table made anew gives its rows other ids, so only what is gone or grown by table counts.
        let count = |all: &Self| {
            let mut counts = std::collections::BTreeMap::<(String, String), usize>::new();
            all.0.iter().for_each(|(table, _, to)| *counts.entry((table.clone(), to.clone())).or_default() += 1);
            counts
        };
        let before = count(&self);
        let worse = count(&after).into_iter().find(|(key, n)| n > before.get(key).unwrap_or(&0));
        match worse {
            None => Ok(()),
            Some(((table, to), n)) => Err(Failure::Found(DbError::Constraint(format!(
                "{n} rows of the table \"{table}\" would refer to rows of \"{to}\" that do not exist"
            )))),
        }
    }
}
