//! `policy/restore-column`: rows that came since have no value.

use super::super::{Case, Finding, Hazard, Judgement, Probe, Rule, Severity, Verdict};
use super::place;
use crate::intent::Intent;

/// The rule.
pub(super) const RULE: Rule = Rule {
    code: "policy/restore-column",
    title: "required column is restored",
    what: "Brings back a dropped column that must not be NULL.",
    why: "Rows that were added while it was dropped have no value for it.",
    instead: "Fill the column under the name it has while it is dropped, then restore it.",
    verdicts: &[Verdict::NeedsConfirmation],
    hazards: &[Hazard::RefusesWrites],
    floor: Severity::Confirm,
    judge,
};

fn judge(case: &Case) -> Option<Judgement> {
    let Intent::RestoreColumn(restore) = case.intent else { return None };
    let table = case.model.schema().table(&restore.table)?;
    let buried = table.buried_column(&restore.column, restore.kept.as_ref());
    let (physical, _) = buried.filter(|(_, b)| !b.column.nullable)?;
    let (here, kept) = (place(&restore.table, &restore.column), physical.as_str().to_owned());
    let origin = case.model.origin(&restore.table)?;
    let column = case.model.column_origin(&restore.table, physical)?;
    Judgement::ask(Probe::Nulls { table: origin, column }, move |answer| {
        let message = format!(
            "{here} must not be NULL, and {} that came while it was dropped {} no value{}",
            answer.count(),
            answer.verb("has", "have"),
            answer.examples()
        );
        let remedy = format!("fill the column \"{kept}\" in these rows, then restore it");
        (answer.failing > 0).then(|| Finding::blocked(message, remedy))
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
        let restore = json!({"intent": "restore-column", "table": "log", "column": "kind"});
        accepts(CODE, Mode::Prod, restore.clone(), &rows(0));
        assert_eq!(rejects(CODE, Mode::Dev, restore, &rows(2)).verdict, Verdict::NeedsConfirmation);
    }
}
