//! `policy/used-by-others`: what others made may use what is dropped.

use super::super::{Case, Finding, Hazard, Judgement, Probe, Rule, Severity, Thing, Verdict};
use super::{place, stored};
use crate::intent::Intent;

/// The rule.
pub(super) const RULE: Rule = Rule {
    code: "policy/used-by-others",
    title: "others use what is dropped",
    what: "Looks for views, triggers, foreign keys, indexes, policies and functions of others that use a column or table which is dropped.",
    why: "While it is kept, views and triggers follow it to the name that it has then, and show what nobody writes any more; functions fail at once; and nothing can be purged before they are gone.",
    instead: "Change or drop what is named first, so that it uses something else.",
    verdicts: &[Verdict::Safe],
    hazards: &[Hazard::BreaksReaders],
    floor: Severity::Off,
    judge,
};

fn judge(case: &Case) -> Option<Judgement> {
    let (table, column, what) = match case.intent {
        Intent::DropColumn(drop) => {
            let (table, column) = stored(case, &drop.column)?;
            (table, Some(column), place(&drop.table, &drop.column))
        }
        Intent::DropTable(drop) => {
            (case.model.origin(&drop.table)?, None, format!("\"{}\"", drop.table.as_str()))
        }
        _ => return None,
    };
    let probe = Probe::Dependents { table, on: Thing::Users(column) };
    Judgement::ask(probe, move |answer| {
        let (uses, named) = (answer.verb("uses", "use"), answer.sample.join(", "));
        let many = match answer.failing {
            0 => return None,
            1 => "1 thing".to_owned(),
            many => format!("{many} things"),
        };
        let message = format!("{what} is dropped, and {many} of others {uses} it: {named}");
        Some(Finding::safe(&[Hazard::BreaksReaders], message))
    })
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use crate::policy::Mode;
    use serde_json::json;

    #[test]
    fn cases() {
        const CODE: &str = super::RULE.code;
        let drop = json!({"intent": "drop-column", "table": "invoice", "column": "status"});
        silent(CODE, Mode::Prod, drop.clone(), &rows(0));
        let found = advises(CODE, Mode::Prod, drop, &rows(2));
        assert!(found.message.contains("2 things of others use it"), "{}", found.message);
        advises(CODE, Mode::Dev, json!({"intent": "drop-table", "table": "log"}), &rows(1));
    }
}
