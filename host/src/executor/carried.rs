//! Columns that a rebuild of a SQLite table takes along as they are: those of others, and those whose type or default the
//! model has no word for and the change does not touch. Each is made again from its own text, with its values. What the
//! table is besides (`STRICT`, `WITHOUT ROWID`, `AUTOINCREMENT`) it is made with again.
//!
//! `rebuild` calls it.

use hookwright_core::ddl::{Carried, Dialect, Rebuild, TableOption};
use hookwright_core::ident::Ident;
use hookwright_core::schema::{Column, Table};
use sqlx::sqlite::SqliteConnection;

use super::Failure;
use super::job::RebuildPart;
use crate::db::gate::Script;
use crate::db::{DbError, Definition, ForeignKind, Inspected, definitions};

/// A column with the text that makes it.
pub(super) struct Taken {
    pub carried: Carried,
    text: String,
}

impl Taken {
    /// The statement that makes it in the new table, for people.
    pub fn addition(&self, rebuild: &Rebuild) -> String {
        format!("ALTER TABLE \"{}\" ADD COLUMN {}", rebuild.passing().as_str(), self.text)
    }
}

/// The columns that are taken along.
///
/// # Errors
/// One that cannot be.
pub(super) async fn columns(
    connection: &mut SqliteConnection,
    rebuild: &Rebuild,
    found: &Inspected,
) -> Result<Vec<Taken>, Failure> {
    let Rebuild { before, after, .. } = rebuild;
    let Some(found) = found.schema.table(&before.name) else { return Ok(Vec::new()) };
    let is_carried = |column: &Column| is_extra(column, before) || is_untouched(column, before, after);
    if !found.columns.values().any(is_carried) {
        return Ok(Vec::new());
    }
    let query = "SELECT sql FROM sqlite_master WHERE type = 'table' AND name = ?";
    let text: String = sqlx::query_scalar(query).bind(before.name.as_str()).fetch_one(connection).await?;
    let mut taken = Vec::new();
    for definition in definitions(&text) {
        let named = found.columns.values().find(|column| column.name.as_str() == definition.name);
        if let Some(column) = named.filter(|column| is_carried(column)) {
            possible(&definition, column, before, after)?;
            let carried = Carried { name: column.name.clone(), computed: definition.computed };
            taken.push(Taken { carried, text: definition.text });
        }
    }
    Ok(taken)
}

/// Whether others made it.
fn is_extra(column: &Column, before: &Table) -> bool {
    !before.columns.contains_key(&column.name)
}

/// Whether the model has no word for something of it, it is what the model says but for that, and stays so.
fn is_untouched(column: &Column, before: &Table, after: &Table) -> bool {
    let bare = |column: &Column| Column { unread: None, comment: None, ..column.clone() };
    let (Some(was), Some(becomes)) = (before.column(&column.name), after.column(&column.name)) else {
        return false;
    };
    column.unread.is_some()
        && bare(column) == bare(was)
        && bare(was) == bare(becomes)
        && was.unread == becomes.unread
}

/// Whether SQLite can make it again by itself: it adds no keys, and none of the model's constraints may be on it, since
/// the table is made with them before.
fn possible(definition: &Definition, column: &Column, before: &Table, after: &Table) -> Result<(), DbError> {
    let refused = |why: &str| {
        let (table, text) = (before.name.as_str(), &definition.text);
        let message =
            format!("the table \"{table}\" has to be made anew, and its column {text} would be lost: {why}");
        Err(DbError::WouldBeLost { table: table.to_owned(), message })
    };
    match is_extra(column, before) {
        true if definition.key => refused(
            "SQLite adds no column that is unique or a key by its definition; give it a unique index instead (CREATE UNIQUE INDEX), or drop it",
        ),
        false if definition.constrained || is_named(&column.name, after) => {
            refused("keys or checks are on it, and it is not of the type that the model says")
        }
        _ => Ok(()),
    }
}

/// Whether a constraint of the table names a column.
fn is_named(column: &Ident, table: &Table) -> bool {
    table.primary_key.contains(column)
        || table.foreign_keys.iter().any(|key| key.columns.contains(column))
        || table.checks.iter().any(|check| check.expression.columns().contains(column))
        || table.computed_from(column).next().is_some()
}

/// What the table is besides, and is made with again.
///
/// # Errors
/// What the new table could not be, with its key.
pub(super) fn options(rebuild: &Rebuild, found: &Inspected) -> Result<Vec<TableOption>, DbError> {
    let all = found.foreign.iter().filter(|foreign| foreign.kind == ForeignKind::Option);
    let options: Vec<_> = all.filter_map(|foreign| TableOption::parse(&foreign.name)).collect();
    match options.iter().find(|option| !rebuild.allows(**option)) {
        None => Ok(options),
        Some(option) => {
            let table = rebuild.before.name.as_str().to_owned();
            let message = format!(
                "the table \"{table}\" has to be made anew, and is {}, which its new key does not allow",
                option.as_str()
            );
            Err(DbError::WouldBeLost { table, message })
        }
    }
}

/// The swap of a rebuild, with columns and options that are taken along.
pub(super) fn swap(part: &RebuildPart, taken: &[Taken], options: &[TableOption]) -> Script {
    let columns: Vec<_> = taken.iter().map(|column| column.carried.clone()).collect();
    let (create, rest) = part.rebuild.carrying(&part.org, &columns, options);
    let passing = part.rebuild.passing();
    let mut script = Script::new(Dialect::Sqlite);
    script.statement(&create);
    for column in taken {
        script.sql("ALTER TABLE ").identifier(passing.as_str()).sql(" ADD COLUMN ").stored(&column.text);
    }
    for statement in &rest {
        script.statement(statement);
    }
    script
}
