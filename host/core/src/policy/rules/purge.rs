//! `policy/purge`: what is purged cannot be restored.

use super::super::{Case, Finding, Hazard, Judgement, Rule, Severity, Verdict};
use super::place;
use crate::intent::Intent;

/// The rule.
pub(super) const RULE: Rule = Rule {
    code: "policy/purge",
    title: "dropped data are removed for good",
    what: "Removes a dropped table or column that is still kept.",
    why: "Its data cannot be brought back any more.",
    instead: "Leave it until its retention is over.",
    verdicts: &[Verdict::Destructive],
    hazards: &[Hazard::DataLoss],
    floor: Severity::Destructive,
    judge,
};

fn judge(case: &Case) -> Option<Judgement> {
    let what = match case.intent {
        Intent::PurgeTable(purge) => format!("the rows of \"{}\"", purge.table.as_str()),
        Intent::PurgeColumn(purge) => format!("the values of {}", place(&purge.table, &purge.column)),
        _ => return None,
    };
    Finding::destructive(&[Hazard::DataLoss], format!("{what} are removed for good")).into()
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use crate::policy::{Mode, Verdict};
    use serde_json::json;

    #[test]
    fn cases() {
        const CODE: &str = super::RULE.code;
        let purge = json!({"intent": "purge-column", "table": "log", "column": "hookwright_dropped_1_kind"});
        assert_eq!(rejects(CODE, Mode::Dev, purge, &empty()).verdict, Verdict::Destructive);
        accepts(CODE, Mode::Prod, json!({"intent": "create-table", "table": "bill"}), &empty());
    }
}
