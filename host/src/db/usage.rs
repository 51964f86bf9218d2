//! How the tables of an organisation are used, as PostgreSQL's statistics count it: reads of whole tables, indexes that
//! nobody uses, statements that take long.

use sqlx::Row;
use sqlx::postgres::{PgConnection, PgRow};

use super::{DbError, OrgDb, Pool};

/// What was counted since the statistics were reset.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Usage {
    /// Tables that were read.
    pub tables: Vec<TableUse>,
    /// Indexes that no statement used, and that hold nothing true.
    pub unused: Vec<UnusedIndex>,
    /// The slowest statements; none if the extension `pg_stat_statements` is not there.
    pub statements: Option<Vec<Slow>>,
}

/// How a table was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableUse {
    /// Its name.
    pub table: String,
    /// Times that all of it was read.
    pub scans: i64,
    /// Times that an index was used.
    pub index_scans: i64,
    /// Its rows, estimated.
    pub rows: i64,
}

/// An index that was not used, on a table that was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnusedIndex {
    /// Its table.
    pub table: String,
    /// Its name.
    pub index: String,
    /// Its size in bytes.
    pub bytes: i64,
    /// Times that the table was read meanwhile.
    pub reads: i64,
}

/// A statement that takes long.
#[derive(Debug, Clone, PartialEq)]
pub struct Slow {
    /// Its text, without values.
    pub statement: String,
    /// How often it ran.
    pub calls: i64,
    /// Milliseconds on average.
    pub mean_ms: f64,
}

const TABLES: &str = "SELECT relname::text, seq_scan, coalesce(idx_scan, 0), n_live_tup \
    FROM pg_catalog.pg_stat_user_tables WHERE schemaname = $1 ORDER BY relname";

const UNUSED: &str = "SELECT s.relname::text, s.indexrelname::text, pg_relation_size(s.indexrelid), \
    t.seq_scan + coalesce(t.idx_scan, 0) FROM pg_catalog.pg_stat_user_indexes s \
    JOIN pg_catalog.pg_index i ON i.indexrelid = s.indexrelid \
    JOIN pg_catalog.pg_stat_user_tables t ON t.relid = s.relid \
    WHERE s.schemaname = $1 AND s.idx_scan = 0 AND NOT i.indisunique AND i.indisvalid ORDER BY 1, 2";

/// The statements that name the organisation's schema or one of its tables.
const SLOW: &str = "SELECT left(regexp_replace(s.query, '\\s+', ' ', 'g'), 160), s.calls, s.mean_exec_time \
    FROM pg_stat_statements s JOIN pg_catalog.pg_database d ON d.oid = s.dbid \
    WHERE d.datname = current_database() AND s.mean_exec_time >= 100 AND s.query ~* '^\\s*(select|with|update|delete)' \
    AND EXISTS (SELECT FROM pg_catalog.pg_stat_user_tables t WHERE t.schemaname = $1 AND strpos(s.query, t.relname) > 0) \
    ORDER BY s.mean_exec_time DESC LIMIT 3";

impl OrgDb {
    /// How the organisation's tables were used; SQLite counts nothing.
    ///
    /// # Errors
    /// What the database says.
    pub async fn usage(&self) -> Result<Option<Usage>, DbError> {
        let Pool::Postgres(pool) = self.pool() else { return Ok(None) };
        let org = self.org().as_str();
        let ask = || async {
            let mut connection = pool.acquire().await?;
            let tables = sqlx::query(TABLES).bind(org).fetch_all(&mut *connection).await?;
            let unused = sqlx::query(UNUSED).bind(org).fetch_all(&mut *connection).await?;
            Ok(Usage {
                tables: tables.iter().map(table).collect::<sqlx::Result<_>>()?,
                unused: unused.iter().map(index).collect::<sqlx::Result<_>>()?,
                statements: slow(&mut connection, org).await?,
            })
        };
        Ok(Some(reading!(self, ask())?))
    }
}

/// Only asked where the extension can be read without a search path.
async fn slow(connection: &mut PgConnection, org: &str) -> sqlx::Result<Option<Vec<Slow>>> {
    // What is preloaded only some roles may see; a setting of it there is only where it is.
    let there = "SELECT to_regclass('pg_stat_statements') IS NOT NULL \
        AND EXISTS (SELECT FROM pg_catalog.pg_settings WHERE name = 'pg_stat_statements.max')";
    if !sqlx::query_scalar::<_, bool>(there).fetch_one(&mut *connection).await? {
        return Ok(None);
    }
    let rows = sqlx::query(SLOW).bind(org).fetch_all(&mut *connection).await?;
    rows.iter().map(statement).collect::<sqlx::Result<_>>().map(Some)
}

fn table(row: &PgRow) -> sqlx::Result<TableUse> {
    Ok(TableUse {
        table: row.try_get(0)?,
        scans: row.try_get(1)?,
        index_scans: row.try_get(2)?,
        rows: row.try_get(3)?,
    })
}

fn index(row: &PgRow) -> sqlx::Result<UnusedIndex> {
    Ok(UnusedIndex {
        table: row.try_get(0)?,
        index: row.try_get(1)?,
        bytes: row.try_get(2)?,
        reads: row.try_get(3)?,
    })
}

fn statement(row: &PgRow) -> sqlx::Result<Slow> {
    Ok(Slow { statement: row.try_get(0)?, calls: row.try_get(1)?, mean_ms: row.try_get(2)? })
}
