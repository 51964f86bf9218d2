//! Components by digest: what a digest names never changes, and what no plugin uses, nor used before, is not kept.

use sha2::{Digest, Sha256};
use sqlx::sqlite::SqliteConnection;

use crate::error::{Error, Result};

/// The digest of a component (sha256, hex).
pub(super) fn digest(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

/// A component's bytes, if what is kept is still what the digest names.
pub(super) fn intact(digest_kept: &str, bytes: Vec<u8>) -> Result<Vec<u8>> {
    match digest(&bytes) == digest_kept {
        true => Ok(bytes),
        false => {
            let message = format!("the component {digest_kept} was damaged in the control database");
            Err(Error::new("host/fault", message))
        }
    }
}

/// Keeps a component.
pub(super) async fn keep(connection: &mut SqliteConnection, digest: &str, bytes: &[u8]) -> sqlx::Result<()> {
    let query = sqlx::query("INSERT INTO component VALUES (?, ?) ON CONFLICT DO NOTHING");
    query.bind(digest).bind(bytes).execute(connection).await.map(drop)
}

/// Forgets the components that no plugin uses any more.
pub(super) async fn sweep(connection: &mut SqliteConnection) -> sqlx::Result<()> {
    let query = "DELETE FROM component
        WHERE digest NOT IN (SELECT digest FROM plugin UNION SELECT digest FROM plugin_version)";
    sqlx::query(query).execute(connection).await.map(drop)
}
