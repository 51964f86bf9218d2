//! The pure core of Hookwright: plain functions of values, without clock, I/O or async.
//!
//! The way of an event through it: [`event`] (JSON to a typed change) →
//! [`metadata`] (what the organisation's entities are) → [`intent`] (what
//! plugins ask for, applied to a [`model`]) → [`policy`] (verdicts) → [`plan`]
//! (what differs, in a safe order) → [`ddl`] (statements).

pub mod conversion;
pub mod ddl;
pub mod drift;
pub mod event;
pub mod expr;
pub mod field_type;
mod fill;
pub mod hook;
pub mod ident;
pub mod intent;
pub mod metadata;
mod metadata_edit;
pub mod metadata_error;
mod metadata_undo;
pub mod model;
pub mod model_names;
pub mod near;
pub mod online;
pub mod plan;
pub mod policy;
pub mod schema;
pub mod shared;
pub mod signature;
pub mod spec;
mod spec_bounds;
mod spec_print;
pub mod text;
pub mod tombstone;
pub mod undo;
pub mod value;
pub mod webhook;
