//! Tokens: made once, shown once, kept as a hash.

use rand::RngExt as _;
use sha2::{Digest, Sha256};
use sqlx::Row;
use sqlx::sqlite::SqliteRow;
use subtle::ConstantTimeEq;

use super::{Store, fault, is_plain, now};
use crate::access::{Credential, OrgPattern, Principal, Scope};
use crate::api::TokenInfo;
use crate::error::{Error, Result};

/// What every token begins with, so that a leaked one is recognised.
const MARK: &str = "hw";
/// A token as it is remembered: what its secret has to hash to, and whom it stands for.
#[derive(Debug, Clone)]
pub(super) struct Known {
    hash: [u8; 32],
    principal: Principal,
}

/// Longest text that is looked at as a token.
const MAX_BYTES: usize = 200;

impl Store {
    /// Makes a token; gives it and the text to send, which is kept nowhere.
    ///
    /// # Errors
    /// `request/invalid`, `host/fault`.
    pub async fn token_create(
        &self,
        name: &str,
        orgs: Vec<OrgPattern>,
        scopes: Vec<Scope>,
    ) -> Result<(TokenInfo, String)> {
        check(name, &orgs, &scopes)?;
        let mut random = [0_u8; 38];
        rand::rng().fill(&mut random[..]);
        let (id, secret) = (hex::encode(&random[..6]), hex::encode(&random[6..]));
        let info = TokenInfo { id, name: name.to_owned(), orgs, scopes, created_at: now(), revoked_at: None };
        let query = sqlx::query("INSERT INTO token VALUES (?, ?, ?, ?, ?, ?, NULL)")
            .bind(&info.id)
            .bind(&info.name)
            .bind(hash(&secret).to_vec())
            .bind(json(&info.orgs)?)
            .bind(json(&info.scopes)?)
            .bind(&info.created_at);
        query.execute(&self.pool).await.map_err(fault)?;
        let shown = format!("{MARK}_{}_{secret}", info.id);
        Ok((info, shown))
    }

    /// All tokens, newest first.
    ///
    /// # Errors
    /// `host/fault`.
    pub async fn tokens(&self) -> Result<Vec<TokenInfo>> {
        let query = sqlx::query("SELECT * FROM token ORDER BY created_at DESC, id");
        query.fetch_all(&self.pool).await.map_err(fault)?.iter().map(info).collect()
    }

    /// Whether any token is in use, or any key of a webhook.
    ///
    /// # Errors
    /// `host/fault`.
    pub async fn has_tokens(&self) -> Result<bool> {
        let query = "SELECT EXISTS (SELECT 1 FROM token WHERE revoked_at IS NULL) \
            OR EXISTS (SELECT 1 FROM webhook WHERE revoked_at IS NULL)";
        sqlx::query_scalar(query).fetch_one(&self.pool).await.map_err(fault)
    }

    /// Revokes a token. Once revoked, it stays in the list.
    ///
    /// # Errors
    /// `token/not-found`, `host/fault`.
    pub async fn token_revoke(&self, id: &str) -> Result<()> {
        let query = sqlx::query("UPDATE token SET revoked_at = coalesce(revoked_at, ?) WHERE id = ?");
        match query.bind(now()).bind(id).execute(&self.pool).await.map_err(fault)?.rows_affected() {
            0 => {
                let id: String = id.chars().take(40).collect();
                Err(Error::new("token/not-found", format!("there is no token \"{}\"", id.escape_default())))
            }
            _ => Ok(()),
        }
    }

    /// Whom a token stands for. Every way of being wrong gives the same error.
    ///
    /// # Errors
    /// `auth/unauthenticated`, `host/fault`.
    pub async fn authenticate(&self, token: &str) -> Result<Principal> {
        let (id, secret) = parts(token).ok_or_else(unauthenticated)?;
        let known = self.token(id).await?;
        // An unknown id costs as much as a wrong secret.
        let kept = known.as_ref().map_or([0; 32], |known| known.hash);
        let right = bool::from(hash(secret).ct_eq(&kept));
        known.filter(|_| right).map(|known| known.principal).ok_or_else(unauthenticated)
    }

    /// A token that is in use, by its id.
    async fn token(&self, id: &str) -> Result<Option<Known>> {
        let generation = self.numbers().await?.tokens;
        if let Some(known) = self.tokens.get(generation, id) {
            return Ok(Some(known));
        }
        let query = sqlx::query("SELECT * FROM token WHERE id = ? AND revoked_at IS NULL").bind(id);
        let Some(row) = query.fetch_optional(&self.pool).await.map_err(fault)? else { return Ok(None) };
        let (hash, token) = (row.try_get::<Vec<u8>, _>("hash").map_err(fault)?, info(&row)?);
        let hash = hash.try_into().map_err(|_| damaged("its hash has another length"))?;
        let credential = Credential::Token { id: token.id, name: token.name };
        let principal = Principal { credential, orgs: token.orgs, scopes: token.scopes };
        let known = Known { hash, principal };
        self.tokens.put(generation, id, known.clone());
        Ok(Some(known))
    }
}

fn check(name: &str, orgs: &[OrgPattern], scopes: &[Scope]) -> Result<()> {
    let message = match (is_plain(name), orgs.is_empty(), scopes.is_empty()) {
        (false, ..) => "the name of a token is empty, longer than 100 bytes, or has control characters",
        (_, true, _) => "a token without an organisation reaches nothing; name one, a pattern, or \"*\"",
        (_, _, true) => "a token without a scope may do nothing; name at least one",
        _ => return Ok(()),
    };
    Err(Error::new("request/invalid", message))
}

fn parts(token: &str) -> Option<(&str, &str)> {
    let rest = Some(token).filter(|t| t.len() <= MAX_BYTES)?.strip_prefix(MARK)?.strip_prefix('_')?;
    rest.split_once('_').filter(|(id, secret)| !id.is_empty() && !secret.is_empty())
}

/// The one answer to any wrong token.
pub(crate) fn unauthenticated() -> Error {
    Error::new("auth/unauthenticated", "the request carries no valid token")
}

// A plain hash is enough: the secret is 256 random bits, not a word somebody chose.
fn hash(secret: &str) -> [u8; 32] {
    Sha256::digest(secret).into()
}

fn json(value: &impl serde::Serialize) -> Result<String> {
    serde_json::to_string(value).map_err(|e| Error::new("host/fault", "a token has no JSON form").because(e))
}

fn damaged(why: impl std::fmt::Display) -> Error {
    Error::new("host/fault", format!("the control database holds a damaged token: {why}"))
}

fn info(row: &SqliteRow) -> Result<TokenInfo> {
    let text = |column: &str| row.try_get::<String, _>(column).map_err(fault);
    Ok(TokenInfo {
        id: text("id")?,
        name: text("name")?,
        orgs: serde_json::from_str(&text("orgs")?).map_err(damaged)?,
        scopes: serde_json::from_str(&text("scopes")?).map_err(damaged)?,
        created_at: text("created_at")?,
        revoked_at: row.try_get("revoked_at").map_err(fault)?,
    })
}

#[cfg(test)]
mod tests {
    use super::super::testing::store;
    use super::*;

    #[tokio::test]
    async fn a_token_opens_until_it_is_revoked() {
        let (store, _dir) = store().await;
        let orgs = vec![OrgPattern::parse("acme-*").expect("a pattern")];
        assert!(!store.has_tokens().await.expect("known"));
        let (info, shown) = store.token_create("ci", orgs, vec![Scope::EventsWrite]).await.expect("made");
        let principal = store.authenticate(&shown).await.expect("valid");
        assert_eq!(
            (principal.actor().as_deref(), principal.scopes.as_slice()),
            (Some("token:ci"), &[Scope::EventsWrite][..])
        );
        let kept = serde_json::to_string(&store.tokens().await.expect("a list")).expect("JSON");
        assert!(!kept.contains(shown.rsplit('_').next().expect("a secret")));
        store.token_revoke(&info.id).await.expect("revoked");
        assert!(!store.has_tokens().await.expect("known"));
        assert_eq!(store.authenticate(&shown).await.expect_err("revoked").code, "auth/unauthenticated");
    }

    #[tokio::test]
    async fn every_wrong_token_gets_the_same_answer() {
        let (store, _dir) = store().await;
        let orgs = vec![OrgPattern::parse("*").expect("a pattern")];
        let (info, _) = store.token_create("ci", orgs, vec![Scope::Admin]).await.expect("made");
        let long = "x".repeat(10_000);
        let id = format!("hw_{}_{}", info.id, "0".repeat(64));
        for wrong in ["", "hw", "hw_", "hw__", "hw_a_b", "\u{0}", "' OR 1=1 --", &long, &id] {
            let error = store.authenticate(wrong).await.expect_err("wrong");
            assert_eq!(
                (error.code.as_str(), error.to_string().as_str()),
                ("auth/unauthenticated", "the request carries no valid token")
            );
        }
    }
}
