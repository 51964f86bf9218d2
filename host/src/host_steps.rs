//! The host's functions for changes with steps beside their transaction: go on with them, follow them.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use hookwright_core::ident::OrgName;

use crate::error::Result;
use crate::host::{Host, Inner};
use crate::outcome::{Outcome, Reason, StepReport};
use crate::tenant::Tenant;

/// How long until it is tried again to go on with steps that another host is at, or that could not be gone on with.
const AGAIN: Duration = Duration::from_secs(5);
/// How often a change that is followed is looked at.
const LOOK: Duration = Duration::from_millis(200);
/// After so many looks without a step going forward it is tried whether its host is gone.
const PATIENCE: u32 = 25;

impl Host {
    /// Follows a change until nothing of it is left to do; `see` is called whenever it went forward.
    /// If the host that is at it dies, this one goes on with it.
    ///
    /// # Errors
    /// `change/not-found`, or what the database says; the change goes on all the same.
    pub async fn follow(&self, org: &OrgName, id: &str, mut see: impl FnMut(&Outcome)) -> Result<Outcome> {
        let tenant = self.tenant(org).await?;
        let mut last: Option<(Vec<StepReport>, Vec<Reason>)> = None;
        let mut idle = 0;
        loop {
            let outcome = self.change(org, id).await?;
            let now = (outcome.steps.clone(), outcome.reasons.clone());
            if last.as_ref() != Some(&now) {
                see(&outcome);
                idle = 0;
            }
            // The journal is closed a moment after the last step is done.
            if !outcome.is_under_way() && tenant.db().journal_state(id).await?.is_none() {
                return Ok(outcome);
            }
            last = Some(now);
            idle += 1;
            if idle % PATIENCE == 0 {
                self.go_on(tenant.clone(), id.to_owned());
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Goes on with every change of an organisation that has steps left and no host at it; gives their ids.
    ///
    /// # Errors
    /// `org/not-found`, or what its database says.
    pub async fn resume(&self, org: &OrgName) -> Result<Vec<String>> {
        let tenant = self.tenant(org).await?;
        let ids = tenant.db().unfinished().await?;
        for id in &ids {
            self.go_on(tenant.clone(), id.clone());
        }
        Ok(ids)
    }

    /// Goes on with what hosts that are gone left behind, in every organisation.
    pub async fn resume_all(&self) {
        let each = |host: Self, org: OrgName| async move {
            if let Err(error) = host.resume(&org).await {
                tracing::warn!(%org, code = error.code, %error, "it is not known whether steps are left");
            }
        };
        self.each_org("going on with steps", each).await;
    }

    /// On a task of its own, until nothing is left of it: another host that is at it may die, and a database come back.
    /// What comes of it is in the ledger and the journal.
    pub(crate) fn go_on(&self, tenant: Arc<Tenant>, id: String) {
        let Some(watched) = Watched::begin(self, &tenant, &id) else { return };
        let host = Arc::downgrade(&self.inner);
        let mut told = None;
        tokio::spawn(async move {
            let _watched = watched;
            while let Some(inner) = host.upgrade() {
                match inner.pipeline().go_on(&tenant, &id).await {
                    Ok(Some(outcome)) => {
                        let status = outcome.status.as_str();
                        tracing::info!(org = %tenant.org(), change = id, status, "the steps of a change are done");
                        return;
                    }
                    Ok(None) if matches!(tenant.db().journal_state(&id).await, Ok(None)) => return,
                    Ok(None) => {}
                    Err(error) if told == Some(error.code.clone()) => {}
                    Err(error) => {
                        tracing::warn!(org = %tenant.org(), change = id, %error, "the steps of a change wait to be gone on with");
                        told = Some(error.code.clone());
                    }
                }
                drop(inner);
                tokio::time::sleep(AGAIN).await;
            }
        });
    }
}

/// Changes whose steps a task of this host is at, or waits for.
pub(crate) type Steps = Mutex<HashSet<(OrgName, String)>>;

/// One of them.
struct Watched {
    host: Weak<Inner>,
    change: (OrgName, String),
}

impl Watched {
    /// None if there is a task for it already.
    fn begin(host: &Host, tenant: &Tenant, id: &str) -> Option<Self> {
        let change = (tenant.org().clone(), id.to_owned());
        let is_new = locked(&host.inner.steps).insert(change.clone());
        is_new.then(|| Self { host: Arc::downgrade(&host.inner), change })
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        if let Some(host) = self.host.upgrade() {
            locked(&host.steps).remove(&self.change);
        }
    }
}

fn locked(steps: &Steps) -> MutexGuard<'_, HashSet<(OrgName, String)>> {
    steps.lock().unwrap_or_else(PoisonError::into_inner)
}
