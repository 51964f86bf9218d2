//! `policy/reference-without-index`: without an index, each deletion of what is referred to reads the whole table.

use super::super::{Case, Finding, Judgement, Rule, Severity, Verdict};
use crate::intent::{Intent, list};

/// The rule.
pub(super) const RULE: Rule = Rule {
    code: "policy/reference-without-index",
    title: "foreign key has no index",
    what: "Looks for an index that begins with a foreign key's columns, once the change is whole.",
    why: "Whenever a row that may be referred to is deleted, or its key changes, the database looks for references to it: without an index it reads the whole table, under the deleter's locks.",
    instead: "Give the field \"indexed\": true with the plugin index-advisor bound, or add an index on the column.",
    verdicts: &[Verdict::Safe],
    hazards: &[],
    floor: Severity::Off,
    judge,
};

fn judge(case: &Case) -> Option<Judgement> {
    matches!(case.intent, Intent::AddForeignKey(_)).then_some(Judgement::Whole(whole))
}

fn whole(case: &Case) -> Option<Finding> {
    let Intent::AddForeignKey(add) = case.intent else { return None };
    let table = case.model.schema().table(&add.table)?;
    let stands = table.foreign_keys.iter().any(|key| key.columns == add.columns);
    let message = format!(
        "no index begins with the foreign key's columns \"{}\" ({})",
        add.table.as_str(),
        list(&add.columns)
    );
    (stands && !table.is_indexed(&add.columns)).then(|| Finding::safe(&[], message))
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use crate::policy::Mode;
    use serde_json::json;

    #[test]
    fn cases() {
        const CODE: &str = super::RULE.code;
        let add = |column: &str| {
            json!({"intent": "add-foreign-key", "table": "invoice", "columns": [column],
            "to": "account", "target": ["id"], "onDelete": "RESTRICT"})
        };
        silent(CODE, Mode::Prod, add("status"), &empty());
        silent(CODE, Mode::Prod, add("id"), &empty());
        let found = advises(CODE, Mode::Prod, add("state"), &empty());
        assert!(found.message.ends_with("\"invoice\" (\"state\")"), "{}", found.message);
    }
}
