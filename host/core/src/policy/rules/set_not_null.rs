//! `policy/set-not-null`: rows without a value stand against NOT NULL.

use super::super::{Case, Finding, Hazard, Judgement, Probe, Rule, Severity, Verdict};
use super::{place, stored};
use crate::intent::Intent;

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

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use crate::policy::{Mode, Verdict};
    use serde_json::json;

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
}
