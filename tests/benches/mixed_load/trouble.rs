//! What goes on beside the clients: plugins installed anew, connections cut, hosts killed.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::Value;
use sqlx::PgConnection;
use tokio::time::{Interval, MissedTickBehavior, interval_at};

use crate::client::Load;
use crate::model::below;

const SECOND: Duration = Duration::from_secs(1);

/// So often, until the time is over.
struct Pace {
    ticks: Interval,
    until: Instant,
    number: usize,
}

impl Pace {
    fn new(period: Duration, until: Instant) -> Self {
        let mut ticks = interval_at(tokio::time::Instant::now() + period, period);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self { ticks, until, number: 0 }
    }

    /// Waits until it is time again; gives the number of the turn.
    async fn next(&mut self) -> Option<usize> {
        self.ticks.tick().await;
        self.number += 1;
        (Instant::now() < self.until).then_some(self.number)
    }
}

/// Installs one of two builds of a plugin for any organisation, each second.
pub async fn reload(load: Arc<Load>, builds: [Vec<u8>; 2], until: Instant) {
    let mut pace = Pace::new(SECOND, until);
    while let Some(number) = pace.next().await {
        let path = format!("/v1/orgs/{}/plugins", crate::org(below(load.orgs.len())));
        let request = load.http.post(load.hosts.url(below(2), &path)).bearer_auth(&load.hosts.token);
        let request = request.header("content-type", "application/wasm").body(builds[number % 2].clone());
        match request.send().await {
            Ok(answer) if answer.status().is_success() => load.tally.count("reloads", ""),
            Ok(answer) => {
                let body: Value = answer.json().await.unwrap_or_default();
                load.tally.count("reloads refused: ", body["code"].as_str().unwrap_or("no code"));
            }
            Err(_) => load.tally.count("reloads without an answer", ""),
        }
    }
}

/// Ends any half of the hosts' connections, each second.
pub async fn cut(load: Arc<Load>, mut server: PgConnection, until: Instant) {
    const CUT: &str = "SELECT count(*) FILTER (WHERE pg_terminate_backend(pid)) FROM pg_stat_activity \
        WHERE application_name = 'hookwright' AND datname = current_database() AND random() < 0.5";
    let mut pace = Pace::new(SECOND, until);
    while pace.next().await.is_some() {
        match sqlx::query_scalar::<_, i64>(CUT).fetch_one(&mut server).await {
            Ok(cut) => {
                load.tally.count("rounds of cuts", "");
                load.tally.add("connections cut", "", cut.unsigned_abs());
            }
            Err(error) => load.tally.finding(format!("connections could not be cut: {error}")),
        }
    }
}

/// Kills one host after the other and starts it again.
pub async fn kill(load: Arc<Load>, period: Duration, until: Instant) {
    let mut pace = Pace::new(period, until);
    while let Some(number) = pace.next().await {
        let shared = load.clone();
        let killed = tokio::task::spawn_blocking(move || shared.hosts.kill(number % 2, &shared.tally));
        match killed.await {
            Ok(()) => load.tally.count("hosts killed and started again", ""),
            Err(_) => load.tally.finding(format!("host {} did not start again", number % 2)),
        }
    }
}
