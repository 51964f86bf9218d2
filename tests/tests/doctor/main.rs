//! Troubles provoked for real: the first line of the answer names the cause, in `doctor` and in the error of whoever
//! met it.

#![allow(clippy::unwrap_used)]

mod cause;
mod history;
mod late_rows;
mod past_checks;
mod reach;
mod revoked;
mod server;
mod tampered;
mod tampered_rows;
mod within;
