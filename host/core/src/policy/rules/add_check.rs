//! `policy/add-check`: rows that break a condition stand against a check.

use super::super::coming::as_rows_will_be;
use super::super::{Case, Finding, Hazard, Judgement, Probe, Rule, Severity, Verdict};
use super::stored;
use crate::ident::Ident;
use crate::intent::Intent;

/// The rule.
pub(super) const RULE: Rule = Rule {
    code: "policy/add-check",
    title: "rows must meet a condition",
    what: "Refuses rows that do not meet a condition.",
    why: "It fails while rows break the condition, and such writers are refused afterwards. PostgreSQL reads the table under a lock that blocks all use.",
    instead: "Correct the rows first, then confirm.",
    verdicts: &[Verdict::NeedsConfirmation],
    hazards: &[Hazard::RefusesWrites],
    floor: Severity::Confirm,
    judge,
};

fn judge(case: &Case) -> Option<Judgement> {
    let Intent::AddCheck(add) = case.intent else { return None };
    let table = case.model.origin(&add.table)?;
    let is_new = |column: &Ident| stored(case, column).is_none();
    let only_new = add.expression.columns().iter().all(is_new);
    let here = format!("the check \"{}\" on \"{}\"", add.name.as_str(), add.table.as_str());
    let probe = match as_rows_will_be(case, &add.expression) {
        Some(expression) => Probe::Violations { table, expression },
        // No probe tells: it fails if rows stand against it.
        None => Probe::Rows { table },
    };
    Judgement::ask(probe, move |answer| {
        match (answer.rows, answer.failing) {
            (false, _) => None,
            // Nobody writes columns that are not there yet.
            (true, 0) if only_new => None,
            (true, 0) => {
                let message = format!("every row meets {here}; writers that do not are refused from now on");
                Some(Finding::confirm(&[Hazard::RefusesWrites], message))
            }
            (true, _) => {
                let message = format!("{} {here}{}", answer.which("breaks", "break"), answer.examples());
                Some(Finding::blocked(
                    message,
                    "correct the rows, then send it again with \"confirm\": true (--confirm)",
                ))
            }
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
        let add =
            json!({"intent": "add-check", "table": "invoice", "name": "some", "expression": "amount < 9"});
        accepts(CODE, Mode::Prod, add.clone(), &empty());
        assert_eq!(rejects(CODE, Mode::Dev, add.clone(), &rows(0)).verdict, Verdict::NeedsConfirmation);
        assert!(rejects(CODE, Mode::Dev, add, &rows(2)).remedy.is_some());
    }
}
