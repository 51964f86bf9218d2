//! Whether a database is an organisation's, and the database itself made where there is none yet.

use hookwright_core::ddl::Dialect;
use sqlx::postgres::{PgConnection, Postgres};
use sqlx::{ConnectOptions, Connection, Sqlite};

use super::fault::{Fault, fault, is_login, or_without_table};
use super::gate::Script;
use super::words::plainly;
use super::{Connections, DbError, OrgDb, Pool, sqlite};
use crate::trouble::Trouble;

impl OrgDb {
    /// Whether the database has the organisation's history.
    ///
    /// # Errors
    /// What the database says.
    pub async fn is_known(&self) -> Result<bool, DbError> {
        reading!(self, self.knows())
    }

    /// The same, without a look at what stands in the way.
    pub(super) async fn knows(&self) -> sqlx::Result<bool> {
        match self.pool() {
            Pool::Postgres(pool) => known_to_postgres(pool, self.org().as_str()).await,
            Pool::Sqlite(pool) => known_to_sqlite(pool, self.org().as_str()).await,
        }
    }

    /// That a database which should have the organisation's history does not.
    pub(crate) async fn forgotten(&self) -> Trouble {
        let org = self.org();
        if let Some(DbError::Unusable(trouble)) = self.damage().await {
            return *trouble;
        }
        let found = match self.stranger().await {
            Some((file, other)) => format!(
                "the file \"{file}\" has the history of the organisation \"{other}\", and none of \"{org}\", which is registered there"
            ),
            None => format!(
                "the database has no history of the organisation \"{org}\", which is registered there"
            ),
        };
        let means = "it was emptied or made anew, is another one, or its bookkeeping was taken away; nothing is done there, since all that was done before would be done again";
        Trouble::broken("db/history-gone", found, means).next(format!(
            "restore it from a backup; or say where it is: hookwright org update {org} --database URL; or begin anew: hookwright org remove {org}, then hookwright org add"
        ))
    }

    /// That a database does not have the change that this host knows as the organisation's last.
    pub(crate) fn other_history(&self, revision: i64, change: &str, found: i64) -> Trouble {
        let org = self.org();
        let found = format!(
            "the database of the organisation \"{org}\" is at revision {found} of a history without the change {change}, which this host made or saw there as revision {revision}"
        );
        let means = "it was put back to an earlier state, or replaced, while the host was serving; nothing is done there, since what was applied before is missing";
        Trouble::broken("db/other-history", found, means).next(
            "put back what was there; or, if what is there now is to count, start this host anew: it goes on from there",
        )
    }

    /// Whether the organisation's schema is there; a file always has one.
    pub(crate) async fn has_schema(&self) -> Result<bool, DbError> {
        let Pool::Postgres(pool) = self.pool() else { return Ok(true) };
        let ask = || async {
            let mut lent = pool.acquire().await?;
            let query = sqlx::query_scalar("SELECT to_regnamespace(quote_ident($1)) IS NOT NULL");
            let there = query.bind(self.org().as_str()).fetch_one(&mut *lent).await;
            lent.answered(there)
        };
        reading!(self, ask())
    }

    /// A file of another organisation: its path, and whose it is.
    async fn stranger(&self) -> Option<(String, String)> {
        let Pool::Sqlite(pool) = self.pool() else { return None };
        let mut connection = pool.acquire().await.ok()?;
        let whose = sqlx::query_scalar("SELECT org FROM hookwright_org WHERE org <> ?");
        let whose = whose.bind(self.org().as_str()).fetch_optional(&mut *connection).await.ok()??;
        Some((pool.connecting().get_filename().display().to_string(), whose))
    }

    /// Makes the database of the address, if its server does not have it. A file is made on first use: its directory is
    /// made here.
    ///
    /// # Errors
    /// What the server or the system says.
    pub async fn create_database(&self) -> Result<(), DbError> {
        let pool = match self.pool() {
            Pool::Postgres(pool) => pool,
            Pool::Sqlite(pool) => return sqlite::make_directory(pool).await,
        };
        match create(pool).await {
            Ok(()) => Ok(()),
            Err(error) if is_login(&error) && fault(&error) == Fault::Final && is_of_beside(&error) => {
                Err(DbError::Unusable(Box::new(no_way_to_create(pool, &error))))
            }
            Err(sqlx::Error::Database(error)) if error.code().as_deref() == Some("42501") => {
                Err(DbError::Unusable(Box::new(may_not_create(pool, error.message()))))
            }
            Err(error) => Err(self.reached(self.explain(error)).await),
        }
    }
}

/// Whether a login was refused for the database that it was to, not for the role: another one would be refused, too, else.
fn is_of_beside(error: &sqlx::Error) -> bool {
    let sqlx::Error::Database(error) = error else { return false };
    matches!(error.code().as_deref(), Some("42501" | "3D000" | "55000"))
}

/// That the role may use neither of the databases by which one is made.
fn no_way_to_create(pool: &Connections<Postgres>, error: &sqlx::Error) -> Trouble {
    let options = pool.connecting();
    let role = options.get_username();
    let name = options.get_database().unwrap_or(role);
    let found = format!(
        "the role \"{role}\" may not connect to the databases \"postgres\" and \"template1\", by one of which the database \"{name}\" is made: {}",
        plainly(error)
    );
    let means = "the server lets the role in, and no database that is there before does";
    let next = format!(
        "as an administrator make it: CREATE DATABASE \"{name}\" OWNER \"{role}\"; or: GRANT CONNECT ON DATABASE postgres TO \"{role}\""
    );
    Trouble::broken("db/no-connect", found, means).next(next)
}

fn may_not_create(pool: &Connections<Postgres>, said: &str) -> Trouble {
    let options = pool.connecting();
    let role = options.get_username();
    let name = options.get_database().unwrap_or(role);
    let found = format!("the role \"{role}\" may not make the database \"{name}\": {said} (SQLSTATE 42501)");
    let means = "the server lets the role in, and it lacks the privilege to make databases";
    let next = format!(
        "as an administrator: ALTER ROLE \"{role}\" CREATEDB; or make it: CREATE DATABASE \"{name}\" OWNER \"{role}\""
    );
    Trouble::broken("db/denied", found, means).next(next)
}

async fn known_to_postgres(pool: &Connections<Postgres>, org: &str) -> sqlx::Result<bool> {
    let mut lent = pool.acquire().await?;
    let query = sqlx::query_scalar("SELECT EXISTS (SELECT FROM hookwright.org WHERE org = $1)");
    let known = query.bind(org).fetch_one(&mut *lent).await;
    lent.answered(or_without_table(known, false))
}

async fn known_to_sqlite(pool: &Connections<Sqlite>, org: &str) -> sqlx::Result<bool> {
    let mut connection = pool.acquire().await?;
    let there = "SELECT count(*) > 0 FROM sqlite_master WHERE name = 'hookwright_org'";
    if !sqlx::query_scalar::<_, bool>(there).fetch_one(&mut *connection).await? {
        return Ok(false);
    }
    let known = sqlx::query_scalar("SELECT count(*) > 0 FROM hookwright_org WHERE org = ?");
    known.bind(org).fetch_one(&mut *connection).await
}

async fn create(pool: &Connections<Postgres>) -> sqlx::Result<()> {
    let options = pool.connecting();
    let name = options.get_database().unwrap_or_else(|| options.get_username()).to_owned();
    let beside = |name| options.clone().database(name).disable_statement_logging();
    let mut connection = match PgConnection::connect_with(&beside("postgres")).await {
        Err(error) if is_login(&error) && is_of_beside(&error) => {
            PgConnection::connect_with(&beside("template1")).await.map_err(|_| error)?
        }
        connected => connected?,
    };
    let there = sqlx::query_scalar("SELECT EXISTS (SELECT FROM pg_catalog.pg_database WHERE datname = $1)");
    if !there.bind(&name).fetch_one(&mut connection).await? {
        Script::of(Dialect::Postgres, "CREATE DATABASE ").identifier(&name).postgres(&mut connection).await?;
    }
    connection.close().await
}
