//! What keeps a change of a large table from being made beside its users. Such a change is refused before anything runs.

use crate::ident::Ident;
use crate::intent::list;

/// What stands in the way.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Obstacle {
    /// A column of the primary key would be made anew.
    KeyColumn { table: Ident, column: Ident },
    /// Other tables refer to a column that would be made anew.
    Referenced { table: Ident, column: Ident, by: Vec<Ident> },
    /// A generated column is written into every row while nobody can use the table.
    Generated { table: Ident, column: Ident },
    /// A new column has the name that another one gives up in the same change.
    NameInUse { table: Ident, column: Ident },
    /// A table that somebody made `UNLOGGED` is written anew while nobody can use it.
    Unlogged { table: Ident },
}

impl Obstacle {
    /// Its stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::KeyColumn { .. } => "policy/online-key-column",
            Self::Referenced { .. } => "policy/online-referenced",
            Self::Generated { .. } => "policy/online-generated",
            Self::NameInUse { .. } => "policy/online-name-in-use",
            Self::Unlogged { .. } => "policy/online-unlogged",
        }
    }

    /// What stands in the way, for people.
    #[must_use]
    pub fn message(&self) -> String {
        let on = |table: &Ident, column: &Ident| format!("\"{}\".\"{}\"", table.as_str(), column.as_str());
        match self {
            Self::KeyColumn { table, column } => format!(
                "{} is part of the primary key of a large table, and another type would write every row anew while nobody can use it",
                on(table, column)
            ),
            Self::Referenced { table, column, by } => format!(
                "foreign keys on {} refer to {} of a large table, so it cannot be exchanged for one of another type beside its users",
                list(by),
                on(table, column)
            ),
            Self::Generated { table, column } => format!(
                "the generated column {} would be written into every row of a large table while nobody can use it",
                on(table, column)
            ),
            Self::NameInUse { table, column } => format!(
                "the new column {} has the name that another column of a large table gives up in the same change",
                on(table, column)
            ),
            Self::Unlogged { table } => format!(
                "the large table \"{}\", which somebody made UNLOGGED, would be written anew while nobody can use it",
                table.as_str()
            ),
        }
    }

    /// What to do instead.
    #[must_use]
    pub fn help(&self) -> &'static str {
        match self {
            Self::KeyColumn { .. } | Self::Referenced { .. } => {
                "add a field of the new type, fill it, let the references move over to it, then delete the old one"
            }
            Self::Generated { .. } => "add an ordinary field, fill it, and have writers or a trigger keep it",
            Self::Unlogged { .. } => {
                "at a quiet time, by hand: ALTER TABLE … SET LOGGED; or raise thresholds.large-table-rows for it. Until then a crash of the server empties the table"
            }
            Self::NameInUse { .. } => "send the rename first and the new field in a change of its own",
        }
    }
}
