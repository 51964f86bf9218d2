//! Clients: each sends an event to a host, and the same again to either until the answer is definite. No two of them work
//! for one organisation at the same time, so that the order of its events is known.

use std::sync::Arc;
use std::time::{Duration, Instant};

use reqwest::{Client, StatusCode};
use serde_json::Value;
use tokio::sync::{Mutex, TryLockError};

use crate::hosts::Hosts;
use crate::model::{Effect, Org, below};
use crate::tally::Tally;

/// An answer that took longer is lost; a host's own limit is shorter.
const PATIENCE: Duration = Duration::from_secs(90);
/// For a definite answer, however often the event is sent.
const HANGS: Duration = Duration::from_secs(180);
/// The longest wait before an event is sent again, in milliseconds.
const PAUSE_MS: usize = 200;
/// One of so many accepted events is sent once more.
const REPEATED: usize = 20;

/// What the clients share.
pub struct Load {
    pub hosts: Hosts,
    pub orgs: Vec<Mutex<Org>>,
    pub tally: Tally,
    pub http: Client,
}

/// A definite answer.
enum Answer {
    Accepted { change: String, replayed: bool },
    Refused(String),
}

pub fn http() -> reqwest::Result<Client> {
    Client::builder().timeout(PATIENCE).build()
}

/// One client, until the time is over.
pub async fn work(load: Arc<Load>, until: Instant) {
    while Instant::now() < until {
        match load.orgs[below(load.orgs.len())].try_lock() {
            Ok(mut org) => load.one(&mut org).await,
            Err(TryLockError { .. }) => tokio::task::yield_now().await,
        }
    }
}

impl Load {
    /// Sends an organisation's next event, and notes what came of it.
    async fn one(&self, org: &mut Org) {
        let event = org.next();
        let started = Instant::now();
        let answer = self.settled(&org.name, &event.body).await;
        self.tally.waited(started.elapsed());
        let Some(answer) = answer else {
            return self.tally.finding(format!("no definite answer in {HANGS:?}: {}", event.body));
        };
        match (answer, &event.effect) {
            (Answer::Refused(code), effect) => {
                self.tally.count("refused: ", &code);
                if !matches!(effect, Effect::Refused(expected) if *expected == code) {
                    self.tally.finding(format!("refused with {code}: {}", event.body));
                }
                org.refused.push(event.id);
            }
            (Answer::Accepted { change, .. }, effect) => {
                if let Effect::Refused(code) = effect {
                    self.tally.finding(format!("accepted instead of {code}: {}", event.body));
                }
                self.tally.count("accepted", "");
                if below(REPEATED) == 0 {
                    self.repeat(&org.name, &event.body, &change).await;
                }
                org.accepted(event);
            }
        }
    }

    /// Sends an accepted event once more: it must be the same change.
    async fn repeat(&self, org: &str, event: &Value, first: &str) {
        match self.settled(org, event).await {
            Some(Answer::Accepted { change, replayed: true }) if change == first => {
                self.tally.count("sent again though accepted, and replayed", "");
            }
            Some(Answer::Accepted { change, replayed }) => self.tally.finding(format!(
                "accepted as {first}, then as {change} ({}): {event}",
                if replayed { "replayed" } else { "applied" }
            )),
            Some(Answer::Refused(code)) => {
                self.tally.finding(format!("accepted as {first}, then refused with {code}: {event}"));
            }
            None => self.tally.finding(format!("no definite answer in {HANGS:?} to a repetition: {event}")),
        }
    }

    /// Sends an event until the answer is definite.
    async fn settled(&self, org: &str, event: &Value) -> Option<Answer> {
        let path = format!("/v1/orgs/{org}/events?confirm=true&allowDestructive=true");
        let started = Instant::now();
        while started.elapsed() < HANGS {
            match self.ask(&path, event).await {
                Ok(answer) => return Some(answer),
                Err(why) => self.tally.count("sent again: ", &why),
            }
            tokio::time::sleep(Duration::from_millis(below(PAUSE_MS) as u64)).await;
        }
        None
    }

    /// Sends an event once, to either host. An error if it must be sent again.
    async fn ask(&self, path: &str, event: &Value) -> Result<Answer, String> {
        let request = self.http.post(self.hosts.url(below(2), path)).bearer_auth(&self.hosts.token);
        let answer = request.json(event).send().await.map_err(|error| lost(&error))?;
        let status = answer.status();
        let body: Value = answer.json().await.map_err(|error| lost(&error))?;
        let text = |key: &str| body[key].as_str().map(str::to_owned);
        if status == StatusCode::OK {
            let outcome = (text("status"), text("change"));
            return match outcome {
                (Some(status), Some(change)) if status == "applied" || status == "replayed" => {
                    Ok(Answer::Accepted { change, replayed: status == "replayed" })
                }
                _ => Ok(Answer::Refused(format!("an outcome that is {:?}", body["status"]))),
            };
        }
        let Some(code) = text("code") else {
            self.tally.finding(format!("{status} without a code: {body}"));
            return Err(format!("{status} without a code"));
        };
        let passing = status.is_server_error() || body["retryable"] == true;
        if passing { Err(format!("{} {code}", status.as_u16())) } else { Ok(Answer::Refused(code)) }
    }
}

/// Why there is no answer.
fn lost(error: &reqwest::Error) -> String {
    let why = match () {
        () if error.is_timeout() => "no answer in time",
        () if error.is_connect() => "no connection",
        () => "the answer was lost",
    };
    why.to_owned()
}
