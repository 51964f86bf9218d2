//! Held changes over real databases: recorded once, found again, decided on once, by whoever may.

#![allow(clippy::unwrap_used)]

mod approve;
mod bench;
mod record;
mod reject;
mod rivals;
mod second;
