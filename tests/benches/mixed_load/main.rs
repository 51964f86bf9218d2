//! Two hosts under everything at once: clients of 200 organisations, a plugin installed anew each second, half of the
//! connections cut each second, a host killed and started again each minute. Then whether each accepted event was applied
//! exactly once, and every organisation is in step.
//!
//! `cargo bench --workspace --bench mixed_load` (needs HOOKWRIGHT_TEST_POSTGRES, and HOOKWRIGHT_BIN for a release build;
//! HOOKWRIGHT_BENCH_SECONDS says how long, 60 if it is not set, and HOOKWRIGHT_BENCH_ORGS for how many). Prints what
//! happened; an error if anything is wrong.

mod check;
mod client;
mod hosts;
mod model;
mod tally;
mod trouble;

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use hookwright::api::{OrgOptions, PluginOptions};
use hookwright::config::Config;
use hookwright::host::Host;
use hookwright_core::ident::OrgName;
use hookwright_tests::plugin_path;
use hookwright_tests::postgres::TestDatabase;
use tempfile::TempDir;
use tokio::sync::Mutex;
use tokio::task::JoinSet;

use client::Load;
use hosts::Hosts;
use model::Org;
use tally::Tally;

const CLIENTS: usize = 12;

fn main() -> anyhow::Result<()> {
    let number = |name: &str, usual: u64| {
        std::env::var(name).ok().and_then(|value| value.parse().ok()).unwrap_or(usual)
    };
    let seconds = number("HOOKWRIGHT_BENCH_SECONDS", 60);
    let orgs = usize::try_from(number("HOOKWRIGHT_BENCH_ORGS", 200))?;
    tokio::runtime::Runtime::new()?.block_on(run(Duration::from_secs(seconds), orgs))
}

async fn run(lasts: Duration, orgs: usize) -> anyhow::Result<()> {
    let database = TestDatabase::create().await;
    let directory = TempDir::with_prefix("hookwright-")?;
    let settings = "[control]\ndatabase = \"control.db\"\n";
    std::fs::write(directory.path().join("hookwright.toml"), settings)?;
    let builds = builds()?;
    register(directory.path(), orgs, database.url(), &builds[0]).await?;
    let all = (0..orgs).map(|number| Mutex::new(Org::new(org(number))));
    let hosts = Hosts::start(directory)?;
    let load = Load { hosts, orgs: all.collect(), tally: Tally::default(), http: client::http()? };
    let load = Arc::new(load);
    println!("{orgs} organisations, {CLIENTS} clients, two hosts, {} s", lasts.as_secs());

    let until = Instant::now() + lasts;
    let kills = Duration::from_secs(if lasts < Duration::from_secs(120) { 15 } else { 60 });
    let mut parts = JoinSet::new();
    parts.spawn(trouble::reload(load.clone(), builds, until));
    parts.spawn(trouble::cut(load.clone(), database.connect().await, until));
    parts.spawn(trouble::kill(load.clone(), kills, until));
    for _ in 0..CLIENTS {
        parts.spawn(client::work(load.clone(), until));
    }
    parts.join_all().await;
    check::look(&load, &mut database.connect().await).await?;
    load.hosts.stop(&load.tally);
    load.tally.judge()
}

/// The name of an organisation.
fn org(number: usize) -> String {
    format!("org-{number:03}")
}

/// Two components of one plugin: the second has a section more, so its digest is another.
fn builds() -> anyhow::Result<[Vec<u8>; 2]> {
    let first = std::fs::read(plugin_path("naming-guard"))?;
    let mut second = first.clone();
    // A custom section: its id and size, then its name with its size.
    second.extend(b"\0\x08\x07another");
    Ok([first, second])
}

async fn register(directory: &Path, orgs: usize, url: &str, plugin: &[u8]) -> anyhow::Result<()> {
    let mut config = Config::default();
    config.control.database = directory.join("control.db");
    let host = Host::start(config).await?;
    for number in 0..orgs {
        let org = OrgName::parse(&org(number))?;
        host.org_add(&org, url, OrgOptions::default()).await?;
        host.plugin_install(&org, plugin.to_vec(), PluginOptions::default()).await?;
    }
    Ok(())
}
