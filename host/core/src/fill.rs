//! Values that rows get when a change is made.
//!
//! A [`crate::model::Model`] keeps them; the plan makes statements of them.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::conversion::Using;
use crate::expr::Expr;
use crate::field_type::FieldType;
use crate::ident::Ident;
use crate::value::DefaultValue;

/// Values that rows get: a backfill, or what a conversion makes of another column.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Fill {
    /// The table.
    pub table: Ident,
    /// The column that gets them.
    pub column: Ident,
    /// What it gets.
    pub value: FillValue,
    /// The rows; those in which the column is NULL, if it does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub only: Option<Expr>,
}

/// What a column is filled with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FillValue {
    /// One value for all rows.
    Literal(DefaultValue),
    /// Computed from each row.
    Expression(Expr),
    /// Another column, converted.
    Converted {
        /// The column, by the name it has when the change is whole.
        from: Ident,
        /// Its type.
        was: FieldType,
        /// How, if it is not the usual way.
        using: Option<Using>,
    },
}

impl Fill {
    /// The columns that the values are made from.
    #[must_use]
    pub fn sources(&self) -> BTreeSet<Ident> {
        match &self.value {
            FillValue::Literal(_) => BTreeSet::new(),
            FillValue::Expression(expression) => expression.columns(),
            FillValue::Converted { from, using, .. } => {
                let mut columns = match using {
                    Some(Using::Expression(expression)) => expression.columns(),
                    _ => BTreeSet::new(),
                };
                columns.insert(from.clone());
                columns
            }
        }
    }

    /// Whether what rows get, or which rows get it, is computed from a column.
    #[must_use]
    pub fn reads(&self, column: &Ident) -> bool {
        let value = match &self.value {
            FillValue::Expression(e) | FillValue::Converted { using: Some(Using::Expression(e)), .. } => {
                Some(e)
            }
            FillValue::Literal(_) | FillValue::Converted { .. } => None,
        };
        value.into_iter().chain(&self.only).any(|e| e.columns().contains(column))
    }

    pub(crate) fn rename(&mut self, from: &Ident, to: &Ident) {
        if self.column == *from {
            self.column = to.clone();
        }
        self.only = self.only.take().map(|e| e.renamed(from, to));
        match &mut self.value {
            FillValue::Literal(_) => {}
            FillValue::Expression(e) => *e = e.clone().renamed(from, to),
            FillValue::Converted { from: source, using, .. } => {
                if source == from {
                    *source = to.clone();
                }
                if let Some(Using::Expression(e)) = using {
                    *e = e.clone().renamed(from, to);
                }
            }
        }
    }
}
