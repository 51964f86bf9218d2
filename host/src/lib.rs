//! Hookwright keeps the physical database schema of many organisations in step with their metadata.
//!
//! [`host::Host`] is the library's front door; [`http::router`] puts it on the network, [`cli`] on the command line.

pub mod access;
pub mod api;
pub mod catalogue;
pub mod cli;
pub mod config;
pub mod error;
pub mod host;
pub mod http;
pub mod outcome;
pub mod registry;
pub mod sandbox;
pub mod telemetry;
