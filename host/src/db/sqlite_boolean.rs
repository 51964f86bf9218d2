//! `TRUE` and `FALSE` in checks: SQLite is given 1 and 0 for them, and where they stand tells that they were meant.

use std::collections::BTreeSet;

use hookwright_core::expr::{Expr, Operator};
use hookwright_core::field_type::FieldType;
use hookwright_core::ident::Ident;
use hookwright_core::schema::{IndexKey, IndexShape, Table};

/// Puts booleans back where a check's numbers stand for them.
pub(super) fn with_booleans(table: &mut Table) {
    let columns = booleans(table);
    for check in &mut table.checks {
        condition(&mut check.expression, &columns);
    }
    for column in table.columns.values_mut() {
        let truth = column.ty == FieldType::Boolean;
        if let Some(generated) = &mut column.generated {
            value(generated, truth, &columns);
        }
    }
}

/// The same for an index.
pub(super) fn with_booleans_in(index: &mut IndexShape, columns: &BTreeSet<Ident>) {
    if let Some(predicate) = &mut index.predicate {
        condition(predicate, columns);
    }
    for key in &mut index.keys {
        if let IndexKey::Expression(expression) = key {
            value(expression, false, columns);
        }
    }
}

/// The columns that are truth values.
pub(super) fn booleans(table: &Table) -> BTreeSet<Ident> {
    let booleans = table.columns.values().filter(|c| c.ty == FieldType::Boolean);
    booleans.map(|c| c.name.clone()).collect()
}

/// An expression whose result is a truth value, or that compares some within.
fn value(of: &mut Expr, truth: bool, columns: &BTreeSet<Ident>) {
    if truth || is_truth(of, columns) {
        condition(of, columns);
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
