//! What a session did to tables of PostgreSQL: what it locked, how often it read them from end to end, how many rows it
//! wrote, and whether a table's file is another one.
//!
//! For the tests that compare what is declared with what happens.

use std::collections::BTreeMap;

use hookwright_core::ddl::{Extent, LockLevel};
use hookwright_core::ident::OrgName;
use sqlx::{PgConnection, Row};

/// A table as the catalogue and the counters of the transaction have it.
#[derive(Debug, Clone)]
pub struct Table {
    /// Its name.
    pub name: String,
    file: i64,
    scans: i64,
    written: i64,
}

/// Tables, by their oids.
pub type Tables = BTreeMap<i64, Table>;

/// The organisation's tables. Reading them locks none of them.
///
/// # Panics
/// If the catalogue cannot be read.
pub async fn tables(connection: &mut PgConnection, org: &OrgName) -> Tables {
    let query = "SELECT c.oid::bigint, c.relname::text, c.relfilenode::bigint, pg_stat_get_xact_numscans(c.oid), \
         pg_stat_get_xact_tuples_inserted(c.oid) + pg_stat_get_xact_tuples_updated(c.oid) \
         + pg_stat_get_xact_tuples_deleted(c.oid) \
         FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $1 AND c.relkind = 'r'";
    let rows = sqlx::query(query).bind(org.as_str().to_owned()).fetch_all(connection).await.unwrap();
    let table = |row: &sqlx::postgres::PgRow| {
        (row.get(0), Table { name: row.get(1), file: row.get(2), scans: row.get(3), written: row.get(4) })
    };
    rows.iter().map(table).collect()
}

/// How much of a table was gone through between two looks.
pub fn extent(was: &Table, is: &Table) -> Extent {
    match (was.file != is.file, is.written > was.written, is.scans > was.scans) {
        (true, _, _) => Extent::Rewrite,
        (_, true, _) => Extent::Rows,
        (_, _, true) => Extent::Scan,
        _ => Extent::Nothing,
    }
}

/// The locks on relations that a session has, its own if it is not said; mere reading is none.
///
/// # Panics
/// If they cannot be read.
pub async fn locks(connection: &mut PgConnection, pid: Option<i32>) -> Vec<(i64, String)> {
    let query = "SELECT relation::bigint, mode FROM pg_locks WHERE granted AND relation IS NOT NULL \
         AND mode <> 'AccessShareLock' AND pid = coalesce($1, pg_backend_pid())";
    let rows = sqlx::query(query).bind(pid).fetch_all(connection).await.unwrap();
    rows.iter().map(|row| (row.get(0), row.get(1))).collect()
}

/// The strongest lock on each of the tables, by their names.
pub fn strongest(locks: Vec<(i64, String)>, tables: &Tables) -> BTreeMap<String, LockLevel> {
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
