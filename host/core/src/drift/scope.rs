//! How far a repair or an adoption goes.

use std::fmt;

use super::Finding;
use crate::ident::Ident;

/// What is to be brought together.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scope {
    /// One table; all of them if absent.
    pub table: Option<Ident>,
    /// One column of it.
    pub column: Option<Ident>,
    /// Whether what others added, and nothing calls for, goes too.
    pub extras: bool,
    /// Whether only that is done which no program and no row can stand against.
    pub loosening: bool,
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.table, &self.column) {
            (None, _) => f.write_str("the schema"),
            (Some(table), None) => f.write_str(table.as_str()),
            (Some(table), Some(column)) => write!(f, "{}.{}", table.as_str(), column.as_str()),
        }
    }
}

impl Scope {
    /// Whether a finding is in it.
    #[must_use]
    pub fn has(&self, finding: &Finding) -> bool {
        let table = self.table.as_ref().is_none_or(|table| *table == finding.table);
        let column = self.column.as_ref().is_none_or(|column| finding.part.column() == Some(column));
        table && column && (self.extras || !finding.is_foreign())
    }

    /// Whether a table of nobody is to be taken in.
    pub(super) fn asks_for(&self, table: &Ident) -> bool {
        self.table.as_ref().map_or(self.extras, |only| only == table)
    }
}
