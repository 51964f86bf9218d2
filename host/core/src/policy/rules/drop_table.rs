//! `policy/drop-table`: a dropped table takes its rows along.

use super::super::{Case, Finding, Hazard, Judgement, Rule, Severity, Verdict};
use super::fate;
use crate::intent::Intent;

/// The rule.
pub(super) const RULE: Rule = Rule {
    code: "policy/drop-table",
    title: "table is dropped",
    what: "Takes a table away with all its rows.",
    why: "Programs that read it fail. Its rows are kept, and can be restored, for as long as the policy says (tombstones.keep-days); where that is 0 they are gone at once. PostgreSQL locks the table, and the tables its foreign keys refer to, against all use while it drops them.",
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
    let name = drop.table.as_str();
    let fate = fate(case, "its rows", name);
    let message = format!("dropping the table \"{name}\" takes it from everybody who uses it; {fate}");
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
        let drop = json!({"intent": "drop-table", "table": "invoice"});
        let found = rejects(CODE, Mode::Dev, drop.clone(), &empty());
        assert_eq!(found.verdict, Verdict::Destructive);
        assert!(
            found.message.ends_with(
                "kept for 30 days under another name: hookwright restore --org NAME invoice brings them back"
            ),
            "{}",
            found.message
        );
        let found = rejects_by(CODE, &keeping_nothing(), drop, &empty());
        assert!(found.message.contains("its rows are deleted at once"), "{}", found.message);
        accepts(CODE, Mode::Prod, json!({"intent": "create-table", "table": "x"}), &empty());
    }
}
