//! `policy/add-foreign-key`: rows that refer to nothing stand against a foreign key.

use super::super::{Case, Finding, Hazard, Judgement, Mode, Probe, Rule, Severity, Verdict};
use super::all_stored;
use crate::ident::Ident;
use crate::intent::{AddForeignKey, Intent, list};

/// The rule.
pub(super) const RULE: Rule = Rule {
    code: "policy/add-foreign-key",
    title: "values must refer to a row",
    what: "Refuses rows that refer to nothing.",
    why: "It fails while rows refer to nothing. PostgreSQL reads the table under locks that block writers of both tables.",
    instead: "Correct the rows that refer to nothing first.",
    verdicts: &[Verdict::Safe, Verdict::NeedsConfirmation],
    hazards: &[Hazard::RefusesWrites],
    floor: Severity::Confirm,
    judge,
};

fn judge(case: &Case) -> Option<Judgement> {
    let Intent::AddForeignKey(add) = case.intent else { return None };
    let here = format!("\"{}\" ({})", add.table.as_str(), list(&add.columns));
    let there = add.to.as_str().to_owned();
    let Some((table, columns)) = all_stored(case, &add.columns) else {
        return on_new_column(case, add, here);
    };
    let (to, mode) = (target(case, &add.to, &add.target), case.mode());
    Judgement::ask(Probe::Orphans { table, columns, to }, move |answer| match (answer.rows, answer.failing) {
        (false, _) => None,
        (true, 0) => {
            let message = format!(
                "every value of {here} refers to a row of \"{there}\"; writers whose values do not are refused from now on"
            );
            Some(match mode {
                Mode::Dev => Finding::safe(&[Hazard::RefusesWrites], message),
                Mode::Prod => Finding::confirm(&[Hazard::RefusesWrites], message),
            })
        }
        (true, _) => {
            let message = format!(
                "{} of {here} {} to no row of \"{there}\"{}",
                answer.count(),
                answer.verb("refers", "refer"),
                answer.examples()
            );
            Some(Finding::blocked(
                message,
                format!("set them to NULL, or add what they refer to to \"{there}\", then send it again"),
            ))
        }
    })
}

/// A column that the change makes has its default in every row; NULL may refer to nothing.
fn on_new_column(case: &Case, add: &AddForeignKey, here: String) -> Option<Judgement> {
    let [column] = add.columns.as_slice() else { return None };
    let table = case.model.origin(&add.table)?;
    let made = case.model.schema().table(&add.table)?.column(column)?;
    let (value, ty) = (made.default.clone()?, made.ty.clone());
    let (shown, there) = (value.to_json(), add.to.as_str().to_owned());
    let to = target(case, &add.to, &add.target).and_then(|(to, mut columns)| Some((to, columns.pop()?)));
    Judgement::ask(Probe::Dangling { table, value, ty, to }, move |answer| {
        let message =
            format!("every row gets the default {shown} of {here}, which refers to no row of \"{there}\"");
        let remedy = format!(
            "add the row to \"{there}\" first, or create the field without the default and set that afterwards"
        );
        (answer.failing > 0).then(|| Finding::blocked(message, remedy))
    })
}

/// Where the rows referred to are; none if the change made the table or a column of it.
fn target(case: &Case, table: &Ident, columns: &[Ident]) -> Option<(Ident, Vec<Ident>)> {
    let columns = columns.iter().map(|c| case.model.column_origin(table, c)).collect::<Option<_>>()?;
    Some((case.model.origin(table)?, columns))
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use crate::policy::{Mode, Verdict};
    use serde_json::json;

    #[test]
    fn cases() {
        const CODE: &str = super::RULE.code;
        let add = json!({"intent": "add-foreign-key", "table": "invoice", "columns": ["status"], "to": "account", "target": ["id"], "onDelete": "RESTRICT"});
        accepts(CODE, Mode::Prod, add.clone(), &empty());
        accepts(CODE, Mode::Dev, add.clone(), &rows(0));
        assert_eq!(rejects(CODE, Mode::Prod, add.clone(), &rows(0)).verdict, Verdict::NeedsConfirmation);
        let blocked = rejects(CODE, Mode::Dev, add, &rows(1));
        assert_eq!(blocked.message, "1 row of \"invoice\" (\"status\") refers to no row of \"account\"");
        assert_eq!(blocked.verdict, Verdict::NeedsConfirmation);
    }
}
