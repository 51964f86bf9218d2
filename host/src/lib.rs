//! Hookwright keeps the physical database schema of many organisations in step with their metadata.
//!
//! [`host::Host`] is the library's front door; [`http::router`] puts it on the network, [`cli`] on the
//! command line. The story of one change is told in `pipeline.rs`.

pub mod access;
mod ailing;
pub mod api;
pub mod beside;
pub mod catalogue;
mod circuit;
pub mod cli;
pub mod config;
mod config_schema;
mod counted;
pub mod db;
pub mod doctor;
pub mod drift;
pub mod drift_watch;
mod embedded;
pub mod error;
pub mod executor;
pub mod fleet;
mod grants;
pub mod host;
mod host_admin;
mod host_drift;
mod host_each;
mod host_held;
mod host_ignored;
mod host_pressure;
mod host_signers;
mod host_steps;
mod host_tombstones;
pub mod host_trial;
mod host_webhooks;
pub mod http;
mod ledger;
pub mod outcome;
mod pipeline;
pub mod plans;
mod processor;
pub mod quota;
pub mod registry;
pub mod sandbox;
pub mod second_run;
mod signers;
pub mod suspension;
pub mod telemetry;
mod tenant;
mod tenants;
pub mod trouble;
