//! Other tools on the same databases, each with a limit of time. `tests/benches/peers/install` installs them.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use hookwright_tests::repo_root;

use crate::{Bench, made, median};

/// The directory into which peers were installed.
const VARIABLE: &str = "HOOKWRIGHT_BENCH_PEERS";
/// How long one may take; drizzle-kit needs 100 s for 1,000 tables.
const LIMIT: Duration = Duration::from_secs(180);

/// What each tool takes to find out what differs.
pub fn compare(bench: &Bench) -> anyhow::Result<Vec<(&'static str, Duration)>> {
    let Some(installed) = std::env::var_os(VARIABLE) else {
        println!(
            "skipped: migra, alembic, drizzle-kit; {VARIABLE} names no directory: tests/benches/peers/install DIR"
        );
        return Ok(Vec::new());
    };
    let installed = Path::new(&installed);
    let (found, wanted) = (bench.found.url(), bench.wanted.url());
    let mut migra = Command::new(installed.join("py/bin/migra"));
    migra.args(["--unsafe", "--schema", made::SCHEMA]).args([dialect(found), dialect(wanted)]);
    let mut alembic = Command::new(installed.join("py/bin/python"));
    alembic.arg(repo_root().join("tests/benches/peers/alembic_compare.py"));
    alembic.args([dialect(found), made::SCHEMA.to_owned(), bench.tables.to_string()]);
    let config = bench.home().join("drizzle.json");
    std::fs::write(&config, drizzle_config(found))?;
    let mut drizzle = Command::new(installed.join("js/node_modules/.bin/drizzle-kit"));
    drizzle.arg("pull").arg("--config").arg(config).current_dir(installed.join("js"));
    let mut all = Vec::new();
    for (name, mut command, ends_with) in
        [("migra", migra, &[0, 2][..]), ("alembic", alembic, &[0]), ("drizzle-kit pull", drizzle, &[0])]
    {
        let mut times = Vec::new();
        for _ in 0..if bench.tables > 100 { 1 } else { 3 } {
            match run(&mut command, ends_with) {
                Ok(took) => times.push(took),
                Err(why) => {
                    println!("skipped: {name}; {why}");
                    break;
                }
            }
        }
        if !times.is_empty() {
            all.push((name, median(&mut times)));
        }
    }
    Ok(all)
}

/// What drizzle-kit reads; given as an option, the schema is ignored, and nothing is read.
fn drizzle_config(url: &str) -> String {
    let schema = made::SCHEMA;
    format!(
        r#"{{"dialect":"postgresql","out":"pulled","schemaFilter":["{schema}"],"dbCredentials":{{"url":"{url}"}}}}"#
    )
}

/// The address as SQLAlchemy wants it.
fn dialect(url: &str) -> String {
    url.replacen("postgres://", "postgresql://", 1)
}

fn run(command: &mut Command, ends_with: &[i32]) -> Result<Duration, String> {
    let started = Instant::now();
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn().map_err(|e| format!("it does not start: {e}"))?;
    loop {
        match child.try_wait().map_err(|e| e.to_string())? {
            Some(status) if status.code().is_some_and(|code| ends_with.contains(&code)) => {
                return Ok(started.elapsed());
            }
            Some(status) => return Err(format!("it ended with {status}")),
            None if started.elapsed() > LIMIT => {
                child.kill().and_then(|()| child.wait()).map_err(|e| e.to_string())?;
                return Err(format!("it was not done after {} s", LIMIT.as_secs()));
            }
            None => std::thread::sleep(Duration::from_millis(5)),
        }
    }
}
