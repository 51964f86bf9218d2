//! Carrying a scenario out on a database, with the circuit that every one goes through.
//!
//! Each change that is to be applied is first made to fail, which must change nothing; after each
//! step the database must be what the model says; at the end every applied change, sent again, is
//! answered from the ledger.

use std::sync::Arc;

use hookwright::api::Page;
use hookwright::error::Error as HostError;
use hookwright::outcome::{Outcome, Status};
use serde_json::Value as Json;

use super::inject::Injection;
use super::{Dialect, Events, Expected, Mode, Rows, Scenario, Setup, Step, update_file, update_requested};
use crate::extras::Extras;
use crate::world::{TestHost, World};

/// The organisation's name in every scenario's SQL is left out, so it may be any.
fn org(scenario: &Scenario, dialect: Dialect) -> String {
    format!("{}-{}", scenario.name().replace('_', "-"), dialect.name())
}

/// Carries a scenario out; with `UPDATE_SCENARIOS=1` writes what came out into its file.
///
/// # Errors
/// What was not as expected, with the place in the file.
pub async fn run(scenario: &Scenario, home: &Arc<TestHost>, dialect: Dialect) -> Result<(), String> {
    let own = match &scenario.policy {
        Some(policy) => Some(TestHost::with_policy(Some(policy)).await),
        None => None,
    };
    let home = own.as_ref().unwrap_or(home);
    let mut plugins = scenario.plugins.clone();
    if !scenario.wishes.is_empty() {
        plugins.push(format!("wishes {}", Json::from(scenario.wishes.clone())));
    }
    let world = World::add(home, &org(scenario, dialect), dialect, &plugins).await;
    let update = update_requested();
    let mut run =
        Run { scenario, world, update, extras: Extras::default(), found: Vec::new(), applied: Vec::new() };
    let ended = run.whole().await;
    if update {
        update_file(&scenario.path, &run.found).map_err(|error| error.to_string())?;
    }
    ended
}

struct Run<'a> {
    scenario: &'a Scenario,
    world: World,
    update: bool,
    /// What its setups put into managed tables.
    extras: Extras,
    /// What came out, for the file.
    found: Vec<Expected>,
    /// Changes that were applied, as they were sent.
    applied: Vec<(String, Mode)>,
}

impl Run<'_> {
    async fn whole(&mut self) -> Result<(), String> {
        self.steps().await?;
        if let Some(rows) = &self.scenario.rows {
            self.rows(rows).await?;
        }
        self.replays().await
    }

    async fn steps(&mut self) -> Result<(), String> {
        let mut number = 0;
        for step in &self.scenario.steps {
            match step {
                Step::Setup(setup) => self.setup(setup).await?,
                Step::Events(events) => {
                    self.events(number, events).await?;
                    number += 1;
                }
            }
        }
        Ok(())
    }

    async fn setup(&mut self, setup: &Setup) -> Result<(), String> {
        if setup.dialect.is_none_or(|only| only == self.world.dialect()) {
            self.world.sql(&setup.sql).await.map_err(|what| self.at(setup.line, what))?;
            self.extras = self.world.extras().await;
        }
        Ok(())
    }

    async fn events(&mut self, number: usize, events: &Events) -> Result<(), String> {
        let (mut outcomes, mut plan) = (Vec::new(), Vec::new());
        for (json, wanted) in changes(events).into_iter().zip(events.outcomes(self.world.dialect())) {
            if wanted == "applied" && !self.update {
                self.fails_first(&json, events.mode).await.map_err(|what| self.at(events.line, what))?;
            }
            let result = self.world.send(&json, events.mode).await;
            outcomes.push(told(&result));
            let Ok(outcome) = result else { continue };
            plan.extend(outcome.statements.iter().map(|s| self.statement(&s.sql)));
            if outcome.status == Status::Applied {
                self.applied.push((json, events.mode));
            }
            self.world.in_step_besides(&self.extras).await.map_err(|what| self.at(events.line, what))?;
        }
        self.outcomes(number, events, outcomes)?;
        self.plan(number, events, plan)
    }

    fn outcomes(&mut self, number: usize, events: &Events, found: Vec<String>) -> Result<(), String> {
        let dialect = self.world.dialect();
        let wanted = events.outcomes(dialect);
        if found == wanted {
            return Ok(());
        }
        let own = events.outcome_of.of(dialect).map(|_| dialect);
        match self.update {
            true => self.found.push(Expected::Outcome(number, own, found)),
            false => return Err(self.at(events.line, compared("outcome", &wanted, &found))),
        }
        Ok(())
    }

    fn plan(&mut self, number: usize, events: &Events, found: Vec<String>) -> Result<(), String> {
        let dialect = self.world.dialect();
        let Some(wanted) = events.plan.of(dialect).filter(|wanted| *wanted != found) else { return Ok(()) };
        match self.update {
            true => self.found.push(Expected::Plan(number, dialect, found)),
            false => return Err(self.at(events.line, compared("plan", wanted, &found))),
        }
        Ok(())
    }

    /// One line, without the organisation's schema.
    fn statement(&self, sql: &str) -> String {
        let schema = format!("\"{}\".", self.world.org().as_str());
        sql.replace(&schema, "").split_whitespace().collect::<Vec<_>>().join(" ")
    }

    async fn rows(&mut self, rows: &Rows) -> Result<(), String> {
        let found = self.world.rows(&rows.sql).await.map_err(|what| self.at(rows.line, what))?;
        match &rows.expected {
            Some(wanted) if *wanted == found => {}
            _ if self.update => self.found.push(Expected::Rows(found)),
            Some(wanted) => return Err(self.at(rows.line, compared("rows", wanted, &found))),
            None => {}
        }
        Ok(())
    }

    /// A change that fails, at its middle statement or when all of them are done, leaves no trace.
    async fn fails_first(&self, json: &str, mode: Mode) -> Result<(), String> {
        let planned =
            self.world.send(json, Mode { dry_run: true, ..mode }).await.map_err(|error| error.to_string())?;
        // What writes rows alone sets off no trigger on statements that change the schema.
        let changes_schema = planned.statements.iter().filter(|s| !s.sql.starts_with("UPDATE ")).count();
        for injection in Injection::of(self.world.dialect(), changes_schema) {
            let before = (self.world.physical().await, self.count().await);
            self.world.sql(&injection.begin).await?;
            let result = self.world.send(json, mode).await;
            self.world.sql(&injection.end).await?;
            match result {
                Err(error) if error.code.starts_with("db/") && error.message.contains("injected") => {}
                other => {
                    return Err(format!("with a failure injected {}: {}", injection.place, told(&other)));
                }
            }
            if (self.world.physical().await, self.count().await) != before {
                return Err(format!("a failure {} left something behind", injection.place));
            }
        }
        Ok(())
    }

    async fn replays(&self) -> Result<(), String> {
        let before = (self.world.physical().await, self.count().await);
        for (json, mode) in &self.applied {
            match self.world.send(json, *mode).await {
                Ok(outcome) if outcome.status == Status::Replayed => {}
                other => return Err(format!("sent again, {json} is {}", told(&other))),
            }
        }
        match (self.world.physical().await, self.count().await) == before {
            true => Ok(()),
            false => Err("sending everything again changed something".to_owned()),
        }
    }

    /// Changes in the ledger.
    async fn count(&self) -> usize {
        let page = Page { before: None, limit: 1000 };
        let changes = self.world.host().changes(self.world.org(), page).await;
        changes.unwrap_or_else(|error| panic!("no ledger: {error}")).len()
    }

    fn at(&self, line: usize, what: impl std::fmt::Display) -> String {
        format!("{}:{line}: {what}", self.scenario.path.display())
    }
}

/// The JSON of each change.
fn changes(events: &Events) -> Vec<String> {
    let each = events.events.iter().map(|event| event.json.clone());
    match events.mode.batch {
        true => vec![format!("[{}]", each.collect::<Vec<_>>().join(","))],
        false => each.collect(),
    }
}

/// `applied`, `held CODE…`, or `error CODE` with the pointer if there is one.
fn told(result: &Result<Outcome, HostError>) -> String {
    let mut words = match result {
        Ok(outcome) => {
            let codes = outcome.reasons.iter().map(|reason| reason.code.clone());
            std::iter::once(outcome.status.as_str().to_owned()).chain(codes).collect::<Vec<_>>()
        }
        Err(error) => {
            let words = ["error".to_owned(), error.code.clone()];
            words.into_iter().chain(error.pointer.as_deref().map(str::to_owned)).collect()
        }
    };
    words.dedup();
    words.join(" ")
}

fn compared(what: &str, wanted: &[String], found: &[String]) -> String {
    let show = |lines: &[String]| lines.iter().map(|line| format!("\n  {line}")).collect::<String>();
    format!(
        "the {what} is{}\nnot{}\nIf that is right, run again with UPDATE_SCENARIOS=1.",
        show(found),
        show(wanted)
    )
}
