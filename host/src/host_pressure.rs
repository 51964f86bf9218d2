//! The host's functions for what weighs on it: how the database of an organisation fares, what it has used up, what all of
//! them come to, and the forgetting of what nobody needs.

use std::sync::Weak;
use std::time::{Duration, Instant};

use hookwright_core::ident::OrgName;

use crate::api::{CircuitState, Health, PoolsState, Pressure};
use crate::error::Result;
use crate::host::{Host, Inner};
use crate::quota::{CallsState, QuotaState, Used};

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

    /// What an organisation has used up of its quotas: its guests' time and calls as far as this host knows.
    ///
    /// # Errors
    /// `org/not-found`, `host/fault`.
    pub async fn quotas(&self, org: &OrgName) -> Result<QuotaState> {
        let (inner, quota) = (&self.inner, self.config().quotas.of_org(org));
        inner.store.org(org).await?;
        let known = inner.tenants.known_now(org);
        let unused = Used { used: 0, most: quota.guest_ms_per_minute };
        let guest_ms = known.map_or(unused, |tenant| tenant.guest_time().state(Instant::now()));
        let (running, waiting) = inner.sandbox.calls_of(org.as_str());
        let (uploads, upload_bytes) = inner.store.uploads(org, jiff::Timestamp::now()).await?;
        let of = |used: u64, most: u64| Used { used, most };
        Ok(QuotaState {
            guest_ms,
            calls: CallsState {
                running: of(running.into(), quota.concurrent_calls.into()),
                waiting: of(waiting.into(), quota.waiting_calls.into()),
            },
            uploads: of(uploads, quota.uploads_per_hour.into()),
            upload_bytes: of(upload_bytes, quota.upload_bytes_per_hour),
            kept: inner.store.kept(org, &quota).await?,
        })
    }

    /// How an organisation fares: its database, and what it has used up.
    ///
    /// # Errors
    /// `org/not-found`, `host/fault`.
    pub async fn health(&self, org: &OrgName) -> Result<Health> {
        Ok(Health { pressure: self.pressure(org).await?, quotas: self.quotas(org).await? })
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
        metrics::gauge!("hookwright_hooks_waiting").set(count(self.inner.sandbox.waiting_calls()));
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
