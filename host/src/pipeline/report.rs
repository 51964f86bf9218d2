//! Outcomes and errors of a change, in the words of every surface.

use std::collections::HashMap;
use std::time::Instant;

use hookwright_core::ddl::Statement;
use hookwright_core::event::{Change, Event};
use hookwright_core::ident::{Ident, OrgName};
use hookwright_core::policy::{Judged, Note as CoreNote, Refusal, Review};
use hookwright_core::schema::Table;
use hookwright_core::shared::Shared;

use super::request::Request;
use super::{cost, rebuilt, steps};
use crate::db::{EventRow, TableSize};
use crate::drift::{Adopted, Finding};
use crate::error::{Error, Result};
use crate::executor::{Applied, Rebuilt};
use crate::outcome::{
    Decision, HookReport, IntentReport, Note, Outcome, Reason, StatementReport, Status, Warning,
};
use crate::tenant::{Tenant, View};

/// What an outcome is made of, besides the review.
pub(super) struct Report<'a> {
    pub tenant: &'a Tenant,
    pub request: &'a Request<'a>,
    pub hooks: Vec<HookReport>,
    pub hash: String,
    /// The sizes of the tables that it touches, as far as they are known.
    pub sizes: Vec<TableSize>,
    /// The tables there were before.
    pub before: Shared<Table>,
    /// What a repair or an adoption comes to besides.
    pub left: Left,
    /// What may keep it from running.
    pub warnings: Vec<Warning>,
    /// For a dry run, what SQLite's tables that are made anew come to.
    pub rebuilt: Vec<Option<Rebuilt>>,
}

/// What a repair or an adoption comes to besides its statements.
pub(super) struct Left {
    /// Drift that a repair leaves as it is, or that an adoption leads to.
    pub left: Vec<Finding>,
    /// What an adoption takes into the metadata.
    pub adopted: Vec<Adopted>,
}

impl Report<'_> {
    /// The outcome of a change that is not executed.
    pub fn not_run(&self, view: &View, review: &Review, status: Status, reasons: Vec<Reason>) -> Outcome {
        let mut outcome = self.outcome(review, status, view.snapshot.revision);
        outcome.reasons = reasons;
        outcome
    }

    /// The outcome of a change that is about to be executed, as the ledger keeps it.
    pub fn applied(&self, view: &View, review: &Review) -> Outcome {
        let mut outcome = self.outcome(review, Status::Applied, view.snapshot.revision + 1);
        outcome.change = Some(self.request.id.clone());
        if let Some(row) = &self.request.held {
            let by = self.request.decider().map(str::to_owned);
            outcome.held_since = Some(row.created_at.clone());
            outcome.decision = Some(Decision { approved: true, by, at: None, note: None });
        }
        outcome.attempts = 1;
        outcome
    }

    /// What is known only once it is committed.
    pub fn finish(&self, outcome: &mut Outcome, applied: &Applied) {
        outcome.attempts = applied.attempts;
        outcome.duration_us = micros(self.request.started);
        committed(outcome, &applied.committed_at);
    }

    fn statement(&self, statement: &Statement, made: &[Ident]) -> StatementReport {
        StatementReport {
            message: statement.message().to_owned(),
            table: statement.table().map(|t| t.as_str().to_owned()),
            fields: statement.fields().iter().map(|f| f.as_str().to_owned()).collect(),
            sql: statement.sql().to_owned(),
            locks: cost::locks(statement, made),
            extent: statement.extent(),
            estimate_ms: cost::estimate_ms(statement, &self.sizes),
        }
    }

    fn outcome(&self, review: &Review, status: Status, revision: i64) -> Outcome {
        let there = |table: &&Ident| !self.before.contains_key(*table);
        let made: Vec<_> = review.schema.tables.keys().filter(there).cloned().collect();
        Outcome {
            change: None,
            org: self.tenant.org().to_string(),
            status,
            events: self.request.change.events.iter().map(|e| e.id.clone()).collect(),
            actor: self.request.actor().map(str::to_owned),
            revision,
            committed_at: None,
            held_since: None,
            decision: None,
            rolled_back_by: None,
            plan_hash: Some(self.hash.clone()),
            hooks: self.hooks.clone(),
            intents: review.judged.iter().map(intent).collect(),
            statements: rebuilt::statements(&review.plan, &self.rebuilt, |s| self.statement(s, &made)),
            steps: steps::planned(self.tenant.org(), &review.plan),
            warnings: self.warnings.clone(),
            left: self.left.left.clone(),
            adopted: self.left.adopted.clone(),
            reasons: Vec::new(),
            attempts: 0,
            duration_us: micros(self.request.started),
        }
    }
}

/// A held change is decided on as it is committed.
fn committed(outcome: &mut Outcome, at: &str) {
    outcome.committed_at = Some(at.to_owned());
    if let Some(decision) = &mut outcome.decision {
        decision.at = Some(at.to_owned());
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

/// The outcome that the ledger has of a change.
pub(super) async fn replayed(tenant: &Tenant, id: &str, started: Instant) -> Result<Outcome> {
    let mut outcome = recorded(tenant, id).await?;
    outcome.status = Status::Replayed;
    outcome.duration_us = micros(started);
    Ok(outcome)
}

/// The outcome that the ledger has of a change, as it was then; of one that was never applied, that it is held.
pub(crate) async fn recorded(tenant: &Tenant, id: &str) -> Result<Outcome> {
    let missing = || no_such_change(tenant.org(), id);
    if id.chars().any(char::is_control) {
        return Err(missing());
    }
    let Some(record) = tenant.db().change(id).await? else {
        let row = tenant.db().held(id).await?.ok_or_else(missing)?;
        let outcome = super::held::outcome(tenant.org(), row)?;
        return with_steps(tenant, id, outcome).await;
    };
    let damaged = |e| {
        let what = format!("its outcome does not parse: {e}");
        Error::from(tenant.db().misshapen("change", id, &what))
    };
    let mut outcome: Outcome = serde_json::from_str(&record.outcome).map_err(damaged)?;
    committed(&mut outcome, &record.row.committed_at);
    outcome.rolled_back_by = record.row.rolled_back_by;
    with_steps(tenant, id, outcome).await
}

/// With its steps as the journal has them now.
pub(super) async fn with_steps(tenant: &Tenant, id: &str, mut outcome: Outcome) -> Result<Outcome> {
    if !outcome.steps.is_empty() {
        outcome.steps = steps::journalled(tenant.org(), &tenant.db().steps(id).await?);
    }
    Ok(outcome)
}

pub(super) fn no_such_change(org: &OrgName, id: &str) -> Error {
    let id: String = id.chars().take(80).collect();
    let id = hookwright_core::ident::quoted(&id);
    Error::new("change/not-found", format!("the organisation \"{org}\" has no change {id}"))
}

/// The one change that all events of this one belong to already; none if none of them is known.
pub(super) fn one_change(change: &Change, rows: &[EventRow]) -> Result<Option<String>> {
    let known: HashMap<_, _> = rows.iter().map(|row| (row.event_id.as_str(), row)).collect();
    let row = |event: &Event| known.get(event.id.as_str());
    let Some((first, of)) = change.events.iter().find_map(|event| Some((event, row(event)?))) else {
        return Ok(None);
    };
    for event in &change.events {
        match row(event) {
            Some(row) if row.digest != event.digest() => return Err(id_reused(&event.id, &row.change_id)),
            Some(row) if row.change_id == of.change_id => {}
            Some(row) => return Err(part_of(&event.id, &row.change_id)),
            None => return Err(part_of(&first.id, &of.change_id)),
        }
    }
    Ok(Some(of.change_id.clone()))
}

pub(super) fn id_reused(event: &str, change: &str) -> Error {
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
