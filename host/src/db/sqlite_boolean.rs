//! `TRUE` and `FALSE` in checks: SQLite is given 1 and 0 for them, and where they stand tells that they were meant.

use std::collections::BTreeSet;

use hookwright_core::expr::{Expr, Operator};
use hookwright_core::field_type::FieldType;
use hookwright_core::ident::Ident;
use hookwright_core::schema::Table;

/// Puts booleans back where a check's numbers stand for them.
pub(super) fn with_booleans(table: &mut Table) {
    let booleans = table.columns.values().filter(|c| c.ty == FieldType::Boolean);
    let columns: BTreeSet<Ident> = booleans.map(|c| c.name.clone()).collect();
    for check in &mut table.checks {
        condition(&mut check.expression, &columns);
    }
}

/// An expression that is a truth value.
fn condition(of: &mut Expr, columns: &BTreeSet<Ident>) {
    match of {
        Expr::Number(_) => boolean(of),
        Expr::Not(inner) => condition(inner, columns),
        Expr::Binary(left, Operator::And | Operator::Or, right) => {
            condition(left, columns);
            condition(right, columns);
        }
        Expr::Binary(left, Operator::Equal | Operator::NotEqual, right) => {
            let truth = |e: &Expr| is_truth(e, columns);
            match (truth(left), truth(right)) {
                (true, _) => condition(right, columns),
                (_, true) => condition(left, columns),
                _ => {}
            }
        }
        Expr::In { of, values, .. } if is_truth(of, columns) => values.iter_mut().for_each(boolean),
        _ => {}
    }
}

fn is_truth(of: &Expr, columns: &BTreeSet<Ident>) -> bool {
    match of {
        Expr::Column(name) => columns.contains(name),
        Expr::Not(_) | Expr::IsNull { .. } | Expr::In { .. } => true,
        Expr::Binary(_, operator, _) => !matches!(
            operator,
            Operator::Plus | Operator::Minus | Operator::Times | Operator::Divide | Operator::Concat
        ),
        _ => false,
    }
}

fn boolean(of: &mut Expr) {
    match of {
        Expr::Number(digits) if digits == "1" => *of = Expr::Boolean(true),
        Expr::Number(digits) if digits == "0" => *of = Expr::Boolean(false),
        _ => {}
    }
}
