//! Indexes that are built or dropped beside readers and writers: outside every transaction, so what became of an
//! attempt is asked of the catalogue.

use hookwright_core::ddl::{Dialect, Statement};
use hookwright_core::ident::Ident;
use sqlx::Row;

use super::{Stopped, Work, short};
use crate::db::gate::Script;
use crate::db::{DbError, Fault, Pool, StepRow, fault};
use crate::executor::retry::Tries;

/// How an index stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    Missing,
    /// A build of it ended badly.
    Invalid,
    /// A backend is building it: perhaps that of a host that is gone.
    Building,
    Valid,
}

/// Builds an index, after removing what a build before left; an invalid one is dropped and built again.
pub(super) async fn build(
    work: &Work<'_>,
    row: &StepRow,
    run: &Statement,
    name: &Ident,
    clean: &Statement,
) -> Result<(), Stopped> {
    refuse_corrupting(work).await?;
    begun(work, row).await?;
    let mut tries = Tries::new(work.retry);
    loop {
        let failed = match standing(work, name).await? {
            Standing::Valid => return built(work, row, clean).await,
            Standing::Building => {
                pause(work).await?;
                continue;
            }
            Standing::Invalid => alone(work, clean).await.err(),
            Standing::Missing => alone(work, run).await.err(),
        };
        if let Some(error) = failed
            && let Err(stopped) = give_up_or_wait(work, &mut tries, error).await
        {
            // What is left of it would cost every write until somebody drops it.
            if begun(work, row).await.is_ok() {
                alone(work, clean).await.ok();
            }
            return Err(stopped);
        }
    }
}

/// Notes an index as built. Whoever took the change back meanwhile may not have seen the index yet.
async fn built(work: &Work<'_>, row: &StepRow, clean: &Statement) -> Result<(), Stopped> {
    let done = done(work, row).await;
    if matches!(done, Err(Stopped::Taken)) && work.db.held(work.change).await?.is_some_and(|h| h.is_undone())
    {
        alone(work, clean).await.ok();
    }
    done
}

/// PostgreSQL 14.0 to 14.3 may leave rows out of an index that is built concurrently (fixed in 14.4).
async fn refuse_corrupting(work: &Work<'_>) -> Result<(), Stopped> {
    let script =
        Script::of(Dialect::Postgres, "SELECT pg_catalog.current_setting('server_version_num')::bigint");
    let rows = short::plainly(work, &script).await?;
    let version = rows.first().and_then(|row| row.try_get_unchecked::<i64, _>(0).ok()).unwrap_or_default();
    if !(140_000..140_004).contains(&version) {
        return Ok(());
    }
    Err(Stopped::Failed(DbError::Refused {
        message: format!(
            "PostgreSQL 14.{} may leave rows out of an index that is built concurrently",
            version - 140_000
        ),
        state: String::new(),
        help: Some("update the server to PostgreSQL 14.4 or later, then send the event again"),
        source: None,
    }))
}

/// Runs a statement that cannot stand in a transaction and can be repeated.
pub(super) async fn outside(work: &Work<'_>, row: &StepRow, run: &Statement) -> Result<(), Stopped> {
    begun(work, row).await?;
    let mut tries = Tries::new(work.retry);
    while let Err(error) = alone(work, run).await {
        give_up_or_wait(work, &mut tries, error).await?;
    }
    done(work, row).await
}

/// Waits until no backend builds the index, such as that of a host that is gone: dropping it would wait for that,
/// and everybody else for the dropping.
pub(super) async fn not_building(work: &Work<'_>, name: &Ident) -> Result<(), Stopped> {
    while standing(work, name).await? == Standing::Building {
        pause(work).await?;
    }
    Ok(())
}

async fn pause(work: &Work<'_>) -> Result<(), Stopped> {
    short::plainly(work, &Script::of(Dialect::Postgres, "SELECT pg_sleep(0.2)")).await?;
    Ok(())
}

async fn give_up_or_wait(work: &Work<'_>, tries: &mut Tries<'_>, error: sqlx::Error) -> Result<(), Stopped> {
    let again = match fault(&error) {
        Fault::Lost | Fault::Unreachable | Fault::Refused | Fault::Transient => tries.after_trouble().await,
        Fault::Locked => tries.after_lock().await,
        _ => None,
    };
    if again.is_some() {
        return Ok(());
    }
    Err(Stopped::Failed(match fault(&error) {
        Fault::Lost | Fault::Unreachable | Fault::Refused => work.db.explain(error),
        _ => work.db.refused(error),
    }))
}

async fn begun(work: &Work<'_>, row: &StepRow) -> Result<(), Stopped> {
    let mut script = short::begin(work, short::Patience::Short);
    short::claim(work, row, &mut script);
    short::note(work, row, "state = 'begun', begun_at = coalesce(begun_at, now())", &mut script);
    script.sql("COMMIT");
    short::attempts(work, &script, row.step.table(), short::Patience::Short).await.map(drop)
}

async fn done(work: &Work<'_>, row: &StepRow) -> Result<(), Stopped> {
    short::run(work, row, &[], short::Patience::Short).await
}

/// On a connection of its own, without time limits: one that is cut short leaves an invalid index.
async fn alone(work: &Work<'_>, statement: &Statement) -> sqlx::Result<()> {
    let Pool::Postgres(pool) = work.db.pool() else { return Ok(()) };
    let mut connection = pool.alone().await?;
    let free = Script::of(
        Dialect::Postgres,
        "SET lock_timeout = 0; SET statement_timeout = 0; SET search_path = ''",
    );
    free.postgres(&mut connection).await?;
    let mut script = Script::new(Dialect::Postgres);
    script.lone_statement(statement);
    script.postgres(&mut connection).await.map(drop)
}

async fn standing(work: &Work<'_>, name: &Ident) -> Result<Standing, DbError> {
    let mut script = Script::new(Dialect::Postgres);
    script.sql(
        "SELECT i.indisvalid, EXISTS (SELECT FROM pg_catalog.pg_stat_progress_create_index p \
         WHERE p.index_relid = i.indexrelid) FROM pg_catalog.pg_index i \
         JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid \
         JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = ",
    );
    script.text(work.org().as_str()).sql(" AND c.relname = ").text(name.as_str());
    let rows = short::plainly(work, &script).await?;
    let Some(row) = rows.first() else { return Ok(Standing::Missing) };
    let read = |column: usize| row.try_get_unchecked::<bool, _>(column).map_err(|e| work.db.explain(e));
    let (valid, building) = (read(0)?, read(1)?);
    Ok(match (valid, building) {
        (true, _) => Standing::Valid,
        (false, true) => Standing::Building,
        (false, false) => Standing::Invalid,
    })
}
