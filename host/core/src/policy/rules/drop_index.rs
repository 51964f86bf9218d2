//! `policy/drop-index`: without its index a search reads the whole table.

use super::super::{Case, Finding, Judgement, Mode, Rule, Severity, Verdict};
use crate::intent::{Intent, list};

/// The rule.
pub(super) const RULE: Rule = Rule {
    code: "policy/drop-index",
    title: "index is dropped",
    what: "Removes an index.",
    why: "Queries that used it get slower, perhaps very much.",
    instead: "Look for its use in the database's statistics first.",
    verdicts: &[Verdict::Safe, Verdict::NeedsConfirmation],
    hazards: &[],
    floor: Severity::Off,
    judge,
};

fn judge(case: &Case) -> Option<Judgement> {
    let Intent::DropIndex(drop) = case.intent else { return None };
    if case.model.is_new(&drop.table) {
        return None;
    }
    let message = format!(
        "dropping the index on \"{}\" ({}) may slow queries down",
        drop.table.as_str(),
        list(&drop.index.columns().into_iter().collect::<Vec<_>>())
    );
    match case.mode() {
        Mode::Dev => Finding::safe(&[], message).into(),
        Mode::Prod => Finding::confirm(&[], message).into(),
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
        let drop = json!({"intent": "drop-index", "table": "invoice", "keys": [{"column": "status"}]});
        accepts(CODE, Mode::Dev, drop.clone(), &empty());
        assert_eq!(rejects(CODE, Mode::Prod, drop, &empty()).verdict, Verdict::NeedsConfirmation);
    }
}
