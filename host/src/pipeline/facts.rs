//! What of the database stands in a plan's way, whatever the rows allow: privileges that the host's role lacks, and
//! sessions that hold its tables.
//!
//! A dry run tells both. A change that is to run is refused before anything of it runs if a privilege is missing;
//! who holds a table may let it go in time, so that is for the executor to find out.

use std::collections::{BTreeMap, BTreeSet};

use hookwright_core::ddl::{LockLevel, Statement, StatementKind, Step};
use hookwright_core::ident::{Ident, OrgName};
use hookwright_core::plan::Plan;
use hookwright_core::policy::Draft;
use hookwright_core::schema::{Schema, Table};
use hookwright_core::shared::Shared;

use super::asked::{self, Asked};
use super::collision;
use super::rebuilt;
use super::request::Request;
use super::rows_of::{self, Computed};
use super::ruling::Ruling;
use super::steps;
use crate::counted::counted;
use crate::db::{Blocker, DbError, Lacking};
use crate::error::{Error, Result};
use crate::executor::{self, Own, Rebuilt, RetryPolicy};
use crate::outcome::{Reason, Session, Warning};
use crate::tenant::Tenant;

/// What a plan wants of tables that were there before.
#[derive(Default)]
pub(super) struct Wanted {
    /// Whether it has statements at all.
    changes: bool,
    /// Those that it alters.
    pub altered: BTreeSet<Ident>,
    /// The columns that it names of these.
    columns: BTreeSet<Ident>,
    /// Those whose rows it writes.
    written: BTreeSet<Ident>,
    /// Those that foreign keys are to refer to.
    referred: BTreeSet<Ident>,
    /// What is computed from rows that are there, or from what they hold.
    computed: Vec<Computed>,
    /// What SQLite makes anew.
    rebuilt: rows_of::Rebuilt,
    /// The strongest lock on each that keeps its users waiting, or waits for them.
    locked: BTreeMap<Ident, LockLevel>,
}

/// What was found for a dry run; nothing for a change that is to run.
#[derive(Default)]
pub(super) struct Facts {
    lacking: Vec<Reason>,
    pub warnings: Vec<Warning>,
    /// What SQLite's tables that are made anew come to, in order.
    pub rebuilt: Vec<Option<Rebuilt>>,
}

impl Wanted {
    pub fn of(org: &OrgName, plan: &Plan, before: &Shared<Table>) -> Self {
        let mut wanted = Self::default();
        plan.statements().for_each(|statement| wanted.take(statement, before));
        wanted.rebuilt = plan.steps.iter().filter_map(made_anew).collect();
        let steps = plan.prepare.iter().chain(&plan.finish);
        steps.flat_map(|step| steps::statements(org, step)).for_each(|s| wanted.take(&s, before));
        wanted
    }

    /// What a change may want that is not planned yet.
    pub fn at_most(draft: &Draft) -> Self {
        let altered: BTreeSet<_> = draft.touched().into_iter().collect();
        let tables = draft.schema().tables.values().filter(|table| altered.contains(&table.name));
        let referred = tables.flat_map(|table| &table.foreign_keys).map(|key| key.table.clone()).collect();
        Self { altered, referred, ..Self::default() }
    }

    fn take(&mut self, statement: &Statement, before: &Shared<Table>) {
        self.changes = true;
        let own = statement.table();
        if own.is_some_and(|table| before.contains_key(table)) {
            self.altered.extend(own.cloned());
            self.columns.extend(statement.fields().iter().cloned());
        }
        // Blocks are filled beside a trigger of the host's own, which sees what others write.
        if statement.kind() == Some(StatementKind::Fill) {
            self.written.extend(own.filter(|table| before.contains_key(*table)).cloned());
        }
        self.computed.extend(Computed::of(statement, before));
        for lock in statement.locks().iter().filter(|lock| before.contains_key(&lock.table)) {
            if own != Some(&lock.table) {
                self.referred.insert(lock.table.clone());
            }
            let level = match statement.kind() {
                // It waits for writers, though they need not wait for it.
                Some(StatementKind::CreateIndexConcurrently) => LockLevel::Share,
                _ => lock.level,
            };
            if level.blocks() {
                let strongest = self.locked.entry(lock.table.clone()).or_insert(level);
                *strongest = level.max(*strongest);
            }
        }
    }
}

/// A table that a step makes anew: the name it has meanwhile, and how it is called afterwards.
fn made_anew(step: &Step) -> Option<(Ident, Ident)> {
    match step {
        Step::Rebuild(rebuild) => Some((rebuild.passing(), rebuild.after.name.clone())),
        Step::Statement(_) => None,
    }
}

impl Facts {
    /// What a dry run tells; nothing of a change that is to run.
    pub async fn of(
        tenant: &Tenant,
        request: &Request<'_>,
        wanted: &Wanted,
        plan: &Plan,
        (before, after): (&Schema, &Schema),
        retry: &RetryPolicy,
    ) -> Result<Self> {
        if !(request.consent.dry_run && wanted.changes) {
            return Ok(Self::default());
        }
        let (rebuilt, lost) = rebuilt::look(tenant, plan).await?;
        let lacking = tenant.db().lacking(&wanted.altered, &wanted.referred).await?;
        let lacking = lacking.into_iter().map(|lacking| reason(&lacking.into()));
        let meddlers = tenant.db().meddlers(&wanted.written).await?;
        let lacking = lacking.chain(meddlers.iter().chain(&lost).map(reason));
        let lacking = lacking.chain(collision::replaced(tenant, &wanted.altered, &wanted.columns).await?);
        let lacking = lacking.chain(collision::lost(tenant, before, after).await?);
        let lacking = lacking.chain(collision::found(tenant, before, after).await?).collect();
        let tables: Vec<_> = wanted.locked.keys().cloned().collect();
        let warnings = match tenant.db().holders(&tables).await {
            Ok(found) => busy(tenant, wanted, &found, retry),
            Err(DbError::Refused { state, .. }) if state == "57014" => vec![not_known()],
            Err(error) => return Err(error.into()),
        };
        Ok(Self { lacking, warnings, rebuilt })
    }

    /// A change that lacks a privilege would not run.
    pub fn weigh<'r>(&self, ruling: Ruling<'r>) -> Ruling<'r> {
        match ruling {
            _ if self.lacking.is_empty() => ruling,
            Ruling::Refuse(reasons) => Ruling::Refuse(reasons),
            Ruling::Run(_) => Ruling::Hold(self.lacking.clone()),
            Ruling::Hold(reasons) => Ruling::Hold([self.lacking.clone(), reasons].concat()),
        }
    }
}

/// Whether the host's role may do what a change is about to do. Usually it owns everything, which is asked once; and
/// whether what it writes is what will be written.
///
/// # Errors
/// `db/denied`, with the statement that mends it; `db/in-the-way`.
pub(super) async fn may(tenant: &Tenant, wanted: &Wanted, there: &Shared<Table>) -> Result<()> {
    if let Some(meddler) = tenant.db().meddlers(&wanted.written).await?.into_iter().next() {
        return Err(meddler.into());
    }
    let others = tenant.not_owned(there).await?;
    let needed = |table: &Ident| wanted.altered.contains(table) || wanted.referred.contains(table);
    if !others.iter().any(needed) {
        return Ok(());
    }
    match tenant.db().lacking(&wanted.altered, &wanted.referred).await?.into_iter().next() {
        Some(lacking) => Err(DbError::from(lacking).into()),
        None => Ok(()),
    }
}

/// Whether the tables of a plan are those that it was worked out for: hands may have given them other names.
///
/// # Errors
/// Just as of a change that is to run.
pub(super) async fn known(
    tenant: &Tenant,
    wanted: &Wanted,
    own: &Own,
    schemas: (&Schema, &Schema),
) -> Result<()> {
    match executor::known(tenant.db(), own).await {
        Ok(()) => Ok(()),
        Err(error) => Err(explained(tenant, wanted, schemas, None, error).await),
    }
}

/// A refusal of the database, told with what is missing, with the fields and rows that are meant, or with what is in the
/// way, if that can be found out. The schemas are those before and after the change.
pub(super) async fn explained(
    tenant: &Tenant,
    wanted: &Wanted,
    (before, after): (&Schema, &Schema),
    asked: Option<&Asked>,
    error: DbError,
) -> Error {
    match error {
        DbError::Denied { .. } => match denied(tenant, wanted).await {
            Ok(lacking) => lacking.map_or(error, DbError::from).into(),
            Err(_) => error.into(),
        },
        DbError::Drifted(_) | DbError::NameTaken(_) => {
            let replaced =
                collision::replaced(tenant, &wanted.altered, &wanted.columns).await.unwrap_or_default();
            let lost = collision::lost(tenant, before, after).await.unwrap_or_default();
            let met = collision::found(tenant, before, after).await.unwrap_or_default();
            let first = replaced.into_iter().chain(lost).chain(met).next();
            first.map_or_else(|| error.into(), collision::error)
        }
        DbError::Constraint { message, on, rows } => {
            let message = match &on {
                Some(about) => rows_of::told(message, about, after, (&wanted.computed, &wanted.rebuilt)),
                None => message,
            };
            let schemas = (before, after);
            let asked::Against { told, shown } =
                asked::against(tenant, wanted, schemas, asked, on.as_ref()).await;
            let (rows, message) = match told {
                Some(told) => (Some(shown), format!("{message}; {told}")),
                None => (rows, message),
            };
            DbError::Constraint { message, on: None, rows }.into()
        }
        other => other.into(),
    }
}

/// What the host's role lacks, once the database has refused something.
async fn denied(tenant: &Tenant, Wanted { altered, referred, .. }: &Wanted) -> Result<Option<Lacking>> {
    let db = tenant.db();
    if let Some(lacking) = db.lacking(altered, referred).await?.into_iter().next() {
        return Ok(Some(lacking));
    }
    let tables = altered.union(referred).cloned().collect();
    Ok(db.given_away(&tables).await?.into_iter().next())
}

fn reason(error: &DbError) -> Reason {
    let help = error.help().unwrap_or_default();
    Reason { code: error.code().to_owned(), message: error.to_string(), help }
}

/// A warning for each table that somebody holds, so that the change has to wait.
fn busy(tenant: &Tenant, wanted: &Wanted, found: &[Blocker], retry: &RetryPolicy) -> Vec<Warning> {
    let in_the_way = |table: &Ident, level: LockLevel| -> Vec<Session> {
        let of_table = found.iter().filter(|b| b.table == table.as_str() && level.waits_for(&b.lock));
        of_table.map(session).collect()
    };
    let warning = |(table, level): (&Ident, &LockLevel)| {
        let sessions = in_the_way(table, *level);
        (!sessions.is_empty()).then(|| Warning {
            code: "db/busy-table".to_owned(),
            message: format!(
                "the change locks the table \"{}\" ({}), and has to wait for {}",
                table.as_str(),
                level.as_str(),
                sessions.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
            ),
            help: end(&sessions, tenant.db().options().lock_timeout_ms, retry.lock_attempts),
            table: Some(table.as_str().to_owned()),
            lock: Some(level.as_str().to_owned()),
            sessions,
        })
    };
    wanted.locked.iter().filter_map(warning).collect()
}

fn session(blocker: &Blocker) -> Session {
    let Blocker { pid, role, application, state, seconds, seen, table: _, lock } = blocker.clone();
    Session { pid, role, application, state, seconds: seen.then_some(seconds), lock }
}

fn end(sessions: &[Session], lock_timeout_ms: u32, attempts: u32) -> String {
    let pids: BTreeSet<_> = sessions.iter().map(|session| session.pid).collect();
    let end: Vec<_> = pids.iter().map(|pid| format!("SELECT pg_terminate_backend({pid})")).collect();
    format!(
        "wait until it is done, or end it: {}; a change waits {lock_timeout_ms} ms for its locks, {}, then it fails with db/blocked and nothing is changed",
        end.join("; "),
        counted(attempts, "time")
    )
}

/// Who holds the tables could not be asked.
fn not_known() -> Warning {
    Warning {
        code: "db/busy-unknown".to_owned(),
        message: "who uses the tables was not found out in the time that a probe may take".to_owned(),
        help: "try again when the database is less busy, or raise probe_timeout_ms".to_owned(),
        table: None,
        lock: None,
        sessions: Vec::new(),
    }
}
