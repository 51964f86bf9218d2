//! Hook calls of guests in TypeScript and Python, each in a fresh instance, beside the same component on an engine with
//! wasmtime's defaults.

use crate::defaults::Defaults;
use crate::guests;
use crate::hook::{Ours, micros};
use crate::rounds::Rounds;
use crate::table::{Goal, Table, Unit};

const ROUNDS: usize = 9;
/// Calls in one turn.
const CALLS: usize = 100;

pub fn run(table: &mut Table) -> anyhow::Result<()> {
    let Some(directory) = guests() else { return Ok(()) };
    for (id, language) in [("typescript", "TypeScript"), ("python", "Python")] {
        let component = std::fs::read(directory.join(format!("{id}.wasm")))?;
        let (ours, defaults) = (Ours::load(&component)?, Defaults::load(&component).map_err(told)?);
        let mut rounds = Rounds::default();
        for _ in 0..ROUNDS {
            rounds.note("ours", micros(ours.take(CALLS)?, CALLS));
            rounds.note("defaults", micros(defaults.take(CALLS).map_err(told)?, CALLS));
        }
        let (name, what) = (format!("hook.{id}"), format!("hook call, {language}, fresh instance"));
        let compared = rounds.compare("ours", "defaults");
        table.row((&name, &what, Unit::Micros), "wasmtime's defaults", compared, Some(Goal::AtMost(0.5)));
    }
    Ok(())
}

fn told(error: wasmtime::Error) -> anyhow::Error {
    anyhow::anyhow!("{error:#}")
}
