//! Run hooks in a native test: no WebAssembly, no database.
//!
//! Tests of plugins call it. It keeps a schema model of its own, so that a test can live through a
//! sequence of changes; see [`Harness`].
pub(crate) mod backend;
mod harness;
mod model;
mod model_column;

pub use backend::LogLine;
pub use harness::Harness;
