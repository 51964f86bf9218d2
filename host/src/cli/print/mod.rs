//! What people read: data on stdout, talk and errors on stderr, colours only on a terminal.

mod error;
mod outcome;
mod progress;
mod style;

use std::io::{ErrorKind, Write};

use comfy_table::{ContentArrangement, Table, presets};
use serde::Serialize;

pub use error::{Failure, error, failure, notes, render_error, trouble};
pub use outcome::{outcome, outcome_line};
pub(crate) use progress::Progress;
pub use style::age;

use crate::error::{Error, Result};

/// Where a command's results go.
#[derive(Debug, Clone, Copy)]
pub struct Out {
    json: bool,
}

impl Out {
    /// Prints JSON, or text.
    #[must_use]
    pub fn new(json: bool) -> Self {
        Self { json }
    }

    /// Whether JSON is wanted.
    #[must_use]
    pub fn is_json(self) -> bool {
        self.json
    }

    /// Prints one thing.
    ///
    /// # Errors
    /// If stdout cannot be written.
    pub fn one<T: Serialize>(self, value: &T, text: impl FnOnce() -> String) -> Result<()> {
        match self.json {
            true => self.json(value),
            false => self.text(&text()),
        }
    }

    /// Prints a list: a table, or one JSON document an item.
    ///
    /// # Errors
    /// If stdout cannot be written.
    pub fn list<T: Serialize, const N: usize>(
        self,
        items: &[T],
        headers: [&str; N],
        row: impl Fn(&T) -> [String; N],
    ) -> Result<()> {
        if self.json {
            return items.iter().try_for_each(|item| self.json(item));
        }
        if items.is_empty() {
            self.talk("nothing to list");
            return Ok(());
        }
        self.text(&table(headers, items.iter().map(row)))
    }

    /// Prints a JSON document on a line.
    ///
    /// # Errors
    /// If stdout cannot be written.
    pub fn json<T: Serialize>(self, value: &T) -> Result<()> {
        let text = serde_json::to_string(value)
            .map_err(|e| Error::new("host/fault", "a result has no JSON form").because(e))?;
        write(&text)
    }

    /// Prints text.
    ///
    /// # Errors
    /// If stdout cannot be written.
    pub fn text(self, text: &str) -> Result<()> {
        write(text)
    }

    /// Tells the person something that is not data.
    pub fn talk(self, text: &str) {
        anstream::eprintln!("{text}");
    }
}

fn write(text: &str) -> Result<()> {
    match writeln!(anstream::stdout().lock(), "{text}") {
        Ok(()) => Ok(()),
        // The reader left, as "head" does: end as other programs do then.
        Err(e) if e.kind() == ErrorKind::BrokenPipe => std::process::exit(141),
        Err(e) => Err(Error::new("host/fault", "stdout cannot be written").because(e)),
    }
}

/// A JSON document for people: over several lines.
///
/// # Errors
/// If it has no JSON form.
pub fn pretty<T: Serialize>(value: &T) -> Result<String> {
    serde_json::to_string_pretty(value)
        .map_err(|e| Error::new("host/fault", "a result has no JSON form").because(e))
}

/// A table without lines, as wide as its content: ids and dates stay whole, so that they can be copied.
#[must_use]
pub fn table<const N: usize>(headers: [&str; N], rows: impl Iterator<Item = [String; N]>) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(headers.map(str::to_uppercase));
    for row in rows {
        table.add_row(row);
    }
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    table.lines().map(|line| line.trim_end().to_owned()).collect::<Vec<_>>().join("\n")
}

/// A text from outside, without what could steer a terminal.
#[must_use]
pub fn clean(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' => shown.push('\n'),
            // Control characters, and those that turn the direction of writing.
            c if c.is_control()
                || ('\u{202a}'..='\u{202e}').contains(&c)
                || ('\u{2066}'..='\u{2069}').contains(&c) =>
            {
                shown.extend(c.escape_default());
            }
            c => shown.push(c),
        }
    }
    shown
}
