//! Plugins that break again and again: they are not called for a while, then tried by one call at a time, and called as
//! before once a call works.
//!
//! A tenant keeps them, the pipeline asks before a hook is called. A plugin's next build begins anew.

use std::collections::HashMap;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use crate::circuit::{Circuit, CircuitState, Patience, Trouble};
use crate::error::Error;
use crate::tenant::Bound;

/// How long a call that tries a suspended plugin may take before another one is let through.
const ONE_TRY: Duration = Duration::from_secs(30);

/// When a plugin is suspended, and for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SuspensionConfig {
    /// Faults in a row that suspend it. Default 5: one event calls a few hooks, so one bad event alone does not.
    pub faults: u32,
    /// Milliseconds that it is suspended the first time. Default 1,000; doubled each time that a try fails.
    pub wait_ms: u64,
    /// The longest. Default 60,000: what was mended outside is found within a minute.
    pub wait_max_ms: u64,
    /// Faults after which a build that never worked gives way to the version before; 0 for never. Default 3: one event
    /// that no build can bear is not enough, and few changes are refused meanwhile.
    pub return_faults: u32,
}

impl Default for SuspensionConfig {
    fn default() -> Self {
        Self { faults: 5, wait_ms: 1_000, wait_max_ms: 60_000, return_faults: 3 }
    }
}

/// How a plugin fares, as far as the host that answers knows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Standing {
    /// `called`, `suspended`, or `tried`: one call is under way, and decides.
    pub state: String,
    /// Faults in a row.
    pub faults: u32,
    /// What the last of them was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<String>,
    /// Milliseconds until it is tried again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_try_ms: Option<u64>,
}

/// A build of a plugin: its name and digest.
type Build = (Arc<str>, Arc<str>);

/// The plugins of an organisation that broke.
#[derive(Debug)]
pub(crate) struct Suspensions {
    patience: Patience,
    return_faults: u32,
    broken: Mutex<HashMap<Build, Circuit>>,
}

impl Suspensions {
    pub fn new(config: &SuspensionConfig) -> Self {
        let SuspensionConfig { faults, wait_ms, wait_max_ms, return_faults } = *config;
        let (wait, most) = (Duration::from_millis(wait_ms), Duration::from_millis(wait_max_ms));
        Self {
            patience: Patience { failures: faults, wait, most, one_try: ONE_TRY },
            return_faults,
            broken: Mutex::default(),
        }
    }

    /// Forgets all but these.
    pub fn keep(&self, plugins: &[Arc<Bound>]) {
        self.broken().retain(|build, _| plugins.iter().any(|plugin| build_of(plugin) == *build));
    }

    /// Forgets how a plugin fared: somebody did something about it.
    pub fn forget(&self, name: &str) {
        self.broken().retain(|(of, _), _| **of != *name);
    }

    /// Before a hook is called. Whoever is let through tells what became of it.
    ///
    /// # Errors
    /// `plugin/suspended`.
    pub fn admit(&self, plugin: &Bound, now: Instant) -> Result<(), Error> {
        let mut broken = self.broken();
        let Some(circuit) = broken.get_mut(&build_of(plugin)) else { return Ok(()) };
        let trouble = match circuit.admit(now) {
            Ok(()) => return Ok(()),
            Err(trouble) => trouble,
        };
        Err(suspended(plugin, &trouble, now))
    }

    /// A hook gave a reply, or refused the change.
    pub fn worked(&self, plugin: &Bound) {
        if self
            .broken()
            .remove(&build_of(plugin))
            .is_some_and(|circuit| circuit.state() != CircuitState::Closed)
        {
            tracing::info!(org = %plugin.org, plugin = &*plugin.name, "a suspended plugin works again");
        }
    }

    /// A hook broke. Gives how often it did so in a row, if that is too often for a build that never worked.
    pub fn broke(&self, plugin: &Bound, cause: &str, now: Instant) -> Option<u32> {
        let mut broken = self.broken();
        let circuit = broken.entry(build_of(plugin)).or_insert_with(|| Circuit::new(self.patience));
        let before = circuit.state();
        circuit.missed(cause, now);
        if before != CircuitState::Open && circuit.state() == CircuitState::Open {
            let (org, faults) = (&plugin.org, self.patience.failures);
            tracing::warn!(%org, plugin = &*plugin.name, faults, cause, "a plugin that broke again and again is suspended");
            metrics::counter!("hookwright_plugin_suspensions_total").increment(1);
        }
        let faults = circuit.failures();
        let too_often = self.return_faults > 0 && faults >= self.return_faults;
        (too_often && !plugin.proven.load(Ordering::Relaxed)).then_some(faults)
    }

    /// How a build of a plugin fares.
    pub fn standing(&self, name: &str, digest: &str, now: Instant) -> Standing {
        let broken = self.broken();
        let circuit = broken.iter().find(|((of, build), _)| **of == *name && **build == *digest);
        let Some((_, circuit)) = circuit else {
            return Standing { state: "called".to_owned(), faults: 0, cause: None, next_try_ms: None };
        };
        let state = match circuit.state() {
            CircuitState::Closed => "called",
            CircuitState::Open => "suspended",
            CircuitState::HalfOpen => "tried",
        };
        let trouble = circuit.trouble();
        let wait = |trouble: &Trouble| trouble.next.saturating_duration_since(now).as_millis();
        Standing {
            state: state.to_owned(),
            faults: circuit.failures(),
            cause: trouble.map(|trouble| trouble.cause.clone()),
            next_try_ms: trouble.map(|trouble| u64::try_from(wait(trouble)).unwrap_or(u64::MAX)),
        }
    }

    fn broken(&self) -> MutexGuard<'_, HashMap<Build, Circuit>> {
        self.broken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn build_of(plugin: &Bound) -> Build {
    (plugin.name.clone(), plugin.loaded.digest.clone())
}

fn suspended(plugin: &Bound, trouble: &Trouble, now: Instant) -> Error {
    let (org, name) = (&plugin.org, &plugin.name);
    let wait = trouble.next.saturating_duration_since(now);
    let message = format!(
        "the plugin \"{name}\" broke again and again and is suspended; it is tried again in {} ms; it broke last with: {}",
        wait.as_millis(),
        trouble.cause
    );
    let help = format!(
        "correct the plugin and install it again, or do without it: hookwright plugin disable --org {org} {name}"
    );
    Error::new("plugin/suspended", message).help(help).after(wait)
}
