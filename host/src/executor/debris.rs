//! Takes away what steps left whose rows hands deleted: a table at a time, in a transaction of its own under the
//! organisation's lock, if no change has steps by then. So no table is held while another is waited for.

use std::collections::BTreeSet;

use hookwright_core::ddl::Dialect;
use hookwright_core::ident::Ident;

use super::{RetryPolicy, Tries, blocked};
use crate::db::gate::Script;
use crate::db::{Connections, DbError, Fault, OrgDb, Pool, Thing, fault};

/// What came of it.
#[derive(Debug, Default)]
pub(crate) struct Cleared {
    /// How many things are gone.
    pub gone: usize,
    /// The tables whose things are there still, with what stands against it.
    pub left: Vec<(String, DbError)>,
}

/// Does so.
///
/// # Errors
/// What the database says when it is asked what there is.
pub(crate) async fn clear(db: &OrgDb, policy: &RetryPolicy) -> Result<Cleared, DbError> {
    let (mut cleared, gentle) = (Cleared::default(), policy.gentle());
    let Pool::Postgres(pool) = db.pool() else { return Ok(cleared) };
    let _turn = db.writer().lock_owned().await;
    let (functions, found): (Vec<_>, Vec<_>) =
        db.debris().await?.into_iter().partition(|(_, of, _)| of.is_empty());
    let tables: BTreeSet<_> = found.iter().map(|(_, of, _)| of.clone()).collect();
    for table in tables {
        let things: Vec<_> = found.iter().filter(|(_, of, _)| *of == table).cloned().collect();
        // Each attempt makes the table's users wait: who did not get one lock asks for the next less often.
        let policy = if cleared.left.is_empty() { policy } else { &gentle };
        match away(db, pool, &things, policy).await {
            Ok(()) => cleared.gone += things.len(),
            Err(error) => cleared.left.push((format!("what is on \"{table}\""), error)),
        }
    }
    // The triggers of a table that is left call them.
    if cleared.left.is_empty() && !functions.is_empty() {
        match away(db, pool, &functions, policy).await {
            Ok(()) => cleared.gone += functions.len(),
            Err(error) => cleared.left.push(("the functions".to_owned(), error)),
        }
    }
    Ok(cleared)
}

/// Takes some away, all or none, again while a lock is in the way.
async fn away(
    db: &OrgDb,
    pool: &Connections<sqlx::Postgres>,
    things: &[Thing],
    policy: &RetryPolicy,
) -> Result<(), DbError> {
    let (mut tries, waiting, script) = (Tries::new(policy), db.waiting(), batch(db, things));
    let tables: Vec<_> = things.first().and_then(|(_, of, _)| Ident::parse(of).ok()).into_iter().collect();
    loop {
        let mut connection = pool.acquire().await.map_err(|e| db.explain(e))?;
        let Err(error) = script.postgres(&mut connection).await else { return Ok(()) };
        if Script::of(Dialect::Postgres, "ROLLBACK").postgres(&mut connection).await.is_err() {
            connection.close().await;
        }
        if !matches!(fault(&error), Fault::Busy | Fault::Locked) {
            return Err(db.told(db.explain(error)).await);
        }
        waiting.locked(&tables, tries.locks() + 1);
        if tries.after_lock().await.is_none() {
            return Err(blocked(db, &tables, tries.locks()).await);
        }
    }
}

fn batch(db: &OrgDb, things: &[Thing]) -> Script {
    let options = db.options();
    let mut script = Script::of(Dialect::Postgres, "BEGIN;\nSET LOCAL lock_timeout = ");
    script.integer(i64::from(options.lock_timeout_ms)).sql(";\nSET LOCAL statement_timeout = ");
    script.integer(i64::from(options.statement_timeout_ms));
    script.sql(";\nDO $$ BEGIN IF NOT pg_catalog.pg_try_advisory_xact_lock(").integer(db.lock_key());
    script.sql(") OR EXISTS (SELECT FROM hookwright.journal j WHERE j.org = ").text(db.org().as_str());
    script.sql(
        ") THEN RAISE EXCEPTION 'another change of the organisation is being made' USING ERRCODE = 'HW001'; ",
    );
    script.sql("END IF; END $$;\n").append(&db.clearing(things)).sql("COMMIT");
    script
}
