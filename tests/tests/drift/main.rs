//! Databases changed by hand, in every way that was thought of: found, told with who moved, and repaired with their rows
//! intact; or taken into the metadata.

#![allow(clippy::unwrap_used)]

mod adopt;
mod bench;
mod deeds;
mod hands;
mod histories;
mod ignored;
mod narrow;
mod plugins;
mod repair;
mod watch;
