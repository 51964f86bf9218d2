//! Keys whose signatures an organisation takes for plugins.

use hookwright_core::ident::OrgName;
use hookwright_core::signature::PublicKey;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use super::{MAX_NAME_BYTES, Store, fault, is_plain, now};
use crate::api::SignerInfo;
use crate::error::{Error, Result};

/// Keys of one organisation: errors list them all.
const MOST: i64 = 16;

impl Store {
    /// Takes the signatures of a key from now on. A key that is there already stays as it is.
    ///
    /// # Errors
    /// `request/invalid` if the name cannot be shown or there are too many keys, `org/not-found`, `host/fault`.
    pub async fn signer_add(&self, org: &OrgName, name: &str, key: &PublicKey) -> Result<()> {
        if !is_plain(name) {
            let message = format!(
                "the name of a key is empty, longer than {MAX_NAME_BYTES} bytes, or has control characters"
            );
            return Err(Error::new("request/invalid", message));
        }
        self.org(org).await?;
        let query = "INSERT INTO signer SELECT ?1, ?2, ?3, ?4 \
            WHERE (SELECT count(*) FROM signer WHERE org = ?1 AND key <> ?2) < ?5 ON CONFLICT DO NOTHING";
        let query =
            sqlx::query(query).bind(org.as_str()).bind(key.to_string()).bind(name).bind(now()).bind(MOST);
        let added = query.execute(&self.pool).await.map_err(fault)?.rows_affected();
        if added == 0 && !self.signers(org).await?.iter().any(|signer| signer.key == *key) {
            let message =
                format!("the organisation \"{org}\" has {MOST} keys for plugins, the most there can be");
            let help =
                format!("remove one that signs nothing any more: hookwright plugin key list --org {org}");
            return Err(Error::new("request/invalid", message).help(help));
        }
        Ok(())
    }

    /// The keys of an organisation, by name.
    ///
    /// # Errors
    /// `org/not-found`, `host/fault`.
    pub async fn signers(&self, org: &OrgName) -> Result<Vec<SignerInfo>> {
        self.org(org).await?;
        let query = sqlx::query("SELECT * FROM signer WHERE org = ? ORDER BY name, key").bind(org.as_str());
        query.fetch_all(&self.pool).await.map_err(fault)?.iter().map(info).collect()
    }

    /// Takes the signatures of a key no more.
    ///
    /// # Errors
    /// `org/not-found`, `plugin/key-not-found`, `host/fault`.
    pub async fn signer_remove(&self, org: &OrgName, key: &PublicKey) -> Result<()> {
        self.org(org).await?;
        let query = sqlx::query("DELETE FROM signer WHERE org = ? AND key = ?")
            .bind(org.as_str())
            .bind(key.to_string());
        match query.execute(&self.pool).await.map_err(fault)?.rows_affected() {
            0 => {
                let message = format!("the organisation \"{org}\" does not have the key {key}");
                Err(Error::new("plugin/key-not-found", message))
            }
            _ => Ok(()),
        }
    }
}

fn info(row: &SqliteRow) -> Result<SignerInfo> {
    let text = |column: &str| row.try_get::<String, _>(column).map_err(fault);
    let damaged = || Error::new("host/fault", "the control database holds a damaged key");
    Ok(SignerInfo {
        name: text("name")?,
        key: PublicKey::parse(&text("key")?).ok_or_else(damaged)?,
        added_at: text("added_at")?,
    })
}

#[cfg(test)]
mod tests {
    use hookwright_core::signature::SecretKey;

    use super::super::testing::store;
    use super::*;
    use crate::config::DatabaseUrl;

    #[tokio::test]
    async fn keys_come_and_go_and_are_bounded() {
        let (store, _dir) = store().await;
        let org = OrgName::parse("acme").expect("a name");
        let key = |n: u8| SecretKey::new(&[n; 32]).public();
        assert_eq!(store.signers(&org).await.expect_err("no org").code, "org/not-found");
        store.org_add(&org, &DatabaseUrl::parse("sqlite:a.db").expect("one")).await.expect("added");
        let before = store.generation().await.expect("a number");
        for n in 0..16 {
            store.signer_add(&org, "ci", &key(n)).await.expect("added");
        }
        store.signer_add(&org, "ci", &key(3)).await.expect("it is there");
        assert_eq!(
            store.signer_add(&org, "ci", &key(99)).await.expect_err("too many").code,
            "request/invalid"
        );
        assert_eq!(store.signers(&org).await.expect("a list").len(), 16);
        store.signer_remove(&org, &key(3)).await.expect("removed");
        assert_eq!(store.signer_remove(&org, &key(3)).await.expect_err("gone").code, "plugin/key-not-found");
        assert!(store.generation().await.expect("a number") > before + 16);
    }
}
