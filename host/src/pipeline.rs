//! The story of one change, top to bottom.
//!
//! Joins what may not know of each other: the guests' sandbox, the policy, the
//! org's database. Guests run on a snapshot, outside every transaction; the
//! executor then checks that the snapshot is still the truth.

mod asked;
mod collision;
mod cost;
mod derive;
mod drift;
mod dry_run;
mod effects;
mod facts;
#[cfg(test)]
mod facts_tests;
mod heavy;
mod held;
mod hooks;
mod judging;
mod kept;
mod rebuilt;
mod references;
mod report;
mod request;
mod restore;
mod returned;
mod rollback;
mod rows_of;
mod ruling;
mod staged;
mod steps;
mod under_way;
mod work;

pub(crate) use derive::derive;
pub(crate) use drift::drift;
pub(crate) use heavy::turns as heavy_turns;
pub(crate) use held::change as held_change;
pub(crate) use report::recorded;

use std::sync::Arc;
use std::time::Instant;

use hookwright_core::event::Change;
use hookwright_core::metadata::Metadata;
use hookwright_core::plan::{self, Sizes};
use hookwright_core::policy::{Draft, Review, Verdict, review};
use tracing::Instrument;

use crate::api::{ApproveOptions, RejectOptions};
use crate::db::{Kept, Seen, TableSize};
use crate::error::{Error, Result};
use crate::executor::{self, Executed, Own, RetryPolicy};
use crate::outcome::{Outcome, Status};
use crate::registry::store::Store;
use crate::sandbox::{Sandbox, Turns};
use crate::second_run::SecondRuns;
use crate::telemetry::TARGET;
use crate::tenant::{Bound, Tenant, View};

use asked::Asked;
use facts::{Facts, Wanted};
use heavy::{Whose, watched};
use report::{Left, Report};
use request::Request;
pub(crate) use request::Sent;
use ruling::{Judge, Ruling};
use work::Worked;

/// Times a change is worked out anew because another host changed the organisation meanwhile.
const MOST_RECOMPUTATIONS: u32 = 100;

/// What a change passes through, besides its organisation.
pub(crate) struct Pipeline<'a> {
    pub sandbox: &'a Sandbox,
    pub retry: &'a RetryPolicy,
    pub store: &'a Store,
    pub second_runs: &'a SecondRuns,
    /// The turns of changes that keep threads busy.
    pub heavy: &'a Turns,
}

/// What one attempt at a change came to.
enum Attempt {
    /// Committed: applied, or recorded as held.
    Recorded(Box<Outcome>),
    /// It came to nothing: perhaps because it was made before, or because the view was old.
    NotRun(Box<Outcome>),
    /// Somebody else changed the organisation first.
    Moved,
    /// An event of it is in the ledger already.
    Repeated,
    /// An event of it belongs to this held change, or it is this one and is decided on.
    Held(String),
}

impl Pipeline<'_> {
    /// Takes a change from its events to its outcome.
    pub async fn run(&self, tenant: &Tenant, change: &Change, sent: Sent<'_>) -> Result<Outcome> {
        let span =
            tracing::debug_span!(target: TARGET, "change", org = %tenant.org(), events = change.events.len());
        watched(whose(tenant), self.heavy, self.sent(tenant, change, sent)).instrument(span).await
    }

    async fn sent(&self, tenant: &Tenant, change: &Change, sent: Sent<'_>) -> Result<Outcome> {
        let request = Request::sent(change, sent);
        if sent.consent.dry_run {
            let _turn = tenant.trial_turn().await;
            return Box::pin(self.dry_run(tenant, &request, None)).await;
        }
        let _turn = match tenant.turn().try_lock() {
            Ok(turn) => turn,
            Err(_) => {
                // What was made before needs not wait for what is being made.
                let seen = seen(tenant, change).await?;
                if let Some(recorded) = self.recorded(tenant, change, request.started, &seen).await? {
                    return Ok(recorded);
                }
                tenant.turn().lock().await
            }
        };
        Box::pin(self.attempts(tenant, request)).await
    }

    /// Works out what would become of a change with other plugins than those that are bound. Nothing is changed.
    pub async fn trial(
        &self,
        tenant: &Tenant,
        plugins: Vec<Arc<Bound>>,
        change: &Change,
        sent: Sent<'_>,
    ) -> Result<Outcome> {
        let _turn = tenant.trial_turn().await;
        let request = Request::sent(change, sent);
        let trial = self.dry_run(tenant, &request, Some(Arc::new(plugins)));
        watched(whose(tenant), self.heavy, trial).await
    }

    /// Takes a held change that somebody approves from its events to its outcome, as if it were sent now.
    pub async fn approve(&self, tenant: &Tenant, id: &str, approval: &ApproveOptions) -> Result<Outcome> {
        let _turn = tenant.turn().lock().await;
        let row = held::waiting(tenant, id).await?;
        let change = held::change(&row)?;
        let held = row.clone();
        let attempts = self.attempts(tenant, Request::approved(&change, row, approval));
        let made = watched(whose(tenant), self.heavy, attempts).await;
        match made {
            Err(error) => Err(held::impossible(tenant, &held, error).await),
            made => made,
        }
    }

    /// Decides against a held change.
    pub async fn reject(&self, tenant: &Tenant, id: &str, options: RejectOptions) -> Result<Outcome> {
        held::reject(tenant, id, options, self.retry).await
    }

    async fn attempts(&self, tenant: &Tenant, mut request: Request<'_>) -> Result<Outcome> {
        for _ in 0..MOST_RECOMPUTATIONS {
            request.in_time()?;
            let view = tenant.view().await?;
            match self.attempt(tenant, &view, &request).await {
                Ok(Attempt::Recorded(outcome)) => return Ok(*outcome),
                Ok(Attempt::Moved) => tenant.forget(),
                Ok(Attempt::Held(id)) => {
                    if let Some(rejected) = held::recognise(tenant, &mut request, &id).await? {
                        return Ok(rejected);
                    }
                }
                // The database itself is in the way: asking it more would only hide that.
                Err(error) if is_in_the_way(&error) => return Err(error),
                // Not executed: perhaps because it was before, or because the view was old.
                other => {
                    let seen = seen(tenant, request.change).await?;
                    if let Some(settled) = self.settled(tenant, &request, &seen).await? {
                        return Ok(settled);
                    }
                    match (seen.point == view.snapshot.point(), other) {
                        (false, _) => tenant.forget(),
                        (true, Ok(Attempt::NotRun(outcome))) => return Ok(*outcome),
                        (true, Ok(_)) => {}
                        (true, Err(error)) => return Err(error),
                    }
                }
            }
        }
        Err(moved(tenant))
    }

    async fn attempt(&self, tenant: &Tenant, view: &View, request: &Request<'_>) -> Result<Attempt> {
        let mut worked = work::work_out(self, tenant, view, request).await?;
        let not_repaired = std::mem::take(&mut worked.not_repaired);
        let Worked { draft, metadata, hooks, memories, rolls_back, left, adopted, besides, purged, .. } =
            worked;
        let base = draft.base().clone();
        let there = base.physical().tables;
        under_way::check(tenant, &draft, request).await?;
        let (sizes, found) = sizes(tenant, &draft, request).await?;
        let asked = Asked::of(tenant, &draft);
        let answers = asked.answers(tenant, &draft, &sizes, self.retry).await?;
        let reviewed = review(draft, &answers, &sizes, request.consent);
        let before = &view.snapshot.metadata;
        let hash = plan::hash(tenant.db().dialect(), &reviewed.plan, before, &metadata, &purged);
        let judge = Judge { org: tenant.org(), request, settings: tenant.settings(), hash: &hash };
        let wanted = Wanted::of(tenant.org(), &reviewed.plan, &there);
        let schemas = (&base, &reviewed.schema);
        let facts = Facts::of(tenant, request, &wanted, &reviewed.plan, schemas, self.retry).await?;
        let ruling = facts.weigh(judge.rule(&reviewed)).unless(not_repaired);
        let (hash, warnings, rebuilt) = (hash.clone(), facts.warnings, facts.rebuilt);
        let (before, left) = (there.clone(), Left { left, adopted });
        let report = Report { tenant, request, hooks, hash, sizes: found, before, left, warnings, rebuilt };
        match ruling {
            Ruling::Refuse(reasons) => {
                Ok(not_run(report.not_run(view, &reviewed, Status::Rejected, reasons)))
            }
            Ruling::Hold(reasons) => {
                let outcome = report.not_run(view, &reviewed, Status::Held, reasons);
                match request.consent.dry_run || request.staged.is_some() {
                    true => Ok(not_run(outcome)),
                    false => {
                        held::hold(tenant, view, request, strictest(&reviewed), outcome, self.retry).await
                    }
                }
            }
            Ruling::Run(_) if request.consent.dry_run => {
                let own = Own::of(&reviewed.plan, effects::is_as_recorded(request.change));
                facts::known(tenant, &wanted, &own, schemas).await?;
                Ok(not_run(report.not_run(view, &reviewed, Status::Planned, Vec::new())))
            }
            Ruling::Run(plan) if !staged::prepared(request, plan.plan()) => {
                facts::may(tenant, &wanted, &there).await?;
                let outcome = report.not_run(view, &reviewed, Status::Staged, Vec::new());
                let (verdict, plan) = (strictest(&reviewed), plan.plan());
                staged::stage(tenant, view, request, verdict, outcome, plan, self.retry).await
            }
            Ruling::Run(plan) => {
                facts::may(tenant, &wanted, &there).await?;
                let mut outcome = report.applied(view, &reviewed);
                let after = effects::After { metadata: &metadata, memories: &memories, besides, rolls_back };
                let work = effects::work(tenant, view, request, after, &reviewed, plan, &outcome)?;
                let kept = work.kept.clone();
                match executor::execute(tenant.db(), work, self.retry).await {
                    Ok(Executed::Applied(applied)) => {
                        advance(tenant, view, &outcome, metadata, reviewed, kept).await;
                        report.finish(&mut outcome, &applied);
                        Ok(Attempt::Recorded(Box::new(outcome)))
                    }
                    Ok(Executed::RevisionMoved) => Ok(Attempt::Moved),
                    Ok(Executed::AlreadyApplied { .. }) => Ok(Attempt::Repeated),
                    Ok(Executed::Held { held_id }) => Ok(Attempt::Held(held_id)),
                    Err(error) => Err(facts::explained(tenant, &wanted, schemas, Some(&asked), error).await),
                }
            }
        }
    }

    /// What became of a change before: of one that is sent again, its outcome. One that is approved
    /// must still wait.
    async fn settled(&self, tenant: &Tenant, request: &Request<'_>, seen: &Seen) -> Result<Option<Outcome>> {
        match request.approval {
            Some(_) => held::still_waits(tenant, request, seen).await.map(|()| None),
            None => self.recorded(tenant, request.change, request.started, seen).await,
        }
    }

    /// The outcome of a change that is in the ledger already.
    async fn recorded(
        &self,
        tenant: &Tenant,
        change: &Change,
        started: Instant,
        seen: &Seen,
    ) -> Result<Option<Outcome>> {
        match report::one_change(change, &seen.events)? {
            None => Ok(None),
            Some(id) => report::replayed(tenant, &id, started).await.map(Some),
        }
    }
}

/// Has the host know what a change made of a view. Who owns what was adopted is to be found out.
async fn advance(
    tenant: &Tenant,
    view: &View,
    outcome: &Outcome,
    metadata: Arc<Metadata>,
    reviewed: Review,
    kept: Kept,
) {
    tenant.advance(view, outcome.change.clone(), metadata, reviewed, kept);
    if !outcome.adopted.is_empty() {
        tenant.forget_owners().await;
    }
}

/// Whether the database itself is in the way. What it lacks, or has too much, may be what an old view says of it.
fn is_in_the_way(error: &Error) -> bool {
    let code = error.entry.code;
    code == "org/overloaded"
        || code.starts_with("db/") && !matches!(code, "db/denied" | "db/drifted" | "db/name-taken")
}

fn moved(tenant: &Tenant) -> Error {
    let org = tenant.org();
    let message = format!(
        "the organisation \"{org}\" changed {MOST_RECOMPUTATIONS} times while the change was worked out"
    );
    Error::new("event/moved", message)
}

fn whose(tenant: &Tenant) -> Whose<'_> {
    Whose { org: tenant.org().as_str(), heavy: tenant.heavy() }
}

/// What the ledger has of a change's events.
async fn seen(tenant: &Tenant, change: &Change) -> Result<Seen> {
    Ok(tenant.db().seen(change.events.iter().map(|event| event.id.as_str())).await?)
}

fn not_run(outcome: Outcome) -> Attempt {
    Attempt::NotRun(Box::new(outcome))
}

fn strictest(review: &Review) -> Verdict {
    review.judged.iter().map(|j| j.verdict).max().unwrap_or(Verdict::Safe)
}

/// Which of the tables that a change touches are large. Of a staged change those stay large that were.
async fn sizes(tenant: &Tenant, draft: &Draft, request: &Request<'_>) -> Result<(Sizes, Vec<TableSize>)> {
    if !draft.depends_on_sizes() {
        return Ok((Sizes::default(), Vec::new()));
    }
    let thresholds = &tenant.settings().thresholds;
    let (rows, bytes) = (thresholds.large_table_rows, thresholds.large_table_bytes);
    let over = |found: i64, most: u64| u64::try_from(found).is_ok_and(|found| found >= most);
    let found = tenant.db().sizes(&draft.touched()).await?;
    let large = found.iter().filter(|s| over(s.rows, rows) || over(s.bytes, bytes)).map(|s| s.table.clone());
    let staged = request.staged.iter().flatten().map(|row| row.step.table().clone());
    Ok((Sizes::large(large.chain(staged)), found))
}
