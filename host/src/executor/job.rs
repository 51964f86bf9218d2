//! A [`Work`], or what is written of a held change, made ready to be sent any number of times: owned, with its SQL written.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use hookwright_core::ddl::{Dialect, Rebuild, Statement, Step};
use hookwright_core::ident::{Ident, OrgName};
use hookwright_core::online::OnlineStep;
use hookwright_core::plan::Plan;

use super::{Hold, Own, Rejection, Work, bookkeeping, held};
use crate::db::DbError;
use crate::db::gate::Script;

/// One transaction with its SQL.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) kind: Kind,
    pub(super) org: OrgName,
    /// The revision that it was worked out on; none if any will do.
    pub(super) revision: Option<i64>,
    /// What hands had last touched of the rows it was worked out on; none if that does not matter.
    pub(super) touched: Option<i64>,
    /// SQLite: the change that led to that revision. A file can be replaced under the host by one with another history.
    pub(super) previous: Option<String>,
    pub(super) change_id: String,
    /// Tells it from another job of the same change, which another host may be at.
    pub(super) nonce: String,
    pub(super) event_ids: Vec<String>,
    /// The held change that it settles or replaces.
    pub(super) held: Option<String>,
    /// How many tables it locks against readers or writers that were there before.
    pub(super) strongly_locked: u32,
    /// SQLite: whether foreign keys must be off, and are checked at the end instead.
    pub(super) foreign_keys_off: bool,
    /// SQLite: tables that get another name, before and after.
    pub(super) renamed: BTreeMap<Ident, Ident>,
    /// Its tables, and by what they are known.
    pub(super) own: Own,
    pub(super) parts: Vec<Part>,
    /// When it is given up, if it is not all but done; never, if none.
    pub(super) until: Option<Instant>,
    /// Metadata, model, ledger, revision, held change; its last row is the time of the commit.
    pub(super) records: Script,
    /// The statements once more, for the log.
    pub(super) statements: Vec<Statement>,
}

/// What a job is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// It makes a change: after a lost connection the ledger tells what came of it.
    Change,
    /// It writes of a held change. Done twice it is done once, so after a lost connection it is tried again.
    Held,
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
    pub(super) org: OrgName,
    pub(super) rebuild: Rebuild,
    pub(super) swap: Script,
    pub(super) indexes: Script,
}

impl Job {
    pub(super) fn new(dialect: Dialect, work: &Work<'_>) -> Self {
        // The one place where the steps of an approved plan are taken out.
        let plan = work.plan.plan();
        let nonce = nonce();
        let mut own = Own::of(plan, work.as_recorded);
        own.touched.extend(work.tables.iter().map(|row| row.name.clone()));
        Self {
            kind: Kind::Change,
            org: work.org.clone(),
            revision: Some(work.revision),
            touched: Some(work.touched),
            previous: work.previous.clone(),
            change_id: work.change_id.clone(),
            held: work.approval.as_ref().map(|_| work.change_id.clone()),
            event_ids: work.events.iter().map(|e| e.id.clone()).collect(),
            strongly_locked: u32::try_from(plan.strongly_locked().len()).unwrap_or(u32::MAX),
            foreign_keys_off: plan.foreign_keys_off,
            renamed: plan.renamed.clone(),
            own,
            parts: parts(dialect, &work.org, plan),
            until: work.until,
            records: bookkeeping::script(dialect, work, &nonce),
            nonce,
            statements: plan.statements().cloned().collect(),
        }
    }

    /// Holds a change, or replaces the plan of a held one.
    pub(super) fn hold(dialect: Dialect, hold: &Hold) -> Self {
        let known = hold.known.then(|| hold.id.clone());
        let event_ids = hold.events.iter().map(|e| e.id.clone()).collect();
        Self {
            revision: Some(hold.revision),
            touched: Some(hold.touched),
            event_ids,
            held: known,
            ..Self::of_held(&hold.org, &hold.id, held::hold(dialect, hold))
        }
    }

    /// Stages a change.
    pub(super) fn stage(hold: &Hold, records: Script, own: Own) -> Self {
        Self { records, own, ..Self::hold(Dialect::Postgres, hold) }
    }

    /// Rejects a held change, whatever the organisation's revision is.
    pub(super) fn reject(dialect: Dialect, rejection: &Rejection) -> Self {
        Self::of_held(&rejection.org, &rejection.id, held::reject(dialect, rejection))
    }

    fn of_held(org: &OrgName, id: &str, records: Script) -> Self {
        Self {
            kind: Kind::Held,
            org: org.clone(),
            revision: None,
            touched: None,
            previous: None,
            change_id: id.to_owned(),
            nonce: nonce(),
            event_ids: Vec::new(),
            held: Some(id.to_owned()),
            strongly_locked: 0,
            foreign_keys_off: false,
            renamed: BTreeMap::new(),
            own: Own::default(),
            parts: Vec::new(),
            until: None,
            records,
            statements: Vec::new(),
        }
    }

    /// Whether there is time left for more of it. Asked only while nothing of it is committed.
    ///
    /// # Errors
    /// [`DbError::OutOfTime`].
    pub(super) fn in_time(&self) -> Result<(), DbError> {
        match self.until.is_some_and(|until| Instant::now() >= until) {
            true => Err(DbError::OutOfTime { change: self.change_id.clone() }),
            false => Ok(()),
        }
    }

    /// The tables it is on.
    pub(super) fn tables(&self) -> Vec<Ident> {
        let touched = self.statements.iter().filter_map(|s| s.table().cloned());
        touched.collect::<BTreeSet<_>>().into_iter().collect()
    }
}

fn nonce() -> String {
    uuid::Uuid::now_v7().simple().to_string()
}

/// Statements that are given to SQLite at once: it copies the rest of a script for each of its statements, and keeps all that
/// it prepared until the end.
const AT_ONCE: usize = 64;

/// Neighbouring statements become one script. What was built beside the transaction must be there.
fn parts(dialect: Dialect, org: &OrgName, plan: &Plan) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut script = Script::new(dialect);
    for index in plan.prepare.iter().filter_map(OnlineStep::index) {
        script.sql("SELECT hookwright.index_claim(").texts([org.as_str(), index.as_str()]).sql(");\n");
    }
    let mut in_script = 0;
    for step in &plan.steps {
        match step {
            Step::Statement(statement) => {
                script.statement(statement);
                in_script += 1;
                if dialect == Dialect::Sqlite && in_script == AT_ONCE {
                    in_script = 0;
                    parts.push(Part::Script(std::mem::replace(&mut script, Script::new(dialect))));
                }
            }
            Step::Rebuild(rebuild) => {
                let before = std::mem::replace(&mut script, Script::new(dialect));
                parts.extend([
                    Part::Script(before),
                    Part::Rebuild(Box::new(rebuild_part(dialect, org, rebuild))),
                ]);
            }
        }
    }
    parts.push(Part::Script(script));
    parts.retain(|part| !matches!(part, Part::Script(script) if script.is_empty()));
    parts
}

fn rebuild_part(dialect: Dialect, org: &OrgName, rebuild: &Rebuild) -> RebuildPart {
    let script = |statements: &[Statement]| {
        let mut script = Script::new(dialect);
        for statement in statements {
            script.statement(statement);
        }
        script
    };
    let (swap, indexes) = (script(&rebuild.swap), script(&rebuild.indexes));
    RebuildPart { org: org.clone(), rebuild: rebuild.clone(), swap, indexes }
}
