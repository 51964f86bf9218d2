//! Keys with which senders sign the events that they send over HTTP: made, listed, revoked, and asked who signed.

use hookwright_core::ident::OrgName;
use hookwright_core::webhook::Signed;

use crate::access::Principal;
use crate::api::WebhookInfo;
use crate::error::Result;
use crate::host::Host;

impl Host {
    /// Makes a key of an organisation, which has two at most. Its secret is given here and shown nowhere else.
    ///
    /// # Errors
    /// `request/invalid`, `org/not-found`, `webhook/too-many`, `host/fault`.
    pub async fn webhook_create(&self, org: &OrgName, name: &str) -> Result<(WebhookInfo, String)> {
        let (info, secret) = self.inner.store.webhook_create(org, name).await?;
        tracing::info!(%org, key = info.id, "webhook key created");
        Ok((info, secret))
    }

    /// All keys, or those of an organisation, without their secrets.
    ///
    /// # Errors
    /// `org/not-found`, `host/fault`.
    pub async fn webhook_list(&self, org: Option<&OrgName>) -> Result<Vec<WebhookInfo>> {
        self.inner.store.webhooks(org).await
    }

    /// Makes a key useless.
    ///
    /// # Errors
    /// `webhook/not-found`, `host/fault`.
    pub async fn webhook_revoke(&self, id: &str) -> Result<()> {
        self.inner.store.webhook_revoke(id).await?;
        tracing::info!(key = id, "webhook key revoked");
        Ok(())
    }

    /// Whom a signed request stands for. The body is hashed and not looked into.
    ///
    /// # Errors
    /// `auth/signature-wrong`, the same whatever is wrong, an organisation that is not there included; `host/fault`.
    pub async fn verify(&self, org: Option<&OrgName>, signed: &Signed, body: &[u8]) -> Result<Principal> {
        self.inner.store.verify(org, signed, body).await
    }
}
