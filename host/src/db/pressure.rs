//! How the database of an organisation fares, as far as this host knows without asking it.

use std::time::{Duration, Instant};

use serde::Serialize;

use super::home::{Home, lock};
use super::lent::Connections;
use super::pools::Count;
use super::{DbError, OrgDb, Pool};
use crate::circuit::{CircuitState, Trouble};

/// How the database of an organisation fares.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Pressure {
    /// Its address, without the password.
    pub database: String,
    /// Whether it is tried.
    pub circuit: CircuitState,
    /// Failures in a row to reach it; as many as `database.circuit_failures` open the circuit.
    pub failures: u32,
    /// Since when it is not reached (RFC 3339, UTC).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<String>,
    /// What stood in the way last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cause: Option<String>,
    /// When it is tried next, if it is needed then (RFC 3339, UTC).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_try: Option<String>,
    /// Connections that the organisation uses; none of them stays its own when idle.
    pub of_org: Count,
    /// Connections to the database, of all organisations on it.
    pub of_database: Count,
}

impl OrgDb {
    /// How the database fares, as far as this host knows: nothing is asked of it.
    #[must_use]
    pub fn pressure(&self) -> Pressure {
        match self.pool() {
            Pool::Postgres(connections) => pressure(connections),
            Pool::Sqlite(connections) => pressure(connections),
        }
    }

    /// Says at once that the database is not tried, while that is so.
    pub(crate) async fn is_tried(&self) -> Result<(), DbError> {
        let tried = match self.pool() {
            Pool::Postgres(connections) => connections.home.refuse(),
            Pool::Sqlite(connections) => connections.home.refuse(),
        };
        match tried {
            Ok(()) => Ok(()),
            Err(error) => Err(self.reached(self.explain(error)).await),
        }
    }
}

fn pressure<DB: sqlx::Database>(Connections { home, org }: &Connections<DB>) -> Pressure {
    let (circuit, failures, trouble) = of_circuit(home);
    let now = Instant::now();
    let (since, next) = match &trouble {
        Some(trouble) => (Some(ago(now, trouble.since)), Some(ahead(now, trouble.next))),
        None => (None, None),
    };
    Pressure {
        database: home.address.clone(),
        circuit,
        failures,
        since,
        cause: (failures > 0).then(|| cause(home, trouble)),
        next_try: next,
        of_org: Count { used: org.taken(), idle: 0, most: org.most },
        of_database: Count { used: home.seats.taken(), idle: home.idle(), most: home.seats.most },
    }
}

/// What was found when it was looked into, or else what was met.
fn cause<DB: sqlx::Database>(home: &Home<DB>, trouble: Option<Trouble>) -> String {
    let found = home.looked.known().map(|found| found.found);
    found.unwrap_or_else(|| trouble.map_or_else(|| home.last_miss(), |trouble| trouble.cause))
}

fn of_circuit<DB: sqlx::Database>(home: &Home<DB>) -> (CircuitState, u32, Option<Trouble>) {
    let circuit = lock(&home.circuit);
    (circuit.state(), circuit.failures(), circuit.trouble().cloned())
}

fn ago(now: Instant, then: Instant) -> String {
    stamp(jiff::Timestamp::now() - jiff_of(now.saturating_duration_since(then)))
}

fn ahead(now: Instant, then: Instant) -> String {
    stamp(jiff::Timestamp::now() + jiff_of(then.saturating_duration_since(now)))
}

/// A difference that a clock can bear.
fn jiff_of(duration: Duration) -> jiff::SignedDuration {
    jiff::SignedDuration::try_from(duration).unwrap_or(jiff::SignedDuration::ZERO)
}

fn stamp(at: jiff::Timestamp) -> String {
    format!("{at:.3}")
}
