//! From a component that is saved in a watched directory to the moment it serves, beside compiling it alone.

use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

use hookwright::registry::watch::PluginDir;
use hookwright::sandbox::{CompileConfig, Limits, Sandbox};
use hookwright_tests::process::binary;

use crate::hook::micros;
use crate::rounds::Rounds;
use crate::scene;
use crate::table::{Goal, Table, Unit};
use crate::variants::variant;

const ROUNDS: u32 = 15;
const PATIENCE: Duration = Duration::from_secs(60);

pub fn run(table: &mut Table) -> anyhow::Result<()> {
    let component = std::fs::read(scene::guest())?;
    let (directory, cache) = (tempfile::tempdir()?, tempfile::tempdir()?);
    // As `hookwright dev` does it: compiled by a process of its own, and kept.
    let compile = CompileConfig { program: Some(binary().to_owned()), ..CompileConfig::default() };
    let sandbox = Sandbox::with_cache(&Limits::default(), &compile, cache.path())?;
    let alone = Sandbox::new(&Limits::default())?;
    let (plugins, _) = PluginDir::open(sandbox, directory.path())?;
    let (sender, reports) = channel();
    let _watcher = plugins.watch(move |_| {
        // The last report may come when nobody listens any more.
        let _ = sender.send(Instant::now());
    })?;
    let mut rounds = Rounds::default();
    for round in 0..=ROUNDS {
        let saved = Instant::now();
        std::fs::write(directory.path().join("comments.wasm"), variant(&component, round))?;
        let serves = reports.recv_timeout(PATIENCE)?.duration_since(saved);
        let started = Instant::now();
        alone.load(&variant(&component, round + ROUNDS + 1))?;
        // The first warms up what either has to make ready.
        if round > 0 {
            rounds.note("serves", micros(serves, 1_000));
            rounds.note("compiles", micros(started.elapsed(), 1_000));
        }
    }
    let what = format!("save → serving, component of {} KB", component.len() / 1_000);
    let compared = rounds.compare("serves", "compiles");
    table.row(("reload", &what, Unit::Millis), "compiling alone", compared, Some(Goal::AtMost(2.0)));
    Ok(())
}
