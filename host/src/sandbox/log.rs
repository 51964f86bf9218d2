//! A plugin's log of one call: bounded, and clean enough to print anywhere.
//!
//! The host functions and the captured output write it; the caller gets the lines. Pure.

use std::fmt;

use serde::Serialize;

use super::fault::Fault;

/// What a line costs beside its text, so that empty lines are bounded too.
const LINE_BYTES: u64 = 32;

/// How much a log line matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs)]
pub enum LogLevel {
    Debug,
    Info,
    Warn,
    Error,
}

impl LogLevel {
    /// Whether the host's log has lines of this level of plugins.
    #[must_use]
    pub(crate) fn is_logged(self) -> bool {
        const PLUGIN: &str = "hookwright::plugin";
        match self {
            Self::Debug => tracing::enabled!(target: PLUGIN, tracing::Level::DEBUG),
            Self::Info => tracing::enabled!(target: PLUGIN, tracing::Level::INFO),
            Self::Warn => tracing::enabled!(target: PLUGIN, tracing::Level::WARN),
            Self::Error => tracing::enabled!(target: PLUGIN, tracing::Level::ERROR),
        }
    }

    /// The level's name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Debug => "debug",
            Self::Info => "info",
            Self::Warn => "warn",
            Self::Error => "error",
        }
    }
}

/// One line a plugin logged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LogLine {
    /// How much it matters.
    pub level: LogLevel,
    /// One line without control characters.
    pub text: String,
}

impl fmt::Display for LogLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.level.as_str(), self.text)
    }
}

/// The lines so far.
pub(super) struct Log {
    lines: Vec<LogLine>,
    limit_bytes: u64,
    left_bytes: u64,
}

impl Log {
    pub fn new(limit_bytes: u64) -> Self {
        Self { lines: Vec::new(), limit_bytes, left_bytes: limit_bytes }
    }

    /// Adds a line; the line that goes beyond the limit is left out and is the fault.
    pub fn push(&mut self, level: LogLevel, text: &str) -> Result<(), Fault> {
        let cost = text.len() as u64 + LINE_BYTES;
        let left = self.left_bytes.checked_sub(cost);
        self.left_bytes = left.unwrap_or_default();
        left.ok_or(Fault::Log { limit_bytes: self.limit_bytes })?;
        self.lines.push(LogLine { level, text: clean(text) });
        Ok(())
    }

    pub fn last(&self) -> Option<&LogLine> {
        self.lines.last()
    }

    pub fn into_lines(self) -> Vec<LogLine> {
        self.lines
    }
}

/// The text on one line, without escape sequences, control characters and marks that turn the reading direction.
pub(super) fn clean(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.trim_end().chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\u{1b}' => skip_escape(&mut chars),
            '\n' | '\t' | '\u{2028}' | '\u{2029}' => out.push(' '),
            c if c.is_control() || turns_direction(c) => {}
            c => out.push(c),
        }
    }
    out
}

/// Skips the rest of a terminal's escape sequence: `[` parameters and a final byte, or a single character.
fn skip_escape(chars: &mut std::iter::Peekable<std::str::Chars<'_>>) {
    if chars.next_if_eq(&'[').is_none() {
        chars.next_if(|c| c.is_ascii_graphic());
        return;
    }
    while chars.next_if(|c| matches!(c, ' '..='?')).is_some() {}
    chars.next_if(|c| matches!(c, '@'..='~'));
}

fn turns_direction(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_one_line_of_plain_text() {
        assert_eq!(clean("a\x1b[31;1mred\x1b[0m\r\nb\u{0}\u{7}\tc\u{202e}d\n"), "ared b cd");
        assert_eq!(clean("\x1b]0;title\x07x"), "0;titlex");
        assert_eq!(clean("naïve ✓"), "naïve ✓");
    }

    #[test]
    fn a_flood_of_empty_lines_ends() {
        let mut log = Log::new(100);
        let pushed = (0..100).take_while(|_| log.push(LogLevel::Info, "").is_ok()).count();
        assert_eq!(pushed, 3);
        assert_eq!(log.push(LogLevel::Info, "").map_err(|f| f.code()), Err("plugin/log"));
        assert_eq!(log.into_lines().len(), 3);
    }
}
