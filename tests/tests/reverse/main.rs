//! Reversible drops and rollbacks over real databases: what was dropped comes back just as it was, and what was done is
//! undone, or it is said why not.

#![allow(clippy::unwrap_used)]

mod bench;
mod columns;
mod intents;
mod keeping;
mod refused;
mod rollback;
mod tables;
