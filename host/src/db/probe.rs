//! Facts about rows: runs the probes that a policy rule asks for, read-only and bounded in time.

use hookwright_core::ddl::{Dialect, Statement};
use sqlx::Row;
use sqlx::postgres::PgRow;
use sqlx::sqlite::SqliteRow;

use super::gate::Script;
use super::{Connections, DbError, OrgDb, Pool};

/// What a probe found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProbeAnswer {
    /// It was answered.
    Found {
        /// Whether the table has rows at all.
        rows: bool,
        /// How many stand against the change.
        failing: i64,
        /// Some of them, for the message.
        sample: Vec<String>,
    },
    /// It took too long; nothing is known.
    TimedOut,
}

impl OrgDb {
    /// Runs probes as [`hookwright_core::ddl::probe`] writes them, in order.
    ///
    /// # Errors
    /// What the database says; a probe that takes too long is no error.
    pub async fn probe(&self, probes: &[Statement]) -> Result<Vec<ProbeAnswer>, DbError> {
        let mut answers = Vec::with_capacity(probes.len());
        for probe in probes {
            let mut script = Script::new(self.dialect());
            script.statement(probe);
            answers.push(self.ask(&script).await?);
        }
        Ok(answers)
    }

    pub(crate) async fn ask(&self, probe: &Script) -> Result<ProbeAnswer, DbError> {
        let ask = || async {
            let asked = match self.pool() {
                Pool::Postgres(pool) => self.ask_postgres(pool, probe).await,
                Pool::Sqlite(pool) => self.ask_sqlite(pool, probe).await,
            };
            match asked {
                Err(sqlx::Error::Database(e)) if e.code().as_deref() == Some("57014") => {
                    Ok(ProbeAnswer::TimedOut)
                }
                // What cannot be computed for a row could not be when the change is made either.
                Err(sqlx::Error::Database(e)) if is_about_a_value(e.code().as_deref()) => {
                    Ok(ProbeAnswer::Found { rows: true, failing: 1, sample: vec![e.message().to_owned()] })
                }
                other => other,
            }
        };
        reading!(self, ask())
    }

    /// A script that may only read, and takes no longer than a probe may (PostgreSQL).
    pub(super) fn only_reading(&self, what: &Script) -> Script {
        let options = self.options();
        let mut script = Script::new(Dialect::Postgres);
        // Statements sent together are one transaction: these settings end with it.
        script.sql("SET LOCAL transaction_read_only = on; SET LOCAL search_path = ''; SET LOCAL statement_timeout = ");
        script.integer(i64::from(options.probe_timeout_ms)).sql("; SET LOCAL lock_timeout = ");
        script.integer(i64::from(options.lock_timeout_ms)).sql(";\n").append(what);
        script
    }

    async fn ask_postgres(
        &self,
        pool: &Connections<sqlx::Postgres>,
        probe: &Script,
    ) -> sqlx::Result<ProbeAnswer> {
        let script = self.only_reading(probe);
        let mut lent = pool.acquire().await?;
        let rows = script.postgres(&mut lent).await;
        answer(lent.answered(rows)?.first(), |row: &PgRow| {
            // Unchecked, since a count that is a literal comes as a smaller integer; the format is text.
            Ok((row.try_get_unchecked(0)?, row.try_get_unchecked(1)?, row.try_get_unchecked(2)?))
        })
    }

    /// SQLite has no statement timeout: the query is left behind and its connection given up.
    async fn ask_sqlite(
        &self,
        pool: &Connections<sqlx::Sqlite>,
        probe: &Script,
    ) -> sqlx::Result<ProbeAnswer> {
        let limit = std::time::Duration::from_millis(u64::from(self.options().probe_timeout_ms));
        let mut connection = pool.acquire().await?;
        match tokio::time::timeout(limit, probe.sqlite(&mut connection)).await {
            Ok(rows) => answer(rows?.first(), |row: &SqliteRow| {
                Ok((row.try_get(0)?, row.try_get(1)?, row.try_get(2)?))
            }),
            Err(_) => {
                tokio::spawn(connection.close());
                Ok(ProbeAnswer::TimedOut)
            }
        }
    }
}

/// Whether PostgreSQL could not compute something of a value: a data exception, `cannot convert NaN`, or a condition
/// that makes no sense for the type that the value gets.
fn is_about_a_value(code: Option<&str>) -> bool {
    code.is_some_and(|code| code.starts_with("22") || matches!(code, "0A000" | "42804" | "42883"))
}

fn answer<R>(
    row: Option<&R>,
    read: impl FnOnce(&R) -> sqlx::Result<(bool, i64, Option<String>)>,
) -> sqlx::Result<ProbeAnswer> {
    let (rows, failing, sample) = read(row.ok_or(sqlx::Error::RowNotFound)?)?;
    let sample = sample.and_then(|json| serde_json::from_str(&json).ok()).unwrap_or_default();
    Ok(ProbeAnswer::Found { rows, failing, sample })
}
