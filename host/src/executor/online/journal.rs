//! What is written of staged changes and their steps.

use hookwright_core::ddl::Dialect;
use hookwright_core::ident::OrgName;
use hookwright_core::online::OnlineStep;

use super::{Stopped, Work, short};
use crate::db::gate::Script;
use crate::db::{DbError, Fault, OrgDb, Phase, StepRow, fault};
use crate::executor::job::Job;
use crate::executor::{Executed, Hold, Own, RetryPolicy, detached, held};

/// A change that is staged: it may run, and its steps are done before its transaction.
#[derive(Debug)]
pub struct Staging {
    /// The change, as a held one is kept.
    pub hold: Hold,
    /// What its sender allowed, as JSON.
    pub consent_json: String,
    /// Who allowed it.
    pub by: Option<String>,
    /// Its steps, each as JSON.
    pub steps: Vec<String>,
    /// Its tables, and by what they are known.
    pub own: Own,
}

/// Stages a change, or one that is held or staged already, with these steps.
///
/// # Errors
/// A [`DbError`].
pub async fn stage(db: &OrgDb, staging: &Staging, policy: &RetryPolicy) -> Result<Executed, DbError> {
    let mut script = Script::new(Dialect::Postgres);
    let Staging { hold, consent_json, by, steps, own } = staging;
    let (org, change) = (hold.org.as_str(), hold.id.as_str());
    script.sql("DELETE FROM hookwright.step WHERE org = ").text(org).sql(" AND change_id = ").text(change);
    script.sql(";\nINSERT INTO hookwright.journal (org, change_id, state) VALUES (").texts([org, change]);
    script.sql(", 'preparing') ON CONFLICT (org, change_id) DO UPDATE SET state = 'preparing';\n");
    insert_steps(&mut script, &hold.org, change, Phase::Prepare, steps);
    script.append(&held::hold(Dialect::Postgres, hold));
    script.sql("UPDATE hookwright.held SET status = 'staged', consent = ").text(consent_json);
    script.sql(", decided_by = ").text_or_null(by.as_deref()).sql(" WHERE org = ").text(org);
    script.sql(" AND id = ").text(change).sql(" RETURNING created_at::text;\n");
    detached(db, Job::stage(hold, script, own.clone()), policy).await
}

/// The rows of steps; those of a phase are numbered from 0, those after the transaction from 1,000.
pub(in crate::executor) fn insert_steps(
    script: &mut Script,
    org: &OrgName,
    change: &str,
    phase: Phase,
    steps: &[String],
) {
    if steps.is_empty() {
        return;
    }
    let (name, from) = if phase == Phase::Prepare { ("prepare", 0) } else { ("finish", 1_000) };
    script.sql("INSERT INTO hookwright.step (org, change_id, phase, step, number) VALUES ");
    for (index, step) in steps.iter().enumerate() {
        let number = from + i64::try_from(index).unwrap_or(i64::MAX);
        script.sql(if index == 0 { "(" } else { ", (" }).texts([org.as_str(), change, name, step.as_str()]);
        script.sql(", ").integer(number).sql(")");
    }
    script.sql(";\n");
}

/// Part of a change's transaction: the steps that are left afterwards; without any, its journal is closed.
pub(in crate::executor) fn committed(script: &mut Script, org: &OrgName, change: &str, steps: &[String]) {
    if steps.is_empty() {
        script.sql("DELETE FROM hookwright.journal WHERE org = ").text(org.as_str());
        script.sql(" AND change_id = ").text(change).sql(";\n");
        return;
    }
    script
        .sql("INSERT INTO hookwright.journal (org, change_id, state) VALUES (")
        .texts([org.as_str(), change]);
    script.sql(", 'finishing') ON CONFLICT (org, change_id) DO UPDATE SET state = 'finishing';\n");
    insert_steps(script, org, change, Phase::Finish, steps);
}

/// A step as the journal keeps it.
///
/// # Errors
/// If it cannot be written as JSON, which would be a fault of the host.
pub(crate) fn json(step: &OnlineStep) -> serde_json::Result<String> {
    serde_json::to_string(step)
}

/// From now on the steps of a change are only taken back, whoever goes on with it. The reasons are kept.
pub(crate) async fn give_up(work: &Work<'_>, reasons_json: &str) -> Result<(), Stopped> {
    let mut script = leased(work, false);
    script.sql("UPDATE hookwright.held SET status = 'undoing', reasons = ").text(reasons_json);
    held_row(work, &mut script)
        .sql(" AND status = 'staged';\nUPDATE hookwright.journal SET state = 'undoing'");
    journal_row(work, &mut script).sql(" AND state = 'preparing';\nCOMMIT");
    owned(work, &script).await
}

/// Keeps what a staged change waits for.
pub(crate) async fn waits(work: &Work<'_>, reasons_json: &str) -> Result<(), Stopped> {
    let mut script = leased(work, false);
    script.sql("UPDATE hookwright.held SET reasons = ").text(reasons_json);
    held_row(work, &mut script).sql(" AND status = 'staged';\nCOMMIT");
    owned(work, &script).await
}

/// Closes the journal of a change whose steps are all taken back: it is rolled back, for these reasons. One that failed can
/// be sent again; one that somebody decided against keeps its events, so that they get the decision as their answer.
pub(crate) async fn rolled_back(work: &Work<'_>, outcome_json: &str) -> Result<(), Stopped> {
    let mut script = leased(work, true);
    script.sql("UPDATE hookwright.held SET status = 'rolled-back', decided_at = coalesce(decided_at, now()), outcome = ");
    held_row(work, script.text(outcome_json)).sql(";\nDELETE FROM hookwright.held_event WHERE org = ");
    script.text(work.org().as_str()).sql(" AND held_id = ").text(work.change);
    script.sql(" AND EXISTS (SELECT FROM hookwright.held");
    held_row(work, &mut script).sql(" AND reasons IS NOT NULL);\nDELETE FROM hookwright.journal");
    journal_row(work, &mut script).sql(";\nCOMMIT");
    owned(work, &script).await
}

/// Closes the journal of a change whose steps are all taken back and whose row is gone: its events can be sent again.
pub(crate) async fn forgotten(work: &Work<'_>) -> Result<(), Stopped> {
    let mut script = leased(work, true);
    script.sql("DELETE FROM hookwright.held_event WHERE org = ").text(work.org().as_str());
    script.sql(" AND held_id = ").text(work.change).sql(";\nDELETE FROM hookwright.journal");
    journal_row(work, &mut script).sql(";\nCOMMIT");
    owned(work, &script).await
}

/// Closes the journal of a change whose steps are all done.
pub(crate) async fn clear(work: &Work<'_>) -> Result<(), Stopped> {
    let mut script = leased(work, false);
    script.sql("DELETE FROM hookwright.journal");
    journal_row(work, &mut script).sql(";\nCOMMIT");
    owned(work, &script).await
}

/// Begins a transaction that ends at once if another host has the change.
fn leased(work: &Work<'_>, undoing: bool) -> Script {
    let mut script = Script::of(Dialect::Postgres, "BEGIN;\nSELECT hookwright.lease_claim(");
    script.texts([work.org().as_str(), work.change, work.lease.host()]);
    script.sql(if undoing { ", true);\n" } else { ", false);\n" });
    script
}

async fn owned(work: &Work<'_>, script: &Script) -> Result<(), Stopped> {
    match short::send(work, script, short::Patience::Short).await {
        Ok(_) => Ok(()),
        Err(error) if fault(&error) == Fault::Taken => Err(Stopped::Taken),
        Err(error) => Err(Stopped::Failed(work.db.explain(error))),
    }
}

fn held_row<'s>(work: &Work<'_>, script: &'s mut Script) -> &'s mut Script {
    script.sql(" WHERE org = ").text(work.org().as_str()).sql(" AND id = ").text(work.change)
}

fn journal_row<'s>(work: &Work<'_>, script: &'s mut Script) -> &'s mut Script {
    script.sql(" WHERE org = ").text(work.org().as_str()).sql(" AND change_id = ").text(work.change)
}

pub(super) async fn failed(work: &Work<'_>, row: &StepRow, error: &str) -> Result<(), DbError> {
    let mut script = Script::new(Dialect::Postgres);
    script.sql("UPDATE hookwright.step SET error = ").text(error);
    short::of(work, row, &mut script);
    short::plainly(work, &script).await.map(drop)
}
