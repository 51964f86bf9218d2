//! Fills a column some blocks of the table at a time, each in a transaction that also notes how far it is.

use std::time::{Duration, Instant};

use hookwright_core::online::Batches;
use sqlx::Row;

use super::{Stopped, Work, short};
use crate::db::{DbError, Fault, Pool, StepRow, fault};

/// How long a batch is to take: writers of its rows wait that long, not longer.
const AIM: Duration = Duration::from_millis(100);
/// Passes over the table before it is given up: writers that undo the filling as fast as it goes would never let it end.
const MOST_PASSES: i32 = 20;

/// Where a fill is.
struct Place {
    /// The next block.
    next: i64,
    /// Blocks of this pass.
    total: i64,
    pass: i32,
    /// Rows that this pass filled.
    filled: i64,
}

/// Goes over the table until a pass finds nothing left to fill.
pub(super) async fn run(work: &Work<'_>, row: &StepRow, batches: &Batches) -> Result<(), Stopped> {
    let mut place = Place { next: row.done, total: row.total, pass: row.pass, filled: row.filled };
    if place.total == 0 {
        place.total = blocks(work, batches).await?;
    }
    let mut size = blocks_for(work);
    loop {
        while place.next < place.total {
            size = batch(work, row, batches, &mut place, size).await?;
        }
        if place.filled == 0 && place.pass > 0 || place.total == 0 {
            return short::run(work, row, &[], short::Patience::Short).await;
        }
        if place.pass >= MOST_PASSES {
            let message = format!(
                "after {MOST_PASSES} passes over \"{}\" there are still rows to fill",
                batches.table().as_str()
            );
            return Err(Stopped::Failed(DbError::Constraint { message, on: None, rows: None }));
        }
        place = Place { next: 0, total: blocks(work, batches).await?, pass: place.pass + 1, filled: 0 };
    }
}

/// One batch; gives the size of the next, which takes about as long as it is to.
async fn batch(
    work: &Work<'_>,
    row: &StepRow,
    batches: &Batches,
    place: &mut Place,
    size: i64,
) -> Result<i64, Stopped> {
    let end = (place.next + size).min(place.total);
    let (first, last) = (place.next.unsigned_abs(), end.unsigned_abs());
    let mut script = short::begin(work, short::Patience::Short);
    short::claim(work, row, &mut script);
    script.filling(&batches.statement(first, last));
    script
        .sql("UPDATE hookwright.step SET state = 'begun', begun_at = coalesce(begun_at, now()), done = ")
        .integer(end);
    script.sql(", total = ").integer(place.total).sql(", pass = ").integer(i64::from(place.pass));
    script.sql(", filled = ").integer(place.filled).sql(" + counted.n FROM counted");
    script.sql(" WHERE org = ").text(work.org().as_str()).sql(" AND change_id = ").text(work.change);
    script.sql(" AND number = ").integer(i64::from(row.number)).sql(" RETURNING counted.n;\n");
    script.sql("COMMIT");
    let started = Instant::now();
    let rows = match short::send(work, &script, short::Patience::Short).await {
        Ok(rows) => rows,
        Err(error) => return again(work, row, error, size).await,
    };
    let took = started.elapsed();
    // The last row is the journal's, with the number of rows filled.
    place.filled += rows.last().and_then(|r| r.try_get_unchecked::<i64, _>(0).ok()).unwrap_or_default();
    place.next = end;
    // The users of the table come first: a third of the time is theirs alone.
    tokio::time::sleep(took.min(AIM) / 2).await;
    Ok(if took > AIM * 2 {
        (size / 2).max(1)
    } else if took < AIM / 2 {
        (size * 2).min(4096)
    } else {
        size
    })
}

/// After a batch that failed: a smaller one, if that can help.
async fn again(work: &Work<'_>, row: &StepRow, error: sqlx::Error, size: i64) -> Result<i64, Stopped> {
    match fault(&error) {
        Fault::Taken => Err(Stopped::Taken),
        Fault::Undoing => Err(Stopped::Cancelled),
        Fault::Locked | Fault::Transient | Fault::Lost | Fault::Unreachable | Fault::Refused => {
            // Whether it was committed does not matter: filling twice is filling once. That the database
            // answers at all is found out with the retries of every step.
            let mut script = short::begin(work, short::Patience::Short);
            short::claim(work, row, &mut script);
            script.sql("COMMIT");
            short::attempts(work, &script, row.step.table(), short::Patience::Short).await?;
            tokio::time::sleep(crate::executor::retry::jittered(
                work.retry.lock_base_ms,
                work.retry.lock_max_ms,
                3,
            ))
            .await;
            Ok((size / 2).max(1))
        }
        _ => Err(Stopped::Failed(work.db.refused(error))),
    }
}

/// The blocks that the table has now. Rows that come later are filled by the trigger, or found by the next pass.
async fn blocks(work: &Work<'_>, batches: &Batches) -> Result<i64, DbError> {
    let Pool::Postgres(pool) = work.db.pool() else { return Ok(0) };
    let mut connection = pool.insist().await.map_err(|e| work.db.explain(e))?;
    let query = sqlx::query_scalar::<_, i64>(
        "SELECT pg_catalog.pg_relation_size(c.oid) / pg_catalog.current_setting('block_size')::bigint \
         FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
         WHERE n.nspname = $1 AND c.relname = $2",
    );
    let found =
        query.bind(work.org().as_str()).bind(batches.table().as_str()).fetch_optional(&mut *connection).await;
    found.map(Option::unwrap_or_default).map_err(|e| work.db.explain(e))
}

/// Blocks to begin with, if a block has about 80 rows.
fn blocks_for(work: &Work<'_>) -> i64 {
    i64::from(work.batch_rows / 80).max(1)
}
