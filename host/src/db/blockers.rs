//! Who is in the way of a change on PostgreSQL: sessions that hold locks on tables, or the lock of the organisation.
//! SQLite cannot say.

use std::fmt;
use std::time::Duration;

use hookwright_core::ddl::Dialect;
use hookwright_core::ident::Ident;
use serde::Serialize;
use sqlx::Row;
use sqlx::postgres::PgRow;

use super::gate::Script;
use super::{Connections, DbError, OrgDb, Pool};

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
    /// Whether the host's role may see the last two; else they are `?` and 0.
    pub seen: bool,
    /// The table, or `(the organisation)` for the lock that each change takes.
    pub table: String,
    /// The lock it holds, such as `AccessShareLock`.
    pub lock: String,
}

impl fmt::Display for Blocker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { pid, role, application, state, seconds, seen, table, lock } = self;
        write!(f, "session {pid} of \"{role}\" ({application}")?;
        match (*seen, state.as_str()) {
            (true, state) => write!(f, ", {state} for {seconds} s")?,
            // The host's role may not see it.
            (false, "?") => {}
            (false, state) => write!(f, ", {state}")?,
        }
        write!(f, ") with {lock} on \"{table}\"")
    }
}

/// What is told of a session; the last column tells its transaction from any other.
pub(super) const SESSION: &str = "l.pid, coalesce(a.usename::text, a.backend_type, '?'), \
    coalesce(nullif(a.application_name, ''), 'no application name'), coalesce(a.state, '?'), \
    coalesce(extract(epoch FROM clock_timestamp() - a.xact_start), 0)::bigint AS seconds, \
    a.xact_start IS NOT NULL, \
    coalesce(c.relname::text, '(the organisation)'), l.mode, l.virtualtransaction \
    FROM pg_catalog.pg_locks l \
    LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid \
    LEFT JOIN pg_catalog.pg_class c ON c.oid = l.relation AND l.locktype = 'relation' \
    LEFT JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
    WHERE l.granted AND l.pid <> pg_backend_pid() \
    AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database())";

impl OrgDb {
    /// Who holds locks on `tables`, or the organisation's own lock.
    ///
    /// # Errors
    /// What the database says.
    pub async fn blockers(&self, tables: &[Ident]) -> Result<Vec<Blocker>, DbError> {
        let Pool::Postgres(pool) = self.pool() else { return Ok(Vec::new()) };
        let mut script = Script::of(Dialect::Postgres, "SELECT * FROM (SELECT DISTINCT ON (l.pid) ");
        script.sql(SESSION).sql(" AND (").append(&self.on(tables));
        script.sql(" OR (l.locktype = 'advisory' AND l.objsubid = 1 AND (l.classid::bigint << 32) | l.objid::bigint = ");
        script
            .integer(self.lock_key())
            .sql(")) ORDER BY l.pid) AS found ORDER BY seconds DESC, pid LIMIT 10");
        Ok(self.sessions(pool, &script).await?.into_iter().map(|(blocker, _)| blocker).collect())
    }

    /// Who holds locks on a table of the bookkeeping.
    ///
    /// # Errors
    /// What the database says.
    pub(super) async fn holders_of_bookkeeping(&self, table: &str) -> Result<Vec<Blocker>, DbError> {
        let Pool::Postgres(pool) = self.pool() else { return Ok(Vec::new()) };
        let mut script = Script::of(Dialect::Postgres, "SELECT * FROM (SELECT DISTINCT ON (l.pid) ");
        script.sql(SESSION).sql(" AND n.nspname = 'hookwright' AND c.relname = ").text(table);
        script.sql(" ORDER BY l.pid) AS found ORDER BY seconds DESC, pid LIMIT 10");
        Ok(self.sessions(pool, &script).await?.into_iter().map(|(blocker, _)| blocker).collect())
    }

    /// Who has tables of the organisation to itself, so that they cannot even be read.
    ///
    /// # Errors
    /// What the database says.
    pub(super) async fn owners_of_tables(&self) -> Result<Vec<Blocker>, DbError> {
        let Pool::Postgres(pool) = self.pool() else { return Ok(Vec::new()) };
        let mut script = Script::of(Dialect::Postgres, "SELECT ");
        script
            .sql(SESSION)
            .sql(" AND l.mode = 'AccessExclusiveLock' AND n.nspname = ")
            .text(self.org().as_str());
        script.sql(" ORDER BY a.xact_start, l.pid, c.relname LIMIT 10");
        let script = self.only_reading(&script);
        Ok(self.sessions(pool, &script).await?.into_iter().map(|(blocker, _)| blocker).collect())
    }

    /// Whose transactions hold a lock on one of `tables` for longer than a statement of a change waits for its own.
    /// Where the host's role may not see how long that is, it looks twice.
    ///
    /// # Errors
    /// What the database says.
    pub async fn holders(&self, tables: &[Ident]) -> Result<Vec<Blocker>, DbError> {
        let Pool::Postgres(pool) = self.pool() else { return Ok(Vec::new()) };
        if tables.is_empty() {
            return Ok(Vec::new());
        }
        let patience_ms = self.options().lock_timeout_ms;
        let mut script = Script::of(Dialect::Postgres, "SELECT ");
        script.sql(SESSION).sql(" AND ").append(&self.on(tables));
        script.sql(" AND coalesce(clock_timestamp() - a.xact_start > ").integer(i64::from(patience_ms));
        script.sql(" * interval '1 ms', TRUE) ORDER BY a.xact_start, l.pid, c.relname, l.mode LIMIT 100");
        let script = self.only_reading(&script);
        let found = self.sessions(pool, &script).await?;
        if found.iter().all(|(blocker, _)| blocker.seen) {
            return Ok(found.into_iter().map(|(blocker, _)| blocker).collect());
        }
        tokio::time::sleep(Duration::from_millis(u64::from(patience_ms))).await;
        let again = self.sessions(pool, &script).await?;
        let stayed = again.into_iter().filter(|(b, transaction)| {
            b.seen
                || found
                    .iter()
                    .any(|(was, of)| of == transaction && was.table == b.table && was.lock == b.lock)
        });
        Ok(stayed.map(|(blocker, _)| blocker).collect())
    }

    /// Ends a session of a host that is stuck in a transaction; whether it was one. Those of others are never ended.
    ///
    /// # Errors
    /// What the database says.
    pub async fn end_own(&self, pid: i32) -> Result<bool, DbError> {
        let Pool::Postgres(pool) = self.pool() else { return Ok(false) };
        let end = || async {
            let ended: Option<bool> = sqlx::query_scalar(
                "SELECT pg_terminate_backend(pid) FROM pg_catalog.pg_stat_activity WHERE pid = $1 \
                 AND usename = current_user AND application_name = 'hookwright' AND state LIKE 'idle in transaction%'",
            )
            .bind(pid)
            .fetch_optional(&mut *pool.acquire().await?)
            .await?;
            Ok(ended.unwrap_or_default())
        };
        reading!(self, end())
    }

    /// That a lock, called `o`, is the organisation's.
    pub(super) fn own_lock(&self) -> Script {
        let mut script = Script::of(Dialect::Postgres, "o.locktype = 'advisory' AND o.objsubid = 1 ");
        script.sql("AND (o.classid::bigint << 32) | o.objid::bigint = ").integer(self.lock_key());
        script
    }

    /// That a lock is on one of `tables`.
    fn on(&self, tables: &[Ident]) -> Script {
        let mut script = Script::of(Dialect::Postgres, "(n.nspname = ");
        script.text(self.org().as_str()).sql(" AND c.relname = ANY (ARRAY[");
        script.texts(tables.iter().map(Ident::as_str)).sql("]::text[]))");
        script
    }

    pub(super) async fn sessions(
        &self,
        pool: &Connections<sqlx::Postgres>,
        script: &Script,
    ) -> Result<Vec<(Blocker, String)>, DbError> {
        let ask = || async {
            let rows = script.postgres(&mut *pool.acquire().await?).await?;
            rows.iter().map(session).collect::<sqlx::Result<Vec<_>>>()
        };
        reading!(self, ask())
    }
}

fn session(row: &PgRow) -> sqlx::Result<(Blocker, String)> {
    let blocker = Blocker {
        pid: row.try_get(0)?,
        role: row.try_get(1)?,
        application: row.try_get(2)?,
        state: row.try_get(3)?,
        seconds: row.try_get(4)?,
        seen: row.try_get(5)?,
        table: row.try_get(6)?,
        lock: row.try_get(7)?,
    };
    Ok((blocker, row.try_get(8)?))
}
