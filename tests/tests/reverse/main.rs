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

/// Runs each case once per database.
macro_rules! on_both {
    ($($case:ident)+) => {
        mod postgres {
            $(#[test] fn $case() {
                use hookwright_tests::{scenario::Dialect, world::runtime};
                runtime().block_on(async { super::$case(&crate::bench::Bench::new(Dialect::Postgres).await).await });
            })+
        }
        mod sqlite {
            $(#[test] fn $case() {
                use hookwright_tests::{scenario::Dialect, world::runtime};
                runtime().block_on(async { super::$case(&crate::bench::Bench::new(Dialect::Sqlite).await).await });
            })+
        }
    };
}
pub(crate) use on_both;
