//! `policy/backfill`: values that are written over are gone.

use super::super::{Case, Finding, Hazard, Judgement, Mode, Probe, Rule, Severity, Verdict};
use super::{place, stored};
use crate::intent::Intent;

/// The rule.
pub(super) const RULE: Rule = Rule {
    code: "policy/backfill",
    title: "rows are filled",
    what: "Gives a column values in rows that are there.",
    why: "Where a condition picks rows that have a value already, that value is gone. All rows written at once hold their locks for long; on a large table it goes in batches.",
    instead: "Fill only rows without a value, or copy the values first.",
    verdicts: &[Verdict::Safe, Verdict::NeedsConfirmation, Verdict::Destructive],
    hazards: &[Hazard::DataLoss],
    floor: Severity::Destructive,
    judge,
};

fn judge(case: &Case) -> Option<Judgement> {
    let Intent::Backfill(fill) = case.intent else { return None };
    let here = place(&fill.table, &fill.column);
    let overwrites = fill.only.is_some() && stored(case, &fill.column).is_some();
    let table = case.model.origin(&fill.table)?;
    let mode = case.mode();
    Judgement::ask(Probe::Rows { table }, move |answer| match (answer.rows, overwrites, mode) {
        (false, ..) => None,
        (true, true, _) => {
            let message = format!("the rows that the condition picks lose what they have in {here}");
            Some(Finding::destructive(&[Hazard::DataLoss], message))
        }
        (true, false, Mode::Dev) => {
            Some(Finding::safe(&[], format!("rows without a value for {here} get one")))
        }
        (true, false, Mode::Prod) => {
            Some(Finding::confirm(&[], format!("rows without a value for {here} get one")))
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
        let fill = json!({"intent": "backfill", "table": "invoice", "column": "status", "value": {"literal": {"text": "x"}}});
        accepts(CODE, Mode::Dev, fill.clone(), &rows(0));
        accepts(CODE, Mode::Prod, fill.clone(), &empty());
        assert_eq!(rejects(CODE, Mode::Prod, fill, &rows(0)).verdict, Verdict::NeedsConfirmation);
        let over = json!({"intent": "backfill", "table": "invoice", "column": "status",
            "value": {"expression": "lower(status)"}, "where": "status IS NOT NULL"});
        assert_eq!(rejects(CODE, Mode::Dev, over, &rows(0)).verdict, Verdict::Destructive);
    }
}
