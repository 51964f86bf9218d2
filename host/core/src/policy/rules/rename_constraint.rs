//! `policy/rename-constraint`: a constraint or index is known by its name to some programs.

use super::super::{Case, Finding, Hazard, Judgement, Mode, Rule, Severity, Verdict};
use crate::intent::Intent;

/// The rule.
pub(super) const RULE: Rule = Rule {
    code: "policy/rename-constraint",
    title: "constraint or index is renamed",
    what: "Gives a primary key, unique constraint, foreign key, check or index another name.",
    why: "Programs that name it, in `ON CONFLICT ON CONSTRAINT` or to recognise an error, fail or misunderstand. No row is affected.",
    instead: "Keep the name, or confirm when no program uses it.",
    verdicts: &[Verdict::Safe, Verdict::NeedsConfirmation],
    hazards: &[Hazard::BreaksReaders],
    floor: Severity::Advice,
    judge,
};

fn judge(case: &Case) -> Option<Judgement> {
    let to = match case.intent {
        Intent::RenamePrimaryKey(rename) => &rename.to,
        Intent::RenameUnique(rename) => &rename.to,
        Intent::RenameForeignKey(rename) => &rename.to,
        Intent::RenameCheck(rename) => &rename.to,
        Intent::RenameIndex(rename) => &rename.to,
        _ => return None,
    };
    case.model.origin(case.intent.table())?;
    let message = format!(
        "programs that know this {} of \"{}\" by its old name will not know it as \"{}\"",
        case.intent.kind().as_str().trim_start_matches("rename-").replace('-', " "),
        case.intent.table().as_str(),
        to.as_str()
    );
    match case.mode() {
        Mode::Dev => Finding::safe(&[Hazard::BreaksReaders], message).into(),
        Mode::Prod => Finding::confirm(&[Hazard::BreaksReaders], message).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use crate::policy::{Mode, Verdict};
    use serde_json::json;

    #[test]
    fn cases() {
        const CODE: &str = super::RULE.code;
        let rename =
            json!({"intent": "rename-unique", "table": "invoice", "columns": ["status"], "to": "one_status"});
        accepts(CODE, Mode::Dev, rename.clone(), &empty());
        assert_eq!(rejects(CODE, Mode::Prod, rename, &empty()).verdict, Verdict::NeedsConfirmation);
    }
}
