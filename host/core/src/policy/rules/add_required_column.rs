//! `policy/add-required-column`: existing rows have no value for a new required column.

use super::super::{Case, Finding, Hazard, Judgement, Probe, Rule, Severity, Verdict};
use super::place;
use crate::ident::Ident;
use crate::intent::Intent;

/// The rule.
pub(super) const RULE: Rule = Rule {
    code: "policy/add-required-column",
    title: "required column without default",
    what: "Adds a column that must not be NULL and has no default.",
    why: "It fails on a table with rows: they have no value for it.",
    instead: "Give the field a default, or create it nullable, fill it, and make it required then.",
    verdicts: &[Verdict::NeedsConfirmation],
    hazards: &[Hazard::RefusesWrites],
    floor: Severity::Confirm,
    judge,
};

fn judge(case: &Case) -> Option<Judgement> {
    let Intent::AddColumn(add) = case.intent else { return None };
    if add.column.nullable || add.column.default.is_some() {
        return None;
    }
    on_rows(case, place(&add.table, &add.column.name))
}

/// The same judgement for a column that this change made and now makes required.
pub(super) fn on_new_column(case: &Case, column: &Ident, here: String) -> Option<Judgement> {
    let column = case.model.schema().table(case.intent.table())?.column(column)?;
    match column.default {
        Some(_) => None,
        None => on_rows(case, here),
    }
}

fn on_rows(case: &Case, here: String) -> Option<Judgement> {
    let table = case.model.origin(case.intent.table())?;
    Judgement::ask(Probe::Rows { table }, move |answer| {
        let remedy = "give the field a \"default\", or create it with \"nullable\": true, fill it, and make it required then";
        answer.rows.then(|| {
            Finding::blocked(
                format!("{here} must not be NULL, has no default, and its table has rows"),
                remedy,
            )
        })
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
        let column = |nullable, default: serde_json::Value| {
            json!({"intent": "add-column", "table": "invoice",
            "column": {"name": "x", "ty": {"type": "Int"}, "nullable": nullable, "default": default}})
        };
        accepts(CODE, Mode::Prod, column(true, json!(null)), &rows(0));
        accepts(CODE, Mode::Prod, column(false, json!({"integer": 1})), &rows(0));
        accepts(CODE, Mode::Prod, column(false, json!(null)), &empty());
        let blocked = rejects(CODE, Mode::Dev, column(false, json!(null)), &rows(0));
        assert_eq!(blocked.verdict, Verdict::NeedsConfirmation);
        assert!(blocked.remedy.is_some());
    }
}
