//! How a database is: what `org check` shows, and who holds the locks a change waits for.

use std::fmt;
use std::time::Instant;

use hookwright_core::ident::Ident;
use serde::Serialize;
use sqlx::postgres::PgPool;
use sqlx::sqlite::SqlitePool;

use super::{BOOKKEEPING_VERSION, DbError, OrgDb, Pool, postgres, sqlite};

/// What `org check` shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CheckReport {
    /// The server or library, with its version.
    pub server: String,
    /// Who the host is there; on SQLite the file.
    pub role: String,
    /// Microseconds of one round trip.
    pub latency_us: u64,
    /// The version of the bookkeeping; absent before the first use.
    pub bookkeeping: Option<i64>,
    /// Whether the organisation's schema or file exists.
    pub exists: bool,
    /// What stands in the way, each with what to do.
    pub problems: Vec<String>,
}

/// A session that holds a lock on a table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Blocker {
    /// Its process id.
    pub pid: i32,
    /// Its role; what it is if it has none, such as `autovacuum worker`.
    pub role: String,
    /// The name its program gave.
    pub application: String,
    /// What it is doing, such as `idle in transaction`.
    pub state: String,
    /// Seconds since its transaction began.
    pub seconds: i64,
    /// The table, or `(the organisation)` for the lock that each change takes.
    pub table: String,
    /// The lock it holds, such as `AccessShareLock`.
    pub lock: String,
}

impl fmt::Display for Blocker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { pid, role, application, state, seconds, table, lock } = self;
        write!(
            f,
            "session {pid} of \"{role}\" ({application}, {state} for {seconds} s) with {lock} on \"{table}\""
        )
    }
}

const BLOCKERS: &str = "SELECT * FROM (SELECT DISTINCT ON (l.pid) l.pid, coalesce(a.usename::text, a.backend_type, '?') AS role, \
    coalesce(nullif(a.application_name, ''), 'no application name') AS application, coalesce(a.state, '?') AS state, \
    coalesce(extract(epoch FROM clock_timestamp() - a.xact_start), 0)::bigint AS seconds, \
    coalesce(c.relname::text, '(the organisation)') AS table, l.mode AS lock \
    FROM pg_catalog.pg_locks l \
    LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid \
    LEFT JOIN pg_catalog.pg_class c ON c.oid = l.relation AND l.locktype = 'relation' \
    LEFT JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
    WHERE l.granted AND l.pid <> pg_backend_pid() \
    AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database()) \
    AND ((n.nspname = $1 AND c.relname = ANY ($2)) OR (l.locktype = 'advisory' AND l.objsubid = 1 \
        AND (l.classid::bigint << 32) | l.objid::bigint = $3)) \
    ORDER BY l.pid) AS found ORDER BY seconds DESC, pid LIMIT 10";

impl OrgDb {
    /// Who holds locks on `tables`, or the organisation's own lock. SQLite cannot say.
    ///
    /// # Errors
    /// What the database says.
    pub async fn blockers(&self, tables: &[Ident]) -> Result<Vec<Blocker>, DbError> {
        let Pool::Postgres(pool) = self.pool() else { return Ok(Vec::new()) };
        let names: Vec<_> = tables.iter().map(|t| t.as_str().to_owned()).collect();
        let ask = || async {
            let query = sqlx::query_as::<_, (i32, String, String, String, i64, String, String)>(BLOCKERS);
            query.bind(self.org().as_str()).bind(&names).bind(self.lock_key()).fetch_all(pool).await
        };
        let rows = reading!(self, ask())?;
        let blocker = |(pid, role, application, state, seconds, table, lock)| Blocker {
            pid,
            role,
            application,
            state,
            seconds,
            table,
            lock,
        };
        Ok(rows.into_iter().map(blocker).collect())
    }

    /// How the database is. Changes nothing.
    ///
    /// # Errors
    /// [`DbError::Unreachable`]; what is wrong with a database that answers is in the report.
    pub async fn check(&self) -> Result<CheckReport, DbError> {
        match self.pool() {
            Pool::Postgres(pool) => self.check_postgres(pool).await,
            Pool::Sqlite(pool) => self.check_sqlite(pool).await,
        }
    }

    async fn check_postgres(&self, pool: &PgPool) -> Result<CheckReport, DbError> {
        let mut connection = pool.acquire().await.map_err(|e| self.explain(e))?;
        let standing = postgres::standing(self, &mut connection).await?;
        let bookkeeping = match standing.own {
            Some(true) => postgres::version(&mut connection).await.map_err(|e| self.explain(e))?,
            _ => None,
        };
        let start = Instant::now();
        sqlx::query("SELECT 1").execute(&mut *connection).await.map_err(|e| self.explain(e))?;
        let latency_us = micros(start);
        let missing = standing.unfit().into_iter().chain(standing.missing(self.org().as_str()));
        Ok(CheckReport {
            server: format!("PostgreSQL {}", standing.server),
            role: standing.role.clone(),
            latency_us,
            bookkeeping,
            exists: standing.schema.is_some(),
            problems: problems(missing.chain(too_new(bookkeeping))),
        })
    }

    async fn check_sqlite(&self, pool: &SqlitePool) -> Result<CheckReport, DbError> {
        let file = sqlite::path(pool);
        let role = file.display().to_string();
        if !file.exists() {
            let server = "SQLite".to_owned();
            return Ok(CheckReport {
                server,
                role,
                latency_us: 0,
                bookkeeping: None,
                exists: false,
                problems: vec![],
            });
        }
        let mut connection = pool.acquire().await.map_err(|e| self.explain(e))?;
        let bookkeeping = sqlite::version(&mut connection).await.map_err(|e| self.explain(e))?;
        let start = Instant::now();
        let query = sqlx::query_scalar("SELECT sqlite_version()");
        let version: String = query.fetch_one(&mut *connection).await.map_err(|e| self.explain(e))?;
        let latency_us = micros(start);
        let server = format!("SQLite {version}");
        Ok(CheckReport {
            server,
            role,
            latency_us,
            bookkeeping,
            exists: true,
            problems: problems(too_new(bookkeeping)),
        })
    }
}

fn micros(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_micros()).unwrap_or(u64::MAX)
}

fn too_new(found: Option<i64>) -> Option<DbError> {
    let found = found.filter(|v| *v > BOOKKEEPING_VERSION)?;
    Some(DbError::Version { found, known: BOOKKEEPING_VERSION })
}

fn problems(found: impl IntoIterator<Item = DbError>) -> Vec<String> {
    let told = |e: DbError| match e.help() {
        Some(help) => format!("{e}; {help}"),
        None => e.to_string(),
    };
    found.into_iter().map(told).collect()
}
