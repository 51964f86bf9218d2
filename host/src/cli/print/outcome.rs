//! An outcome for people: hooks, intents with their verdicts, statements, what became of it.

use hookwright_core::ddl::Extent;
use hookwright_core::event::Change;
use hookwright_core::intent::Intent;

use super::clean;
use super::style::{BOLD, DIM, NOTE, columns, count, of_status, of_verdict, paint, plain, took};
use crate::drift::Finding;
use crate::outcome::{
    Decision, HookReport, IntentReport, Note, Outcome, Reason, StatementReport, Status, StepReport, Warning,
};

/// Most lines of one part; a change of a thousand events is not read line by line.
const MOST: usize = 40;

/// An outcome in full. The change tells what its events ask for; the ledger's outcomes come without.
#[must_use]
pub fn outcome(outcome: &Outcome, change: Option<&Change>) -> String {
    let mut lines = heads(outcome, change);
    part(&mut lines, "hooks", hooks(&outcome.hooks));
    part(&mut lines, "skipped", skipped(&outcome.hooks));
    part(&mut lines, "intents", intents(&outcome.intents));
    part(&mut lines, "notes", outcome.intents.iter().flat_map(|i| &i.notes).map(note).collect());
    part(&mut lines, "adopted", outcome.adopted.iter().map(|taken| clean(&taken.message)).collect());
    part(&mut lines, "before", steps(outcome, "before"));
    let done = matches!(outcome.status, Status::Applied | Status::Replayed);
    part(&mut lines, "statements", outcome.statements.iter().flat_map(|s| statement(s, done)).collect());
    part(&mut lines, "after", steps(outcome, "after"));
    part(&mut lines, "warnings", outcome.warnings.iter().flat_map(|w| warning(w, "")).collect());
    if outcome.status != Status::Rejected {
        part(&mut lines, "left", outcome.left.iter().flat_map(left).collect());
    }
    part(&mut lines, "plan", outcome.plan_hash.iter().map(|hash| paint(DIM, &clean(hash))).collect());
    part(&mut lines, "outcome", vec![result(outcome)]);
    part(&mut lines, "held", held(outcome));
    part(&mut lines, "undone", outcome.rolled_back_by.iter().map(|by| format!("by {}", clean(by))).collect());
    lines.extend(outcome.reasons.iter().flat_map(|r| reason(r, "    ")));
    lines.join("\n") + "\n"
}

/// An outcome on a line; why it was held or refused on the lines after it.
#[must_use]
pub fn outcome_line(outcome: &Outcome, change: &Change) -> String {
    let status = outcome.status.as_str();
    let mut lines = vec![format!(
        "{}  {}  {}  {:13}  {}",
        pad(&ids(change), 14),
        paint(of_status(outcome.status), &pad(status, 8)),
        pad(&what(change), 40),
        count(outcome.statements.len(), "statement"),
        took(outcome.duration_us),
    )];
    lines.extend(outcome.warnings.iter().flat_map(|w| warning(w, "    ")));
    lines.extend(outcome.reasons.iter().flat_map(|r| reason(r, "    ")));
    lines.join("\n")
}

fn pad(text: &str, width: usize) -> String {
    format!("{text}{}", " ".repeat(width.saturating_sub(text.chars().count())))
}

/// The ids of a change's events, shortened.
pub(super) fn ids(change: &Change) -> String {
    match change.events.as_slice() {
        [] => String::new(),
        [only] => clean(&only.id),
        [first, .., last] => format!("{}…{}", clean(&first.id), clean(&last.id)),
    }
}

/// What a change asks for, in a few words.
pub(super) fn what(change: &Change) -> String {
    let first = change.events.first().map(|e| format!("{} {}", e.kind(), e.subject())).unwrap_or_default();
    match change.events.len() {
        0 | 1 => first,
        number => format!("{first} and {} more", number - 1),
    }
}

fn heads(outcome: &Outcome, change: Option<&Change>) -> Vec<String> {
    let heads: Vec<_> = match change {
        Some(change) => {
            let head =
                |e: &hookwright_core::event::Event| (clean(&e.id), format!("{} {}", e.kind(), e.subject()));
            change.events.iter().map(head).collect()
        }
        None => outcome.events.iter().map(|id| (clean(id), String::new())).collect(),
    };
    let rows: Vec<_> = heads.into_iter().map(|(id, what)| [(id, Some(BOLD)), (what, Some(NOTE))]).collect();
    shorten(columns(&rows))
}

fn part(lines: &mut Vec<String>, name: &str, rows: Vec<String>) {
    for (index, row) in shorten(rows).into_iter().enumerate() {
        let name = if index == 0 { name } else { "" };
        lines.push(format!("  {}  {row}", paint(DIM, &pad(name, 10))));
    }
}

fn shorten(mut rows: Vec<String>) -> Vec<String> {
    if rows.len() > MOST + 1 {
        let more = rows.len() - MOST;
        rows.truncate(MOST);
        rows.push(format!("… and {more} more (--json shows all)"));
    }
    rows
}

fn hooks(hooks: &[HookReport]) -> Vec<String> {
    let rows: Vec<_> = hooks
        .iter()
        .map(|hook| {
            let of =
                hook.field.as_ref().map_or_else(|| hook.entity.clone(), |f| format!("{}.{f}", hook.entity));
            let gave = match (hook.intents, hook.amended) {
                _ if hook.skipped.is_some() => "skipped".to_owned(),
                (0, true) => "amended".to_owned(),
                (0, false) => "nothing".to_owned(),
                (number, _) => count(number, "intent"),
            };
            let digest = hook.digest.get(..8).unwrap_or_default().to_owned();
            [
                plain(clean(&hook.plugin)),
                (digest, Some(DIM)),
                plain(hook.hook.as_str()),
                plain(clean(&of)),
                plain(gave),
                (took(hook.duration_us), Some(DIM)),
            ]
        })
        .collect();
    columns(&rows)
}

/// Why plugins had no say.
fn skipped(hooks: &[HookReport]) -> Vec<String> {
    let mut lines: Vec<String> = hooks.iter().filter_map(|hook| hook.skipped.as_deref()).map(clean).collect();
    lines.dedup();
    lines
}

fn intents(intents: &[IntentReport]) -> Vec<String> {
    let rows: Vec<_> = intents
        .iter()
        .map(|report| {
            let hazards: Vec<_> = report.hazards.iter().map(|h| h.as_str()).collect();
            [
                plain(clean(&report.plugin)),
                plain(report.intent.kind().as_str()),
                plain(target(&report.intent)),
                (report.verdict.as_str().to_owned(), Some(of_verdict(report.verdict))),
                plain(clean(report.rule.as_deref().unwrap_or_default())),
                (hazards.join(", "), Some(DIM)),
            ]
        })
        .collect();
    columns(&rows)
}

/// What a statement locks, how much it goes through, how long that may take; nothing if it keeps nobody waiting.
fn cost(statement: &StatementReport) -> Option<String> {
    let locks = statement.locks.iter().filter(|lock| lock.blocks);
    let mut parts: Vec<_> = locks.map(|lock| format!("{} on {}", lock.level, clean(&lock.table))).collect();
    match statement.extent {
        Extent::Nothing => {}
        Extent::Scan => parts.push("reads the whole table".to_owned()),
        Extent::Rows => parts.push("writes rows of the table".to_owned()),
        Extent::Rewrite => parts.push("writes the whole table anew".to_owned()),
    }
    parts.extend(statement.estimate_ms.map(|ms| format!("about {}", took(ms.saturating_mul(1_000)))));
    (!parts.is_empty()).then(|| paint(DIM, &format!("  {}", parts.join(", "))))
}

/// Steps beside the transaction, with their statements.
fn steps(outcome: &Outcome, when: &str) -> Vec<String> {
    let of = |step: &StepReport| {
        let mut lines = vec![format!("{} · {}  {}", clean(&step.table), clean(&step.title), step.state)];
        if step.state == "pending" {
            lines.push(paint(DIM, &format!("  why: {}", clean(&step.why))));
        }
        let sql = step.sql.iter().flat_map(|sql| sql.lines().map(clean).collect::<Vec<_>>());
        lines.extend(sql.map(|line| format!("  {line}")));
        lines.extend(step.error.iter().map(|error| format!("  failed: {}", clean(error))));
        lines
    };
    outcome.steps.iter().filter(|step| step.when == when).flat_map(of).collect()
}

/// What an intent is on: `invoice`, `invoice.status`, `invoice (a, b)`.
fn target(intent: &Intent) -> String {
    let json = serde_json::to_value(intent).unwrap_or_default();
    let table = intent.table().as_str();
    let column = json["column"].as_str().or_else(|| json["column"]["name"].as_str());
    let columns = json["columns"].as_array().or_else(|| json["index"]["columns"].as_array());
    let columns: Vec<_> =
        columns.into_iter().flatten().filter_map(|c| c.as_str().or_else(|| c["name"].as_str())).collect();
    match (column, columns.is_empty()) {
        (Some(column), _) => format!("{table}.{column}"),
        (None, false) => format!("{table} ({})", columns.join(", ")),
        (None, true) => table.to_owned(),
    }
}

fn warning(warning: &Warning, indent: &str) -> Vec<String> {
    told(&warning.code, &warning.message, &warning.help, indent)
}

/// Drift that is left: with what stands against its repair, or the command that repairs it.
fn left(finding: &Finding) -> Vec<String> {
    let Finding { code, message, repair, hindrance, next, .. } = finding;
    let message = [Some(message.as_str()), hindrance.as_deref()].into_iter().flatten().collect::<Vec<_>>();
    let next = next.as_deref().unwrap_or(repair);
    told(code, &message.join("; "), next, "")
}

fn note(note: &Note) -> String {
    format!("{}: {}", clean(&note.code), clean(&note.message))
}

/// A statement; of one that is not run yet, what it costs too.
fn statement(statement: &StatementReport, done: bool) -> Vec<String> {
    let cost = if done { None } else { cost(statement) };
    clean(&statement.sql).lines().map(str::to_owned).chain(cost).collect()
}

fn result(outcome: &Outcome) -> String {
    let mut words = vec![paint(of_status(outcome.status), outcome.status.as_str())];
    if let Some(change) = &outcome.change {
        words.push(format!("change {}", clean(change)));
    }
    words.push(format!("revision {}", outcome.revision));
    if outcome.attempts > 1 {
        words.push(format!("{} attempts", outcome.attempts));
    }
    if let Some(actor) = &outcome.actor {
        words.push(format!("by {}", clean(actor)));
    }
    words.push(took(outcome.duration_us));
    words.join("  ")
}

/// Since when it was held, and what was decided.
fn held(outcome: &Outcome) -> Vec<String> {
    let Some(since) = &outcome.held_since else { return Vec::new() };
    let since = format!("since {}", clean(since));
    let decided = outcome.decision.as_ref().map(|Decision { approved, by, at, note }| {
        let mut words = vec![if *approved { "approved" } else { "rejected" }.to_owned()];
        words.extend(by.as_ref().map(|by| format!("by {}", clean(by))));
        words.extend(at.as_ref().map(|at| format!("at {}", clean(at))));
        words.extend(note.as_ref().map(|note| format!("\u{2014} {}", clean(note))));
        words.join(" ")
    });
    std::iter::once(since).chain(decided).collect()
}

/// A reason with its advice.
pub(super) fn reason(reason: &Reason, indent: &str) -> Vec<String> {
    told(&reason.code, &reason.message, &reason.help, indent)
}

fn told(code: &str, message: &str, help: &str, indent: &str) -> Vec<String> {
    let said = format!("{indent}{}: {}", paint(BOLD, &clean(code)), clean(message));
    let help = (!help.is_empty()).then(|| format!("{indent}help: {}", clean(help)));
    std::iter::once(said).chain(help).collect()
}
