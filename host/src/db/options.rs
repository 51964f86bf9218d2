//! How databases are connected to: options with their defaults, and the pools that organisations of one database share.

use std::collections::HashMap;
use std::str::FromStr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use sqlx::ConnectOptions;
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqlitePool, SqlitePoolOptions, SqliteSynchronous};

use super::error::DbError;

/// How databases are connected to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DbOptions {
    /// Most connections to one database, whatever number of organisations it has. Default 16: a server has 100.
    pub max_connections: u32,
    /// How long to wait for a connection. Default 5 s.
    pub connect_timeout_ms: u64,
    /// How long an idle connection is kept. Default 5 min.
    pub idle_timeout_ms: u64,
    /// How long a statement waits for a lock. Default 500 ms: others queue behind a waiting strong lock.
    pub lock_timeout_ms: u32,
    /// How long a statement of a change may take. Default 5 min.
    pub statement_timeout_ms: u32,
    /// How long a probe may take. Default 5 s: it answers a question, it may stay unanswered.
    pub probe_timeout_ms: u32,
}

impl Default for DbOptions {
    fn default() -> Self {
        Self {
            max_connections: 16,
            connect_timeout_ms: 5_000,
            idle_timeout_ms: 300_000,
            lock_timeout_ms: 500,
            statement_timeout_ms: 300_000,
            probe_timeout_ms: 5_000,
        }
    }
}

/// Connections by database. Cheap to clone; all clones share them.
#[derive(Debug, Clone, Default)]
pub struct Pools {
    postgres: Arc<Mutex<HashMap<String, PgPool>>>,
}

impl Pools {
    /// The pool of a PostgreSQL database; made, but not connected, on first use.
    pub(crate) fn postgres(&self, url: &str, options: &DbOptions) -> Result<PgPool, DbError> {
        let mut pools = self.postgres.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(pool) = pools.get(url) {
            return Ok(pool.clone());
        }
        let connect = PgConnectOptions::from_str(url).map_err(|e| DbError::Address(e.to_string()))?;
        let connect = connect
            .application_name("hookwright")
            .options([("standard_conforming_strings", "on")])
            .disable_statement_logging();
        let pool = PgPoolOptions::new()
            .max_connections(options.max_connections)
            .min_connections(0)
            .acquire_timeout(Duration::from_millis(options.connect_timeout_ms))
            .idle_timeout(Duration::from_millis(options.idle_timeout_ms))
            .test_before_acquire(false)
            .connect_lazy_with(connect);
        pools.insert(url.to_owned(), pool.clone());
        Ok(pool)
    }
}

/// The pool of an SQLite file. Its first use, not each connection, makes it keep a write-ahead log: SQLite may
/// refuse that at once while another connection tries the same.
pub(crate) fn sqlite(url: &str, options: &DbOptions) -> Result<SqlitePool, DbError> {
    let connect = SqliteConnectOptions::from_str(url).map_err(|e| DbError::Address(e.to_string()))?;
    if connect.get_filename().as_os_str().is_empty() || url.contains(":memory:") {
        let why = "an organisation's SQLite database is a file; give sqlite:///path/to/file.db";
        return Err(DbError::Address(why.to_owned()));
    }
    let connect = connect
        .create_if_missing(true)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(Duration::from_millis(u64::from(options.lock_timeout_ms)))
        .disable_statement_logging();
    Ok(SqlitePoolOptions::new()
        .max_connections(5)
        .min_connections(0)
        .acquire_timeout(Duration::from_millis(options.connect_timeout_ms))
        .idle_timeout(Duration::from_millis(options.idle_timeout_ms))
        .test_before_acquire(false)
        .connect_lazy_with(connect))
}
