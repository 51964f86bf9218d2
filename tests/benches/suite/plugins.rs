//! One to a thousand plugins loaded from the cache, in a process of its own that has nothing else: how long until the last
//! is ready, and what each takes of memory.

use std::path::Path;
use std::process::Command;
use std::time::Instant;

use anyhow::Context;
use hookwright::sandbox::{CompileConfig, Limits, Sandbox};

use crate::rounds::Rounds;
use crate::scene;
use crate::table::{Goal, Table, Unit};
use crate::variants::variant;

/// The argument that makes the suite's program load plugins: then their number and the cache's directory follow.
pub const PART: &str = "load-plugins";

const ROUNDS: usize = 5;
const COUNTS: [u32; 4] = [1, 10, 100, 1_000];
/// What is wanted of a thousand on the machine that the goals were set for.
const WANTED_MS: f64 = 500.0;
/// The same of each one's memory.
const WANTED_KIB: f64 = 160.0;

pub fn run(table: &mut Table) -> anyhow::Result<()> {
    let cache = tempfile::tempdir()?;
    // Fills the cache.
    elsewhere(COUNTS[COUNTS.len() - 1], cache.path())?;
    for count in COUNTS {
        let mut rounds = Rounds::default();
        for _ in 0..ROUNDS {
            let (millis, kib) = elsewhere(count, cache.path())?;
            rounds.note("time", millis);
            rounds.note("time wanted", WANTED_MS);
            rounds.note("memory", kib);
            rounds.note("memory wanted", WANTED_KIB);
        }
        let is_goal = count == COUNTS[COUNTS.len() - 1];
        let goal = is_goal.then_some(Goal::AtMost(1.0));
        let (id, what) = (format!("plugins.{count}"), format!("{count} plugins ready, from the cache"));
        let time = rounds.compare("time", "time wanted");
        table.row((&id, &what, Unit::Millis), "wanted of 1000", time, goal);
        let (id, what) = (format!("plugins.{count}.memory"), format!("{count} plugins, memory of each"));
        let memory = rounds.compare("memory", "memory wanted");
        table.row((&id, &what, Unit::KiB), "wanted of 1000", memory, goal);
    }
    Ok(())
}

/// Milliseconds until all are ready, and resident KiB of each.
fn elsewhere(count: u32, cache: &Path) -> anyhow::Result<(f64, f64)> {
    let mut command = Command::new(std::env::current_exe()?);
    let output = command.arg(PART).arg(count.to_string()).arg(cache).output()?;
    anyhow::ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let line = String::from_utf8(output.stdout)?;
    let (millis, kib) = line.trim().split_once(' ').context("two numbers")?;
    Ok((millis.parse()?, kib.parse()?))
}

/// What the process does.
pub fn load_all(arguments: &[String]) -> anyhow::Result<()> {
    let [count, cache] = arguments else { anyhow::bail!("give a number and the directory of the cache") };
    let component = std::fs::read(scene::guest())?;
    let components: Vec<_> = (0..count.parse()?).map(|number| variant(&component, number)).collect();
    let sandbox = Sandbox::with_cache(&Limits::default(), &CompileConfig::default(), Path::new(cache))?;
    let (before, started) = (resident_kib()?, Instant::now());
    let loaded: Result<Vec<_>, _> = components.iter().map(|bytes| sandbox.load(bytes)).collect();
    let loaded = loaded?;
    let millis = started.elapsed().as_secs_f64() * 1e3;
    println!("{millis} {}", (resident_kib()? - before) / loaded.len() as f64);
    Ok(())
}

fn resident_kib() -> anyhow::Result<f64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("no VmRSS")?;
    Ok(line.trim().trim_end_matches(" kB").parse()?)
}
