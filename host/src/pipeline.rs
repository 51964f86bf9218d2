//! The story of one change, top to bottom.
//!
//! Joins what may not know of each other: the guests' sandbox, the policy, the
//! org's database. Guests run on a snapshot, outside every transaction; the
//! executor then checks that the snapshot is still the truth.

mod derive;
mod effects;
mod hooks;
mod report;
mod work;

pub(crate) use derive::derive;
pub(crate) use report::recorded;

use std::time::Instant;

use hookwright_core::ddl;
use hookwright_core::event::{Change, Consent};
use hookwright_core::policy::{Answer, Answers, Decision, Draft, review};

use crate::db::ProbeAnswer;
use crate::error::{Error, Result};
use crate::executor::{self, Executed, RetryPolicy};
use crate::outcome::{Outcome, Status};
use crate::sandbox::Sandbox;
use crate::tenant::{Tenant, View};

use report::Report;
use work::Worked;

/// Times a change is worked out anew because another host changed the organisation meanwhile.
const MOST_RECOMPUTATIONS: u32 = 100;

/// What a change passes through, besides its organisation.
pub(crate) struct Pipeline<'a> {
    pub sandbox: &'a Sandbox,
    pub retry: &'a RetryPolicy,
}

/// What one attempt at a change came to.
enum Attempt {
    Done(Box<Outcome>),
    /// Somebody else changed the organisation first.
    Moved,
    /// An event of it is in the ledger already.
    Repeated,
}

impl Pipeline<'_> {
    /// Takes a change from its events to its outcome.
    pub async fn run(
        &self,
        tenant: &Tenant,
        change: &Change,
        consent: Consent,
        actor: Option<&str>,
    ) -> Result<Outcome> {
        let started = Instant::now();
        if consent.dry_run {
            return self.attempts(tenant, change, consent, actor, started).await;
        }
        let turn = match tenant.turn().try_lock() {
            Ok(turn) => turn,
            Err(_) => {
                // What was made before needs not wait for what is being made.
                if let Some(recorded) = self.recorded(tenant, change, started).await? {
                    return Ok(recorded);
                }
                tenant.turn().lock().await
            }
        };
        let outcome = self.attempts(tenant, change, consent, actor, started).await;
        drop(turn);
        outcome
    }

    async fn attempts(
        &self,
        tenant: &Tenant,
        change: &Change,
        consent: Consent,
        actor: Option<&str>,
        started: Instant,
    ) -> Result<Outcome> {
        for _ in 0..MOST_RECOMPUTATIONS {
            let view = tenant.view().await?;
            let attempt = self.attempt(tenant, &view, change, consent, actor, started).await;
            match attempt {
                Ok(Attempt::Done(outcome)) if outcome.status == Status::Applied => return Ok(*outcome),
                Ok(Attempt::Moved) => tenant.forget(),
                // The database itself is in the way: asking it more would only hide that.
                Err(error) if error.entry.code.starts_with("db/") => return Err(error),
                // Not executed: perhaps because it was before, or because the view was old.
                other => {
                    if let Some(recorded) = self.recorded(tenant, change, started).await? {
                        return Ok(recorded);
                    }
                    match (tenant.is_current(&view).await?, other) {
                        (false, _) => tenant.forget(),
                        (true, Ok(Attempt::Done(outcome))) => return Ok(*outcome),
                        (true, Ok(Attempt::Moved | Attempt::Repeated)) => {}
                        (true, Err(error)) => return Err(error),
                    }
                }
            }
        }
        Err(Error::new(
            "event/moved",
            format!(
                "the organisation \"{}\" changed {MOST_RECOMPUTATIONS} times while the change was worked out",
                tenant.org()
            ),
        ))
    }

    async fn attempt(
        &self,
        tenant: &Tenant,
        view: &View,
        change: &Change,
        consent: Consent,
        actor: Option<&str>,
        started: Instant,
    ) -> Result<Attempt> {
        let worked = work::work_out(self, tenant, view, change).await?;
        let Worked { draft, metadata, hooks } = worked;
        let answers = answers(tenant, view, &draft, self.retry).await?;
        let reviewed = review(draft, &answers, consent);
        let report = Report { tenant, change, actor, hooks, started };
        let approved = match &reviewed.decision {
            Decision::Refuse(reasons) => {
                return Ok(report.not_run(view, &reviewed, Status::Rejected, reasons));
            }
            Decision::Hold(reasons) => return Ok(report.not_run(view, &reviewed, Status::Held, reasons)),
            Decision::Execute(_) if consent.dry_run => {
                return Ok(report.not_run(view, &reviewed, Status::Planned, &[]));
            }
            Decision::Execute(approved) => approved,
        };
        let mut outcome = report.applied(view, &reviewed);
        let work = effects::work(tenant, view, change, &metadata, &reviewed, approved, &outcome)?;
        match executor::execute(tenant.db(), work, self.retry).await? {
            Executed::Applied(applied) => {
                tenant.advance(view, metadata, reviewed.schema);
                report.finish(&mut outcome, &applied);
                Ok(Attempt::Done(Box::new(outcome)))
            }
            Executed::RevisionMoved => Ok(Attempt::Moved),
            Executed::AlreadyApplied { .. } => Ok(Attempt::Repeated),
        }
    }

    /// The outcome of a change that is in the ledger already.
    async fn recorded(&self, tenant: &Tenant, change: &Change, started: Instant) -> Result<Option<Outcome>> {
        let mut rows = Vec::with_capacity(change.events.len());
        for event in &change.events {
            rows.push(tenant.db().event(&event.id).await?);
        }
        let found = report::one_change(change, &rows)?;
        match found {
            None => Ok(None),
            Some(id) => report::replayed(tenant, &id, started).await.map(Some),
        }
    }
}

/// Asks the database what the draft's judgements depend on.
async fn answers(tenant: &Tenant, view: &View, draft: &Draft, retry: &RetryPolicy) -> Result<Answers> {
    let db = tenant.db();
    let ask = |probe| ddl::probe(probe, db.dialect(), tenant.org(), &view.snapshot.schema);
    let statements: Vec<_> = draft.probes().map(ask).collect();
    let found = executor::ask(db, &statements, retry).await?;
    let quoted = |text: &String| hookwright_core::ident::quoted(text);
    let mut answers = Answers::new();
    for (index, answer) in found.into_iter().enumerate() {
        match answer {
            ProbeAnswer::Found { rows, failing, sample } => {
                let (failing, sample) =
                    (u64::try_from(failing).unwrap_or_default(), sample.iter().map(quoted).collect());
                answers.insert(index, Answer { rows, failing, sample });
            }
            ProbeAnswer::TimedOut => {
                let table = statements[index].table().map(|t| t.as_str().to_owned()).unwrap_or_default();
                return Err(report::probe_timed_out(&table));
            }
        }
    }
    Ok(answers)
}
