//! Pressure: bounds on connections, requests and waiting, and databases that are gone, silent or slow. Whatever one
//! organisation's database does, the others go on.

#![allow(clippy::unwrap_used)]

mod bounds;
mod bulkhead;
mod circuit;
mod door;
mod dry_run;
mod forgotten;
mod http;
mod rig;
