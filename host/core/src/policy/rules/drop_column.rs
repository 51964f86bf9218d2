//! `policy/drop-column`: a dropped column takes its data along.

use super::super::{Case, Finding, Hazard, Judgement, Rule, Severity, Verdict};
use super::{fate, place, stored};
use crate::ident::Ident;
use crate::intent::{Intent, list};
use crate::schema::Table;

/// The rule.
pub(super) const RULE: Rule = Rule {
    code: "policy/drop-column",
    title: "column is dropped",
    what: "Takes a column away with its values, and the constraints and indexes on it.",
    why: "Programs that name the column fail. Its values are kept, and can be restored, for as long as the policy says (tombstones.keep-days); where that is 0 they are gone at once.",
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
    let name = format!("{}.{}", drop.table.as_str(), drop.column.as_str());
    let fate = match table.column(&drop.column)?.generated {
        Some(_) => "its values are not kept: they are computed from other columns".to_owned(),
        None => fate(case, "its values", &name),
    };
    let message = format!(
        "dropping the column {} takes it from everybody who uses it{}; {fate}",
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
        let drop = json!({"intent": "drop-column", "table": "invoice", "column": "status"});
        let found = rejects(CODE, Mode::Dev, drop.clone(), &empty());
        assert_eq!(found.verdict, Verdict::Destructive);
        assert_eq!(
            found.message,
            "dropping the column \"invoice\".\"status\" takes it from everybody who uses it, and drops \
             \"invoice_status_key\", \"invoice_status_idx\"; its values are kept for 30 days under another name: \
             hookwright restore --org NAME invoice.status brings them back"
        );
        let found = rejects_by(CODE, &keeping_nothing(), drop, &empty());
        assert_eq!(found.verdict, Verdict::Destructive);
        assert!(
            found.message.ends_with(
                "; its values are deleted at once, since the policy keeps nothing that is dropped (tombstones.keep-days = 0)"
            ),
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
