//! Changes on real databases: SQLite files, and the PostgreSQL that `tests/run` starts.

mod changes;
mod debris;
mod held;
mod inspection;
mod lost;
mod postgres;
mod sqlite;
mod stalled;

use serde_json::{Value as Json, json};

pub(super) fn column(name: &str, ty: Json, nullable: bool) -> Json {
    json!({"name": name, "ty": ty, "nullable": nullable})
}

pub(super) fn ty(name: &str) -> Json {
    json!({"type": name})
}

pub(super) fn create(table: &str, columns: &[Json]) -> Json {
    let id = [column("id", ty("Text"), false)];
    let columns: Vec<_> = id.iter().chain(columns).collect();
    json!({"intent": "create-table", "table": table, "columns": columns, "primaryKey": ["id"]})
}

pub(super) fn add(table: &str, column: Json) -> Json {
    json!({"intent": "add-column", "table": table, "column": column})
}

pub(super) fn refer(table: &str, column: &str, to: &str) -> Json {
    json!({"intent": "add-foreign-key", "table": table, "columns": [column], "to": to, "target": ["id"], "onDelete": "SET NULL"})
}

/// Runs a test's body once per database.
macro_rules! on_both {
    ($($name:ident => $body:ident)+) => {
        mod on_postgres { $(#[tokio::test] async fn $name() { super::$body(hookwright_core::ddl::Dialect::Postgres).await; })+ }
        mod on_sqlite { $(#[tokio::test] async fn $name() { super::$body(hookwright_core::ddl::Dialect::Sqlite).await; })+ }
    };
}
pub(super) use on_both;
