//! First use of an organisation's SQLite file: the file, the bookkeeping, the organisation's row.

use std::path::PathBuf;

use hookwright_core::ddl::Dialect;
use sqlx::sqlite::SqliteConnection;

use crate::executor::{begin_immediate, write_ahead};

use super::gate::Script;
use super::postgres::newer;
use super::{Connections, DbError, OrgDb, bookkeeping};

/// The organisation's file.
pub(super) fn path(pool: &Connections<sqlx::Sqlite>) -> PathBuf {
    pool.connecting().get_filename().to_owned()
}

/// The version of the bookkeeping; none before its first use.
pub(super) async fn version(connection: &mut SqliteConnection) -> sqlx::Result<Option<i64>> {
    let there: bool =
        sqlx::query_scalar("SELECT count(*) > 0 FROM sqlite_master WHERE name = 'hookwright_meta'")
            .fetch_one(&mut *connection)
            .await?;
    match there {
        false => Ok(None),
        true => sqlx::query_scalar("SELECT max(version) FROM hookwright_meta").fetch_one(connection).await,
    }
}

pub(super) async fn prepare(db: &OrgDb, pool: &Connections<sqlx::Sqlite>) -> Result<(), DbError> {
    let path = path(pool);
    if let Some(parent) = path.parent().filter(|p| !p.as_os_str().is_empty()) {
        tokio::fs::create_dir_all(parent).await.map_err(|e| DbError::Denied {
            message: format!("the directory \"{}\" cannot be made: {e}", parent.display()),
            grant: "mkdir the directory, writable for the host".to_owned(),
        })?;
    }
    begin(&path).await?;
    let mut connection = pool.acquire().await.map_err(|e| db.explain(e))?;
    write_ahead(&mut connection).await.map_err(|e| db.explain(e))?;
    let found = version(&mut connection).await.map_err(|e| db.explain(e))?;
    if newer(found)? == bookkeeping::SQLITE.len() && known(db, &mut connection).await? {
        return Ok(());
    }
    begin_immediate(&mut connection).await.map_err(|e| db.explain(e))?;
    let done = migrate(db, &mut connection).await;
    let end = if done.is_ok() { "COMMIT" } else { "ROLLBACK" };
    Script::of(Dialect::Sqlite, end).sqlite(&mut connection).await.map_err(|e| db.explain(e))?;
    done
}

/// Makes the file, here alone: one that is gone later must not be taken for a new one.
async fn begin(path: &std::path::Path) -> Result<(), DbError> {
    let open = tokio::fs::OpenOptions::new().create(true).append(true).open(path).await;
    open.map(drop).map_err(|e| DbError::Denied {
        message: format!("the file \"{}\" cannot be made or written: {e}", path.display()),
        grant: "chmod u+rw on the file and its directory".to_owned(),
    })
}

async fn known(db: &OrgDb, connection: &mut SqliteConnection) -> Result<bool, DbError> {
    let query =
        sqlx::query_scalar("SELECT count(*) > 0 FROM hookwright_org WHERE org = ?").bind(db.org().as_str());
    query.fetch_one(connection).await.map_err(|e| db.explain(e))
}

async fn migrate(db: &OrgDb, connection: &mut SqliteConnection) -> Result<(), DbError> {
    let found = version(connection).await.map_err(|e| db.explain(e))?;
    let mut script = Script::new(Dialect::Sqlite);
    for step in &bookkeeping::SQLITE[newer(found)?..] {
        script.sql(step);
    }
    script.sql("INSERT INTO hookwright_org (org, revision) VALUES (").text(db.org().as_str());
    script.sql(", 0) ON CONFLICT (org) DO NOTHING;");
    script.sqlite(connection).await.map_err(|e| db.explain(e))?;
    one_organisation(db, connection).await
}

/// A file is one organisation's: a second one would claim the first one's tables.
async fn one_organisation(db: &OrgDb, connection: &mut SqliteConnection) -> Result<(), DbError> {
    let other: Option<String> = sqlx::query_scalar("SELECT org FROM hookwright_org WHERE org <> ?")
        .bind(db.org().as_str())
        .fetch_optional(connection)
        .await
        .map_err(|e| db.explain(e))?;
    match other {
        None => Ok(()),
        Some(other) => Err(DbError::Address(format!(
            "the file belongs to the organisation \"{other}\", not to \"{}\"; give each organisation a file of its own",
            db.org()
        ))),
    }
}
