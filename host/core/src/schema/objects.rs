//! Constraints of a table. Equality leaves out the name.

use serde::{Deserialize, Serialize};

use crate::expr::{Expr, Operator};
use crate::ident::Ident;
use crate::spec::OnDelete;

/// A unique constraint.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Unique {
    /// The constraint's name (on SQLite: of the unique index).
    pub name: Ident,
    /// The columns, in order.
    pub columns: Vec<Ident>,
    /// What it is besides, that no intent asks for, in the database's words: `DEFERRABLE`. Inspection alone says so.
    #[serde(skip)]
    pub besides: Option<String>,
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
    /// What it is besides, that no intent asks for, in the database's words: `NO INHERIT`, [`NOT_VALID`]. Inspection alone
    /// says so.
    #[serde(skip)]
    pub besides: Option<String>,
}

/// What a check or foreign key is besides that rows from before may break.
pub const NOT_VALID: &str = "NOT VALID";

/// What a foreign key is besides whose triggers somebody switched off (`DISABLE TRIGGER ALL`): no row is checked.
pub const DISABLED: &str = "DISABLED";

/// Whether a constraint is what intents ask for but for that rows from before may break it.
fn is_only_unvalidated(besides: Option<&String>) -> bool {
    besides.is_some_and(|words| words == NOT_VALID)
}

impl Check {
    /// A check that all rows meet.
    #[must_use]
    pub fn new(name: Ident, expression: Expr) -> Self {
        Self { name, expression, besides: None }
    }

    /// Whether it is a check of this name and condition but for that rows from before may break it.
    #[must_use]
    pub fn is_unvalidated(&self, name: &Ident, expression: &Expr) -> bool {
        self.name == *name && self.expression == *expression && is_only_unvalidated(self.besides.as_ref())
    }

    /// The values that it keeps a column to, if it is the check of an `Enum`, whatever its name.
    #[must_use]
    pub fn values(&self, column: &Ident) -> Option<Vec<String>> {
        let is_column = |of: &Expr| matches!(of, Expr::Column(name) if name == column);
        let text = |value: &Expr| match value {
            Expr::Text(text) => Some(text.clone()),
            _ => None,
        };
        match &self.expression {
            Expr::In { of, values, negated: false } if is_column(of) => values.iter().map(text).collect(),
            Expr::Binary(of, Operator::Equal, value) if is_column(of) => text(value).map(|value| vec![value]),
            _ => None,
        }
    }
}

impl Unique {
    /// A unique constraint as intents ask for it.
    #[must_use]
    pub fn new(name: Ident, columns: Vec<Ident>) -> Self {
        Self { name, columns, besides: None }
    }
}

impl ForeignKey {
    /// Whether it is another one but for that rows from before may break it.
    #[must_use]
    pub fn is_unvalidated(&self, of: &Self) -> bool {
        is_only_unvalidated(self.besides.as_ref()) && Self { besides: None, ..self.clone() } == *of
    }
}

impl PartialEq for Unique {
    fn eq(&self, other: &Self) -> bool {
        let Self { name: _, columns, besides } = self;
        *columns == other.columns && *besides == other.besides
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
