//! Bounds that every spec keeps, whoever gives it: an event or a plugin.

use crate::event::MAX_FIELDS;
use crate::spec::SpecError;
use crate::text;

/// Whether a label or comment can be kept.
pub(crate) fn text(what: &'static str, text: Option<&str>) -> Result<(), SpecError> {
    text::check(text).map_err(|error| SpecError::Text(what, error))
}

/// Whether a table has room for so many fields.
pub(crate) fn countable(fields: usize) -> Result<(), SpecError> {
    if fields > MAX_FIELDS { Err(SpecError::FieldCount(fields)) } else { Ok(()) }
}
