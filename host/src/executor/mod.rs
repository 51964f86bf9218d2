//! Executes an approved plan exactly once: statements, metadata, model and ledger commit together or not at all.
//!
//! The pipeline calls [`execute`]; nothing else in the project begins a transaction on an organisation's data.

mod bookkeeping;
mod carried;
mod debris;
mod held;
mod job;
mod known;
mod log;
pub(crate) mod online;
mod own;
mod postgres;
mod rebuild;
mod references;
mod retry;
mod settle;
mod sqlite;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
mod tombstones;
mod work;

use std::time::Instant;

use hookwright_core::ddl::Statement;
use hookwright_core::ident::Ident;
use tracing::Instrument;

pub use held::{Hold, Rejection};
pub use own::Own;
pub use retry::RetryPolicy;
pub use work::{
    Approved, EntityRow, FieldRow, LedgerEvent, Rows, TableRow, TombstoneRow, TombstoneRows, Work,
};

pub(crate) use debris::{Cleared, clear as clear_debris};
pub(crate) use rebuild::{Rebuilt, preview};
pub(crate) use retry::{Tries, jittered};
pub(crate) use sqlite::{begin_immediate, settle as settle_file, write_ahead};

use crate::db::{BOOKKEEPING_VERSION, DbError, Fault, OrgDb, Pool, ProbeAnswer, before_sending, fault};
use crate::telemetry::metrics;
use job::{Job, Kind};

/// What became of a plan, or of what was to be written of a held change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Executed {
    /// It was committed now.
    Applied(Applied),
    /// An event of it was committed before, by this change.
    AlreadyApplied {
        /// The change.
        change_id: String,
    },
    /// An event of it belongs to this held change, or this held change is decided on already.
    Held {
        /// The held change.
        held_id: String,
    },
    /// The organisation is at another revision: the plan must be made anew.
    RevisionMoved,
}

/// A committed plan, or a committed row of a held change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Applied {
    /// Times it was tried.
    pub attempts: u32,
    /// When it was committed (RFC 3339, UTC); of a held change: since when it is held, or when it was decided on.
    pub committed_at: String,
}

/// How one attempt failed.
#[derive(Debug)]
enum Failure {
    /// The database said so, or the connection broke.
    Sql(Fault, sqlx::Error),
    /// It was seen before anything was changed that trying again cannot help.
    Found(DbError),
}

impl Failure {
    /// What a check of ours found, in place of the database.
    fn seen(fault: Fault) -> Self {
        Self::Sql(fault, sqlx::Error::RowNotFound)
    }

    /// No connection could be had, so nothing was sent.
    fn connecting(error: sqlx::Error) -> Self {
        Self::Sql(before_sending(fault(&error)), error)
    }
}

impl From<sqlx::Error> for Failure {
    fn from(error: sqlx::Error) -> Self {
        Self::Sql(fault(&error), error)
    }
}

impl From<DbError> for Failure {
    fn from(error: DbError) -> Self {
        Self::Found(error)
    }
}

/// Executes a plan, trying again where that can help. Once begun it is finished, even if the caller goes away.
///
/// # Errors
/// A [`DbError`]; nothing was changed, unless it is [`DbError::UnknownOutcome`].
pub async fn execute(db: &OrgDb, work: Work<'_>, policy: &RetryPolicy) -> Result<Executed, DbError> {
    detached(db, Job::new(db.dialect(), &work), policy).await
}

/// Records a change that is held, or a held one whose plan moved. Done twice it is done once.
///
/// # Errors
/// A [`DbError`].
pub async fn hold(db: &OrgDb, hold: &Hold, policy: &RetryPolicy) -> Result<Executed, DbError> {
    detached(db, Job::hold(db.dialect(), hold), policy).await
}

/// Decides against a held change, if it waits.
///
/// # Errors
/// A [`DbError`].
pub async fn reject(db: &OrgDb, rejection: &Rejection, policy: &RetryPolicy) -> Result<Executed, DbError> {
    detached(db, Job::reject(db.dialect(), rejection), policy).await
}

/// Whether the tables of a plan are those that it was worked out for, as its transaction will ask.
///
/// # Errors
/// As of the transaction: [`DbError::Drifted`].
pub(crate) async fn known(db: &OrgDb, own: &Own) -> Result<(), DbError> {
    let asked = match db.pool() {
        Pool::Postgres(pool) => postgres::known(pool, db.org(), own).await.map_err(Failure::from),
        Pool::Sqlite(pool) => match pool.acquire().await {
            Ok(mut connection) => known::known(&mut connection, own).await,
            Err(error) => Err(error.into()),
        },
    };
    match asked {
        Err(Failure::Found(error)) => Err(error),
        Err(Failure::Sql(_, error)) => Err(db.explain(error)),
        Ok(()) => Ok(()),
    }
}

/// Asks what a change depends on, again while a lock is in the way.
///
/// # Errors
/// A [`DbError`].
pub(crate) async fn ask(
    db: &OrgDb,
    probes: &[Statement],
    policy: &RetryPolicy,
) -> Result<Vec<ProbeAnswer>, DbError> {
    let (mut tries, waiting) = (Tries::new(policy), db.waiting());
    let tables: Vec<_> = probes.iter().filter_map(|p| p.table().cloned()).collect();
    loop {
        match db.probe(probes).await {
            Err(DbError::Blocked { .. }) => {}
            other => return other,
        }
        metrics::retry(cause(&Fault::Locked), None);
        waiting.locked(&tables, tries.locks() + 1);
        if tries.after_lock().await.is_none() {
            return Err(blocked(db, &tables, tries.locks()).await);
        }
    }
}

/// On a task of its own: a caller whose client hangs up is dropped, and must not take a transaction along.
async fn detached(db: &OrgDb, job: Job, policy: &RetryPolicy) -> Result<Executed, DbError> {
    let (db, policy) = (db.clone(), policy.clone());
    let (change, events) = (job.change_id.clone(), job.event_ids.clone());
    let (org, statements) = (job.org.as_str(), job.statements.len());
    let span = tracing::debug_span!(target: crate::telemetry::TARGET, "statements", org, change, statements);
    let executing = async move {
        let _turn = db.writer().lock_owned().await;
        match run(&db, &job, &policy).await {
            Ok(executed) => Ok(executed),
            Err(error) => Err(db.told(error).await),
        }
    };
    let running = tokio::spawn(executing.instrument(span));
    running.await.unwrap_or_else(|error| {
        let message = format!("the host broke off in the middle of it: {error}");
        let (state, help) = (String::new(), Some("see the host's log"));
        let source = Box::new(DbError::Refused { message, state, help, source: None });
        Err(DbError::UnknownOutcome { change, events, source })
    })
}

async fn run(db: &OrgDb, job: &Job, policy: &RetryPolicy) -> Result<Executed, DbError> {
    let (mut tries, waiting) = (Tries::new(policy), db.waiting());
    loop {
        match job.in_time() {
            Err(_) if tries.locks() > 0 => return Err(blocked(db, &job.tables(), tries.locks()).await),
            in_time => in_time?,
        }
        let attempt = format!("{}/{}/{}", job.change_id, job.nonce, tries.begin());
        let started = Instant::now();
        let failed = match attempt_once(db, job, &attempt, tries.locks() > 0).await {
            Ok(committed_at) => {
                log::statements(job, started.elapsed());
                return Ok(Executed::Applied(Applied { attempts: tries.count(), committed_at }));
            }
            Err(Failure::Found(error)) => return Err(error),
            Err(Failure::Sql(fault, error)) => (fault, error),
        };
        metrics::retry(cause(&failed.0), Some(&failed.1));
        match failed {
            (Fault::Moved, _) => return Ok(Executed::RevisionMoved),
            (Fault::Repeated(change_id), _) => return Ok(Executed::AlreadyApplied { change_id }),
            (Fault::Held(held_id), _) => return Ok(Executed::Held { held_id }),
            (Fault::Newer(found), _) => {
                return Err(DbError::Version { found, known: BOOKKEEPING_VERSION });
            }
            // All but the first concern steps beside the transaction alone.
            (Fault::Final | Fault::Taken | Fault::Done | Fault::Undoing, error) => {
                return Err(db.explain(error));
            }
            (Fault::Lost, error) if job.kind == Kind::Held => {
                log::retrying(job, "connection lost", &error);
                db.drop_idle().await;
                tries.after_trouble().await.ok_or_else(|| db.explain(error))?;
            }
            (Fault::Lost, error) => {
                log::retrying(job, "connection lost", &error);
                db.drop_idle().await;
                if let Some(executed) = settle::settle(db, job, &attempt, policy, tries.count()).await? {
                    return Ok(executed);
                }
                // The database answered just now, so there is nothing to wait for.
                tries.after_loss().ok_or_else(|| db.explain(error))?;
            }
            (Fault::Transient | Fault::Unreachable, error) => {
                log::retrying(job, "passing trouble", &error);
                tries.after_trouble().await.ok_or_else(|| gave_up(db, error))?;
            }
            (Fault::Refused, error) => return Err(db.explain(error)),
            (Fault::Busy | Fault::Locked, error) => {
                waiting.locked(&job.tables(), tries.locks() + 1);
                if tries.after_lock().await.is_none() {
                    log::retrying(job, "lock not granted", &error);
                    return Err(blocked(db, &job.tables(), tries.locks()).await);
                }
            }
        }
    }
}

/// The error of trouble that did not pass: no answer, or what the database answered last.
fn gave_up(db: &OrgDb, error: sqlx::Error) -> DbError {
    match fault(&error) {
        Fault::Transient => db.refused(error),
        _ => db.explain(error),
    }
}

async fn attempt_once(db: &OrgDb, job: &Job, name: &str, blocked: bool) -> Result<String, Failure> {
    match db.pool() {
        Pool::Postgres(pool) => postgres::attempt(db, pool, job, &postgres::Attempt { name, blocked }).await,
        Pool::Sqlite(pool) => sqlite::attempt(pool, db.options().lock_timeout_ms, job).await,
    }
}

/// The error of a lock that was never granted, with who holds it.
async fn blocked(db: &OrgDb, tables: &[Ident], tries: u32) -> DbError {
    let blockers = db.blockers(tables).await.unwrap_or_default();
    DbError::Blocked { tries, blockers, holders: db.holders_of_file() }
}

/// A fault as a label of a metric: from a closed set.
fn cause(fault: &Fault) -> &'static str {
    match fault {
        Fault::Moved => "moved",
        Fault::Repeated(_) => "repeated",
        Fault::Held(_) => "held",
        Fault::Taken => "taken",
        Fault::Done => "done",
        Fault::Undoing => "undoing",
        Fault::Newer(_) => "newer",
        Fault::Busy => "busy",
        Fault::Locked => "locked",
        Fault::Transient => "transient",
        Fault::Lost => "lost",
        Fault::Unreachable => "unreachable",
        Fault::Refused => "refused",
        Fault::Final => "final",
    }
}
