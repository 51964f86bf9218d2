//! Executes an approved plan exactly once: statements, metadata, model and ledger commit together or not at all.
//!
//! The pipeline calls [`execute`]; nothing else in the project begins a transaction on an organisation's data.

mod bookkeeping;
mod log;
mod postgres;
mod rebuild;
mod retry;
mod settle;
mod sqlite;
mod work;

use std::time::Instant;

use hookwright_core::ident::Ident;

pub use retry::RetryPolicy;
pub use work::{EntityRow, FieldRow, LedgerEvent, Rows, TableRow, Work};

pub(crate) use sqlite::begin_immediate;

use crate::db::{DbError, Fault, OrgDb, Pool, refused};
use retry::Tries;

/// What became of a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Executed {
    /// It was committed now.
    Applied(Applied),
    /// An event of it was committed before, by this change.
    AlreadyApplied {
        /// The change.
        change_id: String,
    },
    /// The organisation is at another revision: the plan must be made anew.
    RevisionMoved,
}

/// A committed plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Applied {
    /// Times it was tried.
    pub attempts: u32,
    /// When it was committed (RFC 3339, UTC).
    pub committed_at: String,
}

/// How one attempt failed.
pub(crate) enum Failure {
    /// The database said so, or the connection broke.
    Sql(Fault, sqlx::Error),
    /// It was seen before anything was changed that trying again cannot help.
    Found(DbError),
}

/// Executes a plan, trying again where that can help.
///
/// # Errors
/// A [`DbError`]; nothing was changed, unless it is [`DbError::UnknownOutcome`].
pub async fn execute(db: &OrgDb, work: &Work<'_>, policy: &RetryPolicy) -> Result<Executed, DbError> {
    let _turn = db.writer().lock_owned().await;
    let mut tries = Tries::new(policy);
    loop {
        let attempt = format!("{}/{}", work.change_id, tries.begin());
        let started = Instant::now();
        let failed = match attempt_once(db, work, &attempt).await {
            Ok(committed_at) => {
                log::statements(work, started.elapsed());
                return Ok(Executed::Applied(Applied { attempts: tries.count(), committed_at }));
            }
            Err(Failure::Found(error)) => return Err(error),
            Err(Failure::Sql(fault, error)) => (fault, error),
        };
        metrics::counter!("hookwright_retries_total", "cause" => cause(&failed.0)).increment(1);
        match failed {
            (Fault::Moved, _) => return Ok(Executed::RevisionMoved),
            (Fault::Repeated(change_id), _) => return Ok(Executed::AlreadyApplied { change_id }),
            (Fault::Final, error) => return Err(refused(error)),
            (Fault::Lost, error) => {
                log::retrying(work, "connection lost", &error);
                if let Some(executed) = settle::settle(db, work, &attempt, policy, tries.count()).await? {
                    return Ok(executed);
                }
                tries.after_trouble().await.ok_or_else(|| db.explain(error))?;
            }
            (Fault::Transient | Fault::Unreachable, error) => {
                log::retrying(work, "passing trouble", &error);
                tries.after_trouble().await.ok_or_else(|| db.explain(error))?;
            }
            (Fault::Busy | Fault::Locked, error) => {
                if tries.after_lock().await.is_none() {
                    log::retrying(work, "lock not granted", &error);
                    return Err(blocked(db, work, tries.locks()).await);
                }
            }
        }
    }
}

async fn attempt_once(db: &OrgDb, work: &Work<'_>, attempt: &str) -> Result<String, Failure> {
    match db.pool() {
        Pool::Postgres(pool) => postgres::attempt(db, pool, work, attempt).await,
        Pool::Sqlite(pool) => sqlite::attempt(db, pool, work).await,
    }
}

/// The error of a lock that was never granted, with who holds it.
async fn blocked(db: &OrgDb, work: &Work<'_>, tries: u32) -> DbError {
    let mut tables: Vec<Ident> = work.plan.plan().statements().filter_map(|s| s.table().cloned()).collect();
    tables.sort();
    tables.dedup();
    let blockers = db.blockers(&tables).await.unwrap_or_default();
    DbError::Blocked { tries, blockers }
}

/// A fault as a label of a metric: from a closed set.
fn cause(fault: &Fault) -> &'static str {
    match fault {
        Fault::Moved => "moved",
        Fault::Repeated(_) => "repeated",
        Fault::Busy => "busy",
        Fault::Locked => "locked",
        Fault::Transient => "transient",
        Fault::Lost => "lost",
        Fault::Unreachable => "unreachable",
        Fault::Final => "final",
    }
}
