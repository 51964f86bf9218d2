//! Keys of webhooks: made here, shown once, kept so that signatures can be verified; two of an organisation at a time.

use hookwright_core::ident::OrgName;
use hookwright_core::webhook::{SECRET_BYTES, Secret, Signed};
use rand::RngExt as _;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use super::{MAX_NAME_BYTES, Store, fault, is_plain, now};
use crate::access::Principal;
use crate::api::WebhookInfo;
use crate::error::{Error, Result};

/// Keys of one organisation in use: the one that senders have, and the one that they change to.
const MOST: usize = 2;

impl Store {
    /// Makes a key; gives it and its secret's text, which no other function shows.
    ///
    /// # Errors
    /// `request/invalid`, `org/not-found`, `webhook/too-many`, `host/fault`.
    pub async fn webhook_create(&self, org: &OrgName, name: &str) -> Result<(WebhookInfo, String)> {
        if !is_plain(name) {
            let message = format!(
                "the name of a key is empty, longer than {MAX_NAME_BYTES} bytes, or has control characters"
            );
            return Err(Error::new("request/invalid", message));
        }
        self.org(org).await?;
        let mut random = [0_u8; 6 + SECRET_BYTES];
        rand::rng().fill(&mut random[..]);
        let (id, bytes) = random.split_at(6);
        let mut secret = [0; SECRET_BYTES];
        secret.copy_from_slice(bytes);
        let (id, secret) = (hex::encode(id), Secret::new(secret).expose());
        let info =
            WebhookInfo { id, org: org.clone(), name: name.to_owned(), created_at: now(), revoked_at: None };
        let query = "INSERT INTO webhook SELECT ?1, ?2, ?3, ?4, ?5, NULL WHERE \
            (SELECT count(*) FROM webhook WHERE org = ?2 AND revoked_at IS NULL) < ?6";
        let query = sqlx::query(query)
            .bind(&info.id)
            .bind(org.as_str())
            .bind(&info.name)
            .bind(&secret)
            .bind(&info.created_at)
            .bind(MOST as i64);
        match query.execute(&self.pool).await.map_err(fault)?.rows_affected() {
            0 => Err(self.too_many(org).await?),
            _ => Ok((info, secret)),
        }
    }

    /// All keys, or those of an organisation, newest first.
    ///
    /// # Errors
    /// `org/not-found`, `host/fault`.
    pub async fn webhooks(&self, org: Option<&OrgName>) -> Result<Vec<WebhookInfo>> {
        if let Some(org) = org {
            self.org(org).await?;
        }
        let query = "SELECT * FROM webhook WHERE ?1 IS NULL OR org = ?1 ORDER BY created_at DESC, id";
        let query = sqlx::query(query).bind(org.map(OrgName::as_str));
        query.fetch_all(&self.pool).await.map_err(fault)?.iter().map(info).collect()
    }

    /// Revokes a key and forgets its secret. Once revoked, it stays in the list.
    ///
    /// # Errors
    /// `webhook/not-found`, `host/fault`.
    pub async fn webhook_revoke(&self, id: &str) -> Result<()> {
        let query = "UPDATE webhook SET revoked_at = coalesce(revoked_at, ?), secret = '' WHERE id = ?";
        match sqlx::query(query)
            .bind(now())
            .bind(id)
            .execute(&self.pool)
            .await
            .map_err(fault)?
            .rows_affected()
        {
            0 => {
                let id: String = id.chars().take(40).collect();
                let message = format!("there is no key \"{}\" of a webhook", id.escape_default());
                Err(Error::new("webhook/not-found", message))
            }
            _ => Ok(()),
        }
    }

    /// Whose key signed a request to an organisation, whether there is one or not. Every way of being wrong gives the
    /// same error and takes as long.
    ///
    /// # Errors
    /// `auth/signature-wrong`, `host/fault`.
    pub async fn verify(&self, org: Option<&OrgName>, signed: &Signed, body: &[u8]) -> Result<Principal> {
        let query =
            "SELECT * FROM webhook WHERE org = ? AND revoked_at IS NULL ORDER BY created_at DESC LIMIT ?";
        let query = sqlx::query(query).bind(org.map_or("", OrgName::as_str)).bind(MOST as i64);
        let rows = query.fetch_all(&self.pool).await.map_err(fault)?;
        let nobodys = Secret::new([0; SECRET_BYTES]);
        let mut signer = None;
        for place in 0..MOST {
            let row = rows.get(place);
            let secret = row.map(secret).transpose()?;
            let right = signed.is_by(secret.as_ref().unwrap_or(&nobodys), body);
            if let Some(row) = row.filter(|_| right) {
                signer = Some(info(row)?);
            }
        }
        let message = "no key of the organisation made the signature";
        let signer = signer.ok_or_else(|| Error::new("auth/signature-wrong", message))?;
        Ok(Principal::webhook(signer.id, signer.name, &signer.org))
    }

    async fn too_many(&self, org: &OrgName) -> Result<Error> {
        let all = self.webhooks(Some(org)).await?;
        let used = all.iter().filter(|key| key.revoked_at.is_none());
        let used: Vec<_> = used.map(|key| format!("{} ({})", key.id, key.name)).collect();
        let message = format!(
            "the organisation \"{org}\" has {MOST} keys of webhooks in use, the most there can be: {}",
            used.join(", ")
        );
        Ok(Error::new("webhook/too-many", message))
    }
}

fn secret(row: &SqliteRow) -> Result<Secret> {
    let text: String = row.try_get("secret").map_err(fault)?;
    let damaged = || Error::new("host/fault", "the control database holds a damaged secret");
    Secret::parse(&text).ok_or_else(damaged)
}

fn info(row: &SqliteRow) -> Result<WebhookInfo> {
    let text = |column: &str| row.try_get::<String, _>(column).map_err(fault);
    let org = OrgName::parse(&text("org")?)
        .map_err(|e| Error::new("host/fault", "the control database holds an impossible name").because(e))?;
    Ok(WebhookInfo {
        id: text("id")?,
        org,
        name: text("name")?,
        created_at: text("created_at")?,
        revoked_at: row.try_get("revoked_at").map_err(fault)?,
    })
}

#[cfg(test)]
mod tests {
    use super::super::testing::store;
    use super::*;
    use crate::config::DatabaseUrl;

    const NOW: u64 = 1_700_000_000;

    fn signed(secret: &str, body: &[u8]) -> Signed {
        let signature = Secret::parse(secret).expect("a secret").sign("m-1", NOW, body);
        let time = NOW.to_string();
        Signed::read(&[b"m-1"], &[time.as_bytes()], &[signature.as_bytes()]).expect("read")
    }

    async fn with_orgs() -> (Store, tempfile::TempDir, [OrgName; 2]) {
        let (store, dir) = store().await;
        let orgs = ["acme", "other"].map(|name| OrgName::parse(name).expect("a name"));
        for org in &orgs {
            store.org_add(org, &DatabaseUrl::parse("sqlite:a.db").expect("one")).await.expect("added");
        }
        (store, dir, orgs)
    }

    #[tokio::test]
    async fn a_key_is_changed_for_another_without_a_gap() {
        let (store, _dir, [acme, other]) = with_orgs().await;
        assert!(!store.has_tokens().await.expect("known"));
        let (old, old_secret) = store.webhook_create(&acme, "crm").await.expect("made");
        let (_, new_secret) = store.webhook_create(&acme, "crm-2").await.expect("made");
        let error = store.webhook_create(&acme, "third").await.expect_err("too many");
        assert_eq!(error.code, "webhook/too-many");
        assert!(error.message.contains(&old.id) && !error.message.contains(&old_secret), "{error}");
        for (secret, actor) in [(&old_secret, "webhook:crm"), (&new_secret, "webhook:crm-2")] {
            let principal = store.verify(Some(&acme), &signed(secret, b"x"), b"x").await.expect("right");
            assert_eq!(principal.actor().as_deref(), Some(actor));
            assert!(principal.reaches(&acme) && !principal.reaches(&other));
        }
        store.webhook_revoke(&old.id).await.expect("revoked");
        store.verify(Some(&acme), &signed(&old_secret, b"x"), b"x").await.expect_err("revoked");
        store.webhook_create(&acme, "third").await.expect("there is room");
        assert_eq!(store.webhook_revoke("x").await.expect_err("none").code, "webhook/not-found");
        let kept: String = sqlx::query_scalar("SELECT secret FROM webhook WHERE id = ?")
            .bind(&old.id)
            .fetch_one(&store.pool)
            .await
            .expect("read");
        assert_eq!(kept, "");
        assert_eq!(store.webhooks(Some(&acme)).await.expect("a list").len(), 3);
        assert!(store.has_tokens().await.expect("known"));
    }

    #[tokio::test]
    async fn every_wrong_signature_gets_the_same_answer() {
        let (store, _dir, [acme, other]) = with_orgs().await;
        let (_, secret) = store.webhook_create(&acme, "crm").await.expect("made");
        let nobodys = Secret::new([0; SECRET_BYTES]).expose();
        let nobody = OrgName::parse("nobody").expect("a name");
        let right = signed(&secret, b"x");
        for (org, signed, body) in [
            (Some(&acme), &right, &b"y"[..]),
            (Some(&other), &right, b"x"),
            (Some(&nobody), &right, b"x"),
            (None, &right, b"x"),
            (Some(&acme), &signed(&nobodys, b"x"), b"x"),
            (Some(&other), &signed(&nobodys, b"x"), b"x"),
            (None, &signed(&nobodys, b"x"), b"x"),
        ] {
            let error = store.verify(org, signed, body).await.expect_err("wrong");
            assert_eq!(
                (error.code.as_str(), error.to_string().as_str()),
                ("auth/signature-wrong", "no key of the organisation made the signature")
            );
        }
    }
}
