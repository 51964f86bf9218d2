//! The rules, one file each. [`RULES`] is the only list of them.

mod add_check;
mod add_foreign_key;
mod add_generated_column;
mod add_primary_key;
mod add_required_column;
mod add_unique;
mod backfill;
mod change_type;
mod dependents;
mod drop_check;
mod drop_column;
mod drop_foreign_key;
mod drop_index;
mod drop_not_null;
mod drop_primary_key;
mod drop_table;
mod drop_unique;
mod goes_along;
mod index_too_wide;
mod keeps_users_waiting;
mod purge;
mod reference_without_index;
mod rename_column;
mod rename_constraint;
mod rename_table;
mod restore_column;
mod set_logged;
mod set_not_null;
mod set_values;
mod several_locks;
mod table_without_primary_key;
mod unconvertible;
mod used_by_others;

#[cfg(test)]
use super::testing;
use super::{Case, Probe, Rule, coming};
use crate::expr::Expr;
use crate::ident::Ident;

/// Every rule.
pub static RULES: &[Rule] = &[
    add_check::RULE,
    add_foreign_key::RULE,
    add_generated_column::RULE,
    add_primary_key::RULE,
    add_required_column::RULE,
    add_unique::RULE,
    backfill::RULE,
    change_type::RULE,
    dependents::RULE,
    drop_check::RULE,
    drop_column::RULE,
    drop_foreign_key::RULE,
    drop_index::RULE,
    drop_not_null::RULE,
    drop_primary_key::RULE,
    drop_table::RULE,
    drop_unique::RULE,
    goes_along::RULE,
    index_too_wide::RULE,
    keeps_users_waiting::RULE,
    purge::RULE,
    reference_without_index::RULE,
    rename_column::RULE,
    rename_constraint::RULE,
    rename_table::RULE,
    restore_column::RULE,
    set_logged::RULE,
    set_not_null::RULE,
    set_values::RULE,
    several_locks::RULE,
    table_without_primary_key::RULE,
    unconvertible::RULE,
    used_by_others::RULE,
];

/// A rule by its name, or by its code.
#[must_use]
pub fn rule(name: &str) -> Option<&'static Rule> {
    let name = name.strip_prefix("policy/").unwrap_or(name);
    RULES.iter().find(|rule| rule.name() == name)
}

/// Where the rows of a column are: table and column by their names before the change.
/// None if the change made either, so that there is nothing to ask.
fn stored(case: &Case, column: &Ident) -> Option<(Ident, Ident)> {
    let table = case.intent.table();
    Some((case.model.origin(table)?, case.model.column_origin(table, column)?))
}

/// Asks for the rows in which a column is NULL once the change so far is made. None if the change made the table.
fn nulls(case: &Case, column: &Ident) -> Option<Probe> {
    let table = case.model.origin(case.intent.table())?;
    match (coming::coming(case, column), stored(case, column)) {
        (Some(Expr::Column(column)), _) => Some(Probe::Nulls { table, column }),
        (Some(Expr::Text(_) | Expr::Number(_) | Expr::Boolean(_)), _) => Some(Probe::Rows { table }),
        (Some(value), _) if value != Expr::Null => {
            let expression = Expr::IsNull { of: Box::new(value), negated: true };
            Some(Probe::Violations { table, expression })
        }
        (_, Some((table, column))) => Some(Probe::Nulls { table, column }),
        _ => None,
    }
}

/// As [`stored`], for several columns of the table.
fn all_stored(case: &Case, columns: &[Ident]) -> Option<(Ident, Vec<Ident>)> {
    let table = case.model.origin(case.intent.table())?;
    let columns = columns.iter().map(|c| stored(case, c).map(|(_, column)| column)).collect::<Option<_>>()?;
    Some((table, columns))
}

/// A column for people: `"invoice"."status"`.
fn place(table: &Ident, column: &Ident) -> String {
    format!("\"{}\".\"{}\"", table.as_str(), column.as_str())
}

/// What becomes of dropped data, and how they come back.
fn fate(case: &Case, what: &str, name: &str) -> String {
    let kept = |time: String| {
        format!(
            "{what} are kept for {time} under another name: hookwright restore --org NAME {name} brings them back"
        )
    };
    match case.settings.tombstones.keep_days {
        0 => format!(
            "{what} are deleted at once, since the policy keeps nothing that is dropped (tombstones.keep-days = 0)"
        ),
        1 => kept("a day".to_owned()),
        days => kept(format!("{days} days")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::{Hazard, Severity};

    #[test]
    fn every_rule_is_documented_and_named_once() {
        assert!(RULES.is_sorted_by(|a, b| a.code < b.code));
        for rule in RULES {
            assert!(rule.code.starts_with("policy/"), "{}", rule.code);
            for text in [rule.title, rule.what, rule.why, rule.instead] {
                assert!(!text.is_empty(), "{}", rule.code);
            }
            assert!(!rule.verdicts.is_empty() && rule.verdicts.is_sorted(), "{}", rule.code);
            assert!(rule.hazards.is_sorted(), "{}", rule.code);
            let loses = rule.hazards.contains(&Hazard::DataLoss);
            assert!(!loses || rule.floor >= Severity::Confirm, "{} guards data", rule.code);
        }
    }
}
