//! `policy/table-without-primary-key`: rows that nothing tells apart cannot be named.

use super::super::{Case, Finding, Judgement, Rule, Severity, Verdict};
use crate::intent::Intent;

/// The rule.
pub(super) const RULE: Rule = Rule {
    code: "policy/table-without-primary-key",
    title: "table has no primary key",
    what: "Looks at a new table's primary key, once the change is whole.",
    why: "Nothing tells its rows apart: other tables cannot refer to them, replication cannot follow them, and a backfill cannot go through them in steps.",
    instead: "Create the entity with a field that has \"primaryKey\": true and \"nullable\": false, such as a Uuid.",
    verdicts: &[Verdict::Safe],
    hazards: &[],
    floor: Severity::Off,
    judge,
};

fn judge(case: &Case) -> Option<Judgement> {
    matches!(case.intent, Intent::CreateTable(_)).then_some(Judgement::Whole(whole))
}

fn whole(case: &Case) -> Option<Finding> {
    let table = case.model.schema().table(case.intent.table())?;
    let message = format!("the table \"{}\" has no primary key", table.name.as_str());
    table.primary_key.is_empty().then(|| Finding::safe(&[], message))
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use crate::policy::Mode;
    use serde_json::json;

    #[test]
    fn cases() {
        const CODE: &str = super::RULE.code;
        let id = json!({"name": "id", "ty": {"type": "Uuid"}, "nullable": false});
        let keyed = json!({"intent": "create-table", "table": "x", "columns": [id], "primaryKey": ["id"]});
        silent(CODE, Mode::Prod, keyed, &empty());
        let bare = json!({"intent": "create-table", "table": "x", "columns": [id]});
        assert_eq!(advises(CODE, Mode::Dev, bare, &empty()).message, "the table \"x\" has no primary key");
    }
}
