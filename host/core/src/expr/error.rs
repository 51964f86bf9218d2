//! Why a text is not an expression, and the bounds that the messages name.

use super::MAX_BYTES;
use crate::ident::IdentError;

/// Nesting past which an expression is refused: a chain of operators nests once it is printed, and what is printed must be
/// read again, also with the casts that a database adds.
pub(super) const MAX_NESTED: usize = 30;
/// Parts that an expression may have. What stands before BETWEEN is written twice, and chains of it double each time.
pub(super) const MAX_PARTS: usize = 1_500;

/// Why a text is not an expression of the subset.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ExprError {
    /// Longer than [`MAX_BYTES`].
    #[error("the expression has {0} bytes, {MAX_BYTES} is the most; shorten it")]
    TooLong(usize),
    /// Operators within operators within operators.
    #[error(
        "the expression nests {0} deep, {MAX_NESTED} is the most; use IN for a list of values, or say it in parts"
    )]
    TooDeep(usize),
    /// The same, though it nests less: with all its brackets it could not be read again.
    #[error(
        "the expression nests {0} deep, too deep to be read again with all the brackets that it gets; write chains from the left (a + b + c), or say it in parts"
    )]
    TooManyBrackets(usize),
    /// More parts than an expression may have.
    #[error(
        "the expression has more than {MAX_PARTS} columns, operators and values (what stands before BETWEEN counts twice); shorten it, or say it in parts"
    )]
    TooManyParts,
    /// Not SQL.
    #[error("the expression does not parse: {0}")]
    Syntax(String),
    /// SQL, but outside the subset.
    #[error(
        "the expression uses {what}; allowed are columns, literals, comparisons, AND OR NOT, IS NULL, IN, BETWEEN, + - * / || and the functions abs coalesce length lower trim upper"
    )]
    NotAllowed {
        /// What it uses.
        what: String,
    },
    /// A bad column name.
    #[error(transparent)]
    Ident(#[from] IdentError),
}
