//! Colours by meaning, and text in columns.

use anstyle::{AnsiColor, Style};
use hookwright_core::policy::Verdict;

use crate::outcome::Status;

pub(super) const BOLD: Style = Style::new().bold();
pub(super) const DIM: Style = Style::new().dimmed();
pub(super) const GOOD: Style = AnsiColor::Green.on_default();
pub(super) const WAITS: Style = AnsiColor::Yellow.on_default();
pub(super) const BAD: Style = AnsiColor::Red.on_default().bold();
pub(super) const NOTE: Style = AnsiColor::Cyan.on_default();

pub(super) fn paint(style: Style, text: &str) -> String {
    format!("{style}{text}{style:#}")
}

pub(super) fn of_status(status: Status) -> Style {
    match status {
        Status::Applied => GOOD,
        Status::Replayed | Status::Planned => NOTE,
        Status::Held | Status::Staged => WAITS,
        Status::Rejected | Status::RolledBack => BAD,
    }
}

pub(super) fn of_verdict(verdict: Verdict) -> Style {
    match verdict {
        Verdict::Safe => GOOD,
        Verdict::NeedsConfirmation => WAITS,
        Verdict::Destructive | Verdict::Forbidden => BAD,
    }
}

/// A cell: its text, and how it is painted.
pub(super) type Cell = (String, Option<Style>);

pub(super) fn plain(text: impl Into<String>) -> Cell {
    (text.into(), None)
}

/// Rows whose cells stand below one another, two spaces apart.
pub(super) fn columns<const N: usize>(rows: &[[Cell; N]]) -> Vec<String> {
    let width = |n: usize| rows.iter().map(|row| row[n].0.chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..N).map(width).collect();
    let line = |row: &[Cell; N]| {
        let mut line = String::new();
        for ((text, style), width) in row.iter().zip(&widths).filter(|(_, width)| **width > 0) {
            let padding = " ".repeat(width - text.chars().count() + 2);
            let style = style.filter(|_| !text.is_empty());
            line.push_str(&style.map_or_else(|| text.clone(), |style| paint(style, text)));
            line.push_str(&padding);
        }
        line.trim_end().to_owned()
    };
    rows.iter().map(line).collect()
}

/// A duration as people say it.
pub(super) fn took(us: u64) -> String {
    match us {
        0..1_000 => format!("{us} µs"),
        1_000..1_000_000 => format!("{:.1} ms", us as f64 / 1e3),
        _ => format!("{:.1} s", us as f64 / 1e6),
    }
}

/// How long ago, as people say it.
#[must_use]
pub fn age(seconds: i64) -> String {
    match seconds {
        ..60 => format!("{seconds} s"),
        60..3_600 => format!("{} min", seconds / 60),
        3_600..172_800 => format!("{} h", seconds / 3_600),
        _ => format!("{} days", seconds / 86_400),
    }
}

/// `1 statement`, `2 statements`.
pub(super) fn count(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}
