//! `policy/add-primary-key`: a key refuses rows without a value.

use super::super::{Case, Finding, Hazard, Judgement, Probe, Rule, Severity, Verdict};
use super::{place, stored};
use crate::intent::Intent;

/// The rule.
pub(super) const RULE: Rule = Rule {
    code: "policy/add-primary-key",
    title: "primary key is added",
    what: "Makes columns of a table that exists its primary key.",
    why: "It fails while rows have NULL in them or share their values, and writers that do are refused afterwards.",
    instead: "Fill the columns and remove duplicates first, then confirm.",
    verdicts: &[Verdict::NeedsConfirmation],
    hazards: &[Hazard::Scan, Hazard::RefusesWrites],
    floor: Severity::Confirm,
    judge,
};

fn judge(case: &Case) -> Option<Judgement> {
    let Intent::AddPrimaryKey(add) = case.intent else { return None };
    let table = case.model.schema().table(&add.table)?;
    let open = add.columns.iter().find(|c| table.column(c).is_some_and(|c| c.nullable))?;
    let here = place(&add.table, open);
    let (table, column) = stored(case, open)?;
    Judgement::ask(Probe::Nulls { table, column }, move |answer| match (answer.rows, answer.failing) {
        (false, _) => None,
        (true, 0) => {
            let message =
                format!("{here} has a value in every row; as part of the key it must have one from now on");
            Some(Finding::confirm(&[Hazard::Scan, Hazard::RefusesWrites], message))
        }
        (true, _) => {
            let message = format!("{here} is NULL in {}{}", answer.count(), answer.examples());
            Some(Finding::blocked(message, "fill these rows, then send it again with --confirm"))
        }
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
        let add = json!({"intent": "add-primary-key", "table": "log", "columns": ["line"]});
        accepts(CODE, Mode::Prod, add.clone(), &empty());
        assert_eq!(rejects(CODE, Mode::Dev, add.clone(), &rows(0)).verdict, Verdict::NeedsConfirmation);
        assert!(rejects(CODE, Mode::Dev, add, &rows(2)).remedy.is_some());
    }
}
