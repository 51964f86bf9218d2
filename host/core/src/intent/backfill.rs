//! Fills a column in rows that have no value for it, or that meet a condition.

use serde::{Deserialize, Serialize};

use super::IntentError;
use super::support::expression;
use crate::expr::Expr;
use crate::ident::Ident;
use crate::model::{Fill, FillValue, Model};

/// Fills a column.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Backfill {
    /// The table.
    pub table: Ident,
    /// The column that is filled.
    pub column: Ident,
    /// What rows get: a literal, or what an expression over their columns gives.
    pub value: FillValue,
    /// The rows that get it; without a condition, those in which the column is NULL.
    #[serde(default, rename = "where", skip_serializing_if = "Option::is_none")]
    pub only: Option<Expr>,
}

impl Backfill {
    pub(super) fn apply(&self, model: &mut Model) -> Result<(), IntentError> {
        let column = model.column(&self.table, &self.column)?;
        let wrong = |what, instead| {
            let (table, name, is) =
                (self.table.as_str().into(), self.column.as_str().into(), column.ty.describe());
            Err(IntentError::WrongType { table, column: name, is, what, instead })
        };
        if column.generated.is_some() {
            return wrong(
                "computed from other columns, so it cannot be filled",
                "fill those it is computed from",
            );
        }
        match &self.value {
            FillValue::Literal(value) if value.clone().retyped(&column.ty).as_ref() != Some(value) => {
                return wrong("the literal is of another type", "give a literal of the column's type");
            }
            FillValue::Literal(_) => {}
            FillValue::Expression(of) => expression(model, &self.table, of)?,
            FillValue::Converted { .. } => {
                return wrong(
                    "filled by conversion only when its type changes",
                    "change the type with a conversion",
                );
            }
        }
        if let Some(only) = &self.only {
            expression(model, &self.table, only)?;
        }
        let (table, column, value) = (self.table.clone(), self.column.clone(), self.value.clone());
        // A table that the change makes has no rows yet.
        if !model.is_new(&self.table) {
            model.fill(Fill { table, column, value, only: self.only.clone() });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{add_column, create, ident, model};
    use super::*;
    use crate::value::DefaultValue;

    #[test]
    fn a_literal_is_of_the_columns_type() {
        let mut first = model();
        create(&mut first, "t");
        add_column(&mut first, "t", "a");
        let mut model = Model::new(first.schema().clone().into());
        let fill = |value| Backfill { table: ident("t"), column: ident("a"), value, only: None };
        let number = fill(FillValue::Literal(DefaultValue::Integer(1)));
        assert_eq!(number.apply(&mut model).map_err(|e| e.code()), Err("intent/type"));
        fill(FillValue::Literal(DefaultValue::Text("x".into()))).apply(&mut model).expect("filled");
        let stranger = crate::expr::parse("upper(b)").expect("an expression");
        let unknown = fill(FillValue::Expression(stranger)).apply(&mut model);
        assert_eq!(unknown.map_err(|e| e.code()), Err("intent/unknown-column"));
        assert_eq!(model.fills().len(), 1);
    }
}
