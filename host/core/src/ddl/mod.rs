//! SQL: the only place where names and values become statements.

mod statement;
mod writer;

pub use statement::{Dialect, Rebuild, Statement, Step};
pub use writer::{Writer, print_expr};
