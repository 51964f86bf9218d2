//! `policy/drop-column`: a dropped column takes its data along.

use super::super::{Case, Finding, Hazard, Judgement, Rule, Severity, Verdict};
use super::{place, stored};
use crate::ident::Ident;
use crate::intent::{Intent, list};
use crate::schema::Table;

/// The rule.
pub(super) const RULE: Rule = Rule {
    code: "policy/drop-column",
    title: "column is dropped",
    what: "Removes a column with its data, and the constraints and indexes on it.",
    why: "The data are gone for every reader, and programs that name the column fail.",
    instead: "Delete the field without dropColumn: the column stays, and can be dropped later.",
    verdicts: &[Verdict::Destructive],
    hazards: &[Hazard::DataLoss, Hazard::BreaksReaders],
    floor: Severity::Destructive,
    judge,
};

fn judge(case: &Case) -> Option<Judgement> {
    let Intent::DropColumn(drop) = case.intent else { return None };
    stored(case, &drop.column)?;
    let table = case.model.schema().table(&drop.table)?;
    let message = format!(
        "dropping the column {} deletes its data{}",
        place(&drop.table, &drop.column),
        dependents(table, &drop.column)
    );
    Finding::destructive(&[Hazard::DataLoss, Hazard::BreaksReaders], message).into()
}

/// What goes along with the column, for people.
fn dependents(table: &Table, column: &Ident) -> String {
    let uniques = table.uniques.iter().filter(|u| u.columns.contains(column)).map(|u| &u.name);
    let indexes = table.indexes.iter().filter(|i| i.shape.columns().contains(column)).map(|i| &i.name);
    let keys = table.foreign_keys.iter().filter(|k| k.columns.contains(column)).map(|k| &k.name);
    let checks = table.checks.iter().filter(|c| c.expression.columns().contains(column)).map(|c| &c.name);
    let names: Vec<_> = uniques.chain(indexes).chain(keys).chain(checks).cloned().collect();
    match names.is_empty() {
        true => String::new(),
        false => format!(", and drops {}", list(&names)),
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use crate::policy::{Mode, Verdict};
    use serde_json::json;

    #[test]
    fn cases() {
        const CODE: &str = super::RULE.code;
        let found = rejects(
            CODE,
            Mode::Dev,
            json!({"intent": "drop-column", "table": "invoice", "column": "status"}),
            &empty(),
        );
        assert_eq!(found.verdict, Verdict::Destructive);
        assert!(
            found.message.ends_with("and drops \"invoice_status_key\", \"invoice_status_idx\""),
            "{}",
            found.message
        );
        accepts(
            CODE,
            Mode::Prod,
            json!({"intent": "drop-not-null", "table": "invoice", "column": "due"}),
            &empty(),
        );
    }
}
