//! `policy/add-generated-column`: a generated column is written into every row.

use super::super::{Case, Finding, Hazard, Judgement, Probe, Rule, Severity, Verdict};
use super::place;
use crate::intent::Intent;

/// The rule.
pub(super) const RULE: Rule = Rule {
    code: "policy/add-generated-column",
    title: "generated column is added",
    what: "Adds a column that is computed from others and stored.",
    why: "The database writes every row anew while nobody can use the table.",
    instead: "On a large table add an ordinary column, fill it, and have writers keep it.",
    verdicts: &[Verdict::NeedsConfirmation],
    hazards: &[Hazard::Rewrite],
    floor: Severity::Confirm,
    judge,
};

fn judge(case: &Case) -> Option<Judgement> {
    let Intent::AddColumn(add) = case.intent else { return None };
    add.column.generated.as_ref()?;
    let here = place(&add.table, &add.column.name);
    let table = case.model.origin(&add.table)?;
    Judgement::ask(Probe::Rows { table }, move |answer| {
        let message = format!("adding the generated column {here} writes the whole table anew");
        answer.rows.then(|| Finding::confirm(&[Hazard::Rewrite], message))
    })
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use crate::policy::{Mode, Verdict};
    use serde_json::json;

    #[test]
    fn cases() {
        const CODE: &str = super::RULE.code;
        let add = json!({"intent": "add-column", "table": "invoice",
            "column": {"name": "twice", "ty": {"type": "Int"}, "nullable": true, "generated": "amount * 2"}});
        accepts(CODE, Mode::Prod, add.clone(), &empty());
        assert_eq!(rejects(CODE, Mode::Dev, add, &rows(0)).verdict, Verdict::NeedsConfirmation);
    }
}
