//! One attempt on SQLite: the file's write lock is the claim.

use hookwright_core::ddl::{Dialect, Step};
use sqlx::Row;
use sqlx::sqlite::{SqliteConnection, SqlitePool};

use super::rebuild::{self, Violations};
use super::{Failure, Work, bookkeeping};
use crate::db::gate::Script;
use crate::db::{Fault, OrgDb, before_sending, fault};

/// Begins a transaction that holds the file's write lock from the start.
pub(crate) async fn begin_immediate(connection: &mut SqliteConnection) -> sqlx::Result<()> {
    run(connection, "BEGIN IMMEDIATE").await
}

/// Claims, changes and commits; gives the time of the commit.
pub(super) async fn attempt(db: &OrgDb, pool: &SqlitePool, work: &Work<'_>) -> Result<String, Failure> {
    let unsent = |error| Failure::Sql(before_sending(fault(&error)), error);
    let mut connection = pool.acquire().await.map_err(unsent)?;
    let keys_off = work.plan.plan().foreign_keys_off;
    if keys_off {
        // No effect inside a transaction, so before it.
        run(&mut connection, "PRAGMA foreign_keys = OFF").await?;
    }
    let done = transaction(db, &mut connection, work).await;
    let restored = match keys_off {
        true => run(&mut connection, "PRAGMA foreign_keys = ON; PRAGMA legacy_alter_table = OFF").await,
        false => Ok(()),
    };
    if restored.is_err() || matches!(done, Err(Failure::Sql(Fault::Lost, _))) {
        drop(connection.detach());
    }
    done
}

async fn transaction(db: &OrgDb, connection: &mut SqliteConnection, work: &Work<'_>) -> Result<String, Failure> {
    begin_immediate(connection).await?;
    match change(db, connection, work).await {
        Ok(committed_at) => {
            if let Err(error) = run(connection, "COMMIT").await {
                run(connection, "ROLLBACK").await.ok();
                return Err(error.into());
            }
            Ok(committed_at)
        }
        Err(failure) => {
            run(connection, "ROLLBACK").await.ok();
            Err(failure)
        }
    }
}

async fn change(db: &OrgDb, connection: &mut SqliteConnection, work: &Work<'_>) -> Result<String, Failure> {
    claim(connection, work).await?;
    let plan = work.plan.plan();
    let before = match plan.foreign_keys_off {
        true => Violations::find(connection).await?,
        false => Violations::default(),
    };
    for step in &plan.steps {
        match step {
            Step::Statement(statement) => {
                let mut script = Script::new(Dialect::Sqlite);
                script.statement(statement).sqlite(connection).await?;
            }
            Step::Rebuild(rebuild) => rebuild::run(db, connection, rebuild).await?,
        }
    }
    if plan.foreign_keys_off {
        before.no_more(connection).await?;
    }
    let rows = bookkeeping::script(Dialect::Sqlite, work).sqlite(connection).await?;
    Ok(rows.last().ok_or(sqlx::Error::RowNotFound)?.try_get(0)?)
}

/// The checks that PostgreSQL's `hookwright.claim` makes, under the file's lock.
async fn claim(connection: &mut SqliteConnection, work: &Work<'_>) -> Result<(), Failure> {
    let mut script = Script::new(Dialect::Sqlite);
    script.sql("SELECT change_id FROM hookwright_event WHERE org = ").text(work.org.as_str());
    script.sql(" AND event_id IN (").texts(work.events.iter().map(|e| e.id.as_str())).sql(") LIMIT 1");
    if let Some(row) = script.sqlite(connection).await?.first() {
        return Err(Failure::Sql(Fault::Repeated(row.try_get(0)?), sqlx::Error::RowNotFound));
    }
    let revision: i64 = sqlx::query_scalar("SELECT revision FROM hookwright_org WHERE org = ?")
        .bind(work.org.as_str())
        .fetch_one(connection)
        .await?;
    match revision == work.revision {
        true => Ok(()),
        false => Err(Failure::Sql(Fault::Moved, sqlx::Error::RowNotFound)),
    }
}

async fn run(connection: &mut SqliteConnection, sql: &'static str) -> sqlx::Result<()> {
    Script::of(Dialect::Sqlite, sql).sqlite(connection).await.map(drop)
}

impl From<sqlx::Error> for Failure {
    fn from(error: sqlx::Error) -> Self {
        Self::Sql(fault(&error), error)
    }
}
