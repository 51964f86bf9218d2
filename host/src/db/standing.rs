//! Whether a database is an organisation's, and the database itself made where there is none yet.

use hookwright_core::ddl::Dialect;
use sqlx::postgres::{PgConnection, Postgres};
use sqlx::{ConnectOptions, Connection, Sqlite};

use super::gate::Script;
use super::{Connections, DbError, OrgDb, Pool};
use crate::trouble::Trouble;

impl OrgDb {
    /// Whether the database has the organisation's history.
    ///
    /// # Errors
    /// What the database says.
    pub async fn is_known(&self) -> Result<bool, DbError> {
        let ask = || async {
            match self.pool() {
                Pool::Postgres(pool) => known_to_postgres(pool, self.org().as_str()).await,
                Pool::Sqlite(pool) => known_to_sqlite(pool, self.org().as_str()).await,
            }
        };
        reading!(self, ask())
    }

    /// That a database which should have the organisation's history does not.
    pub(crate) fn forgotten(&self) -> Trouble {
        let org = self.org();
        let found =
            format!("the database has no history of the organisation \"{org}\", which is registered there");
        let means = "it was emptied or made anew, is another one, or its bookkeeping was taken away; nothing is done there, since all that was done before would be done again";
        Trouble::broken("db/history-gone", found, means).next(format!(
            "restore it from a backup; or say where it is: hookwright org update {org} --database URL; or begin anew: hookwright org remove {org}, then hookwright org add"
        ))
    }

    /// Makes the database of the address, if its server does not have it. A file is made on first use.
    ///
    /// # Errors
    /// What the server says.
    pub async fn create_database(&self) -> Result<(), DbError> {
        let Pool::Postgres(pool) = self.pool() else { return Ok(()) };
        match create(pool).await {
            Ok(()) => Ok(()),
            Err(error) => Err(self.told(self.explain(error)).await),
        }
    }
}

async fn known_to_postgres(pool: &Connections<Postgres>, org: &str) -> sqlx::Result<bool> {
    let mut connection = pool.acquire().await?;
    let there = "SELECT to_regclass('hookwright.org') IS NOT NULL";
    if !sqlx::query_scalar::<_, bool>(there).fetch_one(&mut *connection).await? {
        return Ok(false);
    }
    let known = sqlx::query_scalar("SELECT EXISTS (SELECT FROM hookwright.org WHERE org = $1)");
    known.bind(org).fetch_one(&mut *connection).await
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
    let beside = options.clone().database("postgres").disable_statement_logging();
    let mut connection = PgConnection::connect_with(&beside).await?;
    let there = sqlx::query_scalar("SELECT EXISTS (SELECT FROM pg_catalog.pg_database WHERE datname = $1)");
    if !there.bind(&name).fetch_one(&mut connection).await? {
        Script::of(Dialect::Postgres, "CREATE DATABASE ").identifier(&name).postgres(&mut connection).await?;
    }
    connection.close().await
}
