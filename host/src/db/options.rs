//! How databases are connected to: options with their defaults.

use serde::{Deserialize, Serialize};

/// How databases are connected to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DbOptions {
    /// Most connections to one database, whatever number of organisations it has. Default 16: a server has 100.
    /// Of this bound and the two below a quarter is for work that may last long, such as steps of large tables.
    pub max_connections: u32,
    /// Most connections of one organisation. Default 8: half of a database, whatever one of its organisations does.
    pub max_connections_per_org: u32,
    /// Most connections of the host, to all databases together. Default 64: a few busy databases, or many calm ones.
    pub max_connections_total: u32,
    /// How long to wait for a turn, and how long for a connection. Default 5 s.
    pub connect_timeout_ms: u64,
    /// How long an answer may be due before the database is tried beside, on a new connection. If none comes about
    /// within as long again, the database hangs and is waited for no more. Default 5 s: long enough for a busy one.
    pub hang_timeout_ms: u64,
    /// How long a connection, and what is known of an organisation, is kept while nobody needs it. Default 5 min.
    pub idle_timeout_ms: u64,
    /// How long a read may take before its connection counts as dead. Default 30 s: reads take milliseconds.
    pub read_timeout_ms: u64,
    /// Changes of one organisation that may be under way or wait for their turn. Default 256.
    pub max_changes_per_org: u32,
    /// Failures in a row to reach a database after which it is not tried for a while. Default 5.
    pub circuit_failures: u32,
    /// For how long the first time; doubled each time that a try fails. Default 1 s.
    pub circuit_wait_ms: u64,
    /// The longest. Default 30 s: so long may a database be back unnoticed.
    pub circuit_wait_max_ms: u64,
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
            max_connections_per_org: 8,
            max_connections_total: 64,
            connect_timeout_ms: 5_000,
            hang_timeout_ms: 5_000,
            idle_timeout_ms: 300_000,
            read_timeout_ms: 30_000,
            max_changes_per_org: 256,
            circuit_failures: 5,
            circuit_wait_ms: 1_000,
            circuit_wait_max_ms: 30_000,
            lock_timeout_ms: 500,
            statement_timeout_ms: 300_000,
            probe_timeout_ms: 5_000,
        }
    }
}
