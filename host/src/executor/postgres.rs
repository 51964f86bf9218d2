//! A change on PostgreSQL: one simple-query batch from `BEGIN` to `COMMIT`, one round trip.

use std::time::Duration;

use hookwright_core::ddl::Dialect;
use hookwright_core::ident::OrgName;
use sqlx::Row;

use super::job::{Job, Part};
use super::{Failure, Own};
use crate::db::gate::Script;
use crate::db::{BOOKKEEPING_VERSION, Connections, DbOptions, Fault, OrgDb};

/// With less than this, locks that are free for moments only would never be had.
const SHORTEST_MS: u32 = 20;

/// Tries the change once; gives the time of its commit.
pub(super) async fn attempt(
    db: &OrgDb,
    pool: &Connections<sqlx::Postgres>,
    job: &Job,
    attempt: &Attempt<'_>,
) -> Result<String, Failure> {
    let batch = batch(db, job, attempt);
    let mut connection = pool.acquire().await.map_err(Failure::connecting)?;
    match in_time(db, job, Box::pin(batch.postgres(&mut connection))).await {
        Ok(rows) => {
            let rows = connection.answered(Ok(rows))?;
            // The last row is the change's; a batch without it did not do what it was to do.
            let row = rows.last().ok_or(sqlx::Error::RowNotFound)?;
            Ok(row.try_get(0)?)
        }
        Err(error) => {
            let failure = Failure::from(error);
            let rolled_back = !matches!(failure, Failure::Sql(Fault::Lost, _))
                && Script::of(Dialect::Postgres, "ROLLBACK").postgres(&mut connection).await.is_ok();
            if !rolled_back {
                connection.close().await;
            }
            Err(failure)
        }
    }
}

/// Each statement is bounded by the server: when all of them could have been, the server is gone.
async fn in_time<T>(db: &OrgDb, job: &Job, sent: impl Future<Output = sqlx::Result<T>>) -> sqlx::Result<T> {
    let DbOptions { statement_timeout_ms, connect_timeout_ms, .. } = db.options();
    let statements = u64::try_from(job.statements.len()).unwrap_or(u64::MAX).saturating_add(1);
    let most =
        u64::from(*statement_timeout_ms).saturating_mul(statements).saturating_add(*connect_timeout_ms);
    let limit = (*statement_timeout_ms > 0).then(|| Duration::from_millis(most));
    db.awaited(limit, sent).await
}

/// One attempt.
pub(super) struct Attempt<'a> {
    /// Names it.
    pub name: &'a str,
    /// Whether a lock was not granted before.
    pub blocked: bool,
}

fn batch(db: &OrgDb, job: &Job, attempt: &Attempt<'_>) -> Script {
    let options = db.options();
    let mut batch = Script::new(Dialect::Postgres);
    batch.sql("BEGIN ISOLATION LEVEL READ COMMITTED;\nSET LOCAL lock_timeout = ");
    batch.integer(i64::from(lock_timeout_ms(options, job))).sql(";\nSET LOCAL statement_timeout = ");
    batch.integer(i64::from(options.statement_timeout_ms)).sql(";\nSET LOCAL search_path = '';\n");
    if attempt.blocked {
        detect_deadlocks(options, &mut batch);
    }
    claim(db, job, attempt.name, &mut batch);
    job.own.ask(&job.org, &mut batch);
    for part in &job.parts {
        match part {
            Part::Script(script) => batch.append(script),
            // The planner makes none for this dialect.
            Part::Rebuild(_) => &mut batch,
        };
    }
    batch.append(&job.records).sql("COMMIT");
    batch
}

/// An autovacuum gives way to whoever waits for its lock, but only once the server looks for a deadlock: by default
/// after a second, which is longer than a lock is waited for here. Changing that takes a privilege; without it nothing is changed.
pub(super) fn detect_deadlocks(options: &DbOptions, script: &mut Script) {
    let early = i64::from(options.lock_timeout_ms / 2).max(1);
    script.sql("SELECT hookwright.detect_after(").integer(early).sql(");\n");
}

/// Each lock is waited for while those before it are held: all the waits together are to last as long as one may.
fn lock_timeout_ms(options: &DbOptions, job: &Job) -> u32 {
    (options.lock_timeout_ms / job.strongly_locked.max(1)).max(SHORTEST_MS.min(options.lock_timeout_ms))
}

fn claim(db: &OrgDb, job: &Job, attempt: &str, batch: &mut Script) {
    batch.sql("SELECT hookwright.claim(").text(job.org.as_str()).sql(", ").integer(db.lock_key()).sql(", ");
    match job.revision {
        Some(revision) => batch.integer(revision),
        None => batch.sql("NULL"),
    };
    batch.sql(", ").text(attempt).sql(", ARRAY[").texts(job.event_ids.iter().map(String::as_str));
    batch.sql("]::pg_catalog.text[], ").text_or_null(job.held.as_deref()).sql(", ");
    match job.touched {
        Some(touched) => batch.integer(touched),
        None => batch.sql("NULL"),
    };
    batch.sql(", ").integer(BOOKKEEPING_VERSION).sql(");\n");
}

/// Asks what a change asks of its tables, and nothing else.
pub(super) async fn known(pool: &Connections<sqlx::Postgres>, org: &OrgName, own: &Own) -> sqlx::Result<()> {
    let mut script = Script::new(Dialect::Postgres);
    own.ask(org, &mut script);
    if script.is_empty() {
        return Ok(());
    }
    let mut connection = pool.acquire().await?;
    let answered = script.postgres(&mut connection).await;
    connection.answered(answered).map(drop)
}
