//! Components by digest: what a digest names never changes.

use sha2::{Digest, Sha256};

use super::{Store, fault};
use crate::error::{Error, Result};

impl Store {
    /// Keeps a component; gives its digest (sha256, hex).
    ///
    /// # Errors
    /// `host/fault`.
    pub async fn component_add(&self, bytes: &[u8]) -> Result<String> {
        let digest = hex::encode(Sha256::digest(bytes));
        let query = sqlx::query("INSERT INTO component VALUES (?, ?) ON CONFLICT DO NOTHING");
        query.bind(&digest).bind(bytes).execute(&self.pool).await.map_err(fault)?;
        Ok(digest)
    }

    /// A component's bytes, if what is kept is still what the digest names.
    ///
    /// # Errors
    /// `plugin/not-found`, `host/fault`.
    pub async fn component(&self, digest: &str) -> Result<Vec<u8>> {
        let query = sqlx::query_scalar("SELECT bytes FROM component WHERE digest = ?").bind(digest);
        let bytes: Option<Vec<u8>> = query.fetch_optional(&self.pool).await.map_err(fault)?;
        let bytes = bytes.ok_or_else(|| {
            Error::new("plugin/not-found", format!("no component with the digest \"{digest}\" is kept"))
        })?;
        match hex::encode(Sha256::digest(&bytes)) == digest {
            true => Ok(bytes),
            false => Err(Error::new(
                "host/fault",
                format!("the component {digest} was damaged in the control database"),
            )),
        }
    }

    /// Forgets components that no plugin uses; gives how many.
    ///
    /// # Errors
    /// `host/fault`.
    pub async fn components_sweep(&self) -> Result<u64> {
        let query = "DELETE FROM component WHERE digest NOT IN (SELECT digest FROM plugin)";
        Ok(sqlx::query(query).execute(&self.pool).await.map_err(fault)?.rows_affected())
    }
}
