//! The host's functions for drift. Repairs and adoptions are events (`schema.sync`, `schema.adopt`), and go through
//! [`Host::submit`].

use std::sync::Arc;

use hookwright_core::drift::{Drift, Scope};
use hookwright_core::event::Change;
use hookwright_core::ident::{Ident, OrgName};
use hookwright_core::metadata::Entity;
use hookwright_core::policy::Mode;
use serde_json::json;

use crate::api::SubmitOptions;
use crate::beside::Beside;
use crate::drift::Finding;
use crate::drift_watch::DriftWatch;
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
        let _turn = tenant.trial_turn().await;
        Box::pin(drift(&self.pipeline(), &tenant)).await
    }

    /// Each entity beside its table, by name, with what differs.
    ///
    /// # Errors
    /// As [`Host::drift`].
    pub async fn beside(&self, org: &OrgName) -> Result<Vec<Beside>> {
        let drift = self.drift(org).await?;
        let tenant = self.tenant(org).await?;
        let (snapshot, found) = (tenant.snapshot().await?, tenant.db().inspect(None).await?.schema);
        let one = |(name, entity): (&Ident, &Arc<Entity>)| {
            let own = drift.findings.iter().filter(|finding| finding.table == *name);
            let findings = own.map(|finding| Finding::of(org, drift.dialect(), finding)).collect();
            Beside::of(entity, found.table(name), snapshot.schema.table(name), findings)
        };
        Ok(snapshot.metadata.entities.iter().map(one).collect())
    }

    /// A watch for the drift of all organisations.
    #[must_use]
    pub fn drift_watch(&self) -> DriftWatch {
        DriftWatch::new(self.clone())
    }

    /// The findings of an organisation that are to be told. What only loosens is repaired before where the policy is in
    /// `dev` mode; `prod` waits for somebody.
    pub(crate) async fn loosened(&self, org: &OrgName) -> Result<Vec<Finding>> {
        let mut drift = self.drift(org).await?;
        let loosening = Scope { loosening: true, ..Scope::default() };
        let may = self.policy().of_org(org).mode == Mode::Dev && drift.unfit.is_empty();
        if may && !drift.repair(&loosening).0.is_empty() {
            let id = format!("loosen-{}", uuid::Uuid::now_v7().simple());
            let event = json!({"id": id, "type": "schema.sync", "actor": "hookwright", "loosening": true});
            let change = Change::from_json(event)?;
            if self.held_as(org, &change).await?.is_none() {
                let outcome = self.submit(org, change, SubmitOptions::default()).await?;
                tracing::info!(%org, change = outcome.change, status = outcome.status.as_str(), "a repair that only loosens");
                drift = self.drift(org).await?;
            }
        }
        let mut findings = crate::drift::told(org, &drift);
        findings.retain(|finding| !finding.foreign);
        Ok(findings)
    }
}
