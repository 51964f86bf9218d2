//! A [`Work`] made ready to be sent any number of times: owned, with its SQL written.

use std::collections::BTreeSet;

use hookwright_core::ddl::{Dialect, Rebuild, Statement, Step};
use hookwright_core::ident::{Ident, OrgName};
use hookwright_core::schema::Table;

use super::{Work, bookkeeping};
use crate::db::gate::Script;

/// A change with its SQL.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) org: OrgName,
    pub(super) revision: i64,
    pub(super) change_id: String,
    pub(super) event_ids: Vec<String>,
    /// SQLite: whether foreign keys must be off, and are checked at the end instead.
    pub(super) foreign_keys_off: bool,
    pub(super) parts: Vec<Part>,
    /// Metadata, model, ledger, revision; its one row is the time of the commit.
    pub(super) records: Script,
    /// The statements once more, for the log.
    pub(super) statements: Vec<Statement>,
}

/// A part of the change, in order.
#[derive(Debug)]
pub(super) enum Part {
    /// Statements to send together.
    Script(Script),
    /// SQLite only.
    Rebuild(Box<RebuildPart>),
}

/// A [`Rebuild`] with its statements as scripts.
#[derive(Debug)]
pub(super) struct RebuildPart {
    pub(super) before: Table,
    pub(super) swap: Script,
    pub(super) indexes: Script,
}

impl Job {
    pub(super) fn new(dialect: Dialect, work: &Work<'_>) -> Self {
        // The one place where the steps of an approved plan are taken out.
        let plan = work.plan.plan();
        Self {
            org: work.org.clone(),
            revision: work.revision,
            change_id: work.change_id.clone(),
            event_ids: work.events.iter().map(|e| e.id.clone()).collect(),
            foreign_keys_off: plan.foreign_keys_off,
            parts: parts(dialect, &plan.steps),
            records: bookkeeping::script(dialect, work),
            statements: plan.statements().cloned().collect(),
        }
    }

    /// The tables it is on.
    pub(super) fn tables(&self) -> Vec<Ident> {
        let touched = self.statements.iter().filter_map(|s| s.table().cloned());
        touched.collect::<BTreeSet<_>>().into_iter().collect()
    }
}

/// Neighbouring statements become one script.
fn parts(dialect: Dialect, steps: &[Step]) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut script = Script::new(dialect);
    for step in steps {
        match step {
            Step::Statement(statement) => {
                script.statement(statement);
            }
            Step::Rebuild(rebuild) => {
                let before = std::mem::replace(&mut script, Script::new(dialect));
                parts.extend([Part::Script(before), Part::Rebuild(Box::new(rebuild_part(dialect, rebuild)))]);
            }
        }
    }
    parts.push(Part::Script(script));
    parts.retain(|part| !matches!(part, Part::Script(script) if script.is_empty()));
    parts
}

fn rebuild_part(dialect: Dialect, rebuild: &Rebuild) -> RebuildPart {
    let Rebuild { before, after: _, swap, indexes } = rebuild;
    let script = |statements: &[Statement]| {
        let mut script = Script::new(dialect);
        for statement in statements {
            script.statement(statement);
        }
        script
    };
    RebuildPart { before: before.clone(), swap: script(swap), indexes: script(indexes) }
}
