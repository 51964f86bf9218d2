//! The host's functions for drift. Repairs and adoptions are events (`schema.sync`, `schema.adopt`), and go through
//! [`Host::submit`].

use hookwright_core::drift::{Drift, Scope};
use hookwright_core::event::Change;
use hookwright_core::ident::OrgName;
use hookwright_core::policy::Mode;
use serde_json::json;

use crate::api::SubmitOptions;
use crate::drift::Finding;
use crate::error::Result;
use crate::host::Host;
use crate::pipeline::drift;

impl Host {
    /// How an organisation's database stands to what its metadata and plugins call for. The database is only read.
    ///
    /// # Errors
    /// `org/not-found`, a plugin's fault or refusal, or what the database says.
    pub async fn drift(&self, org: &OrgName) -> Result<Drift> {
        let tenant = self.tenant(org).await?;
        tenant.forget();
        Box::pin(drift(&self.pipeline(), &tenant, &tenant.view().await?)).await
    }

    /// Tells the log of all drift, one warning a finding, with the command that repairs it. What only loosens is repaired
    /// before where the policy is in `dev` mode; `prod` waits for somebody.
    pub async fn warn_of_drift(&self) {
        let each = |host: Self, org: OrgName| async move {
            if let Err(error) = host.look_at(&org).await {
                tracing::warn!(%org, code = error.code, %error, "it is not known whether the database is in step");
            }
        };
        self.each_org("comparing", each).await;
    }

    async fn look_at(&self, org: &OrgName) -> Result<()> {
        let mut drift = self.drift(org).await?;
        let loosening = Scope { loosening: true, ..Scope::default() };
        if self.policy().of_org(org).mode == Mode::Dev && !drift.repair(&loosening).0.is_empty() {
            let id = format!("loosen-{}", uuid::Uuid::now_v7().simple());
            let event = json!({"id": id, "type": "schema.sync", "actor": "hookwright", "loosening": true});
            let change = Change::from_json(event)?;
            if self.held_as(org, &change).await?.is_none() {
                let outcome = self.submit(org, change, SubmitOptions::default()).await?;
                tracing::info!(%org, change = outcome.change, status = outcome.status.as_str(), "a repair that only loosens");
                drift = self.drift(org).await?;
            }
        }
        for found in drift.findings.iter().filter(|f| !f.is_foreign()) {
            let Finding { code, message, repair, .. } = Finding::of(org, found);
            tracing::warn!(%org, code, repair, "{message}");
        }
        Ok(())
    }
}
