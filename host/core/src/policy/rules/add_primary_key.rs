//! `policy/add-primary-key`: a key refuses rows without a value.

use super::super::coming::coming;
use super::super::{Case, Finding, Hazard, Judgement, Probe, Rule, Severity, Verdict};
use super::{nulls, place, stored};
use crate::expr::Expr;
use crate::ident::Ident;
use crate::intent::{Intent, list};

/// The rule.
pub(super) const RULE: Rule = Rule {
    code: "policy/add-primary-key",
    title: "primary key is added",
    what: "Makes columns of a table that exists its primary key.",
    why: "It fails while rows have NULL in them or share their values, and writers that do are refused afterwards.",
    instead: "Fill the columns and remove duplicates first, then confirm.",
    verdicts: &[Verdict::NeedsConfirmation],
    hazards: &[Hazard::RefusesWrites],
    floor: Severity::Confirm,
    judge,
};

fn judge(case: &Case) -> Option<Judgement> {
    let Intent::AddPrimaryKey(add) = case.intent else { return None };
    let table = case.model.schema().table(&add.table)?;
    let is_open = |c: &&Ident| table.column(c).is_some_and(|c| c.nullable) && stored(case, c).is_some();
    let open = add.columns.iter().filter(is_open);
    let open: Vec<_> = open.cloned().collect();
    let (probe, here) = match open.as_slice() {
        [one] => (nulls(case, one)?, place(&add.table, one)),
        _ => {
            let value = |column: &Ident| {
                coming(case, column).or_else(|| stored(case, column).map(|(_, before)| Expr::Column(before)))
            };
            let given = |column: &Ident| Some(Expr::IsNull { of: Box::new(value(column)?), negated: true });
            let expression = open.iter().filter_map(given).reduce(Expr::and)?;
            let here = format!("one of \"{}\" ({})", add.table.as_str(), list(&open));
            (Probe::Violations { table: case.model.origin(&add.table)?, expression }, here)
        }
    };
    Judgement::ask(probe, move |answer| match (answer.rows, answer.failing) {
        (false, _) => None,
        (true, 0) => {
            let message =
                format!("no row leaves {here} NULL; as part of the key it must have a value from now on");
            Some(Finding::confirm(&[Hazard::RefusesWrites], message))
        }
        (true, _) => {
            let message = format!("{here} is NULL in {}{}", answer.count(), answer.examples());
            Some(Finding::blocked(
                message,
                "fill these rows, then send it again with \"confirm\": true (--confirm)",
            ))
        }
    })
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use super::*;
    use crate::ddl::Dialect;
    use crate::expr::parse;
    use crate::ident::OrgName;
    use crate::model::Model;
    use crate::policy::{Mode, Settings};
    use serde_json::json;
    use std::sync::Arc;

    #[test]
    fn cases() {
        const CODE: &str = super::RULE.code;
        let add = json!({"intent": "add-primary-key", "table": "log", "columns": ["line"]});
        accepts(CODE, Mode::Prod, add.clone(), &empty());
        assert_eq!(rejects(CODE, Mode::Dev, add.clone(), &rows(0)).verdict, Verdict::NeedsConfirmation);
        assert!(rejects(CODE, Mode::Dev, add, &rows(2)).remedy.is_some());
    }

    #[test]
    fn every_column_is_looked_at() {
        let drop = json!({"intent": "drop-primary-key", "table": "invoice"});
        let add =
            json!({"intent": "add-primary-key", "table": "invoice", "columns": ["status", "due", "amount"]});
        let [drop, add] = [drop, add].map(|i| serde_json::from_value::<Intent>(i).expect("an intent"));
        let mut model = Model::new(Arc::new(schema()));
        drop.apply(&mut model).expect("dropped");
        let (settings, org) = (Settings::default(), OrgName::parse("acme").expect("a name"));
        let dialect = Dialect::Postgres;
        let case = Case { intent: &add, model: &model, settings: &settings, org: &org, dialect };
        let Some(Judgement::Ask(Probe::Violations { expression, .. }, then)) = judge(&case) else {
            panic!("nothing is asked")
        };
        assert_eq!(expression, parse("status IS NOT NULL AND amount IS NOT NULL").expect("an expression"));
        let found = then(&rows(2)).expect("a finding");
        assert_eq!(found.message, "one of \"invoice\" (\"status\", \"amount\") is NULL in 2 rows");
    }
}
