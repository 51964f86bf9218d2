//! The lines of an `events` section, each one JSON object; blank lines and `#` comments are skipped.

use std::path::Path;

use super::{Error, Mode, Section};

/// One event as it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Its line in the file, from 1.
    pub line: usize,
    /// The line itself.
    pub json: String,
}

pub(super) fn parse_events(path: &Path, section: &Section) -> Result<Vec<Event>, Error> {
    let mut events = Vec::new();
    for (line, text) in (section.line + 1..).zip(section.body.lines()) {
        let text = text.trim();
        if text.is_empty() || text.starts_with('#') {
            continue;
        }
        check(text).map_err(|message| Error::new(path, line, message))?;
        let json = text.to_owned();
        events.push(Event { line, json });
    }
    if events.is_empty() {
        let message = format!("\"-- {} --\" has no events: add a line of JSON or take it out", section.name);
        return Err(Error::new(path, section.line, message));
    }
    Ok(events)
}

fn check(text: &str) -> Result<(), String> {
    match serde_json::from_str(text) {
        Ok(serde_json::Value::Object(_)) => Ok(()),
        Ok(_) => Err("an event is a JSON object; for one change of many events write \
             \"-- events: batch --\" and one event a line"
            .to_owned()),
        Err(error) => Err(format!("not JSON, column {}: {error}", error.column())),
    }
}

pub(super) fn parse_mode(path: &Path, line: usize, words: &str) -> Result<Mode, Error> {
    let mut mode = Mode::default();
    for word in words.split(',').map(str::trim) {
        let flag = match word {
            "confirm" => &mut mode.confirm,
            "allow-destructive" => &mut mode.allow_destructive,
            "dry-run" => &mut mode.dry_run,
            "batch" => &mut mode.batch,
            "approve" => &mut mode.approve,
            _ => {
                let known = "confirm, allow-destructive, dry-run, batch, approve";
                let message = format!("events cannot be sent as \"{word}\"; write one of: {known}");
                return Err(Error::new(path, line, message));
            }
        };
        *flag = true;
    }
    Ok(mode)
}
