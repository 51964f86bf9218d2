//! How many connections a PostgreSQL server has, who holds them, and how many are left.

use std::fmt;

use sqlx::Row;
use sqlx::postgres::{PgConnection, PgRow};

use super::home::Home;
use super::{DbError, OrgDb, Pool};

/// Groups that a message names; the rest are counted.
const MOST: usize = 6;

/// What stands for a program that gave no name.
const UNNAMED: &str = "no application name";

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
    /// What they do, such as `idle`; none where the host's role may not see it.
    pub state: Option<String>,
    /// How many.
    pub count: i64,
}

impl Group {
    fn is_idle(&self) -> bool {
        self.state.as_deref() == Some("idle")
    }
}

impl fmt::Display for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { role, application, state, count } = self;
        let state = state.as_ref().map(|state| format!(" {state}")).unwrap_or_default();
        write!(f, "{count}{state} of \"{role}\" ({application})")
    }
}

impl ServerLoad {
    /// Those that others than superusers can still get.
    #[must_use]
    pub fn left(&self) -> i64 {
        (self.allowed - self.reserved - self.used).max(0)
    }

    /// What to do when there are none: about those who have the most of them.
    #[must_use]
    pub fn advice(&self, own: &Own) -> String {
        let ours: i64 = self.groups.iter().filter(|g| g.application == OURS).map(|g| g.count).sum();
        if ours * 2 > self.used {
            return format!(
                "most of them are of hosts of Hookwright: {}, in the configuration of each of them; or raise max_connections of the server",
                own.bounds()
            );
        }
        let others = || self.groups.iter().filter(|g| g.application != OURS);
        let named = others().find(|g| g.is_idle()).or_else(|| others().next());
        let ended = named.map(|g| {
            format!(
                "end what the program \"{}\" of the role \"{}\" needs no more, as that role or an administrator: SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE state = 'idle' AND application_name = {}; ",
                g.application.escape_default(),
                g.role.escape_default(),
                quoted(&g.application)
            )
        });
        format!("{}{}", ended.unwrap_or_default(), Self::general(own))
    }

    /// What to do whoever has them.
    #[must_use]
    pub(super) fn general(own: &Own) -> String {
        format!(
            "lower the pools of programs, put a pooler before the server, or raise its max_connections; those of this host: {}",
            own.bounds()
        )
    }
}

/// Connections of this host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Own {
    /// To the database, used or being made, and idle.
    pub here: usize,
    /// As many may it have there.
    pub most_here: u32,
    /// To all databases.
    pub everywhere: usize,
    /// As many may it have in all.
    pub most: u32,
}

impl Own {
    fn bounds(&self) -> String {
        format!(
            "lower database.max_connections ({} now, for each database) or database.max_connections_total ({} now)",
            self.most_here, self.most
        )
    }
}

impl fmt::Display for Own {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { here, most_here, everywhere, most } = self;
        write!(
            f,
            "this host has, or tries to make, {here} to this database of the {most_here} it may have (database.max_connections), and {everywhere} to all of {most} (database.max_connections_total)"
        )
    }
}

/// A name as a literal of SQL, for people to copy.
fn quoted(name: &str) -> String {
    match name {
        UNNAMED => "''".to_owned(),
        name => format!("'{}'", name.replace('\'', "''")),
    }
}

impl fmt::Display for ServerLoad {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { allowed, reserved, used, groups } = self;
        write!(f, "{used} of {allowed} are in use ({reserved} are for superusers): ")?;
        let named: Vec<_> = groups.iter().take(MOST).map(ToString::to_string).collect();
        let rest: i64 = groups.iter().skip(MOST).map(|g| g.count).sum();
        f.write_str(&named.join(", "))?;
        if rest > 0 {
            write!(f, ", and {rest} others")?;
        }
        let own = groups.iter().filter(|g| g.application == OURS);
        let (ours, idle) =
            own.fold((0, 0), |(all, idle), g| (all + g.count, idle + if g.is_idle() { g.count } else { 0 }));
        if ours > 0 {
            write!(f, "; {ours} of them are Hookwright's own, {idle} of these idle")?;
        }
        if groups.iter().any(|g| g.state.is_none()) {
            f.write_str("; what sessions of other roles do is shown to members of pg_read_all_stats alone")?;
        }
        Ok(())
    }
}

const LIMITS: &str = "SELECT current_setting('max_connections')::bigint, \
    current_setting('superuser_reserved_connections')::bigint \
        + coalesce(current_setting('reserved_connections', true)::bigint, 0)";

/// A role sees of others' sessions neither their kind nor their state; the server's own processes have no role or no
/// database.
const GROUPS: &str = "SELECT coalesce(usename::text, '?'), coalesce(nullif(application_name, ''), 'no application name'), \
    state, count(*) FROM pg_catalog.pg_stat_activity \
    WHERE coalesce(backend_type = 'client backend', usesysid IS NOT NULL AND datid IS NOT NULL) \
    GROUP BY 1, 2, 3 ORDER BY 4 DESC, 1, 2, 3";

/// Counts them over a connection of their own server.
pub(super) async fn read(connection: &mut PgConnection) -> sqlx::Result<ServerLoad> {
    let limits = sqlx::query(LIMITS).fetch_one(&mut *connection).await?;
    let groups = sqlx::query(GROUPS).fetch_all(connection).await?;
    let groups = groups.iter().map(group).collect::<sqlx::Result<Vec<_>>>()?;
    let used = groups.iter().map(|group| group.count).sum();
    Ok(ServerLoad { allowed: limits.try_get(0)?, reserved: limits.try_get(1)?, used, groups })
}

fn group(row: &PgRow) -> sqlx::Result<Group> {
    Ok(Group {
        role: row.try_get(0)?,
        application: row.try_get(1)?,
        state: row.try_get(2)?,
        count: row.try_get(3)?,
    })
}

impl<DB: sqlx::Database> Home<DB> {
    /// How many of the connections to it are this host's, and how many it may have.
    pub(super) fn own(&self) -> Own {
        let all = &self.commons.open;
        Own {
            here: self.seats.taken() + self.idle(),
            most_here: self.options.max_connections,
            most: self.options.max_connections_total,
            everywhere: all.taken(),
        }
    }
}

impl OrgDb {
    /// Connections of this host to the organisation's server; SQLite has none.
    #[must_use]
    pub fn own_connections(&self) -> Option<Own> {
        match self.pool() {
            Pool::Postgres(pool) => Some(pool.home.own()),
            Pool::Sqlite(_) => None,
        }
    }

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

#[cfg(test)]
mod tests {
    use hookwright_core::ddl::Dialect;
    use sqlx::postgres::PgConnectOptions;
    use sqlx::{ConnectOptions, Connection};

    use super::*;
    use crate::db::gate::Script;
    use crate::db::{DbOptions, Pools};
    use crate::executor::testing::{fresh_postgres, org};

    const OWN: Own = Own { here: 8, most_here: 16, everywhere: 20, most: 64 };

    fn load(groups: &[(&str, &str, i64)]) -> ServerLoad {
        let group = |(application, state, count): &(&str, &str, i64)| Group {
            role: "app".into(),
            application: (*application).into(),
            state: Some((*state).into()),
            count: *count,
        };
        let used = groups.iter().map(|(.., count)| count).sum();
        ServerLoad { allowed: 20, reserved: 3, used, groups: groups.iter().map(group).collect() }
    }

    /// A role sees little of the sessions of others; they count all the same.
    #[tokio::test]
    async fn a_plain_role_counts_the_sessions_of_others() {
        let address = fresh_postgres().await;
        let others: PgConnectOptions = address.parse().expect("an address");
        let mut sessions = Vec::new();
        for _ in 0..3 {
            let session = others.clone().application_name("crm-of-others");
            sessions.push(PgConnection::connect_with(&session).await.expect("connected"));
        }
        let role = "DO $$ BEGIN CREATE ROLE hookwright_load LOGIN PASSWORD 'load'; \
            EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$";
        Script::of(Dialect::Postgres, role).postgres(&mut sessions[0]).await.expect("a role");
        let url = others.username("hookwright_load").password("load").to_url_lossy();
        let db = OrgDb::connect(&org(), url.as_str(), &DbOptions::default(), &Pools::default());
        let load = db.expect("an address").server_load().await.expect("read").expect("a server");
        let crm = load.groups.iter().find(|g| g.application == "crm-of-others").expect("they are seen");
        assert_eq!((crm.count, &crm.state), (3, &None), "{load}");
        assert!(
            load.used > 3 && load.to_string().contains("shown to members of pg_read_all_stats"),
            "{load}"
        );
    }

    #[test]
    fn whoever_has_the_most_is_to_have_less() {
        let ours = load(&[("hookwright", "idle", 10), ("crm", "idle", 7)]).advice(&OWN);
        assert!(
            ours.contains("database.max_connections (16 now") && !ours.contains("pg_terminate"),
            "{ours}"
        );
        let theirs =
            load(&[("crm", "active", 9), ("it's", "idle", 6), ("hookwright", "idle", 2)]).advice(&OWN);
        assert!(theirs.contains("application_name = 'it''s'"), "{theirs}");
        let unnamed = load(&[("no application name", "idle", 17)]).advice(&OWN);
        assert!(unnamed.contains("application_name = '';"), "{unnamed}");
        assert!(ServerLoad::general(&OWN).contains("database.max_connections_total (64 now)"));
        let mut hidden = load(&[("crm", "active", 24)]);
        hidden.groups[0].state = None;
        let told = hidden.to_string();
        assert!(told.contains("24 of \"app\" (crm); what sessions of other roles do"), "{told}");
        assert!(
            hidden.advice(&OWN).starts_with("end what the program \"crm\" of the role \"app\""),
            "{told}"
        );
        assert!(OWN.to_string().contains("8 to this database of the 16"), "{OWN}");
    }
}
