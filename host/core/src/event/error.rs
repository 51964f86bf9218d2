//! What is wrong with an event, and where.

use crate::ident::plain;

/// What is wrong with an event.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct EventError {
    /// A JSON pointer (RFC 6901) to the place; empty for the whole.
    pub pointer: String,
    /// What is wrong, and what to do.
    pub message: String,
}

impl EventError {
    pub(super) fn at(pointer: &str, message: impl Into<String>) -> Self {
        Self { pointer: pointer.to_owned(), message: plain(&message.into()) }
    }
}

/// A key as a segment of a JSON pointer.
pub(super) fn segment(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}
