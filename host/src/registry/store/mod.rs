//! The control database: organisations, plugins bound to them, components, tokens, keys of webhooks.
//!
//! Embedded SQLite. The host alone calls it; it touches one file, which only its
//! owner may read, because it holds addresses with passwords.

mod components;
mod derived;
mod differences;
mod failing;
mod file;
mod generation;
mod ignored;
mod migrate;
mod orgs;
mod plugins;
mod returned;
mod signers;
mod tokens;
mod uploads;
mod versions;
mod webhooks;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use sqlx::SqlitePool;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions, SqliteSynchronous};

pub(crate) use failing::at as failing_at;
pub use plugins::Binding;
pub use returned::{Faulty, Return};

use crate::error::{Error, Result};
use generation::{Generation, Numbers, Remembered};
use tokens::Known;

/// How long a statement waits for another host.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

/// Longest name of a token or key.
const MAX_NAME_BYTES: usize = 100;

/// The open control database. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Store {
    pool: SqlitePool,
    place: Arc<file::Place>,
    /// Whether this host made the file.
    made: bool,
    generation: Arc<Generation>,
    /// Tokens that were shown, by their ids.
    tokens: Arc<Remembered<Known>>,
}

impl Store {
    /// Opens the database at `path`; makes it, and migrates it forward, where needed.
    ///
    /// # Errors
    /// `config/invalid` if the file cannot be made or opened, or was written by a newer host.
    pub async fn open(path: &Path) -> Result<Self> {
        let made = file::prepare(path)?;
        let options = SqliteConnectOptions::new()
            .filename(path)
            .foreign_keys(true)
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(BUSY_TIMEOUT);
        let pool = SqlitePoolOptions::new().max_connections(4).connect_lazy_with(options);
        migrate::run(&pool, path).await?;
        let place = Arc::new(file::Place::of(path));
        Ok(Self { pool, place, made, generation: Arc::default(), tokens: Arc::default() })
    }

    /// Whether there was none before: it knows no organisation then, whatever one that was there knew.
    #[must_use]
    pub fn is_new(&self) -> bool {
        self.made
    }

    /// Whether the database answers.
    ///
    /// # Errors
    /// `host/fault`.
    pub async fn ping(&self) -> Result<()> {
        self.place.check()?;
        sqlx::query("SELECT 1").execute(&self.pool).await.map(drop).map_err(fault)
    }

    /// A number that changes whenever an organisation or a plugin does; for caches.
    ///
    /// # Errors
    /// `host/fault`.
    pub async fn generation(&self) -> Result<i64> {
        self.numbers().await.map(|numbers| numbers.registry)
    }

    async fn numbers(&self) -> Result<Numbers> {
        self.place.check()?;
        self.generation.read(&self.pool).await
    }

    /// Closes it.
    pub async fn close(&self) {
        self.pool.close().await;
    }
}

/// Any trouble with the control database is the host's own. Whoever sends a request is not told where it is.
fn fault(error: sqlx::Error) -> Error {
    failing::of(&error).because(error)
}

/// Now, as the tables keep it: RFC 3339, UTC, to the millisecond.
fn now() -> String {
    format!("{:.3}", jiff::Timestamp::now())
}

/// Whether a name that a person gave can be shown on a line.
fn is_plain(name: &str) -> bool {
    !name.is_empty() && name.len() <= MAX_NAME_BYTES && !name.chars().any(char::is_control)
}

#[cfg(test)]
mod testing {
    use super::Store;

    /// A fresh store, with the directory it is in.
    pub(super) async fn store() -> (Store, tempfile::TempDir) {
        let dir = tempfile::tempdir().expect("a directory");
        let store = Store::open(&dir.path().join("sub/control.db")).await.expect("a store");
        (store, dir)
    }
}
