//! New builds of plugins on trial: whether one works is noted once; one that never does gives way to the version before.
//!
//! `hooks.rs` calls it after each hook.

use std::sync::OnceLock;
use std::sync::atomic::Ordering;

use crate::counted::counted;
use crate::error::{Error, Result};
use crate::registry::store::{Faulty, Return, Store};
use crate::tenant::Bound;

/// Notes that a build works, for all hosts.
pub(super) async fn works(store: &Store, plugin: &Bound) -> Result<()> {
    if plugin.proven.swap(true, Ordering::Relaxed) {
        return Ok(());
    }
    let Bound { org, name, loaded, config, .. } = plugin;
    let noted = store.plugin_proven(org, name, &loaded.digest, config).await;
    plugin.proven.store(noted.is_ok(), Ordering::Relaxed);
    noted
}

/// Binds the version before again, unless that was done, or there is none.
///
/// # Errors
/// `plugin/returned` if another version is bound now: nothing is refused yet, so the change is worked out anew with it.
pub(super) async fn go_back(store: &Store, plugin: &Bound, faults: u32, cause: &str) -> Result<()> {
    let Bound { org, name, loaded, config, .. } = plugin;
    let faulty = Faulty { org, name, digest: &loaded.digest, config, faults, cause, host: this_host() };
    match store.plugin_return(&faulty).await? {
        Return::Stays => return Ok(()),
        Return::Before => {}
        Return::Done { version, returned } => {
            let (from, host) = (&returned.from_version, &returned.host);
            tracing::warn!(
                code = "plugin/returned", %org, plugin = &**name, from, to = version, host, faults, cause,
                "a new build of a plugin broke whenever it was called; the version before is bound again"
            );
            metrics::counter!("hookwright_plugin_returns_total").increment(1);
        }
    }
    let message = format!(
        "the new build of the plugin \"{name}\" broke {} in a row and never worked, and the version before is bound again; it broke last with: {cause}",
        counted(faults, "time")
    );
    Err(Error::new("plugin/returned", message))
}

/// The machine and the process, for people who look for the log.
fn this_host() -> &'static str {
    static NAME: OnceLock<String> = OnceLock::new();
    NAME.get_or_init(|| {
        let machine = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
        let machine = Some(machine.trim()).filter(|name| !name.is_empty()).unwrap_or("host");
        format!("{machine}:{}", std::process::id())
    })
}
