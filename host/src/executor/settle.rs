//! What became of an attempt whose connection broke: asked of the ledger, never guessed.

use std::time::{Duration, Instant};

use sqlx::postgres::PgConnection;

use super::job::Job;
use super::retry::jittered;
use super::{Applied, Executed, RetryPolicy};
use crate::db::{Connections, DbError, Fault, OrgDb, Pool, fault};

/// What became of the attempt; none if it came to nothing and never will. Asks until
/// there is an answer, or the policy's time is over.
pub(super) async fn settle(
    db: &OrgDb,
    job: &Job,
    attempt: &str,
    policy: &RetryPolicy,
    attempts: u32,
) -> Result<Option<Executed>, DbError> {
    let end = Instant::now() + Duration::from_millis(policy.settle_ms);
    for nth in 1.. {
        let error = match change_of(db, job, attempt).await {
            Ok(None) => return Ok(None),
            Ok(Some(found)) if !found.made_by(job) => {
                return Ok(Some(Executed::AlreadyApplied { change_id: found.change_id }));
            }
            Ok(Some(Found { committed_at, .. })) => {
                return Ok(Some(Executed::Applied(Applied { attempts, committed_at })));
            }
            Err(error) => error,
        };
        let hopeless = fault(&error) == Fault::Final || Instant::now() >= end;
        if hopeless {
            let source = Box::new(db.explain(error));
            let (change, events) = (job.change_id.clone(), job.event_ids.clone());
            return Err(DbError::UnknownOutcome { change, events, source });
        }
        tokio::time::sleep(jittered(policy.lock_base_ms, policy.lock_max_ms, nth)).await;
    }
    Ok(None)
}

/// The change that the ledger has for a job's events.
#[derive(sqlx::FromRow)]
struct Found {
    change_id: String,
    committed_at: String,
    /// Of a held change: the job that it was approved by.
    attempt: Option<String>,
}

impl Found {
    /// Whether the job made it. A held change has one id, whichever host made it.
    fn made_by(&self, job: &Job) -> bool {
        self.change_id == job.change_id && self.attempt.as_ref().is_none_or(|attempt| *attempt == job.nonce)
    }
}

async fn change_of(db: &OrgDb, job: &Job, attempt: &str) -> sqlx::Result<Option<Found>> {
    match db.pool() {
        Pool::Postgres(pool) => db.in_time(Box::pin(postgres(db, pool, job, attempt))).await,
        // The file's transaction ended with its connection: what the ledger has is final.
        Pool::Sqlite(pool) => {
            let query = sqlx::query_as(
                "SELECT c.id AS change_id, c.committed_at, h.attempt FROM hookwright_event e \
                 JOIN hookwright_change c ON c.org = e.org AND c.id = e.change_id \
                 LEFT JOIN hookwright_held h ON h.org = c.org AND h.id = c.id WHERE e.org = ? AND e.event_id = ?",
            );
            let first = job.event_ids.first().map(String::as_str);
            query.bind(job.org.as_str()).bind(first).fetch_optional(&mut *pool.acquire().await?).await
        }
    }
}

/// On a connection of its own: those of the pool may be as dead as the one that broke.
async fn postgres(
    db: &OrgDb,
    pool: &Connections<sqlx::Postgres>,
    job: &Job,
    attempt: &str,
) -> sqlx::Result<Option<Found>> {
    let mut connection = pool.insist_anew().await?;
    let query = sqlx::query_scalar::<_, Option<String>>("SELECT hookwright.settle($1, $2, $3, $4)");
    let query = query.bind(job.org.as_str()).bind(db.lock_key()).bind(attempt).bind(&job.event_ids);
    let settled = match query.fetch_one(&mut *connection).await? {
        Some(change) => Some(found(&mut connection, job, &change).await?),
        None => None,
    };
    Ok(settled)
}

/// A statement of its own: the one that settles may have begun before the commit it finds.
async fn found(connection: &mut PgConnection, job: &Job, change: &str) -> sqlx::Result<Found> {
    let query = sqlx::query_as(
        "SELECT c.id AS change_id, h.attempt, \
         to_char(c.committed_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"') AS committed_at \
         FROM hookwright.change c LEFT JOIN hookwright.held h ON h.org = c.org AND h.id = c.id \
         WHERE c.org = $1 AND c.id = $2",
    );
    query.bind(job.org.as_str()).bind(change).fetch_one(connection).await
}
