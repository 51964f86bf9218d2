//! A database of its own of either kind, and tests that run once on each.
//!
//! For whatever is to hold on both: a test says which it is on by a dialect.

use std::sync::Arc;

use crate::postgres::TestDatabase;
use crate::scenario::Dialect;
use crate::sqlite::TestFile;

/// A fresh database, which goes with this.
#[derive(Debug)]
pub enum Place {
    /// On the test server.
    Postgres(Arc<TestDatabase>),
    /// In a temporary directory.
    Sqlite(TestFile),
}

impl Place {
    /// A fresh database of this kind.
    ///
    /// # Panics
    /// If there can be none.
    pub async fn create(dialect: Dialect) -> Self {
        match dialect {
            Dialect::Postgres => Self::Postgres(Arc::new(TestDatabase::create().await)),
            Dialect::Sqlite => Self::Sqlite(TestFile::create()),
        }
    }

    /// Its kind.
    pub fn dialect(&self) -> Dialect {
        match self {
            Self::Postgres(_) => Dialect::Postgres,
            Self::Sqlite(_) => Dialect::Sqlite,
        }
    }

    /// Its address.
    pub fn url(&self) -> String {
        match self {
            Self::Postgres(database) => database.url().to_owned(),
            Self::Sqlite(file) => file.url(),
        }
    }
}

/// Registers each case once per database: `on_both! { case… }` calls `case(dialect)`, and `on_both! { make => case… }`
/// calls `case(&make(dialect).await)`.
#[macro_export]
macro_rules! on_both {
    (@ $($module:ident $dialect:ident)+, $make:path => $cases:tt) => {
        $($crate::on_both! { @@ $module (&$make($crate::scenario::Dialect::$dialect).await) $cases })+
    };
    (@ $($module:ident $dialect:ident)+, $cases:tt) => {
        $($crate::on_both! { @@ $module ($crate::scenario::Dialect::$dialect) $cases })+
    };
    (@@ $module:ident $argument:tt { $($case:ident)+ }) => {
        mod $module {
            #[allow(unused_imports)]
            use super::*;
            $(#[test] fn $case() { $crate::world::runtime().block_on(async { super::$case $argument.await }); })+
        }
    };
    ($make:path => $($case:ident)+) => { $crate::on_both! { @ postgres Postgres sqlite Sqlite, $make => { $($case)+ } } };
    ($($case:ident)+) => { $crate::on_both! { @ postgres Postgres sqlite Sqlite, { $($case)+ } } };
}
