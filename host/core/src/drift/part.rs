//! A table taken apart into what can differ about it, each part with its value in words.

use std::collections::BTreeMap;

use serde::{Serialize, Serializer};

use super::StrangerKind;
use crate::ddl::print_expr;
use crate::field_type::FieldType;
use crate::ident::{Ident, quoted};
use crate::intent::list;
use crate::schema::{Column, Index, IndexKey, Table};

/// One thing about a table that can differ.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// Whether it is there.
    Table,
    /// Its note.
    TableComment,
    /// Whether a column is there.
    Column(Ident),
    /// A column's type.
    Type(Ident),
    /// Whether a column may be NULL.
    Nullability(Ident),
    /// What a column holds when a row does not say.
    Default(Ident),
    /// What a column is computed from.
    Generated(Ident),
    /// A column's note.
    Comment(Ident),
    /// The columns of its primary key.
    PrimaryKey,
    /// A unique constraint, by its columns.
    Unique(Vec<Ident>),
    /// A foreign key, by its columns.
    ForeignKey(Vec<Ident>),
    /// A check, by its name.
    Check(Ident),
    /// An index, by what it is on and how.
    Index(String),
    /// Something dropped that is kept, by the name that it has in the database.
    Kept(Ident),
    /// That a crash of the server takes its rows.
    Unlogged,
    /// Something of others that the model has no word for, by its name.
    Stranger(StrangerKind, String),
}

impl Part {
    /// What kind of thing it is.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Table => "table",
            Self::TableComment | Self::Comment(_) => "comment",
            Self::Column(_) => "column",
            Self::Type(_) => "type",
            Self::Nullability(_) => "nullability",
            Self::Default(_) => "default",
            Self::Generated(_) => "generated",
            Self::PrimaryKey => "primary-key",
            Self::Unique(_) => "unique",
            Self::ForeignKey(_) => "foreign-key",
            Self::Check(_) => "check",
            Self::Index(_) => "index",
            Self::Kept(_) => "kept",
            Self::Unlogged => "unlogged",
            Self::Stranger(kind, _) => kind.as_str(),
        }
    }

    /// Whether it is something that can be added to a table, and no quality of what is there.
    #[must_use]
    pub fn is_thing(&self) -> bool {
        match self {
            Self::Column(_) | Self::PrimaryKey | Self::Unique(_) | Self::ForeignKey(_) => true,
            Self::Check(_) | Self::Index(_) | Self::Stranger(..) => true,
            Self::Table | Self::TableComment | Self::Comment(_) | Self::Generated(_) => false,
            Self::Type(_) | Self::Nullability(_) | Self::Default(_) | Self::Unlogged => false,
            Self::Kept(_) => false,
        }
    }

    /// The one column it is about.
    #[must_use]
    pub fn column(&self) -> Option<&Ident> {
        match self {
            Self::Column(c) | Self::Type(c) | Self::Nullability(c) | Self::Default(c) => Some(c),
            Self::Generated(c) | Self::Comment(c) => Some(c),
            Self::Unique(columns) | Self::ForeignKey(columns) => {
                columns.first().filter(|_| columns.len() == 1)
            }
            Self::Table | Self::TableComment | Self::PrimaryKey | Self::Check(_) | Self::Index(_) => None,
            Self::Unlogged | Self::Stranger(..) | Self::Kept(_) => None,
        }
    }

    /// What it is called within its table: a column, columns, a name; empty for what a table has but one of.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Self::Table | Self::TableComment | Self::PrimaryKey | Self::Unlogged => String::new(),
            Self::Unique(columns) | Self::ForeignKey(columns) => {
                columns.iter().map(Ident::as_str).collect::<Vec<_>>().join(", ")
            }
            Self::Check(name) | Self::Kept(name) => name.as_str().to_owned(),
            Self::Index(shape) => shape.clone(),
            Self::Stranger(_, name) => name.clone(),
            other => other.column().map(|c| c.as_str().to_owned()).unwrap_or_default(),
        }
    }
}

impl Serialize for Part {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.kind())
    }
}

/// All parts of a table.
pub(super) fn parts(table: &Table) -> BTreeMap<Part, String> {
    let mut parts = BTreeMap::from([(Part::Table, "there".to_owned())]);
    if table.unlogged {
        parts.insert(Part::Unlogged, "UNLOGGED".to_owned());
    }
    parts.extend(table.comment.as_deref().map(|text| (Part::TableComment, quoted(text))));
    table.columns.values().for_each(|column| parts.extend(column_parts(column)));
    if !table.primary_key.is_empty() {
        parts.insert(Part::PrimaryKey, with(list(&table.primary_key), table.key_besides.as_ref()));
    }
    parts.extend(table.uniques.iter().map(|unique| {
        (Part::Unique(unique.columns.clone()), with("there".to_owned(), unique.besides.as_ref()))
    }));
    parts.extend(table.foreign_keys.iter().map(|key| {
        let (to, target) = (quoted(key.table.as_str()), list(&key.target));
        let says = key.besides.as_ref().is_some_and(|besides| besides.starts_with("ON DELETE "));
        let delete = if says { String::new() } else { format!(" ON DELETE {}", key.on_delete.as_str()) };
        let value = with(format!("{to} ({target}){delete}"), key.besides.as_ref());
        (Part::ForeignKey(key.columns.clone()), value)
    }));
    parts.extend(table.checks.iter().map(|check| {
        (Part::Check(check.name.clone()), with(print_expr(&check.expression), check.besides.as_ref()))
    }));
    parts.extend(table.indexes.iter().map(|index| {
        let value = if index.broken { "INVALID" } else { "there" };
        (Part::Index(shape(index)), value.to_owned())
    }));
    parts
}

/// What a constraint is, and what it is besides.
fn with(value: String, besides: Option<&String>) -> String {
    match besides {
        Some(words) => format!("{value}, {words}"),
        None => value,
    }
}

fn column_parts(column: &Column) -> impl Iterator<Item = (Part, String)> {
    let name = || column.name.clone();
    let unread = column.unread.as_deref();
    let ty = unread.and_then(|u| u.ty.clone()).unwrap_or_else(|| type_in_full(&column.ty));
    let default = unread
        .and_then(|u| u.default.clone())
        .or_else(|| column.default.as_ref().map(|value| value.to_json().to_string()));
    let nullability = if column.nullable { "NULL" } else { "NOT NULL" };
    [
        Some((Part::Column(name()), "there".to_owned())),
        Some((Part::Type(name()), ty)),
        Some((Part::Nullability(name()), nullability.to_owned())),
        default.map(|value| (Part::Default(name()), value)),
        column.generated.as_ref().map(|of| (Part::Generated(name()), print_expr(of))),
        column.comment.as_deref().map(|text| (Part::Comment(name()), quoted(text))),
    ]
    .into_iter()
    .flatten()
}

/// An index in words: `unique btree (status, lower(name)) include (id) where amount > 0`.
#[must_use]
pub fn shape(index: &Index) -> String {
    let shape = &index.shape;
    let key = |key: &IndexKey| match key {
        IndexKey::Column(column) => column.as_str().to_owned(),
        IndexKey::Expression(expression) => print_expr(expression),
    };
    let keys: Vec<_> = shape.keys.iter().map(key).collect();
    let unique = if shape.unique { "unique " } else { "" };
    let mut text = format!("{unique}{} ({})", shape.method.as_str(), keys.join(", "));
    if !shape.include.is_empty() {
        let include: Vec<_> = shape.include.iter().map(Ident::as_str).collect();
        text += &format!(" include ({})", include.join(", "));
    }
    if let Some(predicate) = &shape.predicate {
        text += &format!(" where {}", print_expr(predicate));
    }
    text
}

/// A column in one line.
pub(super) fn in_full(column: &Column) -> String {
    let worth = |(part, value): (Part, String)| match part {
        Part::Column(_) => None,
        Part::Type(_) | Part::Nullability(_) => Some(value),
        other => Some(format!("{} {value}", other.kind())),
    };
    column_parts(column).filter_map(worth).collect::<Vec<_>>().join(", ")
}

/// A type with all that it is made with.
pub(super) fn type_in_full(ty: &FieldType) -> String {
    match ty.values() {
        Some(values) => format!("Enum({})", values.iter().map(|v| quoted(v)).collect::<Vec<_>>().join(", ")),
        None => ty.describe(),
    }
}

/// What an index or constraint of a table is called, where what it is on is what it goes by.
pub(super) fn called(part: &Part, table: &Table) -> Option<Ident> {
    match part {
        Part::PrimaryKey => Some(table.key_name()),
        Part::Unique(columns) => table.uniques.iter().find(|u| u.columns == *columns).map(|u| u.name.clone()),
        Part::ForeignKey(columns) => {
            table.foreign_keys.iter().find(|k| k.columns == *columns).map(|k| k.name.clone())
        }
        Part::Index(text) => table.indexes.iter().find(|i| shape(i) == *text).map(|i| i.name.clone()),
        _ => None,
    }
}
