//! Rows made up for any table: valid for its columns, with NULLs where they are allowed.
//!
//! For the histories and the property tests.

use hookwright_core::field_type::FieldType;
use hookwright_core::schema::{Column, ForeignKey, Schema, Table};

use crate::scenario::Dialect;
use crate::world::World;

/// Rows that a table is given.
const ROWS: usize = 3;

/// Puts rows into every table that has none; gives how many. Those that cannot be had, since what they would
/// refer to has no rows yet, are left out.
///
/// # Panics
/// If the database cannot be read.
pub async fn fill(world: &World) -> usize {
    let (model, _) = world.host().inspect(world.org()).await.expect("the model is read");
    let mut filled = 0;
    for name in empty(world, &model).await {
        let Some(table) = model.tables.values().find(|table| table.name.as_str() == name) else { continue };
        for number in 1..=ROWS {
            let insert = insert(world.dialect(), table, number);
            filled += usize::from(world.sql(&insert).await.is_ok());
        }
    }
    filled
}

/// The tables without rows, asked in one query.
async fn empty(world: &World, model: &Schema) -> Vec<String> {
    let names = model.tables.keys().map(|name| name.as_str());
    let each = names.map(|name| format!("SELECT '{name}' WHERE NOT EXISTS (SELECT 1 FROM \"{name}\")"));
    let all = each.collect::<Vec<_>>().join(" UNION ALL ");
    match all.is_empty() {
        true => Vec::new(),
        false => world.rows(&all).await.expect("the tables of the model are there"),
    }
}

/// Row `number` of a table. Values depend on type and number alone, so references find what they refer to.
fn insert(dialect: Dialect, table: &Table, number: usize) -> String {
    let (mut names, mut values) = (Vec::new(), Vec::new());
    for column in table.columns.values() {
        let key = table.foreign_keys.iter().find(|key| key.columns.contains(&column.name));
        if number == ROWS && column.nullable && !table.primary_key.contains(&column.name) {
            continue;
        }
        if refers_elsewhere(table, key) && column.nullable && number == 1 {
            continue;
        }
        names.push(format!("\"{}\"", column.name.as_str()));
        values.push(value(dialect, column, number));
    }
    let (names, values) = (names.join(", "), values.join(", "));
    format!("INSERT INTO \"{}\" ({names}) VALUES ({values})", table.name.as_str())
}

fn refers_elsewhere(table: &Table, key: Option<&ForeignKey>) -> bool {
    key.is_some_and(|key| key.table != table.name)
}

fn value(dialect: Dialect, column: &Column, number: usize) -> String {
    use FieldType as T;
    match &column.ty {
        T::String { length } => format!("'{}'", cut(&format!("v{number}"), *length as usize)),
        T::Text => format!("'v{number}'"),
        T::Int | T::BigInt => number.to_string(),
        T::Float => format!("{number}.5"),
        T::Decimal { precision, scale } => match precision - scale {
            0 => format!("'0.{number}'"),
            _ => format!("'{number}'"),
        },
        T::Boolean => if number.is_multiple_of(2) { "TRUE" } else { "FALSE" }.to_owned(),
        T::Date => format!("'2024-01-0{number}'"),
        T::Time => format!("'10:00:0{number}'"),
        T::DateTime => format!("'2024-01-0{number}T10:00:00Z'"),
        T::Json => format!("'{{\"n\":{number}}}'"),
        T::Uuid => format!("'00000000-0000-4000-8000-00000000000{number}'"),
        T::Bytes => match dialect {
            Dialect::Postgres => format!("'\\x0{number}'"),
            Dialect::Sqlite => format!("x'0{number}'"),
        },
        T::Enum { values } => format!("'{}'", values[number % values.len()].replace('\'', "''")),
    }
}

/// The end of a text: where the number is.
fn cut(text: &str, length: usize) -> &str {
    &text[text.len().saturating_sub(length)..]
}
