//! The host's functions for changes with steps beside their transaction: go on with them, follow them.

use std::sync::Arc;
use std::time::Duration;

use hookwright_core::ident::OrgName;

use crate::error::Result;
use crate::host::Host;
use crate::outcome::{Outcome, Reason, StepReport};
use crate::tenant::Tenant;

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

    /// On a task of its own; what comes of it is in the ledger and the journal.
    pub(crate) fn go_on(&self, tenant: Arc<Tenant>, id: String) {
        let inner = self.inner.clone();
        tokio::spawn(async move {
            match inner.pipeline().go_on(&tenant, &id).await {
                Ok(Some(outcome)) => {
                    let status = outcome.status.as_str();
                    tracing::info!(org = %tenant.org(), change = id, status, "the steps of a change are done");
                }
                Ok(None) => {}
                Err(error) => {
                    tracing::warn!(org = %tenant.org(), change = id, %error, "the steps of a change wait to be gone on with");
                }
            }
        });
    }
}
