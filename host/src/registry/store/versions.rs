//! Earlier versions of plugins: what was bound before and worked is kept, within the organisation's quota.

use hookwright_core::ident::OrgName;
use sqlx::sqlite::SqliteConnection;

use super::{Binding, Store, fault};
use crate::counted::counted;
use crate::error::{Error, Result};
use crate::quota::{KeptState, Quota, Used};

impl Store {
    /// What is kept of an organisation's plugins.
    ///
    /// # Errors
    /// `host/fault`.
    pub async fn kept(&self, org: &OrgName, quota: &Quota) -> Result<KeptState> {
        let mut connection = self.pool.acquire().await.map_err(fault)?;
        kept(&mut connection, org, quota).await
    }
}

/// Keeps what is bound and worked, before another build, or another configuration, takes its place.
pub(super) async fn keep(
    connection: &mut SqliteConnection,
    org: &OrgName,
    next: &Binding,
) -> sqlx::Result<()> {
    let config = next.config.to_string();
    let same = "DELETE FROM plugin_version WHERE org = ?1 AND name = ?2 AND ((digest = ?3 AND config = ?4)
        OR (digest, config) IN (SELECT digest, config FROM plugin WHERE org = ?1 AND name = ?2))";
    let bound = "INSERT INTO plugin_version (org, name, version, digest, manifest, config, grants, ord, on_fault, installed_at, signature)
        SELECT org, name, version, digest, manifest, config, grants, ord, on_fault, installed_at, signature FROM plugin
        WHERE org = ?1 AND name = ?2 AND proven = 1 AND NOT (digest = ?3 AND config = ?4)";
    for text in [same, bound] {
        let query = sqlx::query(text).bind(org.as_str()).bind(&next.name).bind(&next.digest).bind(&config);
        query.execute(&mut *connection).await?;
    }
    Ok(())
}

/// Forgets the versions of a plugin.
pub(super) async fn forget(connection: &mut SqliteConnection, org: &OrgName, name: &str) -> sqlx::Result<()> {
    let query = sqlx::query("DELETE FROM plugin_version WHERE org = ? AND name = ?");
    query.bind(org.as_str()).bind(name).execute(connection).await.map(drop)
}

/// Forgets the oldest versions beyond the organisation's quota. What is bound is never forgotten.
///
/// # Errors
/// `org/plugins` if what is bound is too much by itself, `host/fault`.
pub(super) async fn trim(connection: &mut SqliteConnection, org: &OrgName, quota: &Quota) -> Result<()> {
    loop {
        let KeptState { bound, versions, bytes } = kept(connection, org, quota).await?;
        let too_much = versions.used > versions.most || bytes.used > bytes.most;
        if bound.used > bound.most || too_much && versions.used == 0 {
            return Err(full(org, bound, bytes));
        }
        if !too_much {
            return Ok(());
        }
        let oldest =
            "DELETE FROM plugin_version WHERE id = (SELECT min(id) FROM plugin_version WHERE org = ?)";
        sqlx::query(oldest).bind(org.as_str()).execute(&mut *connection).await.map_err(fault)?;
    }
}

fn full(org: &OrgName, bound: Used, bytes: Used) -> Error {
    let message = format!(
        "the organisation \"{org}\" would have {} of {} bytes; the limits are {} (\"quotas.bound_plugins\") and {} bytes (\"quotas.kept_bytes\")",
        counted(bound.used, "plugin"),
        counted(bytes.used, "byte"),
        bound.most,
        bytes.most
    );
    Error::new("org/plugins", message)
}

async fn kept(connection: &mut SqliteConnection, org: &OrgName, quota: &Quota) -> Result<KeptState> {
    let text = "SELECT (SELECT count(*) FROM plugin WHERE org = ?1), (SELECT count(*) FROM plugin_version WHERE org = ?1),
        (SELECT coalesce(sum(length(bytes)), 0) FROM component WHERE digest IN
            (SELECT digest FROM plugin WHERE org = ?1 UNION SELECT digest FROM plugin_version WHERE org = ?1))";
    let query = sqlx::query_as(text).bind(org.as_str());
    let (bound, versions, bytes): (i64, i64, i64) = query.fetch_one(connection).await.map_err(fault)?;
    let used = |used: i64, most: u64| Used { used: used.unsigned_abs(), most };
    Ok(KeptState {
        bound: used(bound, quota.bound_plugins.into()),
        versions: used(versions, quota.kept_versions.into()),
        bytes: used(bytes, quota.kept_bytes),
    })
}
