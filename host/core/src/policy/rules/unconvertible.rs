//! `policy/unconvertible`: a value that cannot be converted makes a change of type fail.

use super::super::{Case, Finding, Hazard, Judgement, Probe, Rule, Severity, Verdict};
use super::{place, stored};
use crate::conversion::{Conversion, Using, conversion};
use crate::ident::Ident;
use crate::intent::{ChangeType, Intent};

/// The rule.
pub(super) const RULE: Rule = Rule {
    code: "policy/unconvertible",
    title: "values cannot be converted",
    what: "Converts every value of a column whose type changes, to see whether it can be done, and whether checks and keys hold afterwards.",
    why: "A number too large for the new type, a document that is none, a required column that would become NULL, or two values that become the same make the change fail after its table was locked.",
    instead: "Correct these values, or have a plugin ask for a conversion that fits them.",
    verdicts: &[Verdict::NeedsConfirmation],
    hazards: &[Hazard::RefusesWrites],
    floor: Severity::Confirm,
    judge,
};

fn judge(case: &Case) -> Option<Judgement> {
    let Intent::ChangeType(change) = case.intent else { return None };
    let old = case.model.schema().table(&change.table)?.column(&change.column)?;
    let kept = matches!(
        conversion(&old.ty, &change.ty),
        Conversion::Same | Conversion::Widening | Conversion::Impossible
    );
    if kept && change.using.is_none() {
        return None;
    }
    let (table, column) = stored(case, &change.column)?;
    let using = match &change.using {
        None => None,
        Some(using) => Some(before(case, change, using)?),
    };
    let (from, to, required) = (old.ty.clone(), change.ty.clone(), !old.nullable);
    let here =
        format!("{} from {} to {}", place(&change.table, &change.column), from.describe(), to.describe());
    let probe = Probe::Unconvertible { table, column, from, to, using, required };
    Judgement::ask(probe, move |answer| {
        let message = format!("not every value survives the change of {here}{}", answer.examples());
        let remedy = "correct these values, or have a plugin ask for another conversion, then send it again with \"confirm\": true (--confirm)";
        (answer.failing > 0).then(|| Finding::blocked(message, remedy))
    })
}

/// A conversion by the names before the change; none if it reads a column that the change makes.
fn before(case: &Case, change: &ChangeType, using: &Using) -> Option<Using> {
    let Using::Expression(expression) = using else { return Some(using.clone()) };
    let origin = |column: &Ident| case.model.column_origin(&change.table, column);
    let known = expression.columns().iter().all(|column| origin(column).is_some());
    let named = |column: &Ident| origin(column).unwrap_or_else(|| column.clone());
    known.then(|| Using::Expression(expression.clone().mapped(&named)))
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use crate::policy::{Mode, Verdict};
    use serde_json::json;

    #[test]
    fn cases() {
        const CODE: &str = super::RULE.code;
        accepts(CODE, Mode::Prod, change_type("due", json!({"type": "Date"})), &rows(0));
        silent(CODE, Mode::Prod, change_type("status", json!({"type": "Text"})), &rows(0));
        let blocked = rejects(CODE, Mode::Dev, change_type("status", json!({"type": "Json"})), &rows(1));
        assert_eq!(blocked.verdict, Verdict::NeedsConfirmation);
        assert!(blocked.remedy.is_some());
    }
}
