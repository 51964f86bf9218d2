//! Findings of drift that somebody decided to leave as they are.

use hookwright_core::ident::OrgName;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use super::{Store, fault, now};
use crate::drift::Ignored;
use crate::error::{Error, Result};

impl Store {
    /// Records that a finding is left as it is; a second time, by whom and why it was last.
    ///
    /// # Errors
    /// `org/not-found`, `host/fault`.
    pub async fn ignore(&self, org: &OrgName, ignored: Ignored) -> Result<Ignored> {
        self.org(org).await?;
        let ignored = Ignored { at: now(), ..ignored };
        sqlx::query("INSERT OR REPLACE INTO ignored VALUES (?, ?, ?, ?, ?, ?, ?)")
            .bind(org.as_str())
            .bind(&ignored.finding)
            .bind(&ignored.code)
            .bind(&ignored.message)
            .bind(&ignored.actor)
            .bind(&ignored.reason)
            .bind(&ignored.at)
            .execute(&self.pool)
            .await
            .map_err(fault)?;
        Ok(ignored)
    }

    /// Forgets that a finding is left as it is.
    ///
    /// # Errors
    /// `org/not-found`, `drift/not-found`, `host/fault`.
    pub async fn heed(&self, org: &OrgName, finding: &str) -> Result<()> {
        self.org(org).await?;
        let query = sqlx::query("DELETE FROM ignored WHERE org = ? AND finding = ?");
        let gone = query.bind(org.as_str()).bind(finding).execute(&self.pool).await.map_err(fault)?;
        match gone.rows_affected() {
            0 => Err(Error::new(
                "drift/not-found",
                format!("no finding that is ignored has the id {}", hookwright_core::ident::quoted(finding)),
            )
            .help(format!("see which are: hookwright ignore --org {org} --list"))),
            _ => Ok(()),
        }
    }

    /// What is ignored in an organisation, oldest first.
    ///
    /// # Errors
    /// `org/not-found`, `host/fault`.
    pub async fn ignored(&self, org: &OrgName) -> Result<Vec<Ignored>> {
        self.org(org).await?;
        let query =
            sqlx::query("SELECT * FROM ignored WHERE org = ? ORDER BY at, finding").bind(org.as_str());
        query.fetch_all(&self.pool).await.map_err(fault)?.iter().map(ignored).collect()
    }
}

fn ignored(row: &SqliteRow) -> Result<Ignored> {
    let text = |column: &str| row.try_get::<String, _>(column).map_err(fault);
    Ok(Ignored {
        finding: text("finding")?,
        code: text("code")?,
        message: text("message")?,
        actor: row.try_get("actor").map_err(fault)?,
        reason: text("reason")?,
        at: text("at")?,
        gone: None,
    })
}

#[cfg(test)]
mod tests {
    use super::super::testing::store;
    use super::*;
    use crate::config::DatabaseUrl;

    #[tokio::test]
    async fn what_is_ignored_is_remembered_until_it_is_heeded() {
        let (store, _dir) = store().await;
        let org = OrgName::parse("acme").expect("a name");
        store.org_add(&org, &DatabaseUrl::parse("sqlite:a.db").expect("one")).await.expect("added");
        let before = store.generation().await.expect("a number");
        let of = |reason: &str| Ignored {
            finding: "f-1".into(),
            code: "drift/type".into(),
            message: "it differs".into(),
            actor: Some("ann".into()),
            reason: reason.into(),
            at: String::new(),
            gone: None,
        };
        store.ignore(&org, of("a first reason")).await.expect("recorded");
        store.ignore(&org, of("a better one")).await.expect("recorded");
        let all = store.ignored(&org).await.expect("a list");
        assert_eq!((all.len(), all[0].reason.as_str()), (1, "a better one"));
        assert!(store.generation().await.expect("a number") > before);
        store.heed(&org, "f-1").await.expect("forgotten");
        assert_eq!(store.heed(&org, "f-1").await.expect_err("gone").code, "drift/not-found");
    }
}
