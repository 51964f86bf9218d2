//! Organisations and their databases.

use hookwright_core::ident::OrgName;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use super::{Store, fault, now};
use crate::access::no_such_org;
use crate::api::OrgInfo;
use crate::config::DatabaseUrl;
use crate::error::{Error, Result};

impl Store {
    /// Registers an organisation.
    ///
    /// # Errors
    /// `org/exists`, `host/fault`.
    pub async fn org_add(&self, name: &OrgName, database: &DatabaseUrl) -> Result<OrgInfo> {
        let created_at = now();
        let query = sqlx::query("INSERT INTO org VALUES (?, ?, ?) ON CONFLICT DO NOTHING");
        let query = query.bind(name.as_str()).bind(database.expose()).bind(&created_at);
        let added = query.execute(&self.pool).await.map_err(fault)?.rows_affected();
        match added {
            0 => Err(Error::new("org/exists", format!("the organisation \"{name}\" is registered already"))),
            _ => Ok(OrgInfo { name: name.clone(), database: database.clone(), created_at }),
        }
    }

    /// An organisation.
    ///
    /// # Errors
    /// `org/not-found`, `host/fault`.
    pub async fn org(&self, name: &OrgName) -> Result<OrgInfo> {
        let query = sqlx::query("SELECT * FROM org WHERE name = ?").bind(name.as_str());
        let row = query.fetch_optional(&self.pool).await.map_err(fault)?;
        row.map_or_else(|| Err(no_such_org(name.as_str())), |row| info(&row))
    }

    /// All organisations, by name.
    ///
    /// # Errors
    /// `host/fault`.
    pub async fn orgs(&self) -> Result<Vec<OrgInfo>> {
        let rows = sqlx::query("SELECT * FROM org ORDER BY name").fetch_all(&self.pool).await;
        rows.map_err(fault)?.iter().map(info).collect()
    }

    /// Says where an organisation's database is now.
    ///
    /// # Errors
    /// `org/not-found`, `host/fault`.
    pub async fn org_move(&self, name: &OrgName, database: &DatabaseUrl) -> Result<()> {
        let query = sqlx::query("UPDATE org SET database = ? WHERE name = ?");
        let query = query.bind(database.expose()).bind(name.as_str());
        match query.execute(&self.pool).await.map_err(fault)?.rows_affected() {
            0 => Err(no_such_org(name.as_str())),
            _ => Ok(()),
        }
    }

    /// Forgets an organisation and its plugins' bindings; its database is not touched.
    ///
    /// # Errors
    /// `org/not-found`, `host/fault`.
    pub async fn org_remove(&self, name: &OrgName) -> Result<()> {
        let query = sqlx::query("DELETE FROM org WHERE name = ?").bind(name.as_str());
        match self.removed(query).await.map_err(fault)? {
            0 => Err(no_such_org(name.as_str())),
            _ => Ok(()),
        }
    }
}

fn info(row: &SqliteRow) -> Result<OrgInfo> {
    let text = |column: &str| row.try_get::<String, _>(column).map_err(fault);
    let name = OrgName::parse(&text("name")?)
        .map_err(|e| Error::new("host/fault", "the control database holds an impossible name").because(e))?;
    Ok(OrgInfo { name, database: DatabaseUrl::parse(&text("database")?)?, created_at: text("created_at")? })
}

#[cfg(test)]
mod tests {
    use super::super::testing::store;
    use super::*;

    #[tokio::test]
    async fn an_org_comes_and_goes() {
        let (store, _dir) = store().await;
        let name = OrgName::parse("acme-corp").expect("a name");
        let url = DatabaseUrl::parse("postgres://u:p@h/d").expect("an address");
        let before = store.generation().await.expect("a number");
        store.org_add(&name, &url).await.expect("added");
        assert_eq!(store.org_add(&name, &url).await.expect_err("twice").code, "org/exists");
        assert_eq!(store.org(&name).await.expect("there").database, url);
        assert_eq!(store.orgs().await.expect("a list").len(), 1);
        store.org_remove(&name).await.expect("removed");
        assert_eq!(store.org_remove(&name).await.expect_err("gone").code, "org/not-found");
        assert_eq!(store.org(&name).await.expect_err("gone").code, "org/not-found");
        assert!(store.generation().await.expect("a number") > before);
    }
}
