//! What a database has and the metadata have no word for.

use crate::ident::Ident;

/// A table that can be no entity, or a column that can be no field.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct LeftOut {
    /// The table, by whatever name it has.
    pub table: String,
    /// The column; none if it is the whole table.
    pub column: Option<String>,
    /// Why, in words: `it is partitioned`.
    pub why: String,
}

impl LeftOut {
    /// Whether it is a table, as a whole.
    pub(super) fn is_table(&self, name: &Ident) -> bool {
        self.column.is_none() && self.table == name.as_str()
    }
}
