//! `policy/keeps-users-waiting`: what goes through the rows of a locked table keeps its users waiting meanwhile.

use super::super::{Case, Finding, Hazard, Judgement, Mode, Probe, Rule, Severity, Thing, Verdict, Waiting};
use crate::ddl::{Dialect, Extent};
use crate::ident::Ident;
use crate::intent::Intent;

/// The rule.
pub(super) const RULE: Rule = Rule {
    code: "policy/keeps-users-waiting",
    title: "users of a table wait",
    what: "Looks at what the change's own transaction reads or writes anew of a table with rows while it holds a lock that readers or writers wait for.",
    why: "They wait until the transaction ends: for a table below the thresholds about a tenth of a second. On SQLite whoever writes anything to the file waits, however long it takes.",
    instead: "Confirm at a quiet time; or lower thresholds.large-table-rows, so that PostgreSQL's tables are changed beside their users.",
    verdicts: &[Verdict::Safe, Verdict::NeedsConfirmation],
    hazards: &[Hazard::Rewrite, Hazard::Scan],
    floor: Severity::Advice,
    judge,
};

fn judge(case: &Case) -> Option<Judgement> {
    let table = case.model.origin(case.intent.table())?;
    let alone = case.waiting();
    if alone == Extent::Nothing {
        return by_others(case, table);
    }
    let waiting = Waiting { probe: Probe::Rows { table: table.clone() }, table, alone };
    let (name, mode, dialect) = (case.intent.table().as_str().to_owned(), case.mode(), case.dialect);
    Some(Judgement::Planned(
        waiting,
        Box::new(move |answer, extent| {
            let who = match dialect {
                Dialect::Postgres => "its users wait",
                Dialect::Sqlite => "writers of the file wait",
            };
            let (hazard, what) = match extent {
                Extent::Nothing => return None,
                Extent::Scan | Extent::Rows => {
                    (Hazard::Scan, format!("the rows of \"{name}\" are gone through while {who}"))
                }
                Extent::Rewrite => {
                    (Hazard::Rewrite, format!("every row of \"{name}\" is written anew while {who}"))
                }
            };
            // SQLite's readers go on while another writes.
            let mode = if dialect == Dialect::Sqlite && hazard == Hazard::Scan { Mode::Dev } else { mode };
            answer.rows.then(|| waits(mode, hazard, what))
        }),
    ))
}

/// Where values stay as they are stored, PostgreSQL still goes through them for whatever others compute from them.
fn by_others(case: &Case, table: Ident) -> Option<Judgement> {
    let Intent::ChangeType(change) = case.intent else { return None };
    let (column, mode) = (case.model.column_origin(&change.table, &change.column)?, case.mode());
    let was = &case.model.schema().table(&change.table)?.column(&change.column)?.ty;
    // The check of an Enum goes.
    if case.dialect == Dialect::Sqlite || was.values().is_some() {
        return None;
    }
    let name = change.table.as_str().to_owned();
    Judgement::ask(Probe::Dependents { table, on: Thing::Values(column) }, move |answer| {
        let what = answer.sample.join(", ");
        let message = format!("the rows of \"{name}\" are gone through for {what} while its users wait");
        (answer.failing > 0).then(|| waits(mode, Hazard::Scan, message))
    })
}

fn waits(mode: Mode, hazard: Hazard, message: String) -> Finding {
    match mode {
        Mode::Dev => Finding::safe(&[hazard], message),
        Mode::Prod => Finding::confirm(&[hazard], message),
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use crate::policy::{Hazard, Mode, Verdict};
    use serde_json::json;

    #[test]
    fn cases() {
        const CODE: &str = super::RULE.code;
        let index = json!({"intent": "create-index", "table": "invoice", "keys": [{"column": "amount"}]});
        accepts(CODE, Mode::Prod, index.clone(), &empty());
        assert_eq!(advises(CODE, Mode::Dev, index.clone(), &rows(0)).hazards, [Hazard::Scan]);
        assert_eq!(rejects(CODE, Mode::Prod, index, &rows(0)).verdict, Verdict::NeedsConfirmation);
        let wide =
            json!({"intent": "change-type", "table": "invoice", "column": "due", "ty": {"type": "Text"}});
        assert_eq!(rejects(CODE, Mode::Prod, wide, &rows(0)).hazards, [Hazard::Rewrite]);
        silent(
            CODE,
            Mode::Prod,
            json!({"intent": "drop-check", "table": "invoice", "name": "positive"}),
            &rows(0),
        );
    }
}
