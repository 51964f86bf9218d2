//! Outcomes and errors of a change, in the words of every surface.

use std::time::Instant;

use hookwright_core::event::Change;
use hookwright_core::policy::{Judged, Note as CoreNote, Reason as CoreReason, Refusal, Review};

use super::Attempt;
use crate::db::EventRow;
use crate::error::{Error, Result};
use crate::executor::Applied;
use crate::outcome::{HookReport, IntentReport, Note, Outcome, Reason, StatementReport, Status};
use crate::tenant::{Tenant, View};

/// What an outcome is made of, besides the review.
pub(super) struct Report<'a> {
    pub tenant: &'a Tenant,
    pub change: &'a Change,
    pub actor: Option<&'a str>,
    pub hooks: Vec<HookReport>,
    pub started: Instant,
}

impl Report<'_> {
    /// The outcome of a change that is not executed.
    pub fn not_run(&self, view: &View, review: &Review, status: Status, reasons: &[CoreReason]) -> Attempt {
        let mut outcome = self.outcome(review, status, view.snapshot.revision);
        outcome.reasons = reasons.iter().map(reason).collect();
        outcome.duration_us = micros(self.started);
        Attempt::Done(Box::new(outcome))
    }

    /// The outcome of a change that is about to be executed, as the ledger keeps it.
    pub fn applied(&self, view: &View, review: &Review) -> Outcome {
        let mut outcome = self.outcome(review, Status::Applied, view.snapshot.revision + 1);
        outcome.change = Some(format!("c-{}", uuid::Uuid::now_v7().simple()));
        outcome.attempts = 1;
        outcome.duration_us = micros(self.started);
        outcome
    }

    /// What is known only once it is committed.
    pub fn finish(&self, outcome: &mut Outcome, applied: &Applied) {
        outcome.attempts = applied.attempts;
        outcome.committed_at = Some(applied.committed_at.clone());
        outcome.duration_us = micros(self.started);
    }

    fn outcome(&self, review: &Review, status: Status, revision: i64) -> Outcome {
        let first = self.change.events.first();
        Outcome {
            change: None,
            org: self.tenant.org().to_string(),
            status,
            events: self.change.events.iter().map(|e| e.id.clone()).collect(),
            actor: first.and_then(|e| e.actor.clone()).or_else(|| self.actor.map(str::to_owned)),
            revision,
            committed_at: None,
            hooks: self.hooks.clone(),
            intents: review.judged.iter().map(intent).collect(),
            statements: review.plan.statements().map(statement).collect(),
            reasons: Vec::new(),
            attempts: 0,
            duration_us: 0,
        }
    }
}

fn intent(judged: &Judged) -> IntentReport {
    IntentReport {
        plugin: judged.plugin.to_string(),
        intent: judged.intent.clone(),
        verdict: judged.verdict,
        rule: judged.rule.map(str::to_owned),
        hazards: judged.hazards.clone(),
        notes: judged.notes.iter().map(note).collect(),
    }
}

fn note(note: &CoreNote) -> Note {
    Note { code: note.code.to_owned(), message: note.message.clone() }
}

fn statement(statement: &hookwright_core::ddl::Statement) -> StatementReport {
    StatementReport {
        message: statement.message().to_owned(),
        table: statement.table().map(|t| t.as_str().to_owned()),
        fields: statement.fields().iter().map(|f| f.as_str().to_owned()).collect(),
        sql: statement.sql().to_owned(),
    }
}

fn reason(reason: &CoreReason) -> Reason {
    Reason { code: reason.code.clone(), message: reason.message.clone(), help: reason.help.clone() }
}

/// The outcome that the ledger has of a change.
pub(super) async fn replayed(tenant: &Tenant, id: &str, started: Instant) -> Result<Outcome> {
    let mut outcome = recorded(tenant, id).await?;
    outcome.status = Status::Replayed;
    outcome.duration_us = micros(started);
    Ok(outcome)
}

/// The outcome that the ledger has of a change, as it was then.
pub(crate) async fn recorded(tenant: &Tenant, id: &str) -> Result<Outcome> {
    let missing = || {
        let id: String = id.chars().take(80).collect();
        Error::new(
            "change/not-found",
            format!(
                "the organisation \"{}\" has no change {}",
                tenant.org(),
                hookwright_core::ident::quoted(&id)
            ),
        )
    };
    if id.chars().any(char::is_control) {
        return Err(missing());
    }
    let record = tenant.db().change(id).await?.ok_or_else(missing)?;
    let damaged = |e| {
        Error::new("host/fault", format!("the ledger's outcome of the change {id} does not parse")).because(e)
    };
    let mut outcome: Outcome = serde_json::from_str(&record.outcome).map_err(damaged)?;
    outcome.committed_at = Some(record.row.committed_at);
    Ok(outcome)
}

/// The one change that all events of this one belong to already; none if none of them is known.
pub(super) fn one_change(change: &Change, rows: &[Option<EventRow>]) -> Result<Option<String>> {
    let Some(known) = rows.iter().flatten().next().map(|row| row.change_id.clone()) else { return Ok(None) };
    for (event, row) in change.events.iter().zip(rows) {
        match row {
            Some(row) if row.digest != event.digest() => return Err(id_reused(&event.id, &row.change_id)),
            Some(row) if row.change_id == known => {}
            Some(row) => return Err(part_of(&event.id, &row.change_id)),
            None => {
                return Err(part_of(
                    &rows
                        .iter()
                        .zip(&change.events)
                        .find(|(r, _)| r.is_some())
                        .map(|(_, e)| e.id.clone())
                        .unwrap_or_default(),
                    &known,
                ));
            }
        }
    }
    Ok(Some(known))
}

fn id_reused(event: &str, change: &str) -> Error {
    let event = hookwright_core::ident::quoted(event);
    Error::new(
        "event/id-reused",
        format!(
            "the event id {event} was used in the change {change} for an event that asked for something else"
        ),
    )
}

fn part_of(event: &str, change: &str) -> Error {
    let event = hookwright_core::ident::quoted(event);
    Error::new(
        "event/id-reused",
        format!("the event {event} was applied with other events, in the change {change}"),
    )
    .help("send the events in the same groups as before, or the new ones alone")
}

/// An intent that cannot be part of the change.
pub(super) fn refused(plugin: &str, refusal: &Refusal) -> Error {
    let area = match refusal {
        Refusal::Model(_) => "intent/invalid",
        Refusal::Rule { .. } => "policy/refused",
    };
    Error::new(area, format!("an intent of the plugin \"{plugin}\" is not possible: {refusal}"))
        .coded(refusal.code())
}

pub(super) fn probe_timed_out(table: &str) -> Error {
    Error::new(
        "db/blocked",
        format!("the rows of \"{table}\" could not be examined in time, so the change is not safe to run"),
    )
    .help("send it again when the database is less busy, or raise the time that probes may take")
}

fn micros(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_micros()).unwrap_or(u64::MAX)
}
