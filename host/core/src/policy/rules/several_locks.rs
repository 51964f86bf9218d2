//! `policy/several-locks`: large tables that are locked together, each for as long as all of them.

use super::super::{Case, Finding, Judgement, Rule, Severity, Verdict};
use crate::ddl::Dialect;
use crate::ident::Ident;
use std::collections::BTreeSet;

/// The rule.
pub(super) const RULE: Rule = Rule {
    code: "policy/several-locks",
    title: "large tables are locked together",
    what: "Looks for several large tables that the change's transaction locks against their readers or writers.",
    why: "The first that is locked waits for the locks of the others too, and transactions that use the tables in another order can deadlock with it: one of both is ended, and the change is tried again.",
    instead: "Send one change for each large table. Two tables of one foreign key cannot be parted: send it at a quiet time.",
    verdicts: &[Verdict::Safe],
    hazards: &[],
    floor: Severity::Off,
    judge,
};

fn judge(case: &Case) -> Option<Judgement> {
    // On SQLite the one lock is of the file.
    let table = case.model.origin(case.intent.table()).filter(|_| case.dialect == Dialect::Postgres)?;
    Some(Judgement::Together(table, together))
}

fn together(tables: &BTreeSet<Ident>) -> Option<Finding> {
    let names: Vec<_> = tables.iter().map(|table| format!("\"{}\"", table.as_str())).collect();
    let (last, first) = names.split_last().filter(|(_, first)| !first.is_empty())?;
    let message = format!("the large tables {} and {last} are locked in one transaction", first.join(", "));
    Some(Finding::safe(&[], message))
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use crate::policy::Mode;
    use serde_json::json;

    #[test]
    fn cases() {
        const CODE: &str = super::RULE.code;
        let drop = json!({"intent": "drop-foreign-key", "table": "invoice", "columns": ["account"]});
        let found = advises(CODE, Mode::Prod, drop, &rows(0));
        assert_eq!(
            found.message,
            "the large tables \"account\" and \"invoice\" are locked in one transaction"
        );
        let one = json!({"intent": "drop-not-null", "table": "invoice", "column": "due"});
        silent(CODE, Mode::Prod, one, &rows(0));
    }
}
