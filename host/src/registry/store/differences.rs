//! Plugins that answered the same call in two ways. Kept beside the plugins, so that a difference is no news to other hosts.

use hookwright_core::hook::HookPoint;
use hookwright_core::ident::OrgName;

use super::{Store, fault, now};
use crate::api::Differences;
use crate::error::Result;

impl Store {
    /// Notes that a build answered in two ways. What was known of another build is forgotten.
    ///
    /// # Errors
    /// `host/fault`.
    pub async fn plugin_differs(
        &self,
        org: &OrgName,
        name: &str,
        digest: &str,
        hook: HookPoint,
    ) -> Result<()> {
        let text = "INSERT INTO plugin_difference SELECT org, name, digest, 1, ?4, ?5 FROM plugin
                WHERE org = ?1 AND name = ?2 AND digest = ?3
            ON CONFLICT (org, name) DO UPDATE SET hook = excluded.hook, at = excluded.at,
                count = iif(plugin_difference.digest = excluded.digest, plugin_difference.count, 0) + 1, digest = excluded.digest";
        let query =
            sqlx::query(text).bind(org.as_str()).bind(name).bind(digest).bind(hook.as_str()).bind(now());
        query.execute(&self.pool).await.map(drop).map_err(fault)
    }

    /// How often a build did.
    ///
    /// # Errors
    /// `host/fault`.
    pub async fn differences(&self, org: &OrgName, name: &str, digest: &str) -> Result<Option<Differences>> {
        let text = "SELECT count, hook, at FROM plugin_difference WHERE org = ? AND name = ? AND digest = ?";
        let query = sqlx::query_as(text).bind(org.as_str()).bind(name).bind(digest);
        let found: Option<(i64, String, String)> = query.fetch_optional(&self.pool).await.map_err(fault)?;
        Ok(found.map(|(count, hook, at)| Differences { count: count.unsigned_abs(), hook, at }))
    }
}
