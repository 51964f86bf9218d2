//! Measures a statement inside a transaction: what its session locks, how often tables were read from end to end,
//! how many rows were written, and whether the table's file is another one.

use std::collections::BTreeMap;

use hookwright_core::ddl::{Extent, LockLevel, Statement};
use hookwright_tests::plans::org;
use sqlx::{AssertSqlSafe, PgConnection, Row};

use super::found::Effect;

/// A table as the catalogue and the counters of the transaction have it.
pub(super) struct Table {
    name: String,
    file: i64,
    scans: i64,
    written: i64,
}

pub(super) type Tables = BTreeMap<i64, Table>;

/// Runs it, and commits it.
///
/// # Errors
/// What the database says against the statement.
pub(super) async fn measure(connection: &mut PgConnection, statement: &Statement) -> sqlx::Result<Effect> {
    execute(connection, "BEGIN").await;
    let before = tables(connection).await;
    sqlx::raw_sql(AssertSqlSafe(statement.sql().to_owned())).execute(&mut *connection).await?;
    let locks = locks(connection, None).await;
    let after = tables(connection).await;
    execute(connection, "COMMIT").await;
    Ok(effect(statement, &before, &after, locks))
}

fn effect(statement: &Statement, before: &Tables, after: &Tables, locks: Vec<(i64, String)>) -> Effect {
    let own = statement.table().map(|t| t.as_str().to_owned()).unwrap_or_default();
    let found = before.iter().find(|(_, table)| table.name == own);
    let extent = found.and_then(|(oid, was)| Some(extent(was, after.get(oid)?))).unwrap_or_default();
    // A table that the statement makes has no users yet.
    Effect { table: own, locks: strongest(locks, before), extent }
}

fn extent(was: &Table, is: &Table) -> Extent {
    match (was.file != is.file, is.written > was.written, is.scans > was.scans) {
        (true, _, _) => Extent::Rewrite,
        (_, true, _) => Extent::Rows,
        (_, _, true) => Extent::Scan,
        _ => Extent::Nothing,
    }
}

pub(super) async fn execute(connection: &mut PgConnection, sql: &str) {
    let result = sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(connection).await;
    result.unwrap_or_else(|error| panic!("the database refuses \"{sql}\": {error}"));
}

/// The organisation's tables, by their oids. Reading them locks none of them.
pub(super) async fn tables(connection: &mut PgConnection) -> Tables {
    let query = "SELECT c.oid::bigint, c.relname::text, c.relfilenode::bigint, pg_stat_get_xact_numscans(c.oid), \
         pg_stat_get_xact_tuples_inserted(c.oid) + pg_stat_get_xact_tuples_updated(c.oid) \
         + pg_stat_get_xact_tuples_deleted(c.oid) \
         FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $1 AND c.relkind = 'r'";
    let rows = sqlx::query(query).bind(org().as_str().to_owned()).fetch_all(connection).await.unwrap();
    let table = |row: &sqlx::postgres::PgRow| {
        (row.get(0), Table { name: row.get(1), file: row.get(2), scans: row.get(3), written: row.get(4) })
    };
    rows.iter().map(table).collect()
}

/// The locks on relations that a session has, its own if it is not said; mere reading is none.
pub(super) async fn locks(connection: &mut PgConnection, pid: Option<i32>) -> Vec<(i64, String)> {
    let query = "SELECT relation::bigint, mode FROM pg_locks WHERE granted AND relation IS NOT NULL \
         AND mode <> 'AccessShareLock' AND pid = coalesce($1, pg_backend_pid())";
    let rows = sqlx::query(query).bind(pid).fetch_all(connection).await.unwrap();
    rows.iter().map(|row| (row.get(0), row.get(1))).collect()
}

/// The strongest lock on each of the tables.
pub(super) fn strongest(locks: Vec<(i64, String)>, tables: &Tables) -> BTreeMap<String, LockLevel> {
    let mut strongest: BTreeMap<String, LockLevel> = BTreeMap::new();
    for (oid, mode) in locks {
        if let Some(table) = tables.get(&oid) {
            let known = strongest.entry(table.name.clone()).or_insert(level(&mode));
            *known = level(&mode).max(*known);
        }
    }
    strongest
}

fn level(mode: &str) -> LockLevel {
    match mode {
        "RowShareLock" => LockLevel::RowShare,
        "RowExclusiveLock" => LockLevel::RowExclusive,
        "ShareUpdateExclusiveLock" => LockLevel::ShareUpdateExclusive,
        "ShareLock" => LockLevel::Share,
        "ShareRowExclusiveLock" => LockLevel::ShareRowExclusive,
        "AccessExclusiveLock" => LockLevel::AccessExclusive,
        other => panic!("a statement takes the lock {other}, for which there is no level"),
    }
}
