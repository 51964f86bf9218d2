//! First use of an organisation's schema on PostgreSQL: privileges, bookkeeping, the organisation's row.

use hookwright_core::ddl::Dialect;
use sqlx::Row;
use sqlx::postgres::PgConnection;

use super::fault::or_without_table;
use super::gate::Script;
use super::mark::mark;
use super::{BOOKKEEPING_VERSION, Connections, DbError, Entry, OrgDb, bookkeeping, lock_key};
use crate::trouble::Trouble;

/// What the host may do, and what is there.
#[derive(Debug)]
pub(super) struct Standing {
    pub(super) role: String,
    pub(super) database: String,
    pub(super) server: String,
    pub(super) creates_schemas: bool,
    /// Whether the organisation's schema exists; if so, what the role may not do there.
    pub(super) schema: Option<Vec<String>>,
    /// The same for the schema `hookwright`.
    pub(super) own: Option<bool>,
    pub(super) conforming: bool,
    pub(super) server_version: i64,
}

const STANDING: &str = "SELECT current_user::text, current_database()::text, current_setting('server_version'), \
    has_database_privilege(current_database(), 'CREATE'), \
    (SELECT ARRAY(SELECT p FROM unnest(ARRAY['USAGE', 'CREATE']) p WHERE NOT has_schema_privilege(oid, p)) \
        FROM pg_catalog.pg_namespace WHERE nspname = $1), \
    (SELECT has_schema_privilege(oid, 'USAGE') FROM pg_catalog.pg_namespace WHERE nspname = 'hookwright'), \
    current_setting('standard_conforming_strings') = 'on', \
    current_setting('server_version_num')::bigint";

pub(super) async fn standing(db: &OrgDb, connection: &mut PgConnection) -> Result<Standing, DbError> {
    let read = async {
        let row = sqlx::query(STANDING).bind(db.org().as_str()).fetch_one(connection).await?;
        Ok(Standing {
            role: row.try_get(0)?,
            database: row.try_get(1)?,
            server: row.try_get(2)?,
            creates_schemas: row.try_get(3)?,
            schema: row.try_get(4)?,
            own: row.try_get(5)?,
            conforming: row.try_get(6)?,
            server_version: row.try_get(7)?,
        })
    };
    db.in_time(Box::pin(read)).await.map_err(|e| db.explain(e))
}

impl Standing {
    /// The first thing that is missing, with the `GRANT` for it.
    pub(super) fn missing(&self, org: &str) -> Option<DbError> {
        let Self { role, database, .. } = self;
        let denied = |message: String, grant: String| Some(DbError::Denied { message, grant });
        if !self.creates_schemas && (self.own.is_none() || self.schema.is_none()) {
            let wanted = if self.own.is_none() { "hookwright" } else { org };
            return denied(
                format!(
                    "the role \"{role}\" may not create schemas in the database \"{database}\", and \"{wanted}\" does not exist"
                ),
                format!("GRANT CREATE ON DATABASE \"{database}\" TO \"{role}\""),
            );
        }
        if self.own == Some(false) {
            return Some(no_usage(role));
        }
        if let Some(lacking) = self.schema.as_ref().filter(|lacking| !lacking.is_empty()) {
            let lacking = lacking.join(", ");
            return denied(
                format!(
                    "the role \"{role}\" lacks {lacking} on the schema \"{org}\", where it is to make tables"
                ),
                format!("GRANT {lacking} ON SCHEMA \"{org}\" TO \"{role}\""),
            );
        }
        None
    }

    /// What the server is that this host cannot work with.
    pub(super) fn unfit(&self) -> Option<DbError> {
        let refused = |message: String, next: String| {
            let means = "this host cannot work with it";
            Some(DbError::Unusable(Box::new(Trouble::broken("db/failed", message, means).next(next))))
        };
        if self.server_version < 130_000 {
            return refused(
                format!("the server is PostgreSQL {}", self.server),
                "use PostgreSQL 13 or later".to_owned(),
            );
        }
        if !self.conforming {
            return refused(
                "the setting standard_conforming_strings is off".to_owned(),
                format!("set it to on: ALTER ROLE \"{}\" SET standard_conforming_strings = on", self.role),
            );
        }
        None
    }
}

/// That the host's role may not use the schema of the bookkeeping.
pub(super) fn no_usage(role: &str) -> DbError {
    DbError::Denied {
        message: format!("the role \"{role}\" lacks USAGE on the schema \"hookwright\" of the bookkeeping"),
        grant: format!("GRANT USAGE ON SCHEMA hookwright TO \"{role}\""),
    }
}

/// The version of a bookkeeping that has lost it.
const LOST: i64 = -1;

/// The version of the bookkeeping; none before its first use, less than none if it is lost.
pub(super) async fn version(connection: &mut PgConnection) -> sqlx::Result<Option<i64>> {
    let query = sqlx::query_scalar("SELECT coalesce(max(version), -1) FROM hookwright.meta");
    or_without_table(query.fetch_one(connection).await, None)
}

pub(super) async fn prepare(
    db: &OrgDb,
    pool: &Connections<sqlx::Postgres>,
    entry: Entry,
) -> Result<(), DbError> {
    let mut connection = pool.acquire().await.map_err(|e| db.explain(e))?;
    let standing = standing(db, &mut connection).await?;
    if let Some(error) = standing.unfit().or_else(|| standing.missing(db.org().as_str())) {
        return Err(error);
    }
    // Without its schema it has none, and the server's log no error of ours.
    let found = match standing.own {
        None => None,
        Some(_) => version(&mut connection).await.map_err(|e| db.explain(e))?,
    };
    lost(db, found)?;
    for done in newer(found)?..bookkeeping::POSTGRES.len() {
        step(done).postgres(&mut connection).await.map_err(|e| db.explain(e))?;
    }
    let make = standing.schema.is_none();
    if make && has_history(db, &mut connection).await.map_err(|e| db.explain(e))? {
        return Err(DbError::Unusable(Box::new(db.schema_gone_from(&mut connection).await)));
    }
    let entered = match entry {
        Entry::There if !make => Ok(()),
        _ => enter(db, &mut connection, make).await,
    };
    connection.answered(entered).map_err(|e| db.explain(e))
}

/// Begins a script that only one host runs at a time. A script of many statements is one transaction
/// of its own: it is done whole or not at all, and holds the lock to its end.
pub(super) fn alone() -> Script {
    let mut script = Script::new(Dialect::Postgres);
    script.sql("DO $$ BEGIN IF NOT pg_catalog.pg_try_advisory_xact_lock(").integer(lock_key(":setup"));
    script.sql(") THEN RAISE EXCEPTION 'another host sets up' USING ERRCODE = 'HW001'; END IF; ");
    // A name is looked up in what the session remembers; reading a table brings that up to date.
    script.sql("PERFORM FROM pg_catalog.pg_namespace LIMIT 1; END $$;\n");
    script
}

/// One migration, from version `done`.
fn step(done: usize) -> Script {
    let mut script = alone();
    // Another host may have been here between the look and the lock.
    script.sql(match done {
        0 => "DO $$ BEGIN IF pg_catalog.to_regclass('hookwright.meta') IS NOT NULL",
        _ => "DO $$ BEGIN IF (SELECT max(version) FROM hookwright.meta) <>",
    });
    if done > 0 {
        script.integer(i64::try_from(done).unwrap_or(i64::MAX));
    }
    script.sql(" THEN RAISE EXCEPTION 'another host has set up' USING ERRCODE = 'HW001'; END IF; END $$;");
    script.sql(bookkeeping::POSTGRES[done]);
    script
}

/// Whether the bookkeeping is there and does not say what it is: an error then.
pub(super) fn lost(db: &OrgDb, found: Option<i64>) -> Result<(), DbError> {
    let org = db.org().to_string();
    match found {
        Some(LOST) => Err(DbError::Bookkeeping { org, what: "the row with its version is gone".to_owned() }),
        _ => Ok(()),
    }
}

/// How many migrations are done; an error if more than this host knows.
pub(super) fn newer(found: Option<i64>) -> Result<usize, DbError> {
    let found = found.unwrap_or_default();
    let done = usize::try_from(found).ok().filter(|_| found <= BOOKKEEPING_VERSION);
    done.ok_or(DbError::Version { found, known: BOOKKEEPING_VERSION })
}

async fn enter(db: &OrgDb, connection: &mut PgConnection, make: bool) -> sqlx::Result<()> {
    if !make && known(db, connection).await? {
        return Ok(());
    }
    let mut script = alone();
    if make {
        script.sql("CREATE SCHEMA IF NOT EXISTS ").schema(db.org()).sql(";");
    }
    script.append(&mark(db.org()));
    script.sql("INSERT INTO hookwright.org (org, revision) VALUES (").text(db.org().as_str());
    script.sql(", 0) ON CONFLICT (org) DO NOTHING;");
    script.postgres(connection).await.map(drop)
}

async fn known(db: &OrgDb, connection: &mut PgConnection) -> sqlx::Result<bool> {
    let query = sqlx::query_scalar("SELECT EXISTS (SELECT FROM hookwright.org WHERE org = $1)");
    query.bind(db.org().as_str()).fetch_one(connection).await
}

/// Whether changes were made of the organisation, so that it had a schema.
pub(super) async fn has_history(db: &OrgDb, connection: &mut PgConnection) -> sqlx::Result<bool> {
    let query =
        sqlx::query_scalar("SELECT EXISTS (SELECT FROM hookwright.org WHERE org = $1 AND revision > 0)");
    or_without_table(query.bind(db.org().as_str()).fetch_one(connection).await, false)
}
