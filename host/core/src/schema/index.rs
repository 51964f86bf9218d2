//! What an index is. Two indexes that differ only in their names are equal.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::expr::Expr;
use crate::ident::Ident;

/// An index that is not a constraint's.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Index {
    /// The index's name.
    pub name: Ident,
    /// All else.
    #[serde(flatten)]
    pub shape: IndexShape,
    /// Whether its build did not end well (`INVALID`). Inspection alone says so.
    #[serde(skip)]
    pub broken: bool,
}

impl Index {
    /// A sound index.
    #[must_use]
    pub fn new(name: Ident, shape: IndexShape) -> Self {
        Self { name, shape, broken: false }
    }
}

/// What an index is, whatever it is called.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct IndexShape {
    /// What it is sorted by, in order.
    pub keys: Vec<IndexKey>,
    /// Whether no two rows may share the keys.
    #[serde(default)]
    pub unique: bool,
    /// Columns kept along, so that a query need not visit the table (PostgreSQL only).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub include: Vec<Ident>,
    /// The rows that are in it; all of them if absent.
    #[serde(default, rename = "where", skip_serializing_if = "Option::is_none")]
    pub predicate: Option<Expr>,
    /// How it is built.
    #[serde(default, skip_serializing_if = "IndexMethod::is_btree")]
    pub method: IndexMethod,
}

/// One key of an index.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum IndexKey {
    /// A column.
    Column(Ident),
    /// What comes out of an expression.
    Expression(Expr),
}

/// How an index is built. All but `Btree` are PostgreSQL's alone.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum IndexMethod {
    /// Sorted: for equality, ranges and order.
    #[default]
    Btree,
    /// For equality alone, of one key.
    Hash,
    /// For what is inside `Json` documents.
    Gin,
    /// Block ranges: small, for values that grow with the table.
    Brin,
}

impl IndexMethod {
    /// Every method.
    pub const ALL: &'static [Self] = &[Self::Btree, Self::Hash, Self::Gin, Self::Brin];

    /// The method in SQL.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Btree => "btree",
            Self::Hash => "hash",
            Self::Gin => "gin",
            Self::Brin => "brin",
        }
    }

    #[allow(clippy::trivially_copy_pass_by_ref)] // serde calls it so
    fn is_btree(&self) -> bool {
        *self == Self::Btree
    }
}

impl IndexShape {
    /// A plain index on columns.
    #[must_use]
    pub fn on(columns: &[Ident], unique: bool) -> Self {
        let keys = columns.iter().cloned().map(IndexKey::Column).collect();
        Self { keys, unique, include: Vec::new(), predicate: None, method: IndexMethod::Btree }
    }

    /// The columns it is sorted by, if its keys are nothing else.
    #[must_use]
    pub fn key_columns(&self) -> Option<Vec<Ident>> {
        let column = |key: &IndexKey| match key {
            IndexKey::Column(column) => Some(column.clone()),
            IndexKey::Expression(_) => None,
        };
        self.keys.iter().map(column).collect()
    }

    /// Every column it depends on.
    #[must_use]
    pub fn columns(&self) -> BTreeSet<Ident> {
        let keys = self.keys.iter().flat_map(|key| match key {
            IndexKey::Column(column) => BTreeSet::from([column.clone()]),
            IndexKey::Expression(expression) => expression.columns(),
        });
        let predicate = self.predicate.iter().flat_map(Expr::columns);
        keys.chain(self.include.iter().cloned()).chain(predicate).collect()
    }

    /// Whether it keeps all rows apart by these columns, so that a foreign key may refer to them.
    #[must_use]
    pub fn is_key(&self, columns: &[Ident]) -> bool {
        self.unique && self.predicate.is_none() && self.key_columns().is_some_and(|c| c == columns)
    }

    /// The same index over columns with other names.
    #[must_use]
    pub fn mapped(mut self, name: &dyn Fn(&Ident) -> Ident) -> Self {
        for key in &mut self.keys {
            match key {
                IndexKey::Column(column) => *column = name(column),
                IndexKey::Expression(e) => *e = e.clone().mapped(name),
            }
        }
        self.include.iter_mut().for_each(|column| *column = name(column));
        self.predicate = self.predicate.take().map(|p| p.mapped(name));
        self
    }
}

impl PartialEq for Index {
    fn eq(&self, other: &Self) -> bool {
        let Self { name: _, shape, broken } = self;
        *shape == other.shape && *broken == other.broken
    }
}
