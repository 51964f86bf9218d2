//! `policy/drop-foreign-key`: without its foreign key a reference may point nowhere.

use super::super::{Case, Finding, Hazard, Judgement, Rule, Severity, Verdict};
use crate::intent::{Intent, list};

/// The rule.
pub(super) const RULE: Rule = Rule {
    code: "policy/drop-foreign-key",
    title: "foreign key is dropped",
    what: "Removes a foreign key.",
    why: "Rows may then refer to nothing. PostgreSQL locks both tables against all use for a moment.",
    instead: "Keep the reference; change what a deletion does with onDelete.",
    verdicts: &[Verdict::NeedsConfirmation],
    hazards: &[Hazard::LosesGuarantee],
    floor: Severity::Advice,
    judge,
};

fn judge(case: &Case) -> Option<Judgement> {
    let Intent::DropForeignKey(drop) = case.intent else { return None };
    if case.model.is_new(&drop.table) {
        return None;
    }
    let message = format!(
        "dropping the foreign key on \"{}\" ({}) lets rows refer to nothing",
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
        let drop = json!({"intent": "drop-foreign-key", "table": "invoice", "columns": ["account"]});
        assert_eq!(rejects(CODE, Mode::Dev, drop, &empty()).verdict, Verdict::NeedsConfirmation);
        accepts(CODE, Mode::Prod, json!({"intent": "create-table", "table": "x"}), &empty());
    }
}
