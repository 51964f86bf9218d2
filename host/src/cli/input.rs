//! Changes out of a text: JSON lines, or JSON values that span lines.
//!
//! If the first line is a JSON value by itself, each line is a change of its own,
//! and a bad one does not spoil those after it. Otherwise values follow one another.

use std::io::{BufRead, Read};

use serde::de::IgnoredAny;
use serde_json::Deserializer;

use crate::error::{Error, Result};

/// Longest line or value that is read: far more than the largest change that can be executed.
const MAX_BYTES: u64 = 64 * 1024 * 1024;

/// One piece of the input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Piece {
    /// The line it begins on, from 1.
    pub(crate) line: usize,
    /// Its text.
    pub(crate) text: String,
}

/// The pieces of an input, read as they are asked for.
pub(crate) struct Pieces<R> {
    reader: R,
    line: usize,
    started: bool,
    /// What is left of an input whose values span lines.
    rest: std::vec::IntoIter<Piece>,
}

impl<R: BufRead> Pieces<R> {
    pub(crate) fn new(reader: R) -> Self {
        Self { reader, line: 0, started: false, rest: Vec::new().into_iter() }
    }

    fn next_line(&mut self) -> Result<Option<Piece>> {
        loop {
            let mut bytes = Vec::new();
            let read = self.reader.by_ref().take(MAX_BYTES).read_until(b'\n', &mut bytes);
            if read.map_err(|e| unreadable(&e))? == 0 {
                return Ok(None);
            }
            self.line += 1;
            if bytes.len() as u64 == MAX_BYTES {
                return Err(Error::new(
                    "event/too-large",
                    format!("line {} is longer than {MAX_BYTES} bytes", self.line),
                ));
            }
            let not_text = |e: std::str::Utf8Error| {
                let message = format!("line {} is not UTF-8: {e}", self.line);
                Error::new("event/invalid", message).help("write the file as UTF-8, then send it again")
            };
            let text = std::str::from_utf8(&bytes).map_err(not_text)?.trim().to_owned();
            if !text.is_empty() {
                return Ok(Some(Piece { line: self.line, text }));
            }
        }
    }

    fn start(&mut self) -> Result<Option<Piece>> {
        self.started = true;
        let Some(first) = self.next_line()? else { return Ok(None) };
        if serde_json::from_str::<IgnoredAny>(&first.text).is_ok() {
            return Ok(Some(first));
        }
        // Not a value by itself: perhaps the beginning of one, or a bad line among good ones.
        let mut text = first.text.clone();
        let mut others = Vec::new();
        while let Some(line) = self.next_line()? {
            text.push_str(&"\n".repeat(line.line - first.line - text.matches('\n').count()));
            text.push_str(&line.text);
            others.push(line);
        }
        let values = values(&text, first.line);
        let pieces = values.unwrap_or_else(|| std::iter::once(first).chain(others).collect());
        self.rest = pieces.into_iter();
        Ok(self.rest.next())
    }
}

impl<R: BufRead> Iterator for Pieces<R> {
    type Item = Result<Piece>;

    fn next(&mut self) -> Option<Result<Piece>> {
        if !self.started {
            return self.start().transpose();
        }
        match self.rest.next() {
            Some(piece) => Some(Ok(piece)),
            None => self.next_line().transpose(),
        }
    }
}

/// The values of a text, if it is nothing but values, with the lines they begin on. A text whose one value is broken
/// is one piece, so that its error is told once.
fn values(text: &str, first_line: usize) -> Option<Vec<Piece>> {
    let mut pieces = Vec::new();
    let mut stream = Deserializer::from_str(text).into_iter::<IgnoredAny>();
    let mut from = 0;
    while let Some(value) = stream.next() {
        if value.is_err() {
            let spans = !text
                .lines()
                .skip(1)
                .any(|l| serde_json::from_str::<serde_json::Map<_, serde_json::Value>>(l).is_ok());
            return (spans && pieces.is_empty())
                .then(|| vec![Piece { line: first_line, text: text.to_owned() }]);
        }
        let end = stream.byte_offset();
        let start = from + text[from..end].len() - text[from..end].trim_start().len();
        let line = first_line + text[..start].matches('\n').count();
        pieces.push(Piece { line, text: text[start..end].to_owned() });
        from = end;
    }
    Some(pieces)
}

fn unreadable(error: &std::io::Error) -> Error {
    Error::new("request/invalid", format!("the events cannot be read: {error}")).help("correct the path")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pieces(text: &str) -> Vec<(usize, String)> {
        Pieces::new(text.as_bytes()).map(|p| p.expect("readable")).map(|p| (p.line, p.text)).collect()
    }

    #[test]
    fn lines_are_changes() {
        assert_eq!(
            pieces("{\"a\":1}\n\n{\"b\":2}"),
            [(1, "{\"a\":1}".to_owned()), (3, "{\"b\":2}".to_owned())]
        );
        assert_eq!(pieces("[1,2]\n"), [(1, "[1,2]".to_owned())]);
        assert_eq!(pieces(" \n"), []);
    }

    #[test]
    fn a_bad_line_spoils_no_other() {
        for text in ["{\"a\":1}\n{bad\n{\"b\":2}", "{bad\n{\"a\":1}\n{\"b\":2}"] {
            assert_eq!(pieces(text).len(), 3, "{text}");
        }
    }

    #[test]
    fn values_may_span_lines() {
        let text = "\n{\n \"a\": 1\n}\n\n[\n1,\n2]";
        assert_eq!(pieces(text), [(2, "{\n\"a\": 1\n}".to_owned()), (6, "[\n1,\n2]".to_owned())]);
    }

    #[test]
    fn a_broken_value_is_told_once() {
        assert_eq!(pieces("{\n \"a\": 1,\n \"b\" 2\n}").len(), 1);
    }
}
