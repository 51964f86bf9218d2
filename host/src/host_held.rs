//! The host's functions for held changes: list, approve, reject.

use hookwright_core::event::{Change, MAX_ID_BYTES};
use hookwright_core::ident::OrgName;
use serde_json::Value as Json;

use crate::api::{ApproveOptions, HeldPart, RejectOptions};
use crate::db::HeldRow;
use crate::error::{Error, Result};
use crate::host::Host;
use crate::outcome::{ChangeSummary, Outcome};
use crate::pipeline::held_change;

/// Held changes that are looked at for one that asks for the same.
const MOST_HELD: u32 = 1000;
/// Longest reason, in bytes.
const MAX_REASON_BYTES: usize = 2000;

impl Host {
    /// Changes of an organisation that are held, newest first.
    ///
    /// # Errors
    /// `org/not-found`, or what its database says.
    pub async fn held(&self, org: &OrgName, part: HeldPart) -> Result<Vec<ChangeSummary>> {
        crate::ledger::held(&*self.tenant(org).await?, part).await
    }

    /// The id of the event of a held change that asks for the same as this one does, under an id of its own.
    ///
    /// # Errors
    /// `org/not-found`, or what its database says.
    pub async fn held_as(&self, org: &OrgName, change: &Change) -> Result<Option<String>> {
        let tenant = self.tenant(org).await?;
        let all = HeldPart { before: None, limit: MOST_HELD };
        let listed = crate::ledger::held(&tenant, all).await?;
        for held in listed.into_iter().filter(|held| held.unreadable.is_none()) {
            let row = tenant.db().held(&held.change).await?.filter(HeldRow::waits);
            let Some(known) = row.as_ref().map(held_change).transpose()? else { continue };
            if let ([known], [asked]) = (known.events.as_slice(), change.events.as_slice())
                && asks(&known.json) == asks(&asked.json)
            {
                return Ok(Some(known.id.clone()));
            }
        }
        Ok(None)
    }

    /// Approves a held change: works it out anew, and executes it if the plan is the one that was held and nothing
    /// else stands against it. Otherwise the outcome says why it is still held.
    ///
    /// # Errors
    /// `change/not-found`, `change/decided`, or what keeps any change from being worked out or executed.
    pub async fn approve(&self, org: &OrgName, id: &str, options: ApproveOptions) -> Result<Outcome> {
        checked_name(options.actor.as_deref())?;
        checked_hash(options.plan_hash.as_deref())?;
        let (tenant, inner, id) = (self.tenant(org).await?, self.inner.clone(), id.to_owned());
        let at = tenant.clone();
        let until = options.until;
        let approve = async move { inner.pipeline().approve(&at, &id, &options).await };
        self.with_steps(tenant, until, approve).await
    }

    /// Decides against a held change: it can never be approved afterwards. Of one that is staged, the steps done are
    /// taken back, and then nothing has changed.
    ///
    /// # Errors
    /// `change/not-found`, `change/decided`, or what the database says.
    pub async fn reject(&self, org: &OrgName, id: &str, options: RejectOptions) -> Result<Outcome> {
        checked_name(options.actor.as_deref())?;
        checked_reason(options.reason.as_deref())?;
        let (tenant, inner, id) = (self.tenant(org).await?, self.inner.clone(), id.to_owned());
        let at = tenant.clone();
        let reject = async move { inner.pipeline().reject(&at, &id, options).await };
        self.with_steps(tenant, None, reject).await
    }
}

/// An event without its id.
fn asks(event: &Json) -> Json {
    let mut event = event.clone();
    if let Json::Object(keys) = &mut event {
        keys.shift_remove("id");
    }
    event
}

fn checked_name(name: Option<&str>) -> Result<()> {
    match name {
        Some(name) if name.is_empty() || name.len() > MAX_ID_BYTES || name.contains(char::is_control) => {
            let message = format!("an actor is 1 to {MAX_ID_BYTES} bytes without control characters");
            Err(Error::new("request/invalid", message).help("give the name of who decides"))
        }
        _ => Ok(()),
    }
}

fn checked_hash(hash: Option<&str>) -> Result<()> {
    match hash {
        Some(hash) if hash.len() != 64 || !hash.chars().all(|c| matches!(c, '0'..='9' | 'a'..='f')) => {
            let help = "copy it whole from the held change: hookwright show CHANGE --org NAME";
            Err(Error::new("request/invalid", "the hash of a plan is 64 digits of 0-9 a-f").help(help))
        }
        _ => Ok(()),
    }
}

fn checked_reason(reason: Option<&str>) -> Result<()> {
    match reason {
        Some(reason) if reason.len() > MAX_REASON_BYTES || reason.contains('\0') => {
            let message = format!("a reason has at most {MAX_REASON_BYTES} bytes and no NUL character");
            Err(Error::new("request/invalid", message).help("say it in fewer words"))
        }
        _ => Ok(()),
    }
}
