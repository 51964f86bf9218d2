//! `policy/rename-column`: a renamed column breaks who uses the old name.

use super::super::{Case, Finding, Hazard, Judgement, Rule, Severity, Verdict};
use super::{place, stored};
use crate::intent::Intent;

/// The rule.
pub(super) const RULE: Rule = Rule {
    code: "policy/rename-column",
    title: "column is renamed",
    what: "Gives a column another name.",
    why: "Programs that use the old name fail at once.",
    instead: "Change the label instead of the name, or confirm when no reader is left.",
    verdicts: &[Verdict::NeedsConfirmation],
    hazards: &[Hazard::BreaksReaders],
    floor: Severity::Advice,
    judge,
};

fn judge(case: &Case) -> Option<Judgement> {
    let Intent::RenameColumn(rename) = case.intent else { return None };
    stored(case, &rename.column)?;
    let (from, to) = (place(&rename.table, &rename.column), rename.to.as_str());
    let message =
        format!("renaming the column {from} to \"{to}\" breaks programs that read it by its old name");
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
        let rename =
            json!({"intent": "rename-column", "table": "invoice", "column": "status", "to": "phase"});
        assert_eq!(rejects(CODE, Mode::Dev, rename, &empty()).verdict, Verdict::NeedsConfirmation);
        accepts(CODE, Mode::Prod, json!({"intent": "create-table", "table": "bill"}), &empty());
    }
}
