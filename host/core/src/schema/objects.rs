//! Constraints of a table. Equality leaves out the name.

use serde::{Deserialize, Serialize};

use crate::expr::Expr;
use crate::ident::Ident;
use crate::spec::OnDelete;

/// A unique constraint.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Unique {
    /// The constraint's name (on SQLite: of the unique index).
    pub name: Ident,
    /// The columns, in order.
    pub columns: Vec<Ident>,
}

/// A foreign key.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ForeignKey {
    /// The constraint's name.
    pub name: Ident,
    /// The columns, in order.
    pub columns: Vec<Ident>,
    /// The table referred to.
    pub table: Ident,
    /// Its columns, in the matching order.
    pub target: Vec<Ident>,
    /// What a deletion there does here.
    pub on_delete: OnDelete,
    /// What it is besides, that no intent asks for, in the database's words: `ON UPDATE CASCADE`, `DEFERRABLE`, and
    /// `NOT VALID` if rows that were there before may break it. Inspection alone says so.
    #[serde(skip)]
    pub besides: Option<String>,
}

/// A named condition that each row meets.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Check {
    /// The constraint's name; for a check it is the identity.
    pub name: Ident,
    /// The condition.
    pub expression: Expr,
    /// Whether rows that were there before may break it (`NOT VALID`). Inspection alone says so.
    #[serde(skip)]
    pub unvalidated: bool,
}

impl Check {
    /// A check that all rows meet.
    #[must_use]
    pub fn new(name: Ident, expression: Expr) -> Self {
        Self { name, expression, unvalidated: false }
    }
}

impl PartialEq for Unique {
    fn eq(&self, other: &Self) -> bool {
        let Self { name: _, columns } = self;
        *columns == other.columns
    }
}

impl PartialEq for ForeignKey {
    fn eq(&self, other: &Self) -> bool {
        let Self { name: _, columns, table, target, on_delete, besides } = self;
        *columns == other.columns
            && *table == other.table
            && *target == other.target
            && *on_delete == other.on_delete
            && *besides == other.besides
    }
}
