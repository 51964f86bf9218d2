//! SQL: the only place where names and values become statements.
//!
//! [`Writer`] puts names in quotes and values in literals; the dialects'
//! modules write each statement once; nothing else in the project makes SQL of
//! parts that come from outside.

mod convert;
mod demand;
mod dependents;
mod fill;
mod hazard;
mod kind;
mod misfit;
pub(crate) mod postgres;
mod postgres_constraint;
mod postgres_online;
mod probe;
pub(crate) mod sqlite;
mod statement;
mod types;
mod users;
mod writer;

pub use demand::{Demand, DemandKind, demands};
pub use hazard::{Extent, LockLevel, TableLock};
pub use kind::StatementKind;
pub(crate) use postgres_constraint::Checking;
pub use probe::probe;
pub use statement::{Carried, Dialect, Rebuild, Statement, Step, TableOption};
pub(crate) use types::is_constant;
pub use types::{postgres_type_name, sqlite_column_check};
pub use writer::{Writer, print_expr};
