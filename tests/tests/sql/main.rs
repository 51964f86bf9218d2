//! What the host gives PostgreSQL, looked at without a database: PostgreSQL's own parser takes every statement, the
//! squawk linter finds nothing in plans for large tables, and no such plan holds a strong lock while it reads rows.
//!
//! The parser and the linter are in a program of their own, `tests/sqlcheck`, which `tests/run` builds.

#![allow(clippy::unwrap_used)]

mod beside_users;
mod check;
mod parser;
mod scripts;
mod squawk;

use hookwright_tests::plans::{Made, made_up};

/// Changes that nobody thought of.
fn unforeseen() -> Vec<Made> {
    made_up(600)
}
