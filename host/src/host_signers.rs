//! Keys whose signatures an organisation takes for plugins: added, listed, removed; and what is asked of a plugin.

use hookwright_core::ident::OrgName;
use hookwright_core::signature::PublicKey;

use crate::api::SignerInfo;
use crate::error::Result;
use crate::host::Host;
use crate::registry::store::Binding;

impl Host {
    /// Takes the signatures of a key for an organisation's plugins from now on.
    ///
    /// # Errors
    /// `request/invalid`, `org/not-found`, `host/fault`.
    pub async fn signer_add(&self, org: &OrgName, name: &str, key: &PublicKey) -> Result<()> {
        self.inner.store.signer_add(org, name, key).await?;
        tracing::info!(%org, %key, "plugin key added");
        Ok(())
    }

    /// The keys of an organisation, by name.
    ///
    /// # Errors
    /// `org/not-found`, `host/fault`.
    pub async fn signer_list(&self, org: &OrgName) -> Result<Vec<SignerInfo>> {
        self.inner.store.signers(org).await
    }

    /// Takes the signatures of a key no more. Where the policy has `require-signed`, plugins that it signed are not
    /// loaded from then on.
    ///
    /// # Errors
    /// `org/not-found`, `plugin/key-not-found`, `host/fault`.
    pub async fn signer_remove(&self, org: &OrgName, key: &PublicKey) -> Result<()> {
        self.inner.store.signer_remove(org, key).await?;
        tracing::info!(%org, %key, "plugin key removed");
        Ok(())
    }

    /// Checks that a plugin is signed as its organisation asks.
    pub(crate) async fn signed(&self, org: &OrgName, binding: &Binding) -> Result<()> {
        let signers = self.inner.tenants.signers(org).await?;
        signers.check(org, &binding.name, &binding.digest, binding.signature.as_ref())
    }
}
