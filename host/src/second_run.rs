//! Whether plugins answer the same call in the same way: some calls are run again, after they were answered and while there
//! is room, in a fresh instance on the same input. What comes of it changes no outcome; a difference is told of the plugin.
//!
//! The pipeline hands calls in (`pipeline/hooks.rs`), the host has them run.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use hookwright_core::hook::{Context, HookCall, HookReply};
use hookwright_core::ident::OrgName;
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;

use crate::quota::GuestTime;
use crate::registry::store::Store;
use crate::sandbox::{Blame, Fault, GuestWorld, Loaded, Question, Run, Sandbox, Share};

/// Calls that wait to be run again; more are left out. Each keeps a snapshot of its organisation in memory.
const WAITING: usize = 32;

/// Which calls of plugins are run again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DeterminismConfig {
    /// Whether any are. Default true.
    pub enabled: bool,
    /// One of so many. Default 100, so that it costs about a hundredth of what plugins do.
    pub one_in: u32,
}

impl Default for DeterminismConfig {
    fn default() -> Self {
        Self { enabled: true, one_in: 100 }
    }
}

/// A call that was answered.
pub(crate) struct Answered {
    pub org: OrgName,
    pub name: Arc<str>,
    pub loaded: Loaded,
    pub share: Share,
    pub time: Arc<GuestTime>,
    pub cx: Context,
    pub call: HookCall,
    pub world: GuestWorld,
    pub reply: Result<HookReply, Fault>,
}

/// Picks the calls, and keeps those that wait.
pub(crate) struct SecondRuns {
    /// None if no call is run again.
    one_in: Option<u64>,
    calls: AtomicU64,
    waiting: mpsc::Sender<Answered>,
}

/// What became of a call that was picked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Found {
    Same,
    Differs,
    /// There was no room, or nothing to compare with.
    Dropped,
}

impl Found {
    fn as_str(self) -> &'static str {
        match self {
            Self::Same => "same",
            Self::Differs => "differs",
            Self::Dropped => "dropped",
        }
    }

    fn count(self) {
        metrics::counter!("hookwright_second_runs_total", "result" => self.as_str()).increment(1);
    }
}

impl SecondRuns {
    /// Has calls run again for as long as this is there.
    pub fn start(config: &DeterminismConfig, sandbox: Sandbox, store: Store) -> Self {
        let (waiting, answered) = mpsc::channel(WAITING);
        tokio::spawn(run_all(answered, sandbox, store));
        let one_in = config.enabled.then_some(u64::from(config.one_in));
        Self { one_in, calls: AtomicU64::new(0), waiting }
    }

    /// Whether the next call is one to be run again.
    pub fn picks(&self) -> bool {
        let number = self.calls.fetch_add(1, Ordering::Relaxed) + 1;
        self.one_in.is_some_and(|one_in| number.is_multiple_of(one_in))
    }

    /// Takes a call in, if there is room.
    pub fn take(&self, answered: Answered) {
        if self.waiting.try_send(answered).is_err() {
            Found::Dropped.count();
        }
    }
}

async fn run_all(mut answered: mpsc::Receiver<Answered>, sandbox: Sandbox, store: Store) {
    while let Some(call) = answered.recv().await {
        let found = again(&call, &sandbox).await;
        found.count();
        if found == Found::Differs {
            tell(&call, &store).await;
        }
    }
}

/// Runs a call again, at the expense of its organisation.
async fn again(answered: &Answered, sandbox: &Sandbox) -> Found {
    let Answered { org, loaded, share, time, cx, call, world, reply, .. } = answered;
    if time.admit(org, Duration::ZERO, Instant::now()).is_err() {
        return Found::Dropped;
    }
    let question = Question { cx, call, world: world.clone() };
    let run = loaded.run_at_leisure(sandbox, *share, question).await;
    let Some(Run { reply: second, ran, .. }) = run else { return Found::Dropped };
    time.spend(ran, Instant::now());
    match second {
        // Neither says anything of the answer: the host had no room, or the processor was slow.
        Err(fault) if fault.blame() == Blame::Host => Found::Dropped,
        Err(Fault::Deadline { .. } | Fault::Wait { .. } | Fault::Asked { .. } | Fault::Timeout { .. }) => {
            Found::Dropped
        }
        second if second == *reply => Found::Same,
        _ => Found::Differs,
    }
}

async fn tell(answered: &Answered, store: &Store) {
    let Answered { org, name, loaded, call, .. } = answered;
    let (plugin, digest, hook) = (&**name, &*loaded.digest, call.point());
    tracing::warn!(
        code = "plugin/not-deterministic", %org, plugin, digest, hook = hook.as_str(),
        "a plugin gave another answer to the same call; two hosts may come to different schemas"
    );
    if let Err(error) = store.plugin_differs(org, plugin, digest, hook).await {
        tracing::warn!(%org, plugin, %error, "a difference of a plugin was not noted");
    }
}
