//! A table and its columns.

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use super::{Check, ForeignKey, Index, Unique};
use crate::field_type::FieldType;
use crate::ident::Ident;
use crate::value::DefaultValue;

/// A column.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Column {
    /// Its name.
    pub name: Ident,
    /// Its type.
    pub ty: FieldType,
    /// Whether a row may leave it NULL.
    pub nullable: bool,
    /// What it holds when a row does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<DefaultValue>,
    /// A note kept beside it (PostgreSQL only).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
}

/// A table.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Table {
    /// Its name.
    pub name: Ident,
    /// Its columns in their physical order, which equality leaves out.
    pub columns: IndexMap<Ident, Column>,
    /// The columns of the primary key, in order; empty if there is none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub primary_key: Vec<Ident>,
    /// Its unique constraints, sorted by their columns.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub uniques: Vec<Unique>,
    /// Its foreign keys, sorted by their columns.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub foreign_keys: Vec<ForeignKey>,
    /// Its checks, sorted by name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub checks: Vec<Check>,
    /// Its indexes, sorted by their columns.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub indexes: Vec<Index>,
    /// A note kept beside it (PostgreSQL only).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
}

impl Table {
    /// A table without columns.
    #[must_use]
    pub fn new(name: Ident) -> Self {
        Self {
            name,
            columns: IndexMap::new(),
            primary_key: Vec::new(),
            uniques: Vec::new(),
            foreign_keys: Vec::new(),
            checks: Vec::new(),
            indexes: Vec::new(),
            comment: None,
        }
    }

    /// A column, by its exact name.
    #[must_use]
    pub fn column(&self, name: &Ident) -> Option<&Column> {
        self.columns.get(name)
    }

    /// A column whose name collides with `name` when case does not count.
    #[must_use]
    pub fn colliding_column(&self, name: &Ident) -> Option<&Column> {
        self.columns.values().find(|c| c.name.collides(name))
    }

    /// Whether a foreign key may refer to these columns: a primary key, unique constraint or unique index is on them.
    #[must_use]
    pub fn is_key(&self, columns: &[Ident]) -> bool {
        self.primary_key == columns
            || self.uniques.iter().any(|u| u.columns == columns)
            || self.indexes.iter().any(|i| i.unique && i.columns == columns)
    }

    /// Puts constraints and indexes in their canonical order.
    pub fn sort(&mut self) {
        self.uniques.sort_by(|a, b| a.columns.cmp(&b.columns));
        self.foreign_keys.sort_by(|a, b| (&a.columns, &a.table).cmp(&(&b.columns, &b.table)));
        self.checks.sort_by(|a, b| a.name.cmp(&b.name));
        self.indexes.sort_by(|a, b| (&a.columns, a.unique).cmp(&(&b.columns, b.unique)));
    }
}

impl PartialEq for Table {
    fn eq(&self, other: &Self) -> bool {
        let Self { name, columns, primary_key, uniques, foreign_keys, checks, indexes, comment } = self;
        *name == other.name
            && *columns == other.columns
            && *primary_key == other.primary_key
            && *uniques == other.uniques
            && *foreign_keys == other.foreign_keys
            && *checks == other.checks
            && *indexes == other.indexes
            && *comment == other.comment
    }
}
