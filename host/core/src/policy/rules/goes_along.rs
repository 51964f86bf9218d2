//! `policy/goes-along`: what others put on a column that goes, for good, goes along without a word.

use super::super::{Case, Finding, Hazard, Judgement, Probe, Rule, Severity, Thing, Verdict, Waiting};
use super::{place, stored};
use crate::ddl::{Dialect, Extent};
use crate::ident::Ident;
use crate::intent::Intent;

/// The rule.
pub(super) const RULE: Rule = Rule {
    code: "policy/goes-along",
    title: "what others put on a column goes along",
    what: "Looks for indexes, constraints, statistics and privileges of others on a column that is purged, or whose place another takes: that is how the type of a large table's column changes.",
    why: "PostgreSQL drops them with the column and says nothing: a check guards no more, a query gets slow, a program may read the column no more.",
    instead: "Drop them, send the change again, and make them anew; or send it while the table is below thresholds.large-table-rows, where the column itself is altered.",
    verdicts: &[Verdict::NeedsConfirmation],
    hazards: &[Hazard::RefusesWrites],
    floor: Severity::Confirm,
    judge,
};

fn judge(case: &Case) -> Option<Judgement> {
    if case.dialect == Dialect::Sqlite {
        return None;
    }
    match case.intent {
        Intent::ChangeType(change) => swapped(case, &change.column),
        Intent::PurgeColumn(purge) => {
            let table = case.model.origin(&purge.table)?;
            let column = case.model.column_origin(&purge.table, &purge.column)?;
            let what = format!("{} is purged", place(&purge.table, &purge.column));
            let probe = Probe::Dependents { table, on: Thing::Along(column) };
            Judgement::ask(probe, move |answer| {
                (answer.failing > 0).then(|| goes(&what, answer.failing, &answer.sample))
            })
        }
        _ => None,
    }
}

/// Alone it would go through the table while users wait, and the whole plan does not: then it is done beside them.
fn swapped(case: &Case, column: &Ident) -> Option<Judgement> {
    let alone = case.waiting();
    let (table, before) = stored(case, column).filter(|_| alone != Extent::Nothing)?;
    let probe = Probe::Dependents { table: table.clone(), on: Thing::Along(before) };
    let what = format!("another column takes the place of {}", place(case.intent.table(), column));
    Some(Judgement::Planned(
        Waiting { probe, table, alone },
        Box::new(move |answer, extent| {
            let beside = extent == Extent::Nothing && answer.failing > 0;
            beside.then(|| goes(&what, answer.failing, &answer.sample))
        }),
    ))
}

fn goes(what: &str, count: u64, sample: &[String]) -> Finding {
    let message = format!("{what}, and what others put on it would be gone ({count}): {}", sample.join(", "));
    Finding::blocked(
        message,
        "drop them, send the change again, and make them anew; they are not Hookwright's to change",
    )
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use crate::policy::Mode;
    use serde_json::json;

    #[test]
    fn cases() {
        const CODE: &str = super::RULE.code;
        let purge = json!({"intent": "purge-column", "table": "log", "column": "hookwright_dropped_1_kind"});
        accepts(CODE, Mode::Prod, purge.clone(), &rows(0));
        assert!(rejects(CODE, Mode::Dev, purge, &rows(2)).remedy.is_some());
        // A small table's column is altered itself.
        silent(CODE, Mode::Prod, change_type("amount", json!({"type": "BigInt"})), &rows(2));
        silent(
            CODE,
            Mode::Prod,
            json!({"intent": "drop-not-null", "table": "invoice", "column": "due"}),
            &rows(2),
        );
    }
}
