//! `policy/set-not-null`: rows without a value stand against NOT NULL.

use super::super::{Case, Finding, Hazard, Judgement, Probe, Rule, Severity, Verdict};
use super::{place, stored};
use crate::ident::Ident;
use crate::intent::Intent;
use crate::model::FillValue;

/// The rule.
pub(super) const RULE: Rule = Rule {
    code: "policy/set-not-null",
    title: "column must not be NULL",
    what: "Refuses rows that leave a column NULL.",
    why: "It fails while rows have NULL, and writers that leave the column out are refused afterwards. PostgreSQL reads the table under a lock that blocks all use.",
    instead: "Give the field a default, fill the rows, then make it required.",
    verdicts: &[Verdict::NeedsConfirmation],
    hazards: &[Hazard::Scan, Hazard::RefusesWrites],
    floor: Severity::Confirm,
    judge,
};

fn judge(case: &Case) -> Option<Judgement> {
    let Intent::SetNotNull(set) = case.intent else { return None };
    if !case.model.schema().table(&set.table)?.column(&set.column)?.nullable {
        return None;
    }
    let here = place(&set.table, &set.column);
    if let Some(judgement) = filled(case, &set.column, &here) {
        return Some(judgement);
    }
    let Some((table, column)) = stored(case, &set.column) else {
        return super::add_required_column::on_new_column(case, &set.column, here);
    };
    let (table_name, column_name) = (table.as_str().to_owned(), column.as_str().to_owned());
    Judgement::ask(Probe::Nulls { table, column }, move |answer| match (answer.rows, answer.failing) {
        (false, _) => None,
        (true, 0) => {
            let message =
                format!("{here} is filled in every row; writers that leave it out are refused from now on");
            Some(Finding::confirm(&[Hazard::Scan, Hazard::RefusesWrites], message))
        }
        (true, _) => {
            let message = format!("{here} is NULL in {}{}", answer.count(), answer.examples());
            let fill = format!(
                "fill them (UPDATE \"{table_name}\" SET \"{column_name}\" = … WHERE \"{column_name}\" IS NULL), then send it again with --confirm"
            );
            Some(Finding::blocked(message, fill))
        }
    })
}

/// A column that the same change fills in every row without a value.
fn filled(case: &Case, column: &Ident, here: &str) -> Option<Judgement> {
    let table = case.intent.table();
    let of_column = case.model.fills().iter().rfind(|fill| fill.table == *table && fill.column == *column)?;
    let values = match (&of_column.value, &of_column.only) {
        (FillValue::Literal(_), None) => "",
        (FillValue::Expression(_), None) => {
            "; if its expression gives NULL for one of them, the change fails"
        }
        _ => return None,
    };
    let table = case.model.origin(table)?;
    let message = format!(
        "{here} is filled by this change in every row without a value{values}; writers that leave it out are refused from now on"
    );
    let hazards = &[Hazard::Scan, Hazard::RefusesWrites];
    Judgement::ask(Probe::Rows { table }, move |answer| {
        answer.rows.then(|| Finding::confirm(hazards, message.clone()))
    })
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use super::*;
    use crate::model::Model;
    use crate::policy::{Mode, Settings};
    use serde_json::json;
    use std::sync::Arc;

    #[test]
    fn cases() {
        const CODE: &str = super::RULE.code;
        let set = json!({"intent": "set-not-null", "table": "invoice", "column": "status"});
        accepts(CODE, Mode::Prod, set.clone(), &empty());
        assert_eq!(rejects(CODE, Mode::Dev, set.clone(), &rows(0)).verdict, Verdict::NeedsConfirmation);
        let blocked = rejects(CODE, Mode::Dev, set, &rows(3));
        assert_eq!(blocked.message, "\"invoice\".\"status\" is NULL in 3 rows");
        assert!(blocked.remedy.is_some());
    }

    #[test]
    fn what_the_change_fills_itself_is_not_missing() {
        let intent = |json: serde_json::Value| serde_json::from_value::<Intent>(json).expect("an intent");
        let fill = |value: serde_json::Value, only: serde_json::Value| {
            intent(
                json!({"intent": "backfill", "table": "invoice", "column": "status", "value": value, "where": only}),
            )
        };
        let set = intent(json!({"intent": "set-not-null", "table": "invoice", "column": "status"}));
        let judged = |fill: Intent| {
            let mut model = Model::new(Arc::new(schema()));
            fill.apply(&mut model).expect("applied");
            let settings = Settings::default();
            let judgement = (super::RULE.judge)(&Case { intent: &set, model: &model, settings: &settings });
            match judgement {
                Some(Judgement::Ask(_, then)) => then(&rows(3)).expect("a finding"),
                _ => panic!("nothing is asked"),
            }
        };
        let literal = judged(fill(json!({"literal": {"text": "new"}}), json!(null)));
        assert!(literal.remedy.is_none() && !literal.message.contains("NULL"), "{literal:?}");
        let computed = judged(fill(json!({"expression": "id"}), json!(null)));
        assert!(computed.remedy.is_none() && computed.message.contains("gives NULL"), "{computed:?}");
        assert!(judged(fill(json!({"expression": "id"}), json!("amount > 5"))).remedy.is_some());
    }
}
