//! Measures a statement that cannot run in a transaction, from a second session, while a third keeps it waiting.
//!
//! Such a statement takes its lock on the table first, then waits for those who write the table, so while it waits for
//! one that the test holds back, what it has locked can be read.

use std::time::Duration;

use hookwright_core::ddl::{Extent, Statement};
use hookwright_tests::measure::{locks, strongest, tables};
use hookwright_tests::plans::org;
use hookwright_tests::postgres::TestDatabase;
use sqlx::{AssertSqlSafe, PgConnection};
use tokio::task::JoinHandle;

use super::found::Effect;
use super::within::execute;

/// How long the statement may take to get as far as waiting.
const LIMIT: Duration = Duration::from_secs(20);

/// Runs it; `trial` is the session that has used the tables before.
///
/// # Errors
/// What the database says against the statement.
pub(super) async fn measure(
    trial: &mut PgConnection,
    database: &TestDatabase,
    statement: &Statement,
) -> sqlx::Result<Effect> {
    let table = statement.table().unwrap().as_str().to_owned();
    counted(trial).await;
    let (mut observer, mut builder) = (database.connect().await, database.connect().await);
    let scans_before = scans(&mut observer, &table).await;
    let lock = format!("BEGIN; LOCK TABLE \"{}\".\"{table}\" IN ROW EXCLUSIVE MODE", org().as_str());
    execute(trial, &lock).await;

    let pid: i32 = sqlx::query_scalar("SELECT pg_backend_pid()").fetch_one(&mut builder).await.unwrap();
    let sql = statement.sql().to_owned();
    let building = tokio::spawn(async move {
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut builder).await?;
        counted(&mut builder).await;
        Ok(())
    });
    wait_until_it_waits(&mut observer, pid, &building).await;
    let tables = tables(&mut observer, &org()).await;
    let locks = strongest(locks(&mut observer, Some(pid)).await, &tables);
    execute(trial, "ROLLBACK").await;
    building.await.expect("the session goes on")?;

    let scanned = scans(&mut observer, &table).await > scans_before;
    Ok(Effect { table, locks, extent: if scanned { Extent::Scan } else { Extent::Nothing } })
}

/// Or until it is over, which tells why.
async fn wait_until_it_waits(observer: &mut PgConnection, pid: i32, building: &JoinHandle<sqlx::Result<()>>) {
    // What it waits for is a transaction; for the table itself it may have to wait for an autovacuum first.
    let query =
        "SELECT EXISTS (SELECT FROM pg_locks WHERE pid = $1 AND NOT granted AND locktype <> 'relation')";
    let look = async {
        let mut waiting = false;
        while !waiting && !building.is_finished() {
            waiting = sqlx::query_scalar(query).bind(pid).fetch_one(&mut *observer).await.unwrap();
            // the server tells nobody that a wait has begun: ask again
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    tokio::time::timeout(LIMIT, look).await.expect("the statement waits for those who write its table");
}

/// Has the server count now what a session did so far. There since PostgreSQL 15.
async fn counted(session: &mut PgConnection) {
    execute(session, "SELECT pg_stat_force_next_flush()").await;
}

/// How often a table was read from end to end, by all sessions.
async fn scans(observer: &mut PgConnection, table: &str) -> i64 {
    let query = "SELECT pg_stat_get_numscans(c.oid) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
         WHERE n.nspname = $1 AND c.relname = $2";
    let query = sqlx::query_scalar(query).bind(org().as_str().to_owned()).bind(table.to_owned());
    query.fetch_one(observer).await.unwrap()
}
