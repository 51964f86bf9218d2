//! What the host knows besides the orgs' own databases: organisations, plugins, tokens.

pub mod store;
