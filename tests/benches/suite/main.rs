//! How fast the host is, beside floors and peers that are measured in the same run.
//!
//! `./tests/bench [SECTION…]` prepares what it needs and runs it. Prints a table; fails if a ratio is worse than its recorded
//! bound (`bounds.toml`) by more than the noise of the run. Without HOOKWRIGHT_TEST_POSTGRES there is no PostgreSQL in it,
//! and without HOOKWRIGHT_BENCH_GUESTS no guest in another language and no Extism.

mod bindings;
mod cold;
mod ddl;
mod defaults;
mod echo;
mod extism;
mod hook;
mod http;
mod languages;
mod load;
mod orgs;
mod plugins;
mod reload;
mod rounds;
mod scene;
mod server;
mod statement;
mod table;
mod variants;

use std::path::PathBuf;

use mimalloc::MiMalloc;
use table::Table;

/// As in the program.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// The sections, in their order.
const SECTIONS: [&str; 7] = ["hook", "http", "ddl", "orgs", "plugins", "reload", "cold"];

fn main() -> anyhow::Result<()> {
    let arguments: Vec<_> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    match arguments.split_first() {
        Some((part, _)) if part == echo::PART => echo::serve(),
        Some((part, rest)) if part == plugins::PART => plugins::load_all(rest),
        _ => measure(&arguments),
    }
}

fn measure(wanted: &[String]) -> anyhow::Result<()> {
    if let Some(unknown) = wanted.iter().find(|name| !SECTIONS.contains(&name.as_str())) {
        anyhow::bail!("there is no section \"{unknown}\"; there are {}", SECTIONS.join(", "));
    }
    let mut table = Table::open()?;
    let runtime = tokio::runtime::Runtime::new()?;
    for section in SECTIONS.into_iter().filter(|s| wanted.is_empty() || wanted.iter().any(|w| w == s)) {
        match section {
            "hook" => {
                hook::run(&mut table)?;
                languages::run(&mut table)?;
            }
            "http" => runtime.block_on(http::run(&mut table))?,
            "ddl" => runtime.block_on(ddl::run(&mut table))?,
            "orgs" => runtime.block_on(orgs::run(&mut table))?,
            "plugins" => plugins::run(&mut table)?,
            "reload" => reload::run(&mut table)?,
            _ => cold::run(&mut table)?,
        }
    }
    table.judge()
}

/// Where the guests in other languages and Extism were built, if they were.
fn guests() -> Option<PathBuf> {
    std::env::var_os("HOOKWRIGHT_BENCH_GUESTS").map(PathBuf::from)
}
