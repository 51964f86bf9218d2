//! Held changes over real databases: recorded once, found again, decided on once, by whoever may.

#![allow(clippy::unwrap_used)]

mod approve;
mod bench;
mod record;
mod reject;
mod rivals;
mod second;

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
