//! `policy/set-not-null`: rows without a value stand against NOT NULL.

use super::super::{Case, Finding, Hazard, Judgement, Rule, Severity, Verdict};
use super::{nulls, place, stored};
use crate::ddl::Dialect;
use crate::intent::Intent;

/// The rule.
pub(super) const RULE: Rule = Rule {
    code: "policy/set-not-null",
    title: "column must not be NULL",
    what: "Refuses rows that leave a column NULL.",
    why: "It fails while rows have NULL, and writers that leave the column out are refused afterwards. PostgreSQL reads the table under a lock that blocks all use.",
    instead: "Give the field a default, fill the rows, then make it required.",
    verdicts: &[Verdict::NeedsConfirmation],
    hazards: &[Hazard::RefusesWrites],
    floor: Severity::Confirm,
    judge,
};

fn judge(case: &Case) -> Option<Judgement> {
    let Intent::SetNotNull(set) = case.intent else { return None };
    if !case.model.schema().table(&set.table)?.column(&set.column)?.nullable {
        return None;
    }
    let here = place(&set.table, &set.column);
    let filled = case.model.fills().iter().any(|f| f.table == set.table && f.column == set.column);
    let column = stored(case, &set.column);
    if column.is_none() && !filled {
        return super::add_required_column::on_new_column(case, &set.column, here);
    }
    let is_new = column.is_none();
    let (table, column) = column.unwrap_or_else(|| (set.table.clone(), set.column.clone()));
    let (table_name, column_name) = (table.as_str().to_owned(), column.as_str().to_owned());
    let schema = match case.dialect {
        Dialect::Postgres => format!("\"{}\".", case.org),
        Dialect::Sqlite => String::new(),
    };
    let probe = nulls(case, &set.column)?;
    Judgement::ask(probe, move |answer| match (answer.rows, answer.failing) {
        (false, _) => None,
        // Nobody writes a column that is not there yet.
        (true, 0) if is_new => None,
        (true, 0) => {
            let message =
                format!("{here} is filled in every row; writers that leave it out are refused from now on");
            Some(Finding::confirm(&[Hazard::RefusesWrites], message))
        }
        (true, _) => {
            let message = format!("{here} is NULL in {}{}", answer.count(), answer.examples());
            let fill = format!(
                "fill them (UPDATE {schema}\"{table_name}\" SET \"{column_name}\" = … WHERE \"{column_name}\" IS NULL), then send it again with \"confirm\": true (--confirm)"
            );
            Some(Finding::blocked(message, fill))
        }
    })
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use super::*;
    use crate::ddl::Dialect;
    use crate::ident::OrgName;
    use crate::model::Model;
    use crate::policy::{Mode, Probe, Settings};
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
        let asked = |fill: Intent| {
            let mut model = Model::new(Arc::new(schema()));
            fill.apply(&mut model).expect("applied");
            let (settings, org) = (Settings::default(), OrgName::parse("acme").expect("a name"));
            let dialect = Dialect::Postgres;
            let case = Case { intent: &set, model: &model, settings: &settings, org: &org, dialect };
            match (super::RULE.judge)(&case) {
                Some(Judgement::Ask(probe, _)) => probe,
                _ => panic!("nothing is asked"),
            }
        };
        let literal = asked(fill(json!({"literal": {"text": "new"}}), json!(null)));
        assert!(matches!(literal, Probe::Violations { .. }), "{literal:?}");
        let computed = asked(fill(json!({"expression": "id"}), json!(null)));
        assert!(matches!(computed, Probe::Violations { .. }), "{computed:?}");
        let some = asked(fill(json!({"expression": "id"}), json!("amount > 5")));
        assert!(matches!(some, Probe::Nulls { .. }), "{some:?}");
    }
}
