//! How many connections a PostgreSQL server has, who holds them, and how many are left.

use std::fmt;

use sqlx::Row;
use sqlx::postgres::{PgConnection, PgRow};

use super::{DbError, OrgDb, Pool};

/// Groups that a message names; the rest are counted.
const MOST: usize = 6;

/// The name that hosts give to their sessions.
const OURS: &str = "hookwright";

/// The connections of a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerLoad {
    /// The server's `max_connections`.
    pub allowed: i64,
    /// Of them, those only superusers get.
    pub reserved: i64,
    /// Those in use.
    pub used: i64,
    /// Who has them, most first.
    pub groups: Vec<Group>,
}

/// Connections of one kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// The role.
    pub role: String,
    /// The name the program gave.
    pub application: String,
    /// What they do, such as `idle`; `?` where the host's role may not see it.
    pub state: String,
    /// How many.
    pub count: i64,
}

impl ServerLoad {
    /// Those that others than superusers can still get.
    #[must_use]
    pub fn left(&self) -> i64 {
        (self.allowed - self.reserved - self.used).max(0)
    }

    /// What to do when there are none.
    #[must_use]
    pub fn advice() -> &'static str {
        "end idle ones of programs that need them no more: SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
         WHERE state = 'idle' AND application_name = '…'; lower their pools, put a pooler before the server, or raise \
         max_connections; the host itself takes at most max_connections of [database]"
    }
}

impl fmt::Display for ServerLoad {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { allowed, reserved, used, groups } = self;
        write!(f, "{used} of {allowed} are in use ({reserved} are for superusers): ")?;
        let each = |g: &Group| format!("{} {} of \"{}\" ({})", g.count, g.state, g.role, g.application);
        let named: Vec<_> = groups.iter().take(MOST).map(each).collect();
        let rest: i64 = groups.iter().skip(MOST).map(|g| g.count).sum();
        f.write_str(&named.join(", "))?;
        if rest > 0 {
            write!(f, ", and {rest} others")?;
        }
        let own = groups.iter().filter(|g| g.application == OURS);
        let (ours, idle) = own.fold((0, 0), |(all, idle), g| {
            (all + g.count, idle + if g.state == "idle" { g.count } else { 0 })
        });
        if ours > 0 {
            write!(f, "; {ours} of them are Hookwright's own, {idle} of these idle")?;
        }
        Ok(())
    }
}

const LIMITS: &str = "SELECT current_setting('max_connections')::bigint, \
    current_setting('superuser_reserved_connections')::bigint \
        + coalesce(current_setting('reserved_connections', true)::bigint, 0), \
    (SELECT count(*) FROM pg_catalog.pg_stat_activity WHERE backend_type = 'client backend')";

const GROUPS: &str = "SELECT coalesce(usename::text, '?'), coalesce(nullif(application_name, ''), 'no application name'), \
    coalesce(state, '?'), count(*) FROM pg_catalog.pg_stat_activity WHERE backend_type = 'client backend' \
    GROUP BY 1, 2, 3 ORDER BY 4 DESC, 1, 2, 3";

/// Counts them over a connection of their own server.
pub(super) async fn read(connection: &mut PgConnection) -> sqlx::Result<ServerLoad> {
    let limits = sqlx::query(LIMITS).fetch_one(&mut *connection).await?;
    let groups = sqlx::query(GROUPS).fetch_all(connection).await?;
    Ok(ServerLoad {
        allowed: limits.try_get(0)?,
        reserved: limits.try_get(1)?,
        used: limits.try_get(2)?,
        groups: groups.iter().map(group).collect::<sqlx::Result<_>>()?,
    })
}

fn group(row: &PgRow) -> sqlx::Result<Group> {
    Ok(Group {
        role: row.try_get(0)?,
        application: row.try_get(1)?,
        state: row.try_get(2)?,
        count: row.try_get(3)?,
    })
}

impl OrgDb {
    /// The connections of the organisation's server; SQLite has none.
    ///
    /// # Errors
    /// What the database says.
    pub async fn server_load(&self) -> Result<Option<ServerLoad>, DbError> {
        let Pool::Postgres(pool) = self.pool() else { return Ok(None) };
        let ask = || async { read(&mut *pool.acquire().await?).await };
        Ok(Some(reading!(self, ask())?))
    }
}
