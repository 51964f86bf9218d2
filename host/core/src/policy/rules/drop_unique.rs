//! `policy/drop-unique`: without its unique constraint a key may repeat.

use super::super::{Case, Finding, Hazard, Judgement, Rule, Severity, Verdict};
use crate::intent::{Intent, list};

/// The rule.
pub(super) const RULE: Rule = Rule {
    code: "policy/drop-unique",
    title: "unique constraint is dropped",
    what: "Removes a unique constraint.",
    why: "Rows may then share what told them apart; making it unique again needs every duplicate removed.",
    instead: "Keep it, or confirm.",
    verdicts: &[Verdict::NeedsConfirmation],
    hazards: &[Hazard::LosesGuarantee],
    floor: Severity::Advice,
    judge,
};

fn judge(case: &Case) -> Option<Judgement> {
    let Intent::DropUnique(drop) = case.intent else { return None };
    if case.model.is_new(&drop.table) {
        return None;
    }
    let message = format!(
        "dropping the unique constraint on \"{}\" ({}) lets rows share values",
        drop.table.as_str(),
        list(&drop.columns)
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
        let drop = json!({"intent": "drop-unique", "table": "invoice", "columns": ["status"]});
        assert_eq!(rejects(CODE, Mode::Dev, drop, &empty()).verdict, Verdict::NeedsConfirmation);
        accepts(CODE, Mode::Prod, json!({"intent": "create-table", "table": "x"}), &empty());
    }
}
