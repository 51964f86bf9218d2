//! What neighbours of an organisation notice of it: their throughput alone and beside its flood of events, and the 99th
//! percentile of a neighbour's latency alone and beside guests that mean harm. In turn, on one host, SQLite files.
//!
//! `cargo bench --workspace --bench neighbours` (HOOKWRIGHT_BENCH_ROUNDS sets the rounds of each). The quota of guests' time
//! and the suspension of plugins are set so high that they do not end what is measured. Prints medians, and ratios of the
//! two halves of each round: only these travel to another machine.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use hookwright::api::{OrgOptions, PluginOptions, SubmitOptions};
use hookwright::config::Config;
use hookwright::host::Host;
use hookwright_core::event::Change;
use hookwright_core::ident::OrgName;
use hookwright_tests::sqlite::TestFile;
use hostile_guests::Hostile;
use tokio::task::JoinSet;

/// Half a round.
const HALF: Duration = Duration::from_secs(2);
/// Neighbours, each with one client that waits for its answer: beside one more organisation their fair part is 8 of 9.
const NEIGHBOURS: usize = 8;
/// Events of the flood that are under way at the same time.
const FLOOD: usize = 250;
/// Hostile calls that are under way at the same time.
const HOSTILE: usize = 64;
/// Columns of a table before the next one is begun.
const COLUMNS: usize = 50;

const GUESTS: [Hostile; 9] = [
    Hostile::SpinInEntityAfter,
    Hostile::SpinInStart,
    Hostile::SpinInRealloc,
    Hostile::MemoryBomb,
    Hostile::TableBomb,
    Hostile::Recursion,
    Hostile::TrapMidway,
    Hostile::LogFlood,
    Hostile::GiantList,
];

fn main() -> anyhow::Result<()> {
    let rounds = std::env::var("HOOKWRIGHT_BENCH_ROUNDS").ok().and_then(|r| r.parse().ok()).unwrap_or(5);
    tokio::runtime::Runtime::new()?.block_on(run(rounds))
}

async fn run(rounds: usize) -> anyhow::Result<()> {
    println!(
        "{:<34} {:>12} {:>12} {:>8}",
        format!("{NEIGHBOURS} neighbours, events/s"),
        "alone",
        "beside",
        "ratio"
    );
    for dry_run in [false, true] {
        let bench = Bench::start(NEIGHBOURS, None).await?;
        let what = if dry_run { "flood of dry runs" } else { "flood of changes" };
        let per_s = |latencies: &[Duration]| latencies.len() as f64 / HALF.as_secs_f64();
        bench.compare(&format!("{what}, {FLOOD} at a time"), rounds, FLOOD, dry_run, per_s).await?;
    }
    println!("{:<34} {:>12} {:>12} {:>8}", "1 neighbour, p99 in µs", "alone", "beside", "ratio");
    for guest in GUESTS {
        let bench = Bench::start(1, Some(guest)).await?;
        let p99 = |latencies: &[Duration]| {
            let mut sorted = latencies.to_vec();
            sorted.sort_unstable();
            sorted[(sorted.len() * 99).div_ceil(100) - 1].as_secs_f64() * 1e6
        };
        bench.compare(&format!("{guest:?}"), rounds, HOSTILE, true, p99).await?;
    }
    Ok(())
}

struct Bench {
    host: Host,
    other: OrgName,
    neighbours: Vec<OrgName>,
    next: Arc<AtomicUsize>,
    _files: Vec<TestFile>,
    _control: tempfile::TempDir,
}

impl Bench {
    async fn start(neighbours: usize, guest: Option<Hostile>) -> anyhow::Result<Self> {
        let control = tempfile::tempdir()?;
        let mut config = Config::default();
        config.control.database = control.path().join("control.db");
        config.quotas.guest_ms_per_minute = u64::from(u32::MAX);
        config.suspension.faults = u32::MAX;
        let host = Host::start(config).await?;
        let (mut files, mut orgs) = (Vec::new(), Vec::new());
        for number in 0..=neighbours {
            let (file, org) = (TestFile::create(), OrgName::parse(&format!("org{number}"))?);
            host.org_add(&org, &file.url(), OrgOptions::default()).await?;
            files.push(file);
            orgs.push(org);
        }
        let other = orgs.remove(0);
        send(&host, &other, &table("first"), false).await?;
        if let Some(guest) = guest {
            host.plugin_install(&other, guest.component(), PluginOptions::default()).await?;
        }
        Ok(Self { host, other, neighbours: orgs, next: Arc::default(), _files: files, _control: control })
    }

    /// Has the neighbours work alone and beside the other organisation, in turn.
    async fn compare(
        &self,
        what: &str,
        rounds: usize,
        at_once: usize,
        dry_run: bool,
        of: impl Fn(&[Duration]) -> f64,
    ) -> anyhow::Result<()> {
        self.half().await?;
        let (mut alone, mut beside, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..rounds {
            let before = of(&self.half().await?);
            let stop = Arc::new(AtomicBool::new(false));
            let flood = self.flood(at_once, dry_run, &stop);
            let during = of(&self.half().await?);
            stop.store(true, Ordering::Relaxed);
            flood.join_all().await;
            alone.push(before);
            beside.push(during);
            ratios.push(during / before);
        }
        let [alone, beside, ratio] = [alone, beside, ratios].map(median);
        println!("{what:<34} {alone:>12.0} {beside:>12.0} {ratio:>8.2}");
        Ok(())
    }

    /// Half a round: how long each event of the neighbours took.
    async fn half(&self) -> anyhow::Result<Vec<Duration>> {
        let until = Instant::now() + HALF;
        let mut clients = JoinSet::new();
        for org in self.neighbours.clone() {
            let (host, next) = (self.host.clone(), self.next.clone());
            clients.spawn(async move {
                let (mut latencies, mut of) = (Vec::new(), String::new());
                while Instant::now() < until {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    let event = match latencies.len() % COLUMNS {
                        0 => {
                            of = format!("t{number}");
                            table(&of)
                        }
                        _ => field(&of, number),
                    };
                    let started = Instant::now();
                    send(&host, &org, &event, false).await?;
                    latencies.push(started.elapsed());
                }
                anyhow::Ok(latencies)
            });
        }
        let all: anyhow::Result<Vec<_>> = clients.join_all().await.into_iter().collect();
        Ok(all?.concat())
    }

    /// Has so many events of the other organisation under way until it is told to stop, whatever becomes of them.
    fn flood(&self, at_once: usize, dry_run: bool, stop: &Arc<AtomicBool>) -> JoinSet<()> {
        let mut clients = JoinSet::new();
        for _ in 0..at_once {
            let (host, org, stop, next) =
                (self.host.clone(), self.other.clone(), stop.clone(), self.next.clone());
            clients.spawn(async move {
                while !stop.load(Ordering::Relaxed) {
                    let event = table(&format!("f{}", next.fetch_add(1, Ordering::Relaxed)));
                    // Refusals are what a flood meets.
                    drop(send(&host, &org, &event, dry_run).await);
                }
            });
        }
        clients
    }
}

fn table(name: &str) -> String {
    format!(
        r#"{{"id":"e-{name}","type":"entity.create","entity":{{"name":"{name}","fields":[{{"name":"id","type":"Text"}}]}}}}"#
    )
}

fn field(table: &str, number: usize) -> String {
    format!(
        r#"{{"id":"e-{number}","type":"field.create","entity":"{table}","field":{{"name":"c{number}","type":"Text"}}}}"#
    )
}

async fn send(host: &Host, org: &OrgName, event: &str, dry_run: bool) -> anyhow::Result<()> {
    let options = SubmitOptions { dry_run, ..SubmitOptions::default() };
    host.submit(org, Change::parse(event.as_bytes())?, options).await?;
    Ok(())
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    values[values.len() / 2]
}
