//! Rows of SQLite that do not meet what their table demands: written past its checks, or before these were there. PostgreSQL
//! has none, but of constraints that are `NOT VALID`, which drift tells.

use std::collections::BTreeSet;

use hookwright_core::ddl::{Demand, Dialect};
use hookwright_core::ident::{Ident, quoted};
use sqlx::Row;
use sqlx::sqlite::SqliteConnection;

use super::gate::Script;
use super::{DbError, OrgDb, Pool, Rows};

/// Demands that one statement counts for: SQLite bounds its columns.
const AT_ONCE: usize = 500;

/// A demand with the rows that do not meet it.
#[derive(Debug, Clone, PartialEq)]
pub struct Unmet {
    /// What is demanded.
    pub demand: Demand,
    /// The rows.
    pub rows: Rows,
}

impl Unmet {
    /// Which rows do not meet what.
    #[must_use]
    pub fn told(&self, table: &Ident) -> String {
        let Self { demand: Demand { columns, what, .. }, rows } = self;
        let (row, does) = if rows.count == 1 { ("row", "does") } else { ("rows", "do") };
        let key = if rows.count == 1 { "key" } else { "keys" };
        let more = if rows.count > rows.keys.len() as u64 { ", …" } else { "" };
        let columns: Vec<_> = columns.iter().map(|column| format!("\"{}\"", column.as_str())).collect();
        let of = if columns.is_empty() { String::new() } else { format!(" of {}", columns.join(", ")) };
        format!(
            "{} {row} of the table \"{}\" ({key} {}{more}) {does} not meet {what}{of}",
            rows.count,
            table.as_str(),
            rows.keys.join(", ")
        )
    }
}

impl OrgDb {
    /// Those of a table's demands that rows do not meet. Of columns that are not there nothing is asked.
    ///
    /// # Errors
    /// What the database says.
    pub async fn unmet(&self, table: &Ident, demands: &[Demand]) -> Result<Vec<Unmet>, DbError> {
        let Pool::Sqlite(pool) = self.pool() else { return Ok(Vec::new()) };
        let read = || async {
            let mut lent = pool.acquire().await?;
            let found = found(&mut lent, table, demands).await;
            lent.answered(found)
        };
        reading!(self, read())
    }
}

async fn found(
    connection: &mut SqliteConnection,
    table: &Ident,
    demands: &[Demand],
) -> sqlx::Result<Vec<Unmet>> {
    let columns = sqlx::query_scalar::<_, String>("SELECT name FROM pragma_table_xinfo(?)");
    let there: BTreeSet<_> =
        columns.bind(table.as_str()).fetch_all(&mut *connection).await?.into_iter().collect();
    // A name of no column would be a text to SQLite.
    let asked = |demand: &&Demand| demand.columns.iter().all(|column| there.contains(column.as_str()));
    let asked: Vec<_> = demands.iter().filter(asked).collect();
    let mut unmet = Vec::new();
    for asked in asked.chunks(AT_ONCE) {
        for (demand, count) in asked.iter().zip(counted(connection, table, asked).await?) {
            if count > 0 {
                let keys = keys(connection, demand).await?;
                let rows = Rows { count: count.unsigned_abs(), keys, why: None };
                unmet.push(Unmet { demand: (*demand).clone(), rows });
            }
        }
    }
    Ok(unmet)
}

/// How many rows do not meet each demand: the table is read once.
async fn counted(
    connection: &mut SqliteConnection,
    table: &Ident,
    asked: &[&Demand],
) -> sqlx::Result<Vec<i64>> {
    let mut script = Script::of(Dialect::Sqlite, "SELECT ");
    for (index, demand) in asked.iter().enumerate() {
        script.sql(if index > 0 { ", " } else { "" }).lone_statement(&demand.count);
    }
    let rows = script.sql(" FROM ").identifier(table.as_str()).sqlite(connection).await?;
    let row = rows.first().ok_or(sqlx::Error::RowNotFound)?;
    (0..asked.len()).map(|index| row.try_get(index)).collect()
}

async fn keys(connection: &mut SqliteConnection, demand: &Demand) -> sqlx::Result<Vec<String>> {
    let rows = Script::new(Dialect::Sqlite).lone_statement(&demand.keys).sqlite(connection).await?;
    let keys: String = rows.first().ok_or(sqlx::Error::RowNotFound)?.try_get(0)?;
    let keys: Vec<Option<String>> = serde_json::from_str(&keys).unwrap_or_default();
    Ok(keys.iter().map(|key| quoted(key.as_deref().unwrap_or("NULL"))).collect())
}
