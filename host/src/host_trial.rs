//! What the entities that are there would need, were the plugins of an organisation others: bound, gone, or configured
//! otherwise. Nothing is bound and nothing changed.

use std::sync::Arc;

use hookwright_core::event::{Change, Consent};
use hookwright_core::ident::OrgName;
use serde_json::json;

use crate::api::PluginOptions;
use crate::error::Result;
use crate::host::Host;
use crate::outcome::Outcome;
use crate::pipeline::Sent;
use crate::tenant::Bound;
use crate::tenants::Component;

/// Which plugins an organisation would have.
#[derive(Debug)]
pub enum Trial {
    /// One more, or another in place of the one of its name.
    Install {
        /// The component.
        component: Vec<u8>,
        /// How it is installed.
        options: Box<PluginOptions>,
    },
    /// One that is bound and not called would be called.
    Enable(String),
    /// One less.
    Without(String),
}

impl Host {
    /// The plan of what the entities that are there would need.
    ///
    /// # Errors
    /// As [`Host::plugin_install`] and [`Host::submit`].
    pub async fn plugin_trial(&self, org: &OrgName, trial: Trial) -> Result<Outcome> {
        let tenant = self.tenant(org).await?;
        let plugins = self.tried(org, trial).await?;
        let id = format!("trial-{}", uuid::Uuid::now_v7().simple());
        let change = Change::from_json(json!({"id": id, "type": "schema.sync"}))?;
        let consent = Consent { dry_run: true, ..Consent::default() };
        let sent = Sent { consent, ..Sent::default() };
        Box::pin(self.pipeline().trial(&tenant, plugins, &change, sent)).await
    }

    async fn tried(&self, org: &OrgName, trial: Trial) -> Result<Vec<Arc<Bound>>> {
        let mut stored = self.inner.tenants.stored(org).await?;
        match trial {
            Trial::Without(name) => {
                self.inner.store.plugin(org, &name).await?;
                stored.retain(|(binding, _)| binding.name != name);
            }
            Trial::Enable(name) => {
                self.inner.store.plugin(org, &name).await?;
                let named = stored.iter_mut().filter(|(binding, _)| binding.name == name);
                named.for_each(|(binding, _)| binding.enabled = true);
            }
            Trial::Install { component, options } => {
                self.upload(org, &component).await?;
                let binding = self.binding(org, &component, *options).await?;
                stored.retain(|(known, _)| known.name != binding.name);
                stored.push((binding, Component::Bytes(component)));
            }
        }
        self.inner.tenants.bound(org, stored).await
    }
}
