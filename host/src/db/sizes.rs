//! How large tables are, as far as the catalogue knows: no table is read.

use hookwright_core::ddl::Dialect;
use hookwright_core::ident::Ident;
use sqlx::Row;
use sqlx::postgres::PgRow;

use super::gate::Script;
use super::{Connections, DbError, Fault, OrgDb, Pool, fault};

/// How large a table is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableSize {
    /// The table.
    pub table: Ident,
    /// Rows, estimated: from the last statistics and the blocks that there are now.
    pub rows: i64,
    /// Bytes of its rows, without indexes.
    pub bytes: i64,
}

/// As the query planner of PostgreSQL estimates: the density of the last statistics over the blocks of now. Where
/// there are none yet: the rows that were counted as they came, or rows of 100 bytes. To look at its blocks locks a table for a moment.
const BLOCKS: &str = "SELECT c.relname::text, \
    CASE WHEN c.reltuples >= 0 AND c.relpages > 0 \
        THEN (c.reltuples / c.relpages * (pg_relation_size(c.oid) / current_setting('block_size')::bigint))::bigint \
        ELSE greatest(pg_relation_size(c.oid) / 100, pg_stat_get_live_tuples(c.oid)) END, \
    pg_relation_size(c.oid)";

/// Without any lock: the last statistics, and what was counted as rows came and went.
const COUNTS: &str = "SELECT c.relname::text, \
    greatest(c.reltuples::bigint, pg_stat_get_live_tuples(c.oid), 0), \
    greatest(c.relpages * current_setting('block_size')::bigint, pg_stat_get_live_tuples(c.oid) * 100)";

/// How long to wait for somebody who has a table locked.
const PATIENCE: &str = "SET LOCAL lock_timeout = '50ms'; ";

impl OrgDb {
    /// The sizes of tables; of a table that is not there, none. SQLite has no estimate, and no use for one.
    ///
    /// # Errors
    /// What the database says.
    pub async fn sizes(&self, tables: &[Ident]) -> Result<Vec<TableSize>, DbError> {
        let Pool::Postgres(pool) = self.pool() else { return Ok(Vec::new()) };
        if tables.is_empty() {
            return Ok(Vec::new());
        }
        let exactly = self.ask_sizes(pool, PATIENCE, BLOCKS, tables).await;
        let rows = match exactly {
            Err(error) if fault(&error) == Fault::Locked => self.ask_sizes(pool, "", COUNTS, tables).await,
            other => other,
        };
        let rows = rows.map_err(|e| self.explain(e))?;
        Ok(rows.iter().filter_map(size).collect())
    }

    async fn ask_sizes(
        &self,
        pool: &Connections<sqlx::Postgres>,
        before: &'static str,
        what: &'static str,
        tables: &[Ident],
    ) -> sqlx::Result<Vec<PgRow>> {
        let mut script = Script::new(Dialect::Postgres);
        script.sql(before).sql(what);
        script.sql(" FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace");
        script.sql(" WHERE c.relkind = 'r' AND n.nspname = ").text(self.org().as_str());
        script.sql(" AND c.relname IN (").texts(tables.iter().map(Ident::as_str)).sql(")");
        let ask = || async {
            let mut lent = pool.acquire().await?;
            let rows = script.postgres(&mut lent).await;
            lent.answered(rows)
        };
        match ask().await {
            Err(error) if fault(&error) == Fault::Lost => {
                self.drop_idle().await;
                ask().await
            }
            asked => asked,
        }
    }
}

fn size(row: &PgRow) -> Option<TableSize> {
    let name: String = row.try_get(0).ok()?;
    let table = Ident::parse(&name).ok()?;
    // The format is text, since the statements are sent together.
    let (rows, bytes) = (row.try_get_unchecked(1).ok()?, row.try_get_unchecked(2).ok()?);
    Some(TableSize { table, rows, bytes })
}
