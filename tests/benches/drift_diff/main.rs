//! Drift of PostgreSQL schemas of 100, 1,000 and 10,000 tables, 1 in 100 of them changed by hand: ours beside the floor
//! (the same facts by plain set queries) and beside tools that compare schemas, in turn.
//!
//! `cargo bench --workspace --bench drift_diff` (needs HOOKWRIGHT_TEST_POSTGRES; HOOKWRIGHT_BENCH_TABLES sets the sizes:
//! 100,1000). HOOKWRIGHT_BIN names a release build for the whole process, HOOKWRIGHT_BENCH_PEERS a directory that
//! `tests/benches/peers/install DIR` filled; what is missing is skipped with a line that says so.

mod floor;
mod made;
mod peers;

use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use hookwright::api::{OrgOptions, PluginOptions, SubmitOptions};
use hookwright::config::Config;
use hookwright::db::{DbOptions, OrgDb, Pools};
use hookwright::host::Host;
use hookwright::outcome::Status;
use hookwright_core::event::Change;
use hookwright_core::ident::OrgName;
use hookwright_tests::plugin_path;
use hookwright_tests::postgres::TestDatabase;
use hookwright_tests::process::{BINARY_VARIABLE, hookwright};
use tempfile::TempDir;

fn main() -> anyhow::Result<()> {
    let sizes = std::env::var("HOOKWRIGHT_BENCH_TABLES").unwrap_or_else(|_| "100,1000,10000".to_owned());
    let runtime = tokio::runtime::Runtime::new()?;
    for size in sizes.split(',') {
        runtime.block_on(compare(size.trim().parse()?))?;
    }
    Ok(())
}

/// An organisation in a database of its own, and the same schema before hands changed it in another.
struct Bench {
    tables: usize,
    host: Host,
    org: OrgName,
    home: TempDir,
    found: TestDatabase,
    wanted: TestDatabase,
}

async fn compare(tables: usize) -> anyhow::Result<()> {
    let started = Instant::now();
    let bench = Bench::new(tables).await?;
    println!(
        "\n{tables} tables of 12 columns and 3 indexes, {} changed by hand (made in {:.0?})",
        tables / 100,
        started.elapsed()
    );
    println!("{:<52} {:>12} {:>8}", "", "median", "ratio");
    let findings = bench.host.drift(&bench.org).await?.findings.len();
    anyhow::ensure!(findings == tables / 100, "{findings} findings");
    let fastest = bench.diff().await?;
    bench.unchanged().await?;
    bench.process()?;
    for (name, took) in peers::compare(&bench)? {
        row(&format!("{name}, beside ours in process"), took, Some(fastest));
    }
    bench.found.close().await;
    bench.wanted.close().await;
    Ok(())
}

impl Bench {
    async fn new(tables: usize) -> anyhow::Result<Self> {
        let (found, wanted) = (TestDatabase::create().await, TestDatabase::create().await);
        for database in [&found, &wanted] {
            made::schema(&mut database.connect().await, tables).await?;
        }
        let home = tempfile::tempdir()?;
        let mut config = Config::default();
        config.control.database = home.path().join(".hookwright/control.db");
        let host = Host::start(config).await?;
        let org = OrgName::parse(made::SCHEMA)?;
        host.org_add(&org, found.url(), OrgOptions::default()).await?;
        let advisor = std::fs::read(plugin_path("index-advisor"))?;
        host.plugin_install(&org, advisor, PluginOptions::default()).await?;
        let adopt = Change::parse(br#"{"id":"a","type":"schema.adopt","extras":true,"confirm":true}"#)?;
        let outcome = host.submit(&org, adopt, SubmitOptions::default()).await?;
        anyhow::ensure!(
            outcome.status == Status::Applied && outcome.left.is_empty(),
            "{:?}",
            outcome.left.first()
        );
        made::changes(&mut found.connect().await, tables).await?;
        Ok(Self { tables, host, org, home, found, wanted })
    }

    fn rounds(&self) -> usize {
        if self.tables > 1_000 { 5 } else { 15 }
    }

    /// Inspection and comparison, beside the set queries alone. Gives ours.
    async fn diff(&self) -> anyhow::Result<Duration> {
        let mut session = self.found.connect().await;
        let known = floor::definitions(&mut session).await?;
        let (mut ours, mut defined, mut raw) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..self.rounds() {
            ours.push(timed(self.host.drift(&self.org)).await?);
            defined.push(timed(floor::differing(&mut session, &known)).await?);
            raw.push(timed(floor::raw(&mut session)).await?);
        }
        let (ours, defined) = (median(&mut ours), median(&mut defined));
        row("floor: definitions by set queries, compared by hash", defined, None);
        row("raw columns of the catalogue alone", median(&mut raw), Some(defined));
        row("ours in process: inspected, compared in three ways", ours, Some(defined));
        Ok(ours)
    }

    /// Whether anything changed, beside the highest transaction of each table.
    async fn unchanged(&self) -> anyhow::Result<()> {
        let mut session = self.found.connect().await;
        let db = OrgDb::connect(&self.org, self.found.url(), &DbOptions::default(), &Pools::default())?;
        let (mut ours, mut floor) = (Vec::new(), Vec::new());
        for _ in 0..self.rounds() {
            ours.push(timed(db.fingerprint()).await?);
            floor.push(timed(floor::transactions(&mut session)).await?);
        }
        let floor = median(&mut floor);
        row("max(xmin) by table", floor, None);
        row("ours: fingerprint", median(&mut ours), Some(floor));
        Ok(())
    }

    /// The command, from its start to its end. The first replays hooks; what came of that is kept for the others.
    fn process(&self) -> anyhow::Result<()> {
        if std::env::var_os(BINARY_VARIABLE).is_none() {
            println!("skipped: hookwright drift as a process; {BINARY_VARIABLE} names no release build");
            return Ok(());
        }
        row("ours: hookwright drift as a process, the first time", self.command()?, None);
        let rounds = if self.tables > 1_000 { 3 } else { 5 };
        let mut times = (0..rounds).map(|_| self.command()).collect::<anyhow::Result<Vec<_>>>()?;
        row("ours: the same, once more", median(&mut times), None);
        Ok(())
    }

    fn command(&self) -> anyhow::Result<Duration> {
        let started = Instant::now();
        let mut command = hookwright(self.home(), ["drift", "--org", made::SCHEMA, "--json"]);
        let status = command.stdout(Stdio::null()).status()?;
        anyhow::ensure!(status.code() == Some(3), "hookwright drift ended with {status}");
        Ok(started.elapsed())
    }

    fn home(&self) -> &Path {
        self.home.path()
    }
}

async fn timed<T, E: Into<anyhow::Error>>(
    work: impl Future<Output = Result<T, E>>,
) -> anyhow::Result<Duration> {
    let started = Instant::now();
    work.await.map_err(Into::into)?;
    Ok(started.elapsed())
}

fn median(times: &mut [Duration]) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

fn row(name: &str, took: Duration, beside: Option<Duration>) {
    let ratio = beside.map(|floor| format!("{:.2}", took.as_secs_f64() / floor.as_secs_f64()));
    println!("{name:<52} {:>9.1} ms {:>8}", took.as_secs_f64() * 1_000.0, ratio.unwrap_or_default());
}
