//! A change on SQLite: `BEGIN IMMEDIATE` takes the file's write lock, which is the organisation's.

use hookwright_core::ddl::Dialect;
use sqlx::Row;
use sqlx::sqlite::SqliteConnection;

use super::job::{Job, Kind, Part};
use super::references::References;
use super::{Failure, known, rebuild};
use crate::db::gate::Script;
use crate::db::{BOOKKEEPING_VERSION, Connections, Fault};

/// Begins a transaction that may write, unless another has the file for longer than the lock timeout.
pub(crate) async fn begin_immediate(connection: &mut SqliteConnection) -> sqlx::Result<()> {
    run(connection, "BEGIN IMMEDIATE").await
}

/// Has a file keep a write-ahead log from now on. SQLite says at once that the file is busy, whatever the lock
/// timeout, if two connections try this on a new file: try again.
pub(crate) async fn write_ahead(connection: &mut SqliteConnection) -> sqlx::Result<()> {
    run(connection, "PRAGMA journal_mode = WAL").await
}

async fn run(connection: &mut SqliteConnection, sql: &'static str) -> sqlx::Result<()> {
    Script::of(Dialect::Sqlite, sql).sqlite(connection).await.map(drop)
}

/// Tries the change once; gives the time of its commit.
pub(super) async fn attempt(
    pool: &Connections<sqlx::Sqlite>,
    lock_timeout_ms: u32,
    job: &Job,
) -> Result<String, Failure> {
    let mut connection = pool.acquire().await.map_err(Failure::connecting)?;
    if job.foreign_keys_off {
        // Inside a transaction this would do nothing.
        run(&mut connection, "PRAGMA foreign_keys = OFF").await?;
    }
    let (clean, result) = transaction(&mut connection, job).await;
    if result.is_ok() {
        settle(&mut connection, lock_timeout_ms).await;
    }
    let restored = !job.foreign_keys_off || clean && restore(&mut connection).await;
    if !restored {
        connection.close().await;
    }
    result
}

/// Takes what was committed from the log into the file, unless somebody reads it: so the file alone is the organisation,
/// and one that is copied over it does not meet a log of what was there before. It waits for nobody.
pub(crate) async fn settle(connection: &mut SqliteConnection, lock_timeout_ms: u32) {
    let mut script =
        Script::of(Dialect::Sqlite, "PRAGMA busy_timeout = 0; PRAGMA wal_checkpoint(TRUNCATE); ");
    script.sql("PRAGMA busy_timeout = ").integer(i64::from(lock_timeout_ms));
    if let Err(error) = script.sqlite(connection).await {
        tracing::debug!(%error, "the log of a file was not taken into it");
    }
}

/// Whether the connection is again as the pool expects it.
async fn restore(connection: &mut SqliteConnection) -> bool {
    let on = "PRAGMA legacy_alter_table = OFF; PRAGMA foreign_keys = ON";
    if run(connection, on).await.is_err() {
        return false;
    }
    let state = sqlx::query_scalar::<_, i64>("SELECT foreign_keys FROM pragma_foreign_keys");
    matches!(state.fetch_one(connection).await, Ok(1))
}

/// The transaction, and whether it was ended in order.
async fn transaction(connection: &mut SqliteConnection, job: &Job) -> (bool, Result<String, Failure>) {
    if let Err(error) = begin_immediate(connection).await {
        return (true, Err(error.into()));
    }
    let result = match inside(connection, job).await {
        Ok(committed_at) => run(connection, "COMMIT").await.map(|()| committed_at).map_err(Failure::from),
        Err(failure) => Err(failure),
    };
    let clean = result.is_ok() || run(connection, "ROLLBACK").await.is_ok();
    (clean, result)
}

async fn inside(connection: &mut SqliteConnection, job: &Job) -> Result<String, Failure> {
    claim(connection, job).await?;
    known::known(connection, &job.own).await?;
    let before = match job.foreign_keys_off {
        true => References::of(connection).await?.renamed(&job.renamed),
        false => References::default(),
    };
    for part in &job.parts {
        job.in_time()?;
        match part {
            Part::Script(script) => drop(script.sqlite(connection).await?),
            Part::Rebuild(part) => rebuild::run(connection, part).await?,
        }
    }
    let rows = job.records.sqlite(connection).await?;
    if job.foreign_keys_off {
        before.compare(&References::of(connection).await?, connection).await?;
    }
    Ok(rows.last().ok_or(sqlx::Error::RowNotFound)?.try_get(0)?)
}

/// The same checks as PostgreSQL's function `claim`; the lock is held already.
async fn claim(connection: &mut SqliteConnection, job: &Job) -> Result<(), Failure> {
    let rows = claimed(job).sqlite(connection).await?;
    let row = rows.first().ok_or(sqlx::Error::RowNotFound)?;
    let (revision, repeated): (Option<i64>, Option<String>) = (row.try_get(0)?, row.try_get(1)?);
    let (other, waits): (Option<String>, bool) = (row.try_get(2)?, row.try_get(3)?);
    let previous: Option<String> = row.try_get(4)?;
    let (touched, version): (Option<i64>, i64) = (row.try_get(5)?, row.try_get(6)?);
    if version > BOOKKEEPING_VERSION {
        return Err(Failure::seen(Fault::Newer(version)));
    }
    let moved = job.revision.is_some() && revision != job.revision
        || job.touched.is_some() && touched != job.touched
        || job.previous.is_some() && previous != job.previous;
    let decided = job.held.clone().filter(|_| !waits);
    match (repeated, other.or(decided)) {
        (Some(change), _) => Err(Failure::seen(Fault::Repeated(change))),
        (None, Some(held)) => Err(Failure::seen(Fault::Held(held))),
        (None, None) if moved => Err(Failure::seen(Fault::Moved)),
        (None, None) if job.kind == Kind::Change => own(connection, job).await,
        (None, None) => Ok(()),
    }
}

/// Lets the triggers know that rows are the change's own, until it records its revision.
async fn own(connection: &mut SqliteConnection, job: &Job) -> Result<(), Failure> {
    let mut script = Script::of(Dialect::Sqlite, "UPDATE hookwright_org SET claimed = 1 WHERE org = ");
    script.text(job.org.as_str()).sqlite(connection).await?;
    Ok(())
}

/// Asks for the revision, the change that has an event of the job, another held change that has one,
/// whether the job's own held change waits, the last change, what hands touched, and the version.
fn claimed(job: &Job) -> Script {
    let (org, held) = (job.org.as_str(), job.held.as_deref());
    let events = || job.event_ids.iter().map(String::as_str);
    let mut script = Script::new(Dialect::Sqlite);
    script.sql("SELECT (SELECT revision FROM hookwright_org WHERE org = ").text(org);
    script.sql("), (SELECT change_id FROM hookwright_event WHERE org = ").text(org);
    script.sql(" AND event_id IN (").texts(events());
    script.sql(") LIMIT 1), (SELECT held_id FROM hookwright_held_event WHERE org = ").text(org);
    script.sql(" AND event_id IN (").texts(events()).sql(") AND held_id IS NOT ").text_or_null(held);
    script.sql(" LIMIT 1), EXISTS (SELECT 1 FROM hookwright_held WHERE org = ").text(org);
    script.sql(" AND id = ").text_or_null(held);
    script.sql(" AND status = 'held'), (SELECT id FROM hookwright_change c WHERE c.org = ").text(org);
    script.sql(" AND c.revision = (SELECT revision FROM hookwright_org o WHERE o.org = c.org)), ");
    script.sql("(SELECT touched FROM hookwright_org WHERE org = ").text(org);
    script.sql("), (SELECT coalesce(max(version), 0) FROM hookwright_meta)");
    script
}
