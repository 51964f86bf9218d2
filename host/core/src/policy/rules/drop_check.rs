//! `policy/drop-check`: without its check a row may hold anything.

use super::super::{Case, Finding, Hazard, Judgement, Rule, Severity, Verdict};
use crate::intent::Intent;

/// The rule.
pub(super) const RULE: Rule = Rule {
    code: "policy/drop-check",
    title: "check is dropped",
    what: "Removes a check.",
    why: "Rows may then hold what programs do not expect.",
    instead: "Widen the condition instead of removing it, or confirm.",
    verdicts: &[Verdict::NeedsConfirmation],
    hazards: &[Hazard::LosesGuarantee],
    floor: Severity::Advice,
    judge,
};

fn judge(case: &Case) -> Option<Judgement> {
    let Intent::DropCheck(drop) = case.intent else { return None };
    if case.model.is_new(&drop.table) {
        return None;
    }
    let message = format!(
        "dropping the check \"{}\" on \"{}\" lets rows break its condition",
        drop.name.as_str(),
        drop.table.as_str()
    );
    Finding::confirm(&[Hazard::LosesGuarantee], message).into()
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use crate::policy::{Mode, Verdict};
    use serde_json::json;

    #[test]
    fn cases() {
        const CODE: &str = super::RULE.code;
        let drop = json!({"intent": "drop-check", "table": "invoice", "name": "positive"});
        assert_eq!(rejects(CODE, Mode::Dev, drop, &empty()).verdict, Verdict::NeedsConfirmation);
        accepts(CODE, Mode::Prod, json!({"intent": "create-table", "table": "x"}), &empty());
    }
}
