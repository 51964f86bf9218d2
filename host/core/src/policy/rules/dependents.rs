//! `policy/dependents`: what depends on a column holds it in place.

use super::super::{Case, Finding, Hazard, Judgement, Probe, Rule, Severity, Verdict};
use super::{place, stored};
use crate::conversion::{Conversion, conversion};
use crate::field_type::FieldType;
use crate::ident::Ident;
use crate::intent::Intent;

/// The rule.
pub(super) const RULE: Rule = Rule {
    code: "policy/dependents",
    title: "views or triggers depend on a column",
    what: "Looks for views, triggers and row-level policies that depend on a column whose type changes, or on what is purged.",
    why: "PostgreSQL refuses to change the type of a column that a view or trigger names (0A000), and to drop it without them (2BP01). They are not Hookwright's, so it neither drops nor remakes them.",
    instead: "Drop them, send the change again, and make them anew.",
    verdicts: &[Verdict::NeedsConfirmation],
    hazards: &[Hazard::RefusesWrites],
    floor: Severity::Confirm,
    judge,
};

fn judge(case: &Case) -> Option<Judgement> {
    match case.intent {
        Intent::ChangeType(change) => retyped(case, &change.column, &change.ty),
        Intent::PurgeTable(purge) => {
            let table = case.model.origin(&purge.table)?;
            found(table, None, format!("\"{}\" is purged", purge.table.as_str()))
        }
        Intent::PurgeColumn(purge) => {
            let table = case.model.origin(&purge.table)?;
            let column = case.model.column_origin(&purge.table, &purge.column)?;
            found(table, Some(column), format!("{} is purged", place(&purge.table, &purge.column)))
        }
        _ => None,
    }
}

/// Between Enums and text only a check changes, which no view holds in place.
fn retyped(case: &Case, column: &Ident, to: &FieldType) -> Option<Judgement> {
    let from = &case.model.schema().table(case.intent.table())?.column(column)?.ty;
    let text = |ty: &FieldType| matches!(ty, FieldType::Enum { .. } | FieldType::Text);
    if conversion(from, to) == Conversion::Same || (text(from) && text(to)) {
        return None;
    }
    let (table, before) = stored(case, column)?;
    found(table, Some(before), format!("the type of {} changes", place(case.intent.table(), column)))
}

fn found(table: Ident, column: Option<Ident>, what: String) -> Option<Judgement> {
    Judgement::ask(Probe::Dependents { table, column }, move |answer| {
        let message = format!(
            "{what}, and {} of others depend on it: {}",
            count(answer.failing),
            answer.sample.join(", ")
        );
        let remedy =
            "drop them, send the change again, and make them anew; they are not Hookwright's to change";
        (answer.failing > 0).then(|| Finding::blocked(message, remedy))
    })
}

fn count(number: u64) -> String {
    if number == 1 { "1 thing".to_owned() } else { format!("{number} things") }
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use crate::policy::{Mode, Verdict};
    use serde_json::json;

    #[test]
    fn cases() {
        const CODE: &str = super::RULE.code;
        let change = json!({"intent": "change-type", "table": "invoice", "column": "amount", "ty": {"type": "BigInt"}});
        accepts(CODE, Mode::Prod, change.clone(), &rows(0));
        let blocked = rejects(CODE, Mode::Dev, change, &rows(2));
        assert_eq!(blocked.verdict, Verdict::NeedsConfirmation);
        assert!(blocked.remedy.is_some());
        let purge = json!({"intent": "purge-column", "table": "log", "column": "hookwright_dropped_1_kind"});
        assert!(rejects(CODE, Mode::Prod, purge, &rows(1)).message.contains("1 thing"));
    }
}
