//! `policy/drop-table`: a dropped table takes its rows along.

use super::super::{Case, Finding, Hazard, Judgement, Rule, Severity, Verdict};
use crate::intent::Intent;

/// The rule.
pub(super) const RULE: Rule = Rule {
    code: "policy/drop-table",
    title: "table is dropped",
    what: "Removes a table with all its rows.",
    why: "The rows are gone for every reader. PostgreSQL locks the table, and the tables its foreign keys refer to, against all use while it drops them.",
    instead: "Delete the entity without dropTable: the table stays, and can be dropped later.",
    verdicts: &[Verdict::Destructive],
    hazards: &[Hazard::DataLoss, Hazard::BreaksReaders],
    floor: Severity::Destructive,
    judge,
};

fn judge(case: &Case) -> Option<Judgement> {
    let Intent::DropTable(drop) = case.intent else { return None };
    if case.model.is_new(&drop.table) {
        return None;
    }
    let message = format!("dropping the table \"{}\" deletes its rows", drop.table.as_str());
    Finding::destructive(&[Hazard::DataLoss, Hazard::BreaksReaders], message).into()
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use crate::policy::{Mode, Verdict};
    use serde_json::json;

    #[test]
    fn cases() {
        const CODE: &str = super::RULE.code;
        let found = rejects(CODE, Mode::Dev, json!({"intent": "drop-table", "table": "invoice"}), &empty());
        assert_eq!(found.verdict, Verdict::Destructive);
        accepts(CODE, Mode::Prod, json!({"intent": "create-table", "table": "x"}), &empty());
    }
}
