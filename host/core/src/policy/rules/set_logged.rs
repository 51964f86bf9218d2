//! `policy/set-logged`: a table whose rows are to outlive a crash is written anew.

use super::super::{Case, Finding, Hazard, Judgement, Probe, Rule, Severity, Verdict};
use crate::intent::Intent;

/// The rule.
pub(super) const RULE: Rule = Rule {
    code: "policy/set-logged",
    title: "an UNLOGGED table becomes an ordinary one",
    what: "Has the rows of a table that somebody made `UNLOGGED` outlive a crash of the server again.",
    why: "PostgreSQL writes the whole table and its indexes anew, and into its log, while nobody can use the table; a large one takes long, and a standby gets all of it at once.",
    instead: "Confirm at a quiet time; a large table is refused, and left to people. Until then a crash empties it.",
    verdicts: &[Verdict::NeedsConfirmation],
    hazards: &[Hazard::Rewrite],
    floor: Severity::Confirm,
    judge,
};

fn judge(case: &Case) -> Option<Judgement> {
    let Intent::SetLogged(set) = case.intent else { return None };
    let table = case.model.origin(&set.table)?;
    let name = set.table.as_str().to_owned();
    Judgement::ask(Probe::Rows { table }, move |answer| {
        let message = format!("every row of \"{name}\" is written anew while nobody can use the table");
        answer.rows.then(|| Finding::confirm(&[Hazard::Rewrite], message))
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
        let set = json!({"intent": "set-logged", "table": "log"});
        accepts(CODE, Mode::Prod, set.clone(), &empty());
        assert_eq!(rejects(CODE, Mode::Dev, set, &rows(0)).verdict, Verdict::NeedsConfirmation);
    }
}
