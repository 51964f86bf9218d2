//! Changes of large tables: staged with their steps, worked out anew once those are done, and taken back if one fails.
//!
//! A staged change has changed nothing yet: metadata, model and ledger come with its one transaction, as
//! those of any other. Its steps are done outside the organisation's turn, by whichever host has the lease.

use std::sync::Arc;
use std::time::{Duration, Instant};

use hookwright_core::event::Consent;
use hookwright_core::plan::Plan;
use hookwright_core::policy::Verdict;

use super::request::Request;
use super::{Attempt, Pipeline, effects, held, report, steps};
use crate::db::{JournalState, Phase, StepState};
use crate::error::{Error, Result};
use crate::executor::online::{self, Lease, Staging, Stopped, Work};
use crate::executor::{Executed, Own, RetryPolicy};
use crate::outcome::{Outcome, Reason, Status};
use crate::tenant::{Tenant, View};

/// Whether the steps before the transaction are done, just as this plan has them.
pub(super) fn prepared(request: &Request<'_>, plan: &Plan) -> bool {
    let Some(rows) = &request.staged else { return plan.prepare.is_empty() };
    let done: Vec<_> =
        rows.iter().filter(|r| r.phase == Phase::Prepare && r.state == StepState::Done).collect();
    done.len() == plan.prepare.len() && done.iter().zip(&plan.prepare).all(|(row, step)| row.step == *step)
}

/// Stages a change that may run, before anything of it is done.
pub(super) async fn stage(
    tenant: &Tenant,
    view: &View,
    request: &Request<'_>,
    verdict: Verdict,
    mut outcome: Outcome,
    plan: &Plan,
    retry: &RetryPolicy,
) -> Result<Attempt> {
    outcome.change = Some(request.id.clone());
    if request.staged.is_some() {
        // What was done does not fit any more; it is taken back.
        outcome.reasons = vec![moved()];
        return Ok(Attempt::NotRun(Box::new(outcome)));
    }
    let staging = Staging {
        hold: effects::hold(tenant, view, request, verdict, &outcome)?,
        consent_json: serde_json::to_string(&request.consent).map_err(effects::unwritable)?,
        by: request.decider().map(str::to_owned),
        own: Own::of(plan, effects::is_as_recorded(request.change)),
        steps: plan
            .prepare
            .iter()
            .map(online::json)
            .collect::<serde_json::Result<_>>()
            .map_err(effects::unwritable)?,
    };
    match online::stage(tenant.db(), &staging, retry).await? {
        Executed::Applied(_) => Ok(Attempt::Recorded(Box::new(outcome))),
        Executed::Held { held_id } => Ok(Attempt::Held(held_id)),
        Executed::RevisionMoved => Ok(Attempt::Moved),
        Executed::AlreadyApplied { .. } => Ok(Attempt::Repeated),
    }
}

fn lost() -> Reason {
    Reason {
        code: "db/bookkeeping".into(),
        message: "the row of the held change was deleted by hand while its steps were done".into(),
        help: "send the event again, with another id: it is worked out anew".into(),
    }
}

fn moved() -> Reason {
    Reason {
        code: "policy/plan-moved".into(),
        message: "the organisation changed while the steps were done, and they do not fit any more".into(),
        help: "send the event again: it is worked out anew".into(),
    }
}

impl Pipeline<'_> {
    /// Goes on with a change that has steps left, to its end; none if another host is at it, or nothing is left.
    pub async fn go_on(&self, tenant: &Arc<Tenant>, id: &str) -> Result<Option<Outcome>> {
        let Some(lease) = Lease::take(tenant.db(), id).await? else { return Ok(None) };
        let result = self.drive(tenant, id, &lease).await;
        lease.release(tenant.db(), id).await;
        result
    }

    async fn drive(&self, tenant: &Tenant, id: &str, lease: &Lease) -> Result<Option<Outcome>> {
        let batch_rows = tenant.settings().thresholds.backfill_batch_rows.get();
        let gentle = self.retry.gentle();
        let mut waiting = Waiting::new(self.retry);
        while let Some(state) = tenant.db().journal_state(id).await? {
            let retry = if waiting.has_begun() { &gentle } else { self.retry };
            let work = Work { db: tenant.db(), change: id, lease, retry, batch_rows };
            let stopped = match state {
                JournalState::Preparing => {
                    let prepared = Pipeline { retry, ..*self }.prepare(tenant, id, &work).await?;
                    match prepared {
                        Prepared::Committed => None,
                        Prepared::Taken => Some(Stopped::Taken),
                        Prepared::Blocked(why) if !waiting.is_over() => waiting.wait(&work, &why).await?,
                        Prepared::Blocked(why) => give_up(&work, &[why]).await?,
                        Prepared::Failed(reasons) => give_up(&work, &reasons).await?,
                    }
                }
                JournalState::Undoing => work.undo().await.err(),
                JournalState::Finishing => work.run(Phase::Finish).await.err(),
            };
            match (stopped, state) {
                (Some(Stopped::Taken | Stopped::Cancelled), _) => return Ok(None),
                // It stays as it is; whoever goes on with it tries again.
                (Some(Stopped::Failed(error)), _) => return Err(error.into()),
                (None, JournalState::Preparing) => {}
                (None, JournalState::Undoing) => return self.rolled_back(tenant, id, &work).await,
                (None, JournalState::Finishing) => settle(online::clear(&work).await)?,
            }
        }
        report::recorded(tenant, id).await.map(Some)
    }

    /// The steps before the transaction, and the transaction.
    async fn prepare(&self, tenant: &Tenant, id: &str, work: &Work<'_>) -> Result<Prepared> {
        match work.run(Phase::Prepare).await {
            Ok(()) => self.commit(tenant, id).await,
            Err(Stopped::Taken) => Ok(Prepared::Taken),
            // The held change has the reason.
            Err(Stopped::Cancelled) => Ok(Prepared::Failed(Vec::new())),
            Err(Stopped::Failed(error)) => Prepared::of(error.into()),
        }
    }

    /// Works the change out anew, now that its steps are done, and commits it.
    async fn commit(&self, tenant: &Tenant, id: &str) -> Result<Prepared> {
        let _turn = tenant.turn().lock().await;
        let row = match tenant.db().held(id).await? {
            Some(row) if row.is_staged() => row,
            Some(row) if row.is_undoing() => return Ok(Prepared::Failed(Vec::new())),
            // Deleted by hand: nobody knows any more what it was to be.
            None if tenant.db().change(id).await?.is_none() => return Ok(Prepared::Failed(vec![lost()])),
            _ => return Ok(Prepared::Committed),
        };
        let change = held::change(&row)?;
        let consent: Consent = row
            .consent
            .as_deref()
            .map(serde_json::from_str)
            .transpose()
            .map_err(effects::unwritable)?
            .unwrap_or_default();
        let steps = tenant.db().steps(id).await?;
        match self.attempts(tenant, Request::prepared(&change, row, consent, steps)).await {
            Ok(outcome) if matches!(outcome.status, Status::Applied | Status::Replayed) => {
                Ok(Prepared::Committed)
            }
            Ok(outcome) if outcome.reasons.is_empty() => Ok(Prepared::Failed(vec![moved()])),
            Ok(outcome) => Ok(Prepared::Failed(outcome.reasons)),
            Err(error) => Prepared::of(error),
        }
    }

    async fn rolled_back(&self, tenant: &Tenant, id: &str, work: &Work<'_>) -> Result<Option<Outcome>> {
        let Some(row) = tenant.db().held(id).await? else {
            return settle(online::forgotten(work).await).map(|()| None);
        };
        let mut outcome = held::outcome(tenant.org(), row)?;
        outcome.status = Status::RolledBack;
        outcome.steps = steps::journalled(tenant.org(), &tenant.db().steps(id).await?);
        let json = serde_json::to_string(&outcome).map_err(effects::unwritable)?;
        settle(online::rolled_back(work, &json).await)?;
        Ok(Some(outcome))
    }
}

/// What came of the steps before the transaction, and of the transaction.
enum Prepared {
    Committed,
    /// Another host has taken the change over.
    Taken,
    /// A lock was not granted.
    Blocked(Reason),
    /// It is to be taken back, for these reasons.
    Failed(Vec<Reason>),
}

impl Prepared {
    /// Trouble that passes by itself is an error: whoever goes on tries again.
    fn of(error: Error) -> Result<Self> {
        let why =
            Reason { code: error.code.clone(), message: error.message.clone(), help: error.help.clone() };
        match error.entry.code {
            "db/blocked" => Ok(Self::Blocked(why)),
            _ if error.entry.retryable => Err(error),
            _ => Ok(Self::Failed(vec![why])),
        }
    }
}

/// From here on the steps are only taken back, whatever breaks.
async fn give_up(work: &Work<'_>, reasons: &[Reason]) -> Result<Option<Stopped>> {
    tracing::warn!(org = %work.db.org(), change = work.change, ?reasons, "a staged change is taken back");
    settle(online::give_up(work, &serde_json::to_string(reasons).map_err(effects::unwritable)?).await)?;
    Ok(None)
}

/// For how long a change has been waiting for locks.
struct Waiting {
    patience: Duration,
    since: Option<Instant>,
}

impl Waiting {
    fn new(retry: &RetryPolicy) -> Self {
        Self { patience: Duration::from_millis(retry.patience_ms), since: None }
    }

    fn has_begun(&self) -> bool {
        self.since.is_some()
    }

    fn is_over(&self) -> bool {
        self.since.map_or(self.patience.is_zero(), |since| since.elapsed() >= self.patience)
    }

    /// Tells what the change waits for, and waits until it is worth another try.
    async fn wait(&mut self, work: &Work<'_>, why: &Reason) -> Result<Option<Stopped>> {
        self.since.get_or_insert_with(Instant::now);
        tracing::info!(org = %work.db.org(), change = work.change, why = why.message, "a staged change waits");
        let json = serde_json::to_string(&[why]).map_err(effects::unwritable)?;
        if let Err(stopped) = online::waits(work, &json).await {
            return Ok(Some(stopped));
        }
        online::calm(work).await?;
        Ok(None)
    }
}

fn settle(result: std::result::Result<(), Stopped>) -> Result<()> {
    match result {
        Ok(()) | Err(Stopped::Taken | Stopped::Cancelled) => Ok(()),
        Err(Stopped::Failed(error)) => Err(error.into()),
    }
}
