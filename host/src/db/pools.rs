//! The databases that a host knows: found by address, shared by the organisations on them, forgotten when nobody needs
//! them any more. The host keeps one [`Pools`]; [`OrgDb`](super::OrgDb) is made from it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use serde::Serialize;
use sqlx::ConnectOptions;
use sqlx::postgres::Postgres;
use sqlx::sqlite::{Sqlite, SqliteSynchronous};

use super::address;
use super::commons::Commons;
use super::error::DbError;
use super::home::{Home, lock};
use super::options::DbOptions;
use crate::circuit::CircuitState;

/// The databases of a host, and the bound on their connections. Cheap to clone; all clones share them.
#[derive(Debug, Clone)]
pub struct Pools {
    known: Arc<Known>,
}

/// Databases by address, password included: with another one it is another database to the host.
#[derive(Debug)]
pub(crate) struct Known {
    commons: Arc<Commons>,
    pub(super) databases: Mutex<HashMap<String, Entry>>,
}

/// A database of either kind.
#[derive(Debug, Clone)]
pub(super) enum Entry {
    Postgres(Arc<Home<Postgres>>),
    Sqlite(Arc<Home<Sqlite>>),
}

/// The same of a database of either kind.
macro_rules! either {
    ($entry:expr, $home:ident => $what:expr) => {
        match $entry {
            Entry::Postgres($home) => $what,
            Entry::Sqlite($home) => $what,
        }
    };
}

/// How many connections there are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Count {
    /// In use.
    pub used: usize,
    /// Open, and used by nobody.
    pub idle: usize,
    /// At most so many are in use at the same time.
    pub most: usize,
}

/// How all databases of a host fare.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PoolsState {
    /// Connections in all.
    pub connections: Count,
    /// Databases that the host knows now, by the state of their circuits, in the order of [`CircuitState::ALL`].
    pub databases: [usize; 3],
}

impl Default for Pools {
    fn default() -> Self {
        Self::new(&DbOptions::default())
    }
}

impl Pools {
    /// No databases yet, and the bound on all of them together.
    #[must_use]
    pub fn new(options: &DbOptions) -> Self {
        let known = Arc::new_cyclic(|known| Known {
            commons: Arc::new(Commons::new(options, known.clone())),
            databases: Mutex::default(),
        });
        Self { known }
    }

    /// A PostgreSQL database; not connected to yet.
    pub(super) fn postgres(&self, url: &str, options: &DbOptions) -> Result<Arc<Home<Postgres>>, DbError> {
        let mut databases = lock(&self.known.databases);
        if let Some(Entry::Postgres(home)) = databases.get(url) {
            return Ok(home.clone());
        }
        let connecting = address::postgres(url)?;
        let connecting = connecting
            .application_name("hookwright")
            // Rows that a policy hides from the host are an error: what it counts and converts is all of them.
            .options([("standard_conforming_strings", "on"), ("row_security", "off")])
            .disable_statement_logging();
        let commons = self.known.commons.clone();
        let server = commons.server(format!("{}:{}", connecting.get_host(), connecting.get_port()));
        let at = (crate::config::redact(url), server, None);
        let home = Arc::new(Home::new(at, connecting, options, commons));
        databases.insert(url.to_owned(), Entry::Postgres(home.clone()));
        Ok(home)
    }

    /// An SQLite file. Its first use, not each connection, makes it keep a write-ahead log: SQLite may refuse that at
    /// once while another connection tries the same.
    pub(super) fn sqlite(&self, url: &str, options: &DbOptions) -> Result<Arc<Home<Sqlite>>, DbError> {
        let mut databases = lock(&self.known.databases);
        if let Some(Entry::Sqlite(home)) = databases.get(url) {
            return Ok(home.clone());
        }
        let connecting = address::sqlite(url)?;
        let connecting = connecting
            .create_if_missing(false)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(std::time::Duration::from_millis(u64::from(options.lock_timeout_ms)))
            .disable_statement_logging();
        let commons = self.known.commons.clone();
        let file = connecting.get_filename().to_owned();
        let at = (url.to_owned(), commons.server(url.to_owned()), Some(file));
        let home = Arc::new(Home::new(at, connecting, options, commons));
        databases.insert(url.to_owned(), Entry::Sqlite(home.clone()));
        Ok(home)
    }

    /// Closes connections that were idle for long, and forgets databases that no organisation in use is on.
    pub(crate) fn sweep(&self, now: Instant) {
        lock(&self.known.databases).retain(|_, entry| {
            either!(entry, home => {
                home.sweep(now);
                Arc::strong_count(home) > 1 || !home.is_forgotten(now)
            })
        });
    }

    /// How all databases fare.
    #[must_use]
    pub fn state(&self) -> PoolsState {
        let open = &self.known.commons.open;
        let mut state = PoolsState::default();
        for entry in lock(&self.known.databases).values() {
            let (idle, circuit) = either!(entry, home => (home.idle(), lock(&home.circuit).state()));
            state.connections.idle += idle;
            let at = CircuitState::ALL.iter().position(|state| *state == circuit);
            state.databases[at.unwrap_or_default()] += 1;
        }
        state.connections.used = open.taken().saturating_sub(state.connections.idle);
        state.connections.most = open.most;
        state
    }
}

impl Known {
    /// Closes the connection that was idle for longest, of any database.
    pub(super) fn evict(&self) {
        let databases = lock(&self.databases);
        let idle = databases.values().filter_map(|e| Some((either!(e, home => home.oldest())?, e)));
        if let Some((_, entry)) = idle.min_by_key(|(since, _)| *since) {
            either!(entry, home => home.evict());
        }
    }
}
