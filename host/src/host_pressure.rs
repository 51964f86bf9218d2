//! The host's functions for what weighs on it: how the database of an organisation fares, what all of them come to, and
//! the forgetting of what nobody needs.

use std::sync::Weak;
use std::time::{Duration, Instant};

use hookwright_core::ident::OrgName;

use crate::api::{CircuitState, PoolsState, Pressure};
use crate::error::Result;
use crate::host::{Host, Inner};

/// How often it is looked what nobody needs any more, within the time that it is kept.
const LOOKS: u32 = 4;
/// Bounds of the time between two looks.
const LOOK: (Duration, Duration) = (Duration::from_millis(10), Duration::from_secs(30));

impl Host {
    /// How the database of an organisation fares, as far as this host knows: it is not asked.
    ///
    /// # Errors
    /// `org/not-found`.
    pub async fn pressure(&self, org: &OrgName) -> Result<Pressure> {
        let info = self.inner.store.org(org).await?;
        Ok(self.inner.tenants.connect(org, &info.database)?.pressure())
    }

    /// What all databases of the host come to.
    #[must_use]
    pub fn pools(&self) -> PoolsState {
        self.inner.tenants.pools().state()
    }

    /// Organisations that the host has ready now.
    #[must_use]
    pub fn ready_orgs(&self) -> usize {
        self.inner.tenants.ready()
    }

    /// Brings the metrics of connections and circuits up to date.
    pub(crate) fn measure(&self) {
        let PoolsState { connections, databases } = self.pools();
        let count = |count: usize| count as f64;
        metrics::gauge!("hookwright_connections", "state" => "used").set(count(connections.used));
        metrics::gauge!("hookwright_connections", "state" => "idle").set(count(connections.idle));
        metrics::gauge!("hookwright_connections_most").set(count(connections.most));
        for (state, databases) in CircuitState::ALL.into_iter().zip(databases) {
            metrics::gauge!("hookwright_databases", "circuit" => state.as_str()).set(count(databases));
        }
        metrics::gauge!("hookwright_orgs_ready").set(count(self.ready_orgs()));
    }
}

/// Forgets what nobody needs any more, for as long as the host is there.
pub(crate) async fn forget(host: Weak<Inner>, kept: Duration) {
    let mut looks = tokio::time::interval((kept / LOOKS).clamp(LOOK.0, LOOK.1));
    loop {
        looks.tick().await;
        let Some(inner) = host.upgrade() else { return };
        inner.tenants.sweep(Instant::now());
    }
}
