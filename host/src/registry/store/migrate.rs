//! The tables of the control database, one script a version, run forward in one transaction.

use std::path::Path;
use std::time::Instant;

use sqlx::pool::PoolConnection;
use sqlx::sqlite::{Sqlite, SqliteConnection};
use sqlx::{Executor, SqlitePool};

use super::{BUSY_TIMEOUT, failing, fault};
use crate::ailing::ailing;
use crate::db::{Fault, fault as fault_of, plainly, sqlite_code};
use crate::error::{Error, Result};
use crate::executor::{begin_immediate, jittered, write_ahead};

/// Each script ends by setting `user_version` to its place, counted from 1.
const SCRIPTS: &[&str] = &[
    include_str!("migrations/0001_begin.sql"),
    include_str!("migrations/0002_ignored.sql"),
    include_str!("migrations/0003_derived.sql"),
    include_str!("migrations/0004_on_fault.sql"),
    include_str!("migrations/0005_quotas.sql"),
    include_str!("migrations/0006_returned.sql"),
    include_str!("migrations/0007_differences.sql"),
    include_str!("migrations/0008_webhook.sql"),
    include_str!("migrations/0009_signer.sql"),
    include_str!("migrations/0010_credentials.sql"),
];

pub(super) async fn run(pool: &SqlitePool, path: &Path) -> Result<()> {
    let mut connection = begin(pool).await.map_err(|e| unusable(path, e))?;
    match forward(&mut connection, path).await {
        Ok(()) => connection.execute("COMMIT").await.map(drop).map_err(|e| unusable(path, e)),
        Err(error) => {
            connection.execute("ROLLBACK").await.map_err(fault)?;
            Err(error)
        }
    }
}

/// Begins a transaction: two hosts may start at once, so the version is read under the lock.
async fn begin(pool: &SqlitePool) -> sqlx::Result<PoolConnection<Sqlite>> {
    let (begun, mut nth) = (Instant::now(), 0);
    loop {
        nth += 1;
        match try_begin(pool).await {
            Err(error) if fault_of(&error) == Fault::Locked && begun.elapsed() < BUSY_TIMEOUT => {
                tokio::time::sleep(jittered(50, 1_000, nth)).await;
            }
            other => return other,
        }
    }
}

async fn try_begin(pool: &SqlitePool) -> sqlx::Result<PoolConnection<Sqlite>> {
    let mut connection = pool.acquire().await?;
    write_ahead(&mut connection).await?;
    begin_immediate(&mut connection).await?;
    Ok(connection)
}

async fn forward(connection: &mut SqliteConnection, path: &Path) -> Result<()> {
    let query = sqlx::query_scalar("PRAGMA user_version");
    let version: i64 = query.fetch_one(&mut *connection).await.map_err(|e| unusable(path, e))?;
    let done = usize::try_from(version).unwrap_or(usize::MAX);
    if done > SCRIPTS.len() {
        let message = format!(
            "the control database \"{}\" has version {version}, this host knows up to {}",
            path.display(),
            SCRIPTS.len()
        );
        return Err(Error::new("config/invalid", message).help("use the newer host that wrote it"));
    }
    for script in &SCRIPTS[done..] {
        sqlx::raw_sql(*script).execute(&mut *connection).await.map_err(|e| unusable(path, e))?;
    }
    Ok(())
}

/// What stands in the way of opening it, with its path.
fn unusable(path: &Path, error: sqlx::Error) -> Error {
    if let sqlx::Error::Database(said) = &error
        && let Some(ailing) = ailing(path, sqlite_code(said.as_ref()), said.message())
    {
        let found = format!("the control database cannot be used: {}", ailing.found);
        return Error::new("config/invalid", found)
            .help(format!("{}; or set \"control.database\"", ailing.next));
    }
    if failing::is_locked(&error) {
        return failing::at(failing::of(&error), path);
    }
    let message = format!("the control database \"{}\" cannot be used", path.display());
    let help = "see that it is an SQLite file; or set \"control.database\"";
    Error::new("config/invalid", format!("{message}: {}", plainly(&error))).help(help)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use sqlx::ConnectOptions;
    use sqlx::sqlite::SqliteConnectOptions;

    use super::super::{Store, testing};
    use super::*;

    #[tokio::test]
    async fn opening_twice_migrates_once() {
        let (store, dir) = testing::store().await;
        let again = Store::open(&dir.path().join("sub/control.db")).await.expect("opens again");
        assert_eq!(store.generation().await.expect("a number"), again.generation().await.expect("a number"));
    }

    #[tokio::test]
    async fn hosts_that_start_at_once_migrate_once() {
        let dir = tempfile::tempdir().expect("a directory");
        for round in 0..20 {
            let path = dir.path().join(format!("{round}.db"));
            let open = |path: std::path::PathBuf| tokio::spawn(async move { Store::open(&path).await });
            for host in (0..8).map(|_| open(path.clone())).collect::<Vec<_>>() {
                host.await.expect("joined").unwrap_or_else(|e| panic!("round {round}: {e}"));
            }
        }
    }

    /// By a process of its own it is told the same; this one is both.
    #[tokio::test]
    async fn a_file_that_somebody_holds_is_told_with_who_it_is() {
        let (store, dir) = testing::store().await;
        let path = dir.path().join("sub/control.db");
        let mut holder = store.pool.acquire().await.expect("a connection");
        begin_immediate(&mut holder).await.expect("held");
        let options = SqliteConnectOptions::new().filename(&path).busy_timeout(Duration::ZERO);
        let mut other = options.connect().await.expect("connected");
        let error = begin_immediate(&mut other).await.expect_err("it is held");
        let told = unusable(&path, error);
        assert_eq!(told.code, "control/locked", "{told}");
        let who = format!("this host itself (process {})", std::process::id());
        assert!(told.message.contains(&path.display().to_string()) && told.message.contains(&who), "{told}");
        assert!(told.help.contains("fuser -v"), "{}", told.help);
    }

    #[tokio::test]
    async fn a_newer_or_foreign_file_is_refused() {
        let (store, dir) = testing::store().await;
        let path = dir.path().join("sub/control.db");
        sqlx::raw_sql("PRAGMA user_version = 99").execute(&store.pool).await.expect("set");
        let error = Store::open(&path).await.expect_err("refused");
        assert!(error.to_string().contains("has version 99"), "{error}");
        let text = dir.path().join("notes.txt");
        std::fs::write(&text, "no database ".repeat(100)).expect("written");
        assert_eq!(Store::open(&text).await.expect_err("refused").code, "config/invalid");
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn only_its_owner_may_read_it() {
        use std::os::unix::fs::PermissionsExt;
        let (_store, dir) = testing::store().await;
        let mode = |p: &str| std::fs::metadata(dir.path().join(p)).expect("it").permissions().mode() & 0o777;
        assert_eq!((mode("sub"), mode("sub/control.db")), (0o700, 0o600));
        assert_eq!(mode("sub/control.db-wal"), 0o600);
    }
}
