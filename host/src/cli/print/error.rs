//! Errors for people: what, where, and what to do; on stderr if they end the command.

use hookwright_core::event::Change;
use serde::Serialize;

use super::Out;
use super::clean;
use super::outcome::{ids, reason, what};
use super::style::{BAD, BOLD, DIM, WAITS, paint};
use crate::config::redact_text;
use crate::error::Error;
use crate::outcome::Reason;
use crate::trouble::{Severity, Trouble};

/// Notes of one kind that are told.
const FEW: usize = 3;

/// A change that came to nothing, among others that go on.
#[derive(Debug, Serialize)]
pub struct Failure {
    /// `rejected` if the host refused it, `error` if it could not be read.
    status: &'static str,
    /// The line of the input.
    line: usize,
    /// The ids of its events, if they could be read.
    events: Vec<String>,
    /// The stable code.
    code: String,
    /// What happened.
    message: String,
    /// What to do.
    help: String,
    /// Where in the change.
    #[serde(skip_serializing_if = "Option::is_none")]
    pointer: Option<String>,
    #[serde(skip)]
    head: String,
}

impl Failure {
    /// What is told of an error on a line of the input.
    #[must_use]
    pub fn new(error: &Error, change: Option<&Change>, line: usize, refused: bool) -> Self {
        let status = if refused { "rejected" } else { "error" };
        let head = match change {
            Some(change) => {
                format!("{:14}  {}  {}", ids(change), paint(BAD, &format!("{status:8}")), what(change))
            }
            None => format!("{:14}  {}", format!("line {line}"), paint(BAD, status)),
        };
        Self {
            status,
            line,
            events: change.map(|c| c.events.iter().map(|e| e.id.clone()).collect()).unwrap_or_default(),
            code: error.code.clone(),
            message: error.message.clone(),
            help: error.help.clone(),
            pointer: error.pointer.as_deref().filter(|p| !p.is_empty()).map(str::to_owned),
            head,
        }
    }
}

/// The failure on a line, with the reason on the lines after it.
#[must_use]
pub fn failure(failure: &Failure) -> String {
    let Failure { code, message, help, .. } = failure;
    let mut lines = vec![failure.head.clone()];
    lines
        .extend(reason(&Reason { code: code.clone(), message: message.clone(), help: help.clone() }, "    "));
    if let Some(pointer) = &failure.pointer {
        lines.insert(2, format!("    at: {}", clean(pointer)));
    }
    lines.join("\n")
}

/// The error that ends a command, as JSON.
#[derive(Debug, Serialize)]
struct Ending<'a> {
    code: &'a str,
    message: &'a str,
    help: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pointer: Option<&'a str>,
}

/// Prints the error that ends a command, on stderr.
pub fn error(error: &Error, out: Out) {
    let Error { code, message, help, .. } = error;
    let pointer = error.pointer.as_deref().filter(|p| !p.is_empty());
    match serde_json::to_string(&serde_json::json!({"error": Ending { code, message, help, pointer }})) {
        Ok(json) if out.is_json() => anstream::eprintln!("{json}"),
        _ => anstream::eprintln!("{}", render_error(error)),
    }
}

/// A trouble: its cause, what it means, what to do.
#[must_use]
pub fn trouble(trouble: &Trouble) -> String {
    let Trouble { code, found, means, next, .. } = trouble;
    let (word, colour) = match trouble.severity {
        Severity::Broken => ("broken", BAD),
        Severity::Warning => ("warning", WAITS),
        Severity::Note => ("note", DIM),
    };
    let head = paint(colour, &format!("{word}[{}]", clean(code)));
    format!("{head}: {}\n  means: {}\n  next:  {}", clean(found), clean(means), clean(next))
}

/// Notes of one kind: how many, the first few, what they mean, what to do about the first.
#[must_use]
pub fn notes(notes: &[&Trouble], all: &str) -> String {
    let Some(first) = notes.first() else { return String::new() };
    let head = paint(DIM, &format!("note[{}]", clean(&first.code)));
    let found: Vec<_> = notes.iter().take(FEW).map(|note| format!("\n    {}", clean(&note.found))).collect();
    format!(
        "{head}: {} of this kind, such as{}\n  means: {}\n  next:  of the first: {}; see all: {all}",
        notes.len(),
        found.concat(),
        clean(&first.means),
        clean(&first.next)
    )
}

/// The text of an error: message, place, causes, advice.
#[must_use]
pub fn render_error(error: &Error) -> String {
    let head = paint(BAD, &format!("error[{}]", clean(&error.code)));
    let mut lines = vec![format!("{head}{}", paint(BOLD, &format!(": {}", clean(&error.message))))];
    if let Some(pointer) = error.pointer.as_deref().filter(|p| !p.is_empty()) {
        lines.push(format!("  at: {}", clean(pointer)));
    }
    let mut cause = std::error::Error::source(error);
    let mut said = error.message.clone();
    while let Some(inner) = cause {
        let text = redact_text(&inner.to_string());
        // Many an error is told in the words of the one behind it.
        if !said.contains(&text) {
            lines.push(format!("  cause: {}", clean(&text)));
            said = text;
        }
        cause = inner.source();
    }
    if !error.help.is_empty() {
        lines.push(format!("  help: {}", clean(&error.help)));
    }
    lines.join("\n")
}
