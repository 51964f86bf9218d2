//! Held changes: recorded when the policy holds them, found again when they are sent again, decided on once.

use std::collections::BTreeSet;

use hookwright_core::event::Change;
use hookwright_core::ident::{OrgName, quoted};
use hookwright_core::policy::Verdict;
use serde::Deserialize;
use serde_json::Value as Json;

use super::request::Request;
use super::{Attempt, effects, report};
use crate::api::RejectOptions;
use crate::db::{ChangePage, HeldRow, Seen};
use crate::error::{Error, Result};
use crate::executor::{self, Executed, Rejection, RetryPolicy};
use crate::ledger::Summary;
use crate::outcome::{Decision, Outcome, Reason, Status};
use crate::tenant::{Tenant, View};

/// An event as a held change keeps it.
#[derive(Deserialize)]
struct Kept {
    id: String,
    digest: String,
    body: Json,
}

/// Records a change that is held, unless it is known with this very plan.
pub(super) async fn hold(
    tenant: &Tenant,
    view: &View,
    request: &Request<'_>,
    verdict: Verdict,
    mut outcome: Outcome,
    retry: &RetryPolicy,
) -> Result<Attempt> {
    outcome.change = Some(request.id.clone());
    if let Some(row) = &request.held
        && row.plan_hash == outcome.plan_hash.as_deref().unwrap_or_default()
    {
        outcome.held_since = Some(row.created_at.clone());
        return Ok(Attempt::NotRun(Box::new(outcome)));
    }
    let hold = effects::hold(tenant, view, request, verdict, &outcome)?;
    match executor::hold(tenant.db(), &hold, retry).await? {
        Executed::Applied(held) => {
            let (org, change, verdict) = (tenant.org(), request.id.as_str(), verdict.as_str());
            tracing::info!(%org, change, verdict, actor = request.actor(), "a change is held");
            outcome.held_since = Some(held.committed_at);
            Ok(Attempt::Recorded(Box::new(outcome)))
        }
        Executed::Held { held_id } => Ok(Attempt::Held(held_id)),
        Executed::RevisionMoved => Ok(Attempt::Moved),
        Executed::AlreadyApplied { .. } => Ok(Attempt::Repeated),
    }
}

/// A change that is sent turned out to belong to a held one: it goes on as that one, or that one was rejected.
pub(super) async fn recognise(
    tenant: &Tenant,
    request: &mut Request<'_>,
    id: &str,
) -> Result<Option<Outcome>> {
    if request.approval.is_some() {
        let seen = super::seen(tenant, request.change).await?;
        return still_waits(tenant, request, &seen).await.map(|()| None);
    }
    let Some(row) = tenant.db().held(id).await? else {
        return Err(tenant.db().without_its_row(id).into());
    };
    if request.staged.is_some() {
        // Somebody decided on it while its steps were done.
        return outcome(tenant.org(), row).map(Some);
    }
    same_events(request.change, &row)?;
    match row.status.as_str() {
        "rejected" => outcome(tenant.org(), row).map(Some),
        "held" => {
            request.is_held(row);
            Ok(None)
        }
        "staged" | "undoing" | "rolled-back" => {
            let outcome = outcome(tenant.org(), row)?;
            report::with_steps(tenant, id, outcome).await.map(Some)
        }
        // Approved: the ledger tells the rest.
        _ => Ok(None),
    }
}

/// The answer to events of a change that somebody decided against.
pub(super) async fn rejected_before(tenant: &Tenant, change: &Change) -> Result<Option<Outcome>> {
    let ids = change.events.iter().map(|event| event.id.as_str());
    let Some(row) = tenant.db().rejected(ids).await? else { return Ok(None) };
    same_events(change, &row)?;
    let id = row.id.clone();
    report::with_steps(tenant, &id, outcome(tenant.org(), row)?).await.map(Some)
}

/// Whether the held change that is approved is still to be decided on.
pub(super) async fn still_waits(tenant: &Tenant, request: &Request<'_>, seen: &Seen) -> Result<()> {
    waiting(tenant, &request.id).await?;
    let Some(row) = seen.events.first() else { return Ok(()) };
    let message =
        format!("the events of the change {} were applied in the change {}", request.id, row.change_id);
    Err(Error::new("change/decided", message).help(show(tenant.org(), &row.change_id)))
}

/// A held change that waits; an error if there is none, or it is decided on.
pub(super) async fn waiting(tenant: &Tenant, id: &str) -> Result<HeldRow> {
    undecided(tenant, id, HeldRow::waits).await
}

async fn undecided(tenant: &Tenant, id: &str, is: impl FnOnce(&HeldRow) -> bool) -> Result<HeldRow> {
    let missing = || report::no_such_change(tenant.org(), id);
    if id.chars().any(char::is_control) {
        return Err(missing());
    }
    match tenant.db().held(id).await? {
        Some(row) if is(&row) => Ok(row),
        Some(row) => Err(decided(tenant.org(), &row)),
        None => {
            let applied = tenant.db().change(id).await?.ok_or_else(missing)?.row;
            let message =
                format!("the change {id} was applied at {} and was never held", applied.committed_at);
            Err(Error::new("change/decided", message).help(show(tenant.org(), id)))
        }
    }
}

/// Errors of a change that what was done since it was held can be the reason of.
const OVERTAKEN: [&str; 5] =
    ["intent/invalid", "metadata/conflict", "metadata/not-found", "event/invalid", "change/overtaken"];

/// Changes that are looked through for the one that overtook a held one.
const LOOKED_THROUGH: u32 = 100;

/// Why a held change cannot be made any more, if that is what an error says: with what was done since, and the way out.
pub(super) async fn impossible(tenant: &Tenant, row: &HeldRow, error: Error) -> Error {
    if !OVERTAKEN.contains(&error.entry.code) {
        return error;
    }
    let (org, id) = (tenant.org(), &row.id);
    let since = match overtaking(tenant, row).await {
        Some((change, what)) => format!("; since it was held, {change} was made ({what})"),
        None => String::new(),
    };
    let message = format!("the held change {id} cannot be made any more: {}{since}", error.message);
    let help = format!(
        "reject it, since it will not become possible by itself: hookwright reject {id} --org {org}; then send what is wanted as a new event, with another id; or bring back what it needs: {}",
        error.help
    );
    Error { message, ..error }.help(help)
}

/// The last change since one was held that is about the same entity, and what it did there.
async fn overtaking(tenant: &Tenant, row: &HeldRow) -> Option<(String, String)> {
    let subjects = |json: &str| serde_json::from_str::<Summary>(json).ok().map(|summary| summary.events);
    let entity = |subject: &str| subject.split('.').next().unwrap_or_default().to_owned();
    let own: BTreeSet<_> = subjects(&row.summary)?.iter().map(|event| entity(&event.subject)).collect();
    let page = ChangePage { before: None, limit: LOOKED_THROUGH };
    let later =
        tenant.db().changes(page).await.ok()?.into_iter().filter(|change| change.revision > row.revision);
    later.into_iter().find_map(|change| {
        let events = subjects(&change.summary)?;
        let event = events.into_iter().find(|event| own.contains(&entity(&event.subject)))?;
        Some((change.id, format!("{} of \"{}\"", event.kind, event.subject)))
    })
}

/// The change as its sender asked for it.
pub(crate) fn change(row: &HeldRow) -> Result<Change> {
    let bodies = kept(row)?.into_iter().map(|k| k.body).collect();
    Change::from_json(Json::Array(bodies)).map_err(|e| damaged(&row.id, &e.message))
}

/// Decides against a held change, or one whose steps are being done: those are taken back then.
pub(super) async fn reject(
    tenant: &Tenant,
    id: &str,
    options: RejectOptions,
    retry: &RetryPolicy,
) -> Result<Outcome> {
    undecided(tenant, id, |row| row.waits() || row.is_staged()).await?;
    let RejectOptions { reason: note, actor: by } = options;
    let rejection = Rejection { org: tenant.org().clone(), id: id.to_owned(), by, note };
    let executed = executor::reject(tenant.db(), &rejection, retry).await?;
    let row = tenant.db().held(id).await?.ok_or_else(|| report::no_such_change(tenant.org(), id))?;
    // If the answer was lost, the second try finds what the first one did.
    let against = row.status == "rejected" || row.is_undone();
    let mine = against && row.decided_by == rejection.by && row.note == rejection.note;
    match executed {
        Executed::Applied(_) => {}
        _ if mine => {}
        _ => return Err(decided(tenant.org(), &row)),
    }
    tracing::info!(org = %tenant.org(), change = id, actor = row.decided_by, "a {} change is rejected", if row.is_undone() { "staged" } else { "held" });
    let rejected = outcome(tenant.org(), row)?;
    report::with_steps(tenant, id, rejected).await
}

/// The outcome of a held change as it stands now.
pub(super) fn outcome(org: &OrgName, row: HeldRow) -> Result<Outcome> {
    let mut outcome: Outcome =
        serde_json::from_str(&row.outcome).map_err(|e| damaged(&row.id, &e.to_string()))?;
    if row.status == "rejected" {
        (outcome.status, outcome.reasons) = (Status::Rejected, vec![rejected(&row)]);
    }
    if row.is_undoing() {
        outcome.reasons = undoing(&row)?;
    } else if row.is_staged() {
        outcome.reasons = reasons(&row)?.unwrap_or_default();
    }
    let failed = row.is_undone() && row.reasons.is_some();
    if !row.waits() && !row.is_staged() && !failed {
        let approved = row.status == "approved";
        outcome.decision =
            Some(Decision { approved, by: row.decided_by, at: row.decided_at, note: row.note });
    }
    outcome.org = org.to_string();
    outcome.held_since = Some(row.created_at);
    Ok(outcome)
}

/// Why the steps of a change are taken back, or what it waits for.
fn reasons(row: &HeldRow) -> Result<Option<Vec<Reason>>> {
    let read = |reasons: &String| serde_json::from_str(reasons).map_err(|e| damaged(&row.id, &e.to_string()));
    row.reasons.as_ref().map(read).transpose()
}

/// Why the steps of a change are taken back.
fn undoing(row: &HeldRow) -> Result<Vec<Reason>> {
    match reasons(row)? {
        Some(reasons) => Ok(reasons),
        None => Ok(vec![rejected(row)]),
    }
}

/// That somebody decided against it.
fn rejected(row: &HeldRow) -> Reason {
    let help = "if it is wanted after all, send it as a new event, with another id".to_owned();
    Reason { code: "change/decided".into(), message: told(row), help }
}

/// The events must be those that are held, all of them, asking for the same.
fn same_events(change: &Change, row: &HeldRow) -> Result<()> {
    let kept = kept(row)?;
    for event in &change.events {
        match kept.iter().find(|k| k.id == event.id) {
            Some(k) if k.digest != event.digest() => return Err(report::id_reused(&event.id, &row.id)),
            Some(_) => {}
            None => {
                let other = change.events.iter().find(|e| kept.iter().any(|k| k.id == e.id));
                return Err(grouped(other.map_or("", |e| &e.id), row));
            }
        }
    }
    match change.events.len() == kept.len() {
        true => Ok(()),
        false => Err(grouped(change.events.first().map_or("", |e| &e.id), row)),
    }
}

fn grouped(event: &str, row: &HeldRow) -> Error {
    let message = format!("the event {} is held with other events, in the change {}", quoted(event), row.id);
    Error::new("event/id-reused", message).help(
        "send the events in the same group as before; or reject the held change, and give the events new ids",
    )
}

fn kept(row: &HeldRow) -> Result<Vec<Kept>> {
    serde_json::from_str(&row.events).map_err(|e| damaged(&row.id, &e.to_string()))
}

fn damaged(id: &str, what: &str) -> Error {
    Error::new("db/bookkeeping", format!("what is kept of the held change {id} does not parse: {what}"))
}

fn decided(org: &OrgName, row: &HeldRow) -> Error {
    Error::new("change/decided", told(row)).help(show(org, &row.id))
}

/// What was decided, by whom, when and why.
fn told(row: &HeldRow) -> String {
    let by = row.decided_by.as_deref().map(|by| format!(" by {}", quoted(by))).unwrap_or_default();
    let at = row.decided_at.as_deref().map(|at| format!(" at {at}")).unwrap_or_default();
    let note = row.note.as_deref().map(|note| format!(": {note}")).unwrap_or_default();
    let what = match row.status.as_str() {
        "undoing" | "rolled-back" if row.reasons.is_none() => "rejected",
        "undoing" | "rolled-back" => {
            return format!("the change {} failed, and its steps are taken back", row.id);
        }
        other => other,
    };
    format!("the change {} was {what}{by}{at}{note}", row.id)
}

fn show(org: &OrgName, id: &str) -> String {
    format!("see what became of it: hookwright show {id} --org {org}")
}
