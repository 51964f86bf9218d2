//! What tests of `db` and `executor` share: databases of their own, schemas, plans.

use std::str::FromStr;
use std::sync::atomic::{AtomicU32, Ordering};

use hookwright_core::ident::{Ident, OrgName};
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection};

use super::{DbOptions, OrgDb, Pools};

/// A database of an organisation that nobody else uses, gone when dropped.
pub(crate) struct TestDb {
    pub(crate) db: OrgDb,
    /// The same address, for sessions of the test itself.
    pub(crate) url: String,
    directory: Option<tempfile::TempDir>,
}
