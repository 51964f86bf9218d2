//! After a lost connection: what became of the attempt? Asked of the ledger, never guessed.
//!
//! On PostgreSQL the batch may still be on its way when its connection is gone. `hookwright.settle`
//! takes the organisation's lock and answers from the ledger; if the change is not there, it fences
//! the attempt, so that the batch can do nothing when it arrives after all.

use std::time::{Duration, Instant};

use hookwright_core::ddl::Dialect;
use sqlx::Row;
use sqlx::postgres::PgPool;

use super::retry::jittered;
use super::{Applied, Executed, RetryPolicy, Work};
use crate::db::gate::Script;
use crate::db::{DbError, Fault, OrgDb, Pool, fault, refused};

/// What became of the attempt; none if it came to nothing and never will.
pub(super) async fn settle(
    db: &OrgDb,
    work: &Work<'_>,
    attempt: &str,
    policy: &RetryPolicy,
    attempts: u32,
) -> Result<Option<Executed>, DbError> {
    let change = match db.pool() {
        // The file's own transaction ended with the connection: what the ledger has is final.
        Pool::Sqlite(_) => ledger(db, work).await?,
        Pool::Postgres(pool) => ask_until(db, pool, work, attempt, policy).await?,
    };
    match change {
        None => Ok(None),
        Some(change_id) if change_id == work.change_id => {
            let record = db.change(&change_id).await?;
            let committed_at = record.map(|r| r.row.committed_at).unwrap_or_default();
            Ok(Some(Executed::Applied(Applied { attempts, committed_at })))
        }
        Some(change_id) => Ok(Some(Executed::AlreadyApplied { change_id })),
    }
}

async fn ledger(db: &OrgDb, work: &Work<'_>) -> Result<Option<String>, DbError> {
    for event in &work.events {
        if let Some(row) = db.event(&event.id).await? {
            return Ok(Some(row.change_id));
        }
    }
    Ok(None)
}

async fn ask_until(
    db: &OrgDb,
    pool: &PgPool,
    work: &Work<'_>,
    attempt: &str,
    policy: &RetryPolicy,
) -> Result<Option<String>, DbError> {
    let end = Instant::now() + Duration::from_millis(policy.settle_ms);
    let script = question(db, work, attempt);
    for nth in 1.. {
        let error = match ask(pool, &script).await {
            Ok(change) => return Ok(change),
            Err(error) => error,
        };
        if fault(&error) == Fault::Final {
            return Err(unknown(work, refused(error)));
        }
        if Instant::now() >= end {
            return Err(unknown(work, db.explain(error)));
        }
        tokio::time::sleep(jittered(policy.lock_base_ms, policy.lock_max_ms, nth)).await;
    }
    Ok(None)
}

fn question(db: &OrgDb, work: &Work<'_>, attempt: &str) -> Script {
    let mut script = Script::new(Dialect::Postgres);
    script.sql("SELECT hookwright.settle(").text(work.org.as_str()).sql(", ").integer(db.lock_key());
    script.sql("::bigint, ").text(attempt).sql(", ARRAY[").texts(work.events.iter().map(|e| e.id.as_str()));
    script.sql("]::text[])");
    script
}

async fn ask(pool: &PgPool, script: &Script) -> sqlx::Result<Option<String>> {
    let mut connection = pool.acquire().await?;
    let rows = script.postgres(&mut connection).await?;
    rows.first().ok_or(sqlx::Error::RowNotFound)?.try_get(0)
}

fn unknown(work: &Work<'_>, source: DbError) -> DbError {
    DbError::UnknownOutcome { change: work.change_id.clone(), source: Box::new(source) }
}
