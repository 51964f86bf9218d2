//! How a database is: what answers, as whom, and what stands in the way of a change. `doctor` asks.

use std::time::Instant;

use super::{BOOKKEEPING_VERSION, Connections, DbError, OrgDb, Pool, postgres, read_only, sqlite};

/// What answers.
#[derive(Debug)]
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
    /// What stands in the way.
    pub problems: Vec<DbError>,
}

impl OrgDb {
    /// How the database is. Changes nothing.
    ///
    /// # Errors
    /// [`DbError::Unreachable`]; what is wrong with a database that answers is in the report.
    pub async fn check(&self) -> Result<CheckReport, DbError> {
        let checked = match self.pool() {
            Pool::Postgres(pool) => self.check_postgres(pool).await,
            Pool::Sqlite(pool) => self.check_sqlite(pool).await,
        };
        match checked {
            Ok(report) => Ok(self.with_damage(report).await),
            Err(error) => Err(self.reached(error).await),
        }
    }

    /// A report with what is missing of a bookkeeping that says nothing of itself, or that it is of this version.
    async fn with_damage(&self, mut report: CheckReport) -> CheckReport {
        let own = |v: i64| v == BOOKKEEPING_VERSION;
        let told = report.problems.iter().any(|problem| matches!(problem, DbError::Denied { .. }));
        if report.bookkeeping.is_none_or(own) && !told {
            report.problems.extend(self.damage().await);
        }
        report
    }

    async fn check_postgres(&self, pool: &Connections<sqlx::Postgres>) -> Result<CheckReport, DbError> {
        let mut connection = pool.acquire().await.map_err(|e| self.explain(e))?;
        let standing = postgres::standing(self, &mut connection).await?;
        let bookkeeping = match standing.own {
            // One that may not be read is looked into afterwards.
            Some(true) => postgres::version(&mut connection).await.unwrap_or_default(),
            _ => None,
        };
        let start = Instant::now();
        sqlx::query("SELECT 1").execute(&mut *connection).await.map_err(|e| self.explain(e))?;
        let latency_us = micros(start);
        let read_only = read_only::look(&mut connection).await.map_err(|e| self.explain(e))?;
        let read_only = read_only.map(|trouble| DbError::Unusable(Box::new(trouble)));
        let lost = postgres::lost(self, bookkeeping).err();
        let gone = match standing.schema {
            None if bookkeeping == Some(BOOKKEEPING_VERSION) => {
                postgres::has_history(self, &mut connection).await
            }
            _ => Ok(false),
        };
        let gone = match gone.map_err(|e| self.explain(e))? {
            true => Some(DbError::Unusable(Box::new(self.schema_gone_from(&mut connection).await))),
            false => None,
        };
        let missing = standing.unfit().into_iter().chain(standing.missing(self.org().as_str()));
        Ok(CheckReport {
            server: format!("PostgreSQL {}", standing.server),
            role: standing.role.clone(),
            latency_us,
            bookkeeping,
            exists: standing.schema.is_some(),
            problems: missing.chain(read_only).chain(lost).chain(gone).chain(too_new(bookkeeping)).collect(),
        })
    }

    async fn check_sqlite(&self, pool: &Connections<sqlx::Sqlite>) -> Result<CheckReport, DbError> {
        let file = sqlite::path(pool);
        let role = file.display().to_string();
        let mut connection = pool.acquire().await.map_err(|e| self.explain(e))?;
        let bookkeeping = sqlite::version(&mut connection).await.map_err(|e| self.explain(e))?;
        let too_new = too_new(bookkeeping);
        let lost = postgres::lost(self, bookkeeping).err();
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
            problems: lost.into_iter().chain(too_new).collect(),
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
