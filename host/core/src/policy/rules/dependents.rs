//! `policy/dependents`: what depends on a column holds it in place.

use super::super::{Case, Finding, Hazard, Judgement, Probe, Rule, Severity, Thing, Verdict};
use super::{all_stored, place, stored};
use crate::conversion::{Conversion, conversion};
use crate::field_type::FieldType;
use crate::ident::Ident;
use crate::intent::Intent;

/// The rule.
pub(super) const RULE: Rule = Rule {
    code: "policy/dependents",
    title: "views or triggers depend on a column",
    what: "Looks for views, triggers, row-level policies and foreign keys of others that depend on a column whose type changes or that may be NULL, on a key that goes, on what is purged, or on a column that is dropped and not kept.",
    why: "PostgreSQL refuses to change the type of a column that a view or trigger names (0A000), and to drop what others need (2BP01). They are not Hookwright's, so it neither drops nor remakes them.",
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
            found(table, Thing::Table, format!("\"{}\" is purged", purge.table.as_str()))
        }
        Intent::PurgeColumn(purge) => {
            let table = case.model.origin(&purge.table)?;
            let column = case.model.column_origin(&purge.table, &purge.column)?;
            found(table, Thing::Column(column), format!("{} is purged", place(&purge.table, &purge.column)))
        }
        // What is kept has another name, which they follow.
        Intent::DropColumn(drop) if case.settings.tombstones.keep_days == 0 => {
            let (table, column) = stored(case, &drop.column)?;
            found(table, Thing::Column(column), format!("{} goes", place(&drop.table, &drop.column)))
        }
        Intent::DropUnique(drop) => {
            let table = case.model.schema().table(&drop.table)?;
            let unique = table.uniques.iter().find(|u| u.columns == drop.columns)?;
            key(case, &drop.columns, &unique.name)
        }
        Intent::DropPrimaryKey(drop) => {
            let table = case.model.schema().table(&drop.table)?;
            key(case, &table.primary_key, &table.key_name())
        }
        Intent::DropNotNull(drop) => {
            let (table, column) = stored(case, &drop.column)?;
            found(table, Thing::Required(column), format!("{} may be NULL", place(&drop.table, &drop.column)))
        }
        _ => None,
    }
}

/// One that is there: the change may have renamed it, or made it.
fn key(case: &Case, columns: &[Ident], name: &Ident) -> Option<Judgement> {
    let (table, before) = all_stored(case, columns)?;
    let base = case.model.base().table(&table)?;
    let unique = base.uniques.iter().find(|u| u.columns == before).map(|u| u.name.clone());
    let primary = (base.primary_key == before).then(|| base.key_name());
    let is_key = case.model.schema().table(case.intent.table())?.primary_key == columns;
    let what = format!("the key \"{}\" of \"{}\" goes", name.as_str(), case.intent.table().as_str());
    found(table, Thing::Key(if is_key { primary? } else { unique? }), what)
}

/// Between Enums and text only a check changes, which no view holds in place.
fn retyped(case: &Case, column: &Ident, to: &FieldType) -> Option<Judgement> {
    let was = case.model.schema().table(case.intent.table())?.column(column)?;
    let (from, is_read) = (&was.ty, was.unread.as_ref().is_none_or(|unread| unread.ty.is_none()));
    let text = |ty: &FieldType| matches!(ty, FieldType::Enum { .. } | FieldType::Text);
    if is_read && (conversion(from, to) == Conversion::Same || (text(from) && text(to))) {
        return None;
    }
    let (table, before) = stored(case, column)?;
    found(table, Thing::Column(before), format!("the type of {} changes", place(case.intent.table(), column)))
}

fn found(table: Ident, on: Thing, what: String) -> Option<Judgement> {
    Judgement::ask(Probe::Dependents { table, on }, move |answer| {
        let message = format!(
            "{what}, and {} of others {} on it: {}",
            count(answer.failing),
            answer.verb("depends", "depend"),
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
        let unique = json!({"intent": "drop-unique", "table": "invoice", "columns": ["status"]});
        assert!(rejects(CODE, Mode::Prod, unique, &rows(1)).remedy.is_some());
        let drop = json!({"intent": "drop-column", "table": "invoice", "column": "status"});
        silent(CODE, Mode::Prod, drop.clone(), &rows(1));
        assert!(rejects_by(CODE, &keeping_nothing(), drop, &rows(1)).remedy.is_some());
        let purge = json!({"intent": "purge-column", "table": "log", "column": "hookwright_dropped_1_kind"});
        assert!(rejects(CODE, Mode::Prod, purge, &rows(1)).message.contains("1 thing"));
    }
}
