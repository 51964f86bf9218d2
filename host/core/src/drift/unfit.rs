//! What plugins call for that cannot be: what they would have of a table is not known then, and cannot be compared.

use crate::ident::Ident;
use crate::policy::Refusal;

/// An intent that stands on something that nothing makes any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unfit {
    /// The plugin that asks for it.
    pub plugin: String,
    /// The table that it is on.
    pub table: Ident,
    /// Why it is not possible.
    pub refusal: Refusal,
}
