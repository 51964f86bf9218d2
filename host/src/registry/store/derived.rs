//! What organisations' metadata and plugins called for, kept from one process to the next.

use hookwright_core::ident::OrgName;

use super::{Store, fault};
use crate::error::Result;

impl Store {
    /// What is kept of an organisation under this key.
    ///
    /// # Errors
    /// `host/fault`.
    pub async fn derived(&self, org: &OrgName, key: &str) -> Result<Option<String>> {
        let query = sqlx::query_scalar("SELECT difference FROM derived WHERE org = ? AND key = ?");
        query.bind(org.as_str()).bind(key).fetch_optional(&self.pool).await.map_err(fault)
    }

    /// Keeps it in place of what was kept before.
    ///
    /// # Errors
    /// `host/fault`.
    pub async fn keep_derived(&self, org: &OrgName, key: &str, difference: &str) -> Result<()> {
        let query = sqlx::query("INSERT OR REPLACE INTO derived VALUES (?, ?, ?)");
        let query = query.bind(org.as_str()).bind(key).bind(difference);
        query.execute(&self.pool).await.map(drop).map_err(fault)
    }
}
