//! Measures a statement inside a transaction: what its session locks, how often tables were read from end to end,
//! how many rows were written, and whether the table's file is another one.

use hookwright_core::ddl::Statement;
use hookwright_tests::measure::{Tables, extent, locks, strongest, tables};
use hookwright_tests::plans::org;
use sqlx::{AssertSqlSafe, PgConnection};

use super::found::Effect;

/// Runs it, and commits it.
///
/// # Errors
/// What the database says against the statement.
pub(super) async fn measure(connection: &mut PgConnection, statement: &Statement) -> sqlx::Result<Effect> {
    execute(connection, "BEGIN").await;
    let before = tables(connection, &org()).await;
    sqlx::raw_sql(AssertSqlSafe(statement.sql().to_owned())).execute(&mut *connection).await?;
    let locks = locks(connection, None).await;
    let after = tables(connection, &org()).await;
    execute(connection, "COMMIT").await;
    Ok(effect(statement, &before, &after, locks))
}

fn effect(statement: &Statement, before: &Tables, after: &Tables, locks: Vec<(i64, String)>) -> Effect {
    let own = statement.table().map(|t| t.as_str().to_owned()).unwrap_or_default();
    let found = before.iter().find(|(_, table)| table.name == own);
    let extent = found.and_then(|(oid, was)| Some(extent(was, after.get(oid)?))).unwrap_or_default();
    // A table that the statement makes has no users yet.
    Effect { table: own, locks: strongest(locks, before), extent }
}

pub(super) async fn execute(connection: &mut PgConnection, sql: &str) {
    let result = sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(connection).await;
    result.unwrap_or_else(|error| panic!("the database refuses \"{sql}\": {error}"));
}
