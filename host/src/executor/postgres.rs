//! One attempt on PostgreSQL: everything in one message, so in one round trip.

use hookwright_core::ddl::{Dialect, Step};
use sqlx::Row;
use sqlx::postgres::{PgConnection, PgPool};

use super::{Failure, Work, bookkeeping};
use crate::db::gate::Script;
use crate::db::{OrgDb, before_sending, fault};

/// Claims, changes and commits; gives the time of the commit.
pub(super) async fn attempt(db: &OrgDb, pool: &PgPool, work: &Work<'_>, attempt: &str) -> Result<String, Failure> {
    let script = batch(db, work, attempt);
    let unsent = |error| Failure::Sql(before_sending(fault(&error)), error);
    let mut connection = pool.acquire().await.map_err(unsent)?;
    match send(&script, &mut connection).await {
        Ok(committed_at) => Ok(committed_at),
        Err(error) => {
            // A connection that cannot roll back is of no use to the next one.
            if Script::of(Dialect::Postgres, "ROLLBACK").postgres(&mut connection).await.is_err() {
                drop(connection.detach());
            }
            Err(Failure::Sql(fault(&error), error))
        }
    }
}

async fn send(script: &Script, connection: &mut PgConnection) -> sqlx::Result<String> {
    let rows = script.postgres(connection).await?;
    rows.last().ok_or(sqlx::Error::RowNotFound)?.try_get(0)
}

fn batch(db: &OrgDb, work: &Work<'_>, attempt: &str) -> Script {
    let mut script = Script::new(Dialect::Postgres);
    let options = db.options();
    // Every name in the batch is qualified: nothing of a search path may stand in between.
    script.sql("BEGIN; SET LOCAL search_path = ''; SET LOCAL lock_timeout = ");
    script.integer(i64::from(options.lock_timeout_ms)).sql("; SET LOCAL statement_timeout = ");
    script.integer(i64::from(options.statement_timeout_ms)).sql(";\nSELECT hookwright.claim(");
    script.text(work.org.as_str()).sql(", ").integer(db.lock_key()).sql("::bigint, ").integer(work.revision);
    script.sql("::bigint, ").text(attempt).sql(", ARRAY[");
    script.texts(work.events.iter().map(|e| e.id.as_str())).sql("]::text[]);\n");
    for step in &work.plan.plan().steps {
        // Rebuilds are SQLite's; PostgreSQL's plans have none.
        if let Step::Statement(statement) = step {
            script.statement(statement);
        }
    }
    script.append(&bookkeeping::script(Dialect::Postgres, work)).sql("COMMIT");
    script
}
