//! From the start of the process to the moment it listens, with its plugins in the cache, beside a bare axum server; and to
//! the first answer.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::echo::Echo;
use crate::hook::micros;
use crate::load::{Connection, request};
use crate::rounds::Rounds;
use crate::server::Site;
use crate::table::{Goal, Table, Unit};

const ROUNDS: usize = 9;
const ORGS: usize = 8;

pub fn run(table: &mut Table) -> anyhow::Result<()> {
    let site = Site::make(ORGS)?;
    let token = site.token()?;
    let runtime = tokio::runtime::Runtime::new()?;
    let mut rounds = Rounds::default();
    for round in 0..=ROUNDS {
        let began = Instant::now();
        let echo = Echo::start()?;
        let floor = began.elapsed();
        drop(echo);
        let began = Instant::now();
        let server = site.serve()?;
        let event = json!({
            "id": format!("cold-{round}"), "type": "entity.update", "dryRun": true, "entity": "invoice",
            "changes": {"label": "Bill"},
        });
        let first = request(&server.address, "/v1/orgs/org0/events", Some(&token), &event.to_string());
        runtime.block_on(async { Connection::open(&server.address).await?.send(&first).await })?;
        // In the first, the programs are read from the disk.
        if round > 0 {
            rounds.note("listens", millis(server.started));
            rounds.note("answers", millis(began.elapsed()));
            rounds.note("echo", millis(floor));
        }
    }
    let what = format!("start → listening, {ORGS} organisations");
    table.row(
        ("cold.listens", &what, Unit::Millis),
        "axum, JSON echo",
        rounds.compare("listens", "echo"),
        None,
    );
    let what = format!("start → first answer, {ORGS} organisations");
    let goal = Some(Goal::AtMost(2.0));
    table.row(
        ("cold.answers", &what, Unit::Millis),
        "until it listens",
        rounds.compare("answers", "listens"),
        goal,
    );
    Ok(())
}

fn millis(took: Duration) -> f64 {
    micros(took, 1_000)
}
