//! A change as it is asked for: by whom, with which consent, and as which held change.

use std::collections::BTreeSet;
use std::time::Instant;

use hookwright_core::event::{Change, Consent};
use hookwright_core::online::OnlineStep;

use crate::api::ApproveOptions;
use crate::db::{HeldRow, LESS_AT_ONCE, Phase, StepRow, StepState};
use crate::error::{Error, Result};

/// How a change is sent.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Sent<'a> {
    pub consent: Consent,
    /// Who sends it, as the host knows.
    pub sender: Option<&'a str>,
    /// The one plan that may run.
    pub plan_hash: Option<&'a str>,
    /// When it is given up.
    pub until: Option<Instant>,
}

/// A change on its way through the pipeline.
pub(super) struct Request<'a> {
    pub change: &'a Change,
    pub consent: Consent,
    /// The id that it will have, held or applied.
    pub id: String,
    /// Who sends it, as the host knows; who approves it is in the approval.
    pub sender: Option<&'a str>,
    /// The one plan that may run, if its sender says so.
    pub plan_hash: Option<&'a str>,
    /// The held change that it is, once that is known.
    pub held: Option<HeldRow>,
    /// Set if somebody approves a held change; else it is sent.
    pub approval: Option<&'a ApproveOptions>,
    /// The steps that were done for it, if it was staged: then it runs as it was allowed to.
    pub staged: Option<Vec<StepRow>>,
    /// When it is given up; never, if none.
    pub until: Option<Instant>,
    pub started: Instant,
}

impl<'a> Request<'a> {
    /// A change that is sent.
    pub fn sent(change: &'a Change, Sent { consent, sender, plan_hash, until }: Sent<'a>) -> Self {
        let id = format!("c-{}", uuid::Uuid::now_v7().simple());
        Self {
            change,
            consent,
            id,
            sender,
            plan_hash,
            held: None,
            approval: None,
            staged: None,
            until,
            started: Instant::now(),
        }
    }

    /// A held change that is approved. The consent is the approver's alone.
    pub fn approved(change: &'a Change, row: HeldRow, approval: &'a ApproveOptions) -> Self {
        let allow_destructive = approval.allow_destructive;
        let consent = Consent { confirm: true, allow_destructive, dry_run: false };
        let mut request = Self::sent(change, Sent { consent, until: approval.until, ..Sent::default() });
        request.approval = Some(approval);
        request.is_held(row);
        request
    }

    /// A staged change whose steps are done.
    pub fn prepared(change: &'a Change, row: HeldRow, consent: Consent, steps: Vec<StepRow>) -> Self {
        let mut request = Self::sent(change, Sent { consent, ..Sent::default() });
        request.staged = Some(steps);
        request.is_held(row);
        request
    }

    /// It turned out to be this held change.
    pub fn is_held(&mut self, row: HeldRow) {
        self.id.clone_from(&row.id);
        self.held = Some(row);
    }

    /// What was made for it already, though it is still to be committed.
    pub fn made(&self) -> impl Iterator<Item = &OnlineStep> {
        let done = |row: &&StepRow| row.phase == Phase::Prepare && row.state == StepState::Done;
        self.staged.iter().flatten().filter(done).map(|row| &row.step)
    }

    /// Whether there is time left to work on it.
    ///
    /// # Errors
    /// `host/timeout`.
    pub fn in_time(&self) -> Result<()> {
        in_time(self.started, self.until)
    }

    /// Who asked for it, as reports say it.
    pub fn actor(&self) -> Option<&str> {
        match &self.held {
            Some(row) => row.actor.as_deref(),
            None => self.claimed().or(self.sender),
        }
    }

    /// Who sent it first, as the host knows.
    pub fn first_sender(&self) -> Option<&str> {
        match &self.held {
            Some(row) => row.sender.as_deref(),
            None => self.sender,
        }
    }

    /// Everybody who had a part in asking: none of them is a second actor.
    pub fn askers(&self) -> BTreeSet<&str> {
        let claimed = self.change.events.iter().filter_map(|e| e.actor.as_deref());
        claimed.chain(self.actor()).chain(self.first_sender()).collect()
    }

    /// Whose consent it runs with, if it was held.
    pub fn decider(&self) -> Option<&str> {
        match (self.approval, &self.staged, &self.held) {
            (Some(approval), ..) => approval.actor.as_deref(),
            (None, Some(_), Some(row)) => row.decided_by.as_deref(),
            (None, ..) => self.sender.or(self.claimed()),
        }
    }

    fn claimed(&self) -> Option<&str> {
        self.change.events.first().and_then(|e| e.actor.as_deref())
    }
}

/// Whether there is time left for what began then.
///
/// # Errors
/// `host/timeout`.
pub(super) fn in_time(started: Instant, until: Option<Instant>) -> Result<()> {
    match until {
        Some(until) if Instant::now() >= until => {
            let took_ms = until.saturating_duration_since(started).as_millis();
            let message = format!("the change was not worked out within {took_ms} ms; nothing was changed");
            Err(Error::new("host/timeout", message).help(LESS_AT_ONCE))
        }
        _ => Ok(()),
    }
}
