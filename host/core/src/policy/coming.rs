//! What rows will have once the change so far is made, as an expression over what they have now: where rules ask
//! whether rows stand against what comes next.

use super::Case;
use crate::expr::{Expr, Function};
use crate::ident::Ident;
use crate::model::FillValue;
use crate::value::DefaultValue;

/// An expression over the columns of now as one over those before the change; none if that cannot be said.
pub(super) fn as_rows_will_be(case: &Case, expression: &Expr) -> Option<Expr> {
    let calls = expression.calls();
    expression.replaced(&|column| coming(case, column).filter(|value| !(calls && *value == Expr::Null)))
}

/// What rows will have in a column of the intent's table.
pub(super) fn coming(case: &Case, column: &Ident) -> Option<Expr> {
    let table = case.intent.table();
    let stored = case.model.column_origin(table, column).map(Expr::Column);
    let mut value = match &stored {
        Some(stored) => stored.clone(),
        None => match &case.model.schema().table(table)?.column(column)?.default {
            Some(default) => literal(default)?,
            None => Expr::Null,
        },
    };
    for fill in case.model.fills().iter().filter(|f| f.table == *table && f.column == *column) {
        let filled = match (&fill.value, &fill.only) {
            (FillValue::Literal(literal_value), None) => literal(literal_value)?,
            (FillValue::Expression(of), None) => of.replaced(&|name| before(case, name))?,
            _ => return None,
        };
        value = match value {
            Expr::Null => filled,
            value => Expr::Call(Function::Coalesce, vec![value, filled]),
        };
    }
    Some(value)
}

fn before(case: &Case, column: &Ident) -> Option<Expr> {
    case.model.column_origin(case.intent.table(), column).map(Expr::Column)
}

/// A default as an expression; none of a type that expressions have no literals of.
fn literal(value: &DefaultValue) -> Option<Expr> {
    Some(match value {
        DefaultValue::Boolean(b) => Expr::Boolean(*b),
        DefaultValue::Integer(i) => Expr::Number(i.to_string()),
        DefaultValue::Decimal(digits) => Expr::Number(digits.clone()),
        DefaultValue::Text(text) => Expr::Text(text.clone()),
        DefaultValue::Float(_)
        | DefaultValue::Date(_)
        | DefaultValue::Time(_)
        | DefaultValue::DateTime(_)
        | DefaultValue::Json(_)
        | DefaultValue::Uuid(_)
        | DefaultValue::Bytes(_)
        | DefaultValue::Now => return None,
    })
}
