//! The return to the version of a plugin that worked: decided in one transaction, so that of many hosts one does it, and
//! once for each build that was installed.

use hookwright_core::ident::OrgName;
use serde_json::Value as Json;
use sqlx::sqlite::SqliteConnection;

use super::{Store, components, fault, now};
use crate::api::Returned;
use crate::error::Result;

/// A build that broke whenever it was called.
#[derive(Debug)]
pub struct Faulty<'a> {
    /// The organisation that it is bound to.
    pub org: &'a OrgName,
    /// The plugin's name.
    pub name: &'a str,
    /// The component's digest (sha256, hex).
    pub digest: &'a str,
    /// Its configuration.
    pub config: &'a Json,
    /// How often it was called.
    pub faults: u32,
    /// What it broke with last.
    pub cause: &'a str,
    /// Who found that out.
    pub host: &'a str,
}

/// What became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Return {
    /// The version that worked last is bound again.
    Done {
        /// That version.
        version: String,
        /// What is told of it from now on.
        returned: Returned,
    },
    /// The build is not bound any more: somebody else did it, or installed another.
    Before,
    /// It stays bound: it worked elsewhere, or nothing that worked was there before.
    Stays,
}

impl Store {
    /// Binds the version of a plugin that worked last again, in place of one that never did. That is never bound in turn: it
    /// worked before, and what never worked is not kept, so two builds that break do not take each other's place.
    ///
    /// # Errors
    /// `host/fault`.
    pub async fn plugin_return(&self, faulty: &Faulty<'_>) -> Result<Return> {
        let mut transaction = self.pool.begin_with("BEGIN IMMEDIATE").await.map_err(fault)?;
        let done = go_back(&mut transaction, faulty).await.map_err(fault)?;
        transaction.commit().await.map_err(fault)?;
        Ok(done)
    }
}

async fn go_back(connection: &mut SqliteConnection, faulty: &Faulty<'_>) -> sqlx::Result<Return> {
    let Faulty { org, name, digest, config, faults, cause, host } = *faulty;
    let text = "SELECT version, digest, config, proven FROM plugin WHERE org = ? AND name = ?";
    let query = sqlx::query_as(text).bind(org.as_str()).bind(name);
    let bound: Option<(String, String, String, bool)> = query.fetch_optional(&mut *connection).await?;
    let Some((version, bound, configured, proven)) = bound else { return Ok(Return::Before) };
    let config = config.to_string();
    if bound != digest || configured != config {
        return Ok(Return::Before);
    }
    let text = "SELECT id, version FROM plugin_version WHERE org = ? AND name = ? ORDER BY id DESC LIMIT 1";
    let query = sqlx::query_as(text).bind(org.as_str()).bind(name);
    let good: Option<(i64, String)> = query.fetch_optional(&mut *connection).await?;
    let Some((id, good)) = good.filter(|_| !proven) else { return Ok(Return::Stays) };
    let returned = Returned {
        from_version: version,
        from_digest: bound,
        at: now(),
        host: host.to_owned(),
        faults,
        cause: cause.to_owned(),
    };
    let json = serde_json::to_string(&returned).map_err(|e| sqlx::Error::Encode(Box::new(e)))?;
    let text = "UPDATE plugin SET (version, digest, manifest, config, grants, ord, on_fault, installed_at, signature, proven, returned)
        = (SELECT version, digest, manifest, config, grants, ord, on_fault, installed_at, signature, 1, ?2 FROM plugin_version WHERE id = ?1)
        WHERE org = ?3 AND name = ?4";
    let query = sqlx::query(text).bind(id).bind(json).bind(org.as_str()).bind(name);
    query.execute(&mut *connection).await?;
    sqlx::query("DELETE FROM plugin_version WHERE id = ?").bind(id).execute(&mut *connection).await?;
    components::sweep(connection).await?;
    Ok(Return::Done { version: good, returned })
}
