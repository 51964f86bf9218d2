//! Faults over real databases: whatever breaks during a change, each event is applied exactly once or not at all,
//! and metadata, model, tables and ledger agree.

#![allow(clippy::unwrap_used)]

mod cuts;
mod first_use;
mod held;
mod hosts;
mod kill_postgres;
mod kill_sqlite;
mod killed;
mod leaving;
mod locked;
mod rig;
mod settling;
mod terminated;
