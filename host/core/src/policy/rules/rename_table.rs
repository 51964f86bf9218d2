//! `policy/rename-table`: a renamed table breaks who uses the old name.

use super::super::{Case, Finding, Hazard, Judgement, Rule, Severity, Verdict};
use crate::intent::Intent;

/// The rule.
pub(super) const RULE: Rule = Rule {
    code: "policy/rename-table",
    title: "table is renamed",
    what: "Gives a table another name.",
    why: "Programs, views outside the host and reports that use the old name fail at once.",
    instead: "Change the label instead of the name, or confirm when no reader is left.",
    verdicts: &[Verdict::NeedsConfirmation],
    hazards: &[Hazard::BreaksReaders],
    floor: Severity::Advice,
    judge,
};

fn judge(case: &Case) -> Option<Judgement> {
    let Intent::RenameTable(rename) = case.intent else { return None };
    if case.model.is_new(&rename.table) {
        return None;
    }
    let (from, to) = (rename.table.as_str(), rename.to.as_str());
    let message =
        format!("renaming the table \"{from}\" to \"{to}\" breaks programs that read it by its old name");
    Finding::confirm(&[Hazard::BreaksReaders], message).into()
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use crate::policy::{Mode, Verdict};
    use serde_json::json;

    #[test]
    fn cases() {
        const CODE: &str = super::RULE.code;
        let found = rejects(
            CODE,
            Mode::Dev,
            json!({"intent": "rename-table", "table": "invoice", "to": "bill"}),
            &empty(),
        );
        assert_eq!(found.verdict, Verdict::NeedsConfirmation);
        accepts(CODE, Mode::Prod, json!({"intent": "create-table", "table": "bill"}), &empty());
    }
}
