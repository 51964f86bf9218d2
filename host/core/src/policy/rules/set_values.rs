//! `policy/set-values`: rows that use a removed value stand against removing it.

use super::super::{Case, Hazard, Judgement, Rule, Severity, Verdict};
use crate::field_type::FieldType;
use crate::intent::Intent;

/// The rule.
pub(super) const RULE: Rule = Rule {
    code: "policy/set-values",
    title: "Enum values change",
    what: "Sets the values of an Enum column.",
    why: "A removed value that rows still have makes it fail; writers that use it are refused afterwards.",
    instead: "Add values freely; before removing one, give its rows another.",
    verdicts: &[Verdict::NeedsConfirmation],
    hazards: &[Hazard::RefusesWrites],
    floor: Severity::Confirm,
    judge,
};

fn judge(case: &Case) -> Option<Judgement> {
    let Intent::SetValues(set) = case.intent else { return None };
    let to = FieldType::Enum { values: set.values.clone() };
    super::change_type::judge_conversion(case, &set.column, &to)
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use crate::policy::{Mode, Verdict};
    use serde_json::json;

    #[test]
    fn cases() {
        const CODE: &str = super::RULE.code;
        let set = |values: &[&str]| json!({"intent": "set-values", "table": "invoice", "column": "state", "values": values});
        accepts(CODE, Mode::Prod, set(&["a", "b", "c"]), &rows(0));
        accepts(CODE, Mode::Prod, set(&["a"]), &empty());
        assert_eq!(rejects(CODE, Mode::Dev, set(&["a"]), &rows(0)).verdict, Verdict::NeedsConfirmation);
        assert!(rejects(CODE, Mode::Dev, set(&["a"]), &rows(4)).remedy.is_some());
    }
}
