//! The host's functions for drift. Repairs and adoptions are events (`schema.sync`, `schema.adopt`), and go through
//! [`Host::submit`].

use hookwright_core::drift::Drift;
use hookwright_core::ident::OrgName;

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

    /// Tells the log of all drift, one warning a finding, with the command that repairs it.
    pub async fn warn_of_drift(&self) {
        let Ok(orgs) = self.org_list().await else { return };
        for org in orgs.into_iter().map(|org| org.name) {
            match self.drift(&org).await {
                Err(error) => {
                    tracing::warn!(%org, code = error.code, %error, "it is not known whether the database is in step")
                }
                Ok(drift) => drift.findings.iter().filter(|f| !f.is_foreign()).for_each(|found| {
                    let Finding { code, message, repair, .. } = Finding::of(&org, found);
                    tracing::warn!(%org, code, repair, "{message}");
                }),
            }
        }
    }
}
