//! From text to a [`Scenario`], with the line of whatever is wrong.

use std::path::Path;

use serde_json::{Map, Value as Json};

use super::events::{parse_events, parse_mode};
use super::{Dialect, Each, Error, Events, Mode, Rows, Scenario, Section, Setup, Step};

const KNOWN: &str = "plugins, policy, intents, setup.sql, setup.postgres.sql, setup.sqlite.sql, events, \
     plan.postgres, plan.sqlite, outcome, outcome.postgres, outcome.sqlite, rows.sql, rows";

impl Scenario {
    /// Reads the text of the file at `path`.
    ///
    /// # Errors
    /// If it is not a scenario.
    pub fn parse(path: &Path, text: &str) -> Result<Self, Error> {
        let sections = split(text);
        let before = sections.first().map_or(usize::MAX, |section| section.line - 1);
        let preamble: String = text.split_inclusive('\n').take(before).collect();
        let mut scenario = Self {
            path: path.to_owned(),
            about: about(path, &preamble)?,
            plugins: Vec::new(),
            wishes: Map::new(),
            policy: None,
            steps: Vec::new(),
            rows: None,
            preamble,
            sections,
        };
        for section in scenario.sections.clone() {
            scenario.add(&section).map_err(|problem| problem.or_at(path, section.line))?;
        }
        if scenario.plugins.is_empty() {
            scenario.plugins.push("schema-sync".to_owned());
        }
        if !scenario.steps.iter().any(|step| matches!(step, Step::Events(_))) {
            return Err(Error::new(path, 0, "nothing happens: add \"-- events --\""));
        }
        Ok(scenario)
    }

    fn add(&mut self, section: &Section) -> Result<(), Problem> {
        let (line, text) = (section.line, section.body.trim().to_owned());
        match section.name.as_str() {
            "plugins" => once(&mut self.plugins, lines(&section.body), "plugins"),
            "policy" => match self.policy.replace(text) {
                None => Ok(()),
                Some(_) => Err("a second \"policy\"; there can be one".into()),
            },
            "intents" => self.add_wishes(section),
            "setup.sql" => self.add_setup(line, None, text),
            "setup.postgres.sql" => self.add_setup(line, Some(Dialect::Postgres), text),
            "setup.sqlite.sql" => self.add_setup(line, Some(Dialect::Sqlite), text),
            "plan.postgres" => expect(self.last_events(section)?.plan.slot(Dialect::Postgres), section),
            "plan.sqlite" => expect(self.last_events(section)?.plan.slot(Dialect::Sqlite), section),
            "outcome" => self.add_outcome(section, None),
            "outcome.postgres" => self.add_outcome(section, Some(Dialect::Postgres)),
            "outcome.sqlite" => self.add_outcome(section, Some(Dialect::Sqlite)),
            "rows.sql" => self.add_query(line, text),
            "rows" => match &mut self.rows {
                Some(rows) => expect(&mut rows.expected, section),
                None => Err("rows of which query? Put \"-- rows.sql --\" before".into()),
            },
            "events" => self.add_events(section, Mode::default()),
            name => match name.strip_prefix("events:") {
                Some(words) => {
                    let mode = parse_mode(&self.path, line, words)?;
                    self.add_events(section, mode)
                }
                None => Err(format!("no section is called \"{name}\"; there are: {KNOWN}").into()),
            },
        }
    }

    fn add_wishes(&mut self, section: &Section) -> Result<(), Problem> {
        for line in lines(&section.body).iter().filter(|line| !line.starts_with('#')) {
            let (event, intent) = line.split_once(' ').unwrap_or((line, ""));
            let intent: Json = serde_json::from_str(intent)
                .map_err(|error| format!("after the event's id \"{event}\" stands no intent: {error}"))?;
            let of_event = self.wishes.entry(event).or_insert_with(|| Json::Array(Vec::new()));
            of_event.as_array_mut().into_iter().for_each(|list| list.push(intent.clone()));
        }
        Ok(())
    }

    fn add_setup(&mut self, line: usize, dialect: Option<Dialect>, sql: String) -> Result<(), Problem> {
        if sql.is_empty() {
            return Err("setup without a statement: write one or take it out".into());
        }
        self.steps.push(Step::Setup(Setup { line, dialect, sql }));
        Ok(())
    }

    fn add_events(&mut self, section: &Section, mode: Mode) -> Result<(), Problem> {
        let events = parse_events(&self.path, section)?;
        self.steps.push(Step::Events(Events {
            line: section.line,
            mode,
            events,
            outcome: None,
            outcome_of: Each::default(),
            plan: Each::default(),
        }));
        Ok(())
    }

    fn add_outcome(&mut self, section: &Section, of: Option<Dialect>) -> Result<(), Problem> {
        let events = self.last_events(section)?;
        let changes = events.changes();
        let place = match of {
            Some(dialect) => events.outcome_of.slot(dialect),
            None => &mut events.outcome,
        };
        expect(place, section)?;
        let given = place.as_ref().map_or(0, Vec::len);
        if given != changes {
            let message = format!("{given} outcomes for {changes} changes; write one line for each");
            return Err(message.into());
        }
        Ok(())
    }

    fn add_query(&mut self, line: usize, sql: String) -> Result<(), Problem> {
        if self.rows.is_some() {
            return Err("a second \"rows.sql\"; ask everything in one query".into());
        }
        self.rows = Some(Rows { line, sql, expected: None });
        Ok(())
    }

    fn last_events(&mut self, section: &Section) -> Result<&mut Events, Problem> {
        let events = self.steps.iter_mut().rev().find_map(|step| match step {
            Step::Events(events) => Some(events),
            Step::Setup(_) => None,
        });
        let missing = || format!("\"{}\" of which events? Put it after them", section.name);
        events.ok_or_else(|| missing().into())
    }
}

/// A message for the section at hand, or an error that knows its line already.
enum Problem {
    Here(String),
    There(Error),
}

impl Problem {
    fn or_at(self, path: &Path, line: usize) -> Error {
        match self {
            Self::Here(message) => Error::new(path, line, message),
            Self::There(error) => error,
        }
    }
}

impl From<String> for Problem {
    fn from(message: String) -> Self {
        Self::Here(message)
    }
}

impl From<&str> for Problem {
    fn from(message: &str) -> Self {
        Self::Here(message.to_owned())
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        Self::There(error)
    }
}

fn once(list: &mut Vec<String>, value: Vec<String>, name: &str) -> Result<(), Problem> {
    if !list.is_empty() {
        return Err(format!("a second \"{name}\"; there can be one").into());
    }
    *list = value;
    Ok(())
}

fn expect(place: &mut Option<Vec<String>>, section: &Section) -> Result<(), Problem> {
    if place.replace(lines(&section.body)).is_some() {
        return Err(format!("a second \"{}\" for the same thing", section.name).into());
    }
    Ok(())
}

pub(super) fn lines(body: &str) -> Vec<String> {
    let lines = body.lines().map(str::trim_end);
    let lines = lines.filter(|line| !line.is_empty());
    lines.map(str::to_owned).collect()
}

fn split(text: &str) -> Vec<Section> {
    let mut sections: Vec<Section> = Vec::new();
    for (line, content) in (1..).zip(text.lines()) {
        if let Some(name) = header(content) {
            let (name, body) = (name.to_owned(), String::new());
            sections.push(Section { line, name, body });
        } else if let Some(section) = sections.last_mut() {
            section.body.push_str(content);
            section.body.push('\n');
        }
    }
    sections
}

/// What the scenario shows: the comment before the first section.
fn about(path: &Path, preamble: &str) -> Result<String, Error> {
    let mut about = Vec::new();
    for (line, content) in (1..).zip(preamble.lines()) {
        if let Some(comment) = content.strip_prefix('#') {
            about.push(comment.trim());
        } else if !content.trim().is_empty() {
            let message = "before the first \"-- section --\" only \"#\" comments can stand";
            return Err(Error::new(path, line, message));
        }
    }
    if about.is_empty() {
        let message = "say on top, in a \"#\" comment, what the scenario shows";
        return Err(Error::new(path, 1, message));
    }
    Ok(about.join("\n"))
}

/// The name in `-- name --`.
fn header(line: &str) -> Option<&str> {
    let name = line.strip_prefix("-- ")?.trim_end().strip_suffix(" --")?;
    (!name.trim().is_empty()).then_some(name.trim())
}

#[cfg(test)]
#[path = "parse_tests.rs"]
mod tests;
