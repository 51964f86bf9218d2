//! A SQLite file of its own for each test, in a temporary directory that goes with it.

use std::path::{Path, PathBuf};

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, SqliteConnection};
use tempfile::TempDir;

/// A place for a SQLite database: the file is made by the first connection to it.
#[derive(Debug)]
pub struct TestFile {
    directory: TempDir,
    path: PathBuf,
}

impl TestFile {
    /// A fresh place.
    ///
    /// # Panics
    /// If there can be no temporary directory.
    pub fn create() -> Self {
        let directory = TempDir::with_prefix("hookwright-").expect("a temporary directory");
        let path = directory.path().join("org.db");
        Self { directory, path }
    }

    /// The database file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The directory around it, for whatever else the test writes.
    pub fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// The URL of the file.
    pub fn url(&self) -> String {
        format!("sqlite://{}", self.path.display())
    }

    /// A new connection; makes the file if there is none.
    ///
    /// # Panics
    /// If it cannot be opened.
    pub async fn connect(&self) -> SqliteConnection {
        SqliteConnectOptions::new()
            .filename(&self.path)
            .create_if_missing(true)
            .connect()
            .await
            .expect("a connection to the test file")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sqlx::Connection;

    #[tokio::test]
    async fn the_file_holds_what_was_written_and_goes_with_its_place() {
        let file = TestFile::create();
        let mut first = file.connect().await;
        sqlx::raw_sql("CREATE TABLE t (a INTEGER); INSERT INTO t VALUES (7)")
            .execute(&mut first)
            .await
            .unwrap();
        let mut second = SqliteConnection::connect(&file.url()).await.unwrap();
        let a: i64 = sqlx::query_scalar("SELECT a FROM t").fetch_one(&mut second).await.unwrap();
        assert_eq!(a, 7);
        let path = file.path().to_owned();
        drop((first, second, file));
        assert!(!path.exists());
    }
}
