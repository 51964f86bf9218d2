//! `policy/index-too-wide`: each column of an index costs every write.

use super::super::{Case, Finding, Judgement, Rule, Severity, Verdict};
use crate::intent::{Intent, list};

/// The rule.
pub(super) const RULE: Rule = Rule {
    code: "policy/index-too-wide",
    title: "index has many columns",
    what: "Looks at the number of an index's columns (thresholds.max-index-columns).",
    why: "Every write pays for each column of an index, and a search uses the later ones only if it names all before them.",
    instead: "Index the two or three columns that searches name together, the most telling first.",
    verdicts: &[Verdict::Safe],
    hazards: &[],
    floor: Severity::Off,
    judge,
};

fn judge(case: &Case) -> Option<Judgement> {
    let Intent::CreateIndex(create) = case.intent else { return None };
    let most = case.settings.thresholds.max_index_columns.get() as usize;
    let columns: Vec<_> = create.index.columns().into_iter().collect();
    let count = create.index.keys.len() + create.index.include.len();
    let message = format!(
        "the index on \"{}\" ({}) has {count} columns, more than {most}",
        create.table.as_str(),
        list(&columns)
    );
    (count > most).then_some(Judgement::Now(Finding::safe(&[], message)))
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use crate::policy::Mode;
    use serde_json::json;

    #[test]
    fn cases() {
        const CODE: &str = super::RULE.code;
        let on = |columns: &[&str]| {
            let keys: Vec<_> = columns.iter().map(|c| json!({"column": c})).collect();
            json!({"intent": "create-index", "table": "invoice", "keys": keys})
        };
        silent(CODE, Mode::Prod, on(&["status", "state", "amount"]), &empty());
        let found = advises(CODE, Mode::Prod, on(&["status", "state", "amount", "due"]), &empty());
        assert!(found.message.ends_with("has 4 columns, more than 3"), "{}", found.message);
    }
}
