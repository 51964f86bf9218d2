//! Texts that are kept as they are given: labels and comments.

/// Longest label or comment, in bytes: far more than anybody reads, and little enough that thousands can be kept.
pub const MAX_TEXT_BYTES: usize = 16_384;

/// Why a text cannot be kept.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// Text that no database can hold.
    #[error("has a NUL character, which no database text can hold; remove it")]
    Nul,
    /// Too much of it.
    #[error("has {0} bytes, {MAX_TEXT_BYTES} is the most that is kept; shorten it")]
    Long(usize),
}

/// Whether a text, if there is one, can be kept.
///
/// # Errors
/// A [`TextError`].
pub(crate) fn check(text: Option<&str>) -> Result<(), TextError> {
    let text = text.unwrap_or_default();
    if text.len() > MAX_TEXT_BYTES {
        return Err(TextError::Long(text.len()));
    }
    if text.contains('\0') { Err(TextError::Nul) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_be_kept() {
        assert_eq!(check(None), Ok(()));
        assert_eq!(check(Some(&"ä".repeat(MAX_TEXT_BYTES / 2))), Ok(()));
        let long = "a".repeat(MAX_TEXT_BYTES + 1);
        assert_eq!(check(Some(&long)), Err(TextError::Long(MAX_TEXT_BYTES + 1)));
        assert_eq!(check(Some("a\0")), Err(TextError::Nul));
    }
}
