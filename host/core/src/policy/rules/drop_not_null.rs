//! `policy/drop-not-null`: readers may meet NULL where there was none.

use super::super::{Case, Finding, Hazard, Judgement, Mode, Rule, Severity, Verdict};
use super::place;
use crate::intent::Intent;

/// The rule.
pub(super) const RULE: Rule = Rule {
    code: "policy/drop-not-null",
    title: "column may become NULL",
    what: "Lets rows leave a column NULL.",
    why: "Programs that rely on a value may fail on NULL.",
    instead: "Keep the field required, or confirm in production.",
    verdicts: &[Verdict::Safe, Verdict::NeedsConfirmation],
    hazards: &[Hazard::LosesGuarantee],
    floor: Severity::Advice,
    judge,
};

fn judge(case: &Case) -> Option<Judgement> {
    let Intent::DropNotNull(drop) = case.intent else { return None };
    if case.model.is_new(&drop.table) {
        return None;
    }
    let message = format!("readers of {} may meet NULL", place(&drop.table, &drop.column));
    match case.mode() {
        Mode::Dev => Finding::safe(&[Hazard::LosesGuarantee], message).into(),
        Mode::Prod => Finding::confirm(&[Hazard::LosesGuarantee], message).into(),
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
        let drop = json!({"intent": "drop-not-null", "table": "invoice", "column": "due"});
        accepts(CODE, Mode::Dev, drop.clone(), &empty());
        assert_eq!(rejects(CODE, Mode::Prod, drop, &empty()).verdict, Verdict::NeedsConfirmation);
    }
}
