//! `policy/change-type`: values may not survive another type.

use super::super::{Answer, Case, Finding, Hazard, Judgement, Probe, Rule, Severity, Verdict};
use super::{place, stored};
use crate::conversion::{Conversion, Named, Using, conversion};
use crate::ddl::postgres_type_name;
use crate::field_type::FieldType;
use crate::ident::Ident;
use crate::intent::{ChangeType, Intent};
use crate::schema::Column;

/// The rule.
pub(super) const RULE: Rule = Rule {
    code: "policy/change-type",
    title: "type changes",
    what: "Gives a column another type.",
    why: "Values that the new type cannot hold make it fail, or are altered. Unless they stay as they are stored, all of them are stored anew.",
    instead: "Widen rather than narrow; for anything else add a new field, copy, and delete the old one.",
    verdicts: &[Verdict::NeedsConfirmation, Verdict::Destructive, Verdict::Forbidden],
    hazards: &[Hazard::DataLoss, Hazard::RefusesWrites],
    floor: Severity::Confirm,
    judge,
};

fn judge(case: &Case) -> Option<Judgement> {
    let Intent::ChangeType(change) = case.intent else { return None };
    match &change.using {
        None => judge_conversion(case, &change.column, &change.ty),
        Some(using) => judge_using(case, change, using),
    }
}

/// A conversion of one's own may lose something of any value; the old column is kept beside it for a while.
fn judge_using(case: &Case, change: &ChangeType, using: &Using) -> Option<Judgement> {
    let from = case.model.schema().table(&change.table)?.column(&change.column)?.ty.clone();
    let here = place(&change.table, &change.column);
    let what = format!("{here} from {} to {}", from.describe(), change.ty.describe());
    let (table, column) = stored(case, &change.column)?;
    let hazards = [Hazard::DataLoss];
    match using {
        Using::Expression(_) | Using::Named(Named::Round) => {
            Judgement::ask(Probe::Rows { table }, move |answer| {
                let message = format!("changing {what} computes every value anew");
                answer.rows.then(|| Finding::destructive(&hazards, message))
            })
        }
        Using::Named(Named::EpochSeconds) => Judgement::ask(Probe::Rows { table }, move |answer| {
            let message =
                format!("changing {what} keeps every value to the second; all of them are stored anew");
            answer.rows.then(|| Finding::confirm(&[], message))
        }),
        Using::Named(Named::Truncate | Named::UnfitToNull) => {
            let probe = Probe::Misfits { table, column, from, to: change.ty.clone() };
            Judgement::ask(probe, move |answer| match (answer.rows, answer.failing) {
                (false, _) => None,
                (true, 0) => {
                    let message =
                        format!("every value fits the change of {what}; all of them are stored anew");
                    Some(Finding::confirm(&[], message))
                }
                (true, _) => {
                    let message = format!("changing {what} alters {}{}", answer.count(), answer.examples());
                    Some(Finding::destructive(&hazards, message))
                }
            })
        }
    }
}

/// The judgement of converting a column of the intent's table to `to`.
pub(super) fn judge_conversion(case: &Case, column: &Ident, to: &FieldType) -> Option<Judgement> {
    let found = case.model.schema().table(case.intent.table())?.column(column)?;
    // Rows from before may have any text.
    let from = if found.is_unvalidated() { &FieldType::Text } else { &found.ty };
    let here = place(case.intent.table(), column);
    let what = format!("{here} from {} to {}", from.describe(), to.describe());
    let class = conversion(from, to);
    if class == Conversion::Impossible {
        let message = format!("no value of {what} has a counterpart");
        return Finding::forbidden(
            message,
            "add a new field of that type, copy what you need, and delete the old one",
        )
        .into();
    }
    if found.is_far() && *to != FieldType::Text {
        let message = format!(
            "{here} has the type \"{}\", whose values only somebody who knows them can convert to {}",
            foreign(found).unwrap_or_default(),
            to.describe()
        );
        let (table, name) = (case.intent.table().as_str(), column.as_str());
        let (org, ty) = (case.org, postgres_type_name(to));
        let by_hand = format!(
            "convert it by hand: ALTER TABLE \"{org}\".\"{table}\" ALTER COLUMN \"{name}\" TYPE {ty}, with USING and what makes a value of each if PostgreSQL cannot; or to text, which keeps every value; then see what is left: hookwright drift --org {org}"
        );
        return Finding::forbidden(message, by_hand).into();
    }
    let (table, column) = stored(case, column)?;
    let rows = Probe::Rows { table: table.clone() };
    if let Some(called) = foreign(found).filter(|_| keeps(class)) {
        let what = format!("{here} from \"{called}\" to {}", to.describe());
        return Judgement::ask(rows, move |answer| {
            let message = format!(
                "changing {what} stores every value anew; what the new type has no room or form for is rounded, rewritten or refused"
            );
            answer.rows.then(|| Finding::destructive(&[Hazard::DataLoss], message))
        });
    }
    match class {
        Conversion::Same | Conversion::Widening | Conversion::Impossible => None,
        Conversion::Rewriting => Judgement::ask(rows, move |answer| {
            let message = format!("changing {what} keeps every value; all of them are stored anew");
            answer.rows.then(|| Finding::confirm(&[], message))
        }),
        Conversion::Lossy => Judgement::ask(rows, move |answer| {
            let message = format!(
                "changing {what} alters values: the new type cannot hold all of what the old one did"
            );
            answer.rows.then(|| Finding::destructive(&[Hazard::DataLoss], message))
        }),
        Conversion::Probed => {
            let probe = Probe::Misfits { table, column, from: from.clone(), to: to.clone() };
            Judgement::ask(probe, move |answer| misfits(&what, answer))
        }
    }
}

/// Whether values of types that the model knows stay what they are.
fn keeps(class: Conversion) -> bool {
    matches!(class, Conversion::Same | Conversion::Widening | Conversion::Rewriting)
}

/// What the database calls the type of a column whose values the nearest type of the model may not keep.
fn foreign(column: &Column) -> Option<String> {
    let called = column.unread.as_ref()?.ty.as_ref()?;
    let word = called.split([' ', ',', '(']).next().unwrap_or_default();
    if column.is_collated() {
        return None;
    }
    // Narrower than the nearest, or the same but for a check that is not validated.
    let is_kept = matches!(word, "smallint" | "real" | "varchar" | "name" | "citext" | "Enum");
    (!is_kept).then(|| called.clone())
}

fn misfits(what: &str, answer: &Answer) -> Option<Finding> {
    match (answer.rows, answer.failing) {
        (false, _) => None,
        (true, 0) => {
            let message =
                format!("every value fits the change of {what}; values that do not are refused from now on");
            Some(Finding::confirm(&[Hazard::RefusesWrites], message))
        }
        (true, _) => {
            let message = format!(
                "{} the change of {what}{}",
                answer.which("does not fit", "do not fit"),
                answer.examples()
            );
            Some(Finding::blocked(
                message,
                "correct these values, or have a plugin ask for a conversion (\"truncate\", \"unfit-to-null\"), then send it again with \"confirm\": true (--confirm)",
            ))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use crate::policy::{Mode, Verdict};
    use serde_json::json;

    #[test]
    fn cases() {
        const CODE: &str = super::RULE.code;
        accepts(CODE, Mode::Prod, change_type("status", json!({"type": "Text"})), &rows(0));
        accepts(CODE, Mode::Prod, change_type("status", json!({"type": "String", "length": 5})), &empty());
        let narrow = change_type("status", json!({"type": "String", "length": 5}));
        assert_eq!(rejects(CODE, Mode::Dev, narrow.clone(), &rows(0)).verdict, Verdict::NeedsConfirmation);
        assert!(rejects(CODE, Mode::Dev, narrow, &rows(2)).remedy.is_some());
        let wide = change_type("amount", json!({"type": "BigInt"}));
        assert_eq!(rejects(CODE, Mode::Dev, wide, &rows(0)).verdict, Verdict::NeedsConfirmation);
        let cut = json!({"intent": "change-type", "table": "invoice", "column": "status",
            "ty": {"type": "String", "length": 5}, "using": {"named": "truncate"}});
        assert_eq!(rejects(CODE, Mode::Dev, cut.clone(), &rows(0)).verdict, Verdict::NeedsConfirmation);
        assert_eq!(rejects(CODE, Mode::Dev, cut, &rows(2)).verdict, Verdict::Destructive);
        let lossy = change_type("due", json!({"type": "Date"}));
        assert_eq!(rejects(CODE, Mode::Dev, lossy, &rows(0)).verdict, Verdict::Destructive);
        let absurd = change_type("due", json!({"type": "Bytes"}));
        assert_eq!(rejects(CODE, Mode::Dev, absurd, &empty()).verdict, Verdict::Forbidden);
    }
}
