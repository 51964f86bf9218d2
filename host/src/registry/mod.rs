//! What the host knows besides the orgs' own databases: organisations, plugins, tokens.

pub mod loaded;
pub mod report;
pub mod store;
pub mod watch;
