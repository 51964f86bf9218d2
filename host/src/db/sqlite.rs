//! First use of an organisation's SQLite file: the file, the bookkeeping, the organisation's row.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use hookwright_core::ddl::Dialect;
use sqlx::sqlite::SqliteConnection;

use crate::ailing::{denied, directory, full};
use crate::executor::{begin_immediate, settle_file, write_ahead};

use super::gate::Script;
use super::postgres::{lost, newer};
use super::reach::of_file;
use super::{Connections, DbError, OrgDb, Pool, bookkeeping};

/// The organisation's file.
pub(super) fn path(pool: &Connections<sqlx::Sqlite>) -> PathBuf {
    pool.connecting().get_filename().to_owned()
}

/// The version of the bookkeeping; none before its first use, less than none if it is lost.
pub(super) async fn version(connection: &mut SqliteConnection) -> sqlx::Result<Option<i64>> {
    let there: bool =
        sqlx::query_scalar("SELECT count(*) > 0 FROM sqlite_master WHERE name = 'hookwright_meta'")
            .fetch_one(&mut *connection)
            .await?;
    match there {
        false => Ok(None),
        true => {
            sqlx::query_scalar("SELECT coalesce(max(version), -1) FROM hookwright_meta")
                .fetch_one(connection)
                .await
        }
    }
}

pub(super) async fn prepare(db: &OrgDb, pool: &Connections<sqlx::Sqlite>) -> Result<(), DbError> {
    let path = path(pool);
    begin(db, &path).await?;
    let mut connection = pool.acquire().await.map_err(|e| db.explain(e))?;
    write_ahead(&mut connection).await.map_err(|e| db.explain(e))?;
    let found = version(&mut connection).await.map_err(|e| db.explain(e))?;
    lost(db, found)?;
    if newer(found)? == bookkeeping::SQLITE.len() && known(db, &mut connection).await? {
        return Ok(());
    }
    begin_immediate(&mut connection).await.map_err(|e| db.explain(e))?;
    let done = migrate(db, &mut connection).await;
    let end = if done.is_ok() { "COMMIT" } else { "ROLLBACK" };
    Script::of(Dialect::Sqlite, end).sqlite(&mut connection).await.map_err(|e| db.explain(e))?;
    settle_file(&mut connection, db.options().lock_timeout_ms).await;
    done
}

/// Makes the file, here alone: one that is gone later must not be taken for a new one. One that is there is not opened:
/// closing it would take away the locks of connections to it (see `reach/sqlite.rs`).
async fn begin(db: &OrgDb, path: &Path) -> Result<(), DbError> {
    match tokio::fs::OpenOptions::new().create_new(true).write(true).open(path).await {
        Err(e) if e.kind() == ErrorKind::NotFound => Err(db.no_directory(path)),
        Err(e) if e.kind() != ErrorKind::AlreadyExists => Err(not_made(path, &e)),
        _ => Ok(()),
    }
}

/// Makes the directory of the file.
pub(super) async fn make_directory(pool: &Connections<sqlx::Sqlite>) -> Result<(), DbError> {
    let path = path(pool);
    tokio::fs::create_dir_all(directory(&path)).await.map_err(|e| not_made(&path, &e))
}

/// That a file, or its directory, cannot be made: it is the nearest directory that is there which does not let us.
fn not_made(path: &Path, error: &std::io::Error) -> DbError {
    let there = path.ancestors().skip(1).find(|directory| directory.exists());
    let within = there.unwrap_or(Path::new(".")).join(path.file_name().unwrap_or_default());
    let said = format!("\"{}\" cannot be made: {error}", path.display());
    let ailing = match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => full(&within, &said),
        _ => denied(&within, &said),
    };
    DbError::Unusable(Box::new(of_file(ailing)))
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
        Some(other) => {
            let Pool::Sqlite(pool) = db.pool() else { return Ok(()) };
            let file = path(pool).display().to_string();
            Err(DbError::Taken { org: db.org().to_string(), file, other })
        }
    }
}
