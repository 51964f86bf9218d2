//! `policy/drop-primary-key`: without a key nothing tells rows apart.

use super::super::{Case, Finding, Hazard, Judgement, Rule, Severity, Verdict};
use crate::intent::{Intent, list};

/// The rule.
pub(super) const RULE: Rule = Rule {
    code: "policy/drop-primary-key",
    title: "primary key is dropped",
    what: "Takes the primary key of a table away.",
    why: "Rows that share the values are accepted afterwards, and nothing tells them apart. Replication and many programs need a key.",
    instead: "Add the new key in the same change.",
    verdicts: &[Verdict::NeedsConfirmation],
    hazards: &[Hazard::LosesGuarantee],
    floor: Severity::Confirm,
    judge,
};

fn judge(case: &Case) -> Option<Judgement> {
    let Intent::DropPrimaryKey(drop) = case.intent else { return None };
    case.model.origin(&drop.table)?;
    let key = list(&case.model.schema().table(&drop.table)?.primary_key);
    let message = format!(
        "without its primary key ({key}), \"{}\" accepts rows that nothing tells apart",
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
        let drop = json!({"intent": "drop-primary-key", "table": "invoice"});
        assert_eq!(rejects(CODE, Mode::Dev, drop, &empty()).verdict, Verdict::NeedsConfirmation);
        accepts(CODE, Mode::Prod, json!({"intent": "create-table", "table": "bill"}), &empty());
    }
}
