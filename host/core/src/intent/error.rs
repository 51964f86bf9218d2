//! Why an intent cannot be applied to the model.

use crate::event::MAX_FIELDS;
use crate::ident::Ident;
use crate::schema::{Column, Schema, Table};
use crate::text::TextError;

/// Why an intent cannot be applied.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs)]
pub enum IntentError {
    #[error("there is no table \"{table}\"{near}; create its entity first, or correct the name")]
    UnknownTable { table: String, near: String },
    #[error(
        "the table \"{table}\" has no column \"{column}\"{near}; create the field first, or correct the name"
    )]
    UnknownColumn { table: String, column: String, near: String },
    #[error(
        "the table \"{existing}\" already exists, \"{wanted}\" was asked for (case does not count); choose another name, or delete the entity with its table first"
    )]
    TableExists { existing: String, wanted: String },
    #[error(
        "the column \"{existing}\" already exists on the table \"{table}\" as {is}, wanted \"{wanted}\" as {want}; choose another name, or change the column that is there"
    )]
    ColumnExists { table: String, existing: String, is: String, wanted: String, want: String },
    #[error(
        "the column \"{column}\" is to join the primary key of \"{table}\", which exists already; add the column without it, give its rows values, then ask for drop-primary-key (if there is a key) and add-primary-key"
    )]
    KeyOfExisting { table: String, column: String },
    #[error(
        "the column \"{column}\" is part of the primary key of \"{table}\", so {what} is not possible; ask for drop-primary-key first, and for add-primary-key with the columns that are to be the key"
    )]
    InPrimaryKey { table: String, column: String, what: &'static str },
    #[error(
        "\"{table}\".\"{column}\" is counted by the database (GENERATED AS IDENTITY), so {what} is not possible; have it counted no more by hand: ALTER TABLE \"{table}\" ALTER COLUMN \"{column}\" DROP IDENTITY"
    )]
    Counted { table: String, column: String, what: &'static str },
    #[error("{dependents} to \"{target}\"; take the reference away first")]
    Referenced { target: String, dependents: String },
    #[error("the table \"{table}\" already has {what}; leave it out")]
    Already { table: String, what: String },
    #[error("the table \"{table}\" has no {what}; leave it out, or correct the columns")]
    Missing { table: String, what: String },
    #[error("\"{column}\" on \"{table}\" is {is}, and {what}; {instead}")]
    WrongType { table: String, column: String, is: String, what: &'static str, instead: &'static str },
    #[error("SQLite {what}; {instead}")]
    Dialect { what: &'static str, instead: &'static str },
    #[error("no dropped table \"{table}\" is kept; its rows were purged, or it was never dropped")]
    NotBuried { table: String },
    #[error(
        "the columns {generated} of \"{table}\" are computed from \"{column}\", so {what} is not possible; drop them first"
    )]
    Computed { table: String, column: String, what: &'static str, generated: String },
    #[error(
        "the generated column \"{column}\" on \"{table}\" is not possible: {why}; compute it from columns that rows give, and give it no default"
    )]
    Generated { table: String, column: String, why: &'static str },
    #[error("the index on \"{table}\" is not possible: {why}; correct it, or take the method \"btree\"")]
    Index { table: String, why: String },
    #[error("{what} without columns makes no sense; name at least one")]
    NoColumns { what: &'static str },
    #[error("{what} names the column \"{column}\" twice; name it once")]
    ColumnTwice { what: &'static str, column: String },
    #[error("the foreign key on \"{table}\" pairs {columns} columns with {target}; give as many of each")]
    Pairing { table: String, columns: usize, target: usize },
    #[error(
        "the table \"{table}\" has {count} columns, dropped ones that are kept among them, and {MAX_FIELDS} is the most a table can have; leave some out, or split the table"
    )]
    Full { table: String, count: usize },
    #[error("the type of the column \"{column}\" on \"{table}\" is not possible: {why}")]
    Type { table: String, column: String, why: String },
    #[error("{what} {why}")]
    Text { what: &'static str, why: TextError },
    #[error("the name is not possible: {why}")]
    Name { why: String },
}

impl IntentError {
    pub(crate) fn unknown_table(schema: &Schema, name: &Ident) -> Self {
        let names = schema.tables.keys().map(Ident::as_str);
        Self::UnknownTable { table: name.as_str().into(), near: near(name.as_str(), names) }
    }

    pub(crate) fn gone(table: &Ident) -> Self {
        Self::UnknownTable { table: table.as_str().into(), near: String::new() }
    }

    pub(crate) fn unknown_column(table: &Table, name: &Ident) -> Self {
        let names = table.columns.keys().map(Ident::as_str);
        Self::UnknownColumn {
            table: table.name.as_str().into(),
            column: name.as_str().into(),
            near: near(name.as_str(), names),
        }
    }

    pub(crate) fn column_exists(table: &Ident, existing: &Column, wanted: &Column) -> Self {
        Self::ColumnExists {
            table: table.as_str().into(),
            existing: existing.name.as_str().into(),
            is: existing.ty.describe(),
            wanted: wanted.name.as_str().into(),
            want: wanted.ty.describe(),
        }
    }

    pub(crate) fn missing(table: &Ident, what: String) -> Self {
        Self::Missing { table: table.as_str().into(), what }
    }

    pub(crate) fn already(table: &Ident, what: String) -> Self {
        Self::Already { table: table.as_str().into(), what }
    }

    /// Nothing of that name was dropped.
    pub(crate) fn not_buried(table: &Ident, column: Option<&Ident>) -> Self {
        match column {
            Some(column) => Self::missing(table, format!("dropped column \"{}\"", column.as_str())),
            None => Self::NotBuried { table: table.as_str().into() },
        }
    }

    /// Whether no schema would allow it: it makes no sense by itself, or brings more along than can be kept.
    #[must_use]
    pub fn is_of_itself(&self) -> bool {
        matches!(
            self,
            Self::Text { .. }
                | Self::Type { .. }
                | Self::NoColumns { .. }
                | Self::ColumnTwice { .. }
                | Self::Pairing { .. }
        )
    }

    /// The error's stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::UnknownTable { .. } => "intent/unknown-table",
            Self::UnknownColumn { .. } => "intent/unknown-column",
            Self::TableExists { .. } => "intent/table-exists",
            Self::ColumnExists { .. } => "intent/column-exists",
            Self::KeyOfExisting { .. } | Self::InPrimaryKey { .. } => "intent/primary-key",
            Self::Referenced { .. } | Self::Computed { .. } => "intent/referenced",
            Self::Generated { .. } | Self::Counted { .. } => "intent/generated",
            Self::Dialect { .. } => "intent/dialect",
            Self::Index { .. } => "intent/index",
            Self::Already { .. } => "intent/already-there",
            Self::Missing { .. } | Self::NotBuried { .. } => "intent/not-there",
            Self::WrongType { .. } | Self::Type { .. } => "intent/type",
            Self::NoColumns { .. } | Self::ColumnTwice { .. } | Self::Pairing { .. } | Self::Full { .. } => {
                "intent/columns"
            }
            Self::Text { .. } => "intent/text",
            Self::Name { .. } => "intent/name",
        }
    }
}

/// Names as a person reads them: `"a", "b"`.
#[must_use]
pub fn list(names: &[Ident]) -> String {
    let quoted: Vec<_> = names.iter().map(|n| format!("\"{}\"", n.as_str())).collect();
    quoted.join(", ")
}

/// ` (did you mean "…"?)`, if another name is near.
fn near<'a>(name: &str, names: impl Iterator<Item = &'a str>) -> String {
    let nearest = crate::near::near(name, names).into_iter().next();
    nearest.map(|n| format!(" (did you mean \"{n}\"?)")).unwrap_or_default()
}
