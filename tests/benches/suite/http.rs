//! Events over HTTP that need no DDL, beside a bare axum server that sends back the JSON it gets: worked out with a hook
//! call in a fresh instance and not recorded, and recorded in the ledger.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;

use crate::echo::Echo;
use crate::load::{per_second, request};
use crate::rounds::Rounds;
use crate::server::Site;
use crate::table::{Goal, Table, Unit};

const ROUNDS: usize = 7;
/// How long each has its turn.
const TURN: Duration = Duration::from_secs(2);
/// Organisations that the requests go to in turn.
const ORGS: usize = 8;
/// Bytes of the label, so that an event has about 2.2 KB.
const LABEL: usize = 2_000;

pub async fn run(table: &mut Table) -> anyhow::Result<()> {
    let site = Site::make(ORGS)?;
    let token = site.token()?;
    let (echo, server) = (Echo::start()?, site.serve()?);
    let to = |address: &str| -> Arc<Vec<_>> {
        let each = site.orgs.iter().map(|org| {
            let path = format!("/v1/orgs/{org}/events");
            request(address, &path, Some(&token), &event(org))
        });
        Arc::new(each.collect())
    };
    let (ours, floor) = (to(&server.address), to(&echo.address));
    for (connections, id) in [(16, "http.16"), (64, "http.64")] {
        let mut rounds = Rounds::default();
        for _ in 0..ROUNDS {
            rounds.note("ours", per_second(&server.address, &ours, connections, TURN).await?);
            rounds.note("echo", per_second(&echo.address, &floor, connections, TURN).await?);
        }
        let what = format!("HTTP event without DDL, {connections} connections");
        let compared = rounds.compare("ours", "echo");
        table.row((id, &what, Unit::PerSecond), "axum, JSON echo", compared, Some(Goal::AtLeast(0.7)));
    }
    Ok(())
}

/// A new label for the entity. The guest is called for it, and asks for nothing.
fn event(org: &str) -> String {
    let label = "what is owed ".repeat(LABEL / 13);
    let event = json!({
        "id": format!("update-{org}"), "type": "entity.update", "dryRun": true, "actor": "somebody",
        "correlationId": "0197f5d2-5b7c-7cc0-9d2a-4f1f5c1f6a10", "at": "2026-01-01T00:00:00Z",
        "entity": "invoice", "changes": {"label": label},
    });
    event.to_string()
}
