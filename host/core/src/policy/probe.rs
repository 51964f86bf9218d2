//! Questions about the rows that a judgement depends on, and their answers.
//! Names are those before the change: that is where the rows are.

use std::collections::BTreeMap;

use crate::conversion::Using;
use crate::expr::Expr;
use crate::field_type::FieldType;
use crate::ident::Ident;
use crate::schema::IndexShape;
use crate::value::DefaultValue;

/// A question about the rows of a table.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs)]
pub enum Probe {
    /// Whether it has rows; none of them fail.
    Rows { table: Ident },
    /// Rows in which a column is NULL.
    Nulls { table: Ident, column: Ident },
    /// Rows that share the columns' values with another; all rows, if they are many, without columns.
    Duplicates { table: Ident, columns: Vec<Ident> },
    /// Rows that a unique index has twice: with expressions, or a condition.
    Repeats { table: Ident, index: IndexShape },
    /// Rows that refer to nothing. Without `to`, the target has no rows yet, so every reference does.
    Orphans { table: Ident, columns: Vec<Ident>, to: Option<(Ident, Vec<Ident>)> },
    /// All rows, if the value that each of them gets refers to nothing. `to` as above.
    Dangling { table: Ident, value: DefaultValue, ty: FieldType, to: Option<(Ident, Ident)> },
    /// Rows whose value another type cannot hold.
    Misfits { table: Ident, column: Ident, from: FieldType, to: FieldType },
    /// Rows whose value cannot be converted, though another type has a counterpart of it; where the column is
    /// `required`, also those that would become NULL.
    Unconvertible {
        table: Ident,
        column: Ident,
        from: FieldType,
        to: FieldType,
        using: Option<Using>,
        required: bool,
    },
    /// What depends on something of a table and was not made by Hookwright: views, triggers, policies. Each
    /// counts as failing, its description is in the sample. SQLite has none that stand in the way.
    Dependents { table: Ident, on: Thing },
    /// Rows that do not meet a condition.
    Violations { table: Ident, expression: Expr },
}

/// Something of a table that others may depend on.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Thing {
    /// Any column of it.
    Table,
    Column(Ident),
    /// A primary key or unique constraint, by its name.
    Key(Ident),
    /// That a column must have a value.
    Required(Ident),
    /// The values of a column: checks, and indexes on expressions or some rows, are computed from them.
    Values(Ident),
    /// What goes with a column without a word: indexes, constraints, statistics and privileges.
    Along(Ident),
    /// Whatever uses a column, or the table if none is named, functions among them.
    Users(Option<Ident>),
}

/// What a probe found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Answer {
    /// Whether the table has rows.
    pub rows: bool,
    /// How many rows fail, counted up to [`Answer::MOST`].
    pub failing: u64,
    /// Whether time ran out before all rows were looked at: then it is not known whether any fail.
    pub unknown: bool,
    /// Some failing values (or, for NULLs, keys of the rows), as JSON texts.
    pub sample: Vec<String>,
}

impl Answer {
    /// Where counting stops.
    pub const MOST: u64 = 100_000;

    /// The count for people.
    #[must_use]
    pub fn count(&self) -> String {
        match (self.failing, self.failing >= Self::MOST) {
            (_, true) => format!("{} or more rows", Self::MOST),
            (1, _) => "1 row".into(),
            (n, _) => format!("{n} rows"),
        }
    }

    /// The verb that goes with the count: of one row, or of many.
    #[must_use]
    pub fn verb<'v>(&self, one: &'v str, many: &'v str) -> &'v str {
        if self.failing == 1 { one } else { many }
    }

    /// The count with its verb.
    #[must_use]
    pub fn which(&self, one: &str, many: &str) -> String {
        format!("{} {}", self.count(), self.verb(one, many))
    }

    /// The sample for people: ` (for example "a", "b")`, or nothing.
    #[must_use]
    pub fn examples(&self) -> String {
        match self.sample.is_empty() {
            true => String::new(),
            false => format!(" (for example {})", self.sample.join(", ")),
        }
    }
}

/// Answers, by the index of the probe in [`super::Draft::probes`].
pub type Answers = BTreeMap<usize, Answer>;
