//! `policy/add-unique`: rows that share values stand against uniqueness.

use super::super::{Answer, Case, Finding, Hazard, Judgement, Probe, Rule, Severity, Verdict};
use super::stored;
use crate::ident::Ident;
use crate::intent::{CreateIndex, Intent, list};

/// The rule.
pub(super) const RULE: Rule = Rule {
    code: "policy/add-unique",
    title: "values must be unique",
    what: "Refuses rows that share the columns' values.",
    why: "It fails while rows share values, and writers that repeat a value are refused afterwards. PostgreSQL builds the index under a lock that blocks writers.",
    instead: "Find the duplicates and decide which row keeps the value, then confirm.",
    verdicts: &[Verdict::NeedsConfirmation],
    hazards: &[Hazard::RefusesWrites],
    floor: Severity::Confirm,
    judge,
};

fn judge(case: &Case) -> Option<Judgement> {
    let (table_name, columns) = match case.intent {
        Intent::AddUnique(add) => (&add.table, add.columns.clone()),
        Intent::AddPrimaryKey(add) => (&add.table, add.columns.clone()),
        Intent::CreateIndex(create) if create.index.unique => return judge_index(case, create),
        _ => return None,
    };
    judge_columns(case, table_name, &columns)
}

/// An index on expressions, or on some rows only. If it has a column that the change makes, no probe tells: it fails
/// if rows stand against it.
fn judge_index(case: &Case, create: &CreateIndex) -> Option<Judgement> {
    if let Some(columns) = create.index.key_columns().filter(|_| create.index.predicate.is_none()) {
        return judge_columns(case, &create.table, &columns);
    }
    let here = format!("the unique index on \"{}\"", create.table.as_str());
    let table = case.model.origin(&create.table)?;
    let origin = |column: &Ident| case.model.column_origin(&create.table, column);
    let known = create.index.columns().iter().all(|column| origin(column).is_some());
    let named = |column: &Ident| origin(column).unwrap_or_else(|| column.clone());
    let probe = match known {
        true => Probe::Repeats { table, index: create.index.clone().mapped(&named) },
        false => Probe::Rows { table },
    };
    let remedy = "change or remove the duplicates, then send it again with \"confirm\": true (--confirm)";
    Judgement::ask(probe, move |answer| told(answer, &here, remedy))
}

fn judge_columns(case: &Case, table_name: &Ident, columns: &[Ident]) -> Option<Judgement> {
    let here = format!("\"{}\" ({})", table_name.as_str(), list(columns));
    let table = case.model.origin(table_name)?;
    let wanted = columns.len();
    let columns = told_apart_by(case, columns)?;
    let remedy = match columns.len() == wanted {
        true => "change or remove the duplicates, then send it again with \"confirm\": true (--confirm)",
        false => "create the field without its default, give each row its own value, then make it unique",
    };
    Judgement::ask(Probe::Duplicates { table, columns }, move |answer| told(answer, &here, remedy))
}

fn told(answer: &Answer, what: &str, remedy: &str) -> Option<Finding> {
    match (answer.rows, answer.failing) {
        (false, _) => None,
        (true, 0) => {
            let message = format!(
                "the values of {what} are all different; writers that repeat one are refused from now on"
            );
            Some(Finding::confirm(&[Hazard::RefusesWrites], message))
        }
        (true, _) => {
            let message = format!(
                "{} of {what} {} with another{}",
                answer.count(),
                answer.verb("shares its value", "share their value"),
                answer.examples()
            );
            Some(Finding::blocked(message, remedy))
        }
    }
}

/// The columns whose values tell rows apart: one that the change makes has its default in all of them.
/// None if it has NULL, which is never the same.
fn told_apart_by(case: &Case, columns: &[Ident]) -> Option<Vec<Ident>> {
    let mut found = Vec::new();
    for column in columns {
        match stored(case, column) {
            Some((_, before)) => found.push(before),
            None => drop(case.model.schema().table(case.intent.table())?.column(column)?.default.as_ref()?),
        }
    }
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use crate::policy::{Mode, Verdict};
    use serde_json::json;

    #[test]
    fn cases() {
        const CODE: &str = super::RULE.code;
        let add = json!({"intent": "add-unique", "table": "invoice", "columns": ["amount"]});
        accepts(CODE, Mode::Prod, add.clone(), &empty());
        assert_eq!(rejects(CODE, Mode::Dev, add.clone(), &rows(0)).verdict, Verdict::NeedsConfirmation);
        assert!(rejects(CODE, Mode::Dev, add, &rows(2)).remedy.is_some());
    }
}
