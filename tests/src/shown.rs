//! Rows of either database as text, the same for the same values.
//!
//! For `world.rs`.

use sqlx::postgres::PgRow;
use sqlx::sqlite::SqliteRow;
use sqlx::{Column, Decode, Row, Sqlite, TypeInfo, ValueRef};

/// One line a row, columns separated by ` | `.
pub(crate) fn postgres_rows(rows: &[PgRow]) -> Vec<String> {
    rows.iter().map(|row| line(row.columns().iter().map(|c| postgres_value(row, c.ordinal())))).collect()
}

/// One line a row, columns separated by ` | `.
pub(crate) fn sqlite_rows(rows: &[SqliteRow]) -> Vec<String> {
    rows.iter().map(|row| line(row.columns().iter().map(|c| sqlite_value(row, c.ordinal())))).collect()
}

fn line(values: impl Iterator<Item = String>) -> String {
    values.collect::<Vec<_>>().join(" | ")
}

/// A statement that is no prepared one is answered in text.
fn postgres_value(row: &PgRow, at: usize) -> String {
    let value = row.try_get_raw(at).unwrap();
    if value.is_null() {
        return "NULL".to_owned();
    }
    value.as_str().expect("a text").to_owned()
}

fn sqlite_value(row: &SqliteRow, at: usize) -> String {
    let value = row.try_get_raw(at).unwrap();
    let kind = value.type_info().name().to_owned();
    match kind.as_str() {
        _ if value.is_null() => "NULL".to_owned(),
        "INTEGER" => <i64 as Decode<Sqlite>>::decode(value).unwrap().to_string(),
        "REAL" => <f64 as Decode<Sqlite>>::decode(value).unwrap().to_string(),
        "BLOB" => {
            let bytes = <Vec<u8> as Decode<Sqlite>>::decode(value).unwrap();
            bytes.iter().fold("\\x".to_owned(), |text, byte| format!("{text}{byte:02x}"))
        }
        _ => <String as Decode<Sqlite>>::decode(value).unwrap(),
    }
}
