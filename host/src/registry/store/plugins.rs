//! Plugins as they are bound to organisations.

use hookwright_core::ident::OrgName;
use hookwright_core::signature::PluginSignature;
use serde_json::Value as Json;
use sqlx::Row;
use sqlx::sqlite::{Sqlite, SqliteArguments, SqliteConnection, SqliteRow};

use super::{Store, components, fault, now, versions};
use crate::api::{OnFault, PluginInfo, Returned};
use crate::error::{Error, Result};
use crate::grants::Difference;
use crate::quota::Quota;

/// A statement that removes rows.
type Deletion<'q> = sqlx::query::Query<'q, Sqlite, SqliteArguments>;

/// A plugin bound to an organisation.
#[derive(Debug, Clone, PartialEq)]
pub struct Binding {
    /// The plugin's name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Its component's digest (sha256, hex); set by the store.
    pub digest: String,
    /// Its manifest.
    pub manifest: Json,
    /// Its configuration for this organisation.
    pub config: Json,
    /// What it is granted.
    pub grants: Vec<String>,
    /// Its place: lower is called earlier, then by name.
    pub order: i32,
    /// Whether it is called.
    pub enabled: bool,
    /// What becomes of a change when it breaks.
    pub on_fault: OnFault,
    /// The signature that came with it.
    pub signature: Option<PluginSignature>,
    /// When it was installed (RFC 3339, UTC); set by the store.
    pub installed_at: String,
    /// Whether a call of it worked since it is bound as it is; set by the store.
    pub proven: bool,
    /// What became of the build that was installed in its place; set by the store.
    pub returned: Option<Returned>,
}

impl From<Binding> for PluginInfo {
    fn from(binding: Binding) -> Self {
        let asks = texts(&binding.manifest["grants"]);
        let difference = Difference::of(&asks, &binding.grants, &texts(&binding.manifest["entities"]));
        Self {
            hooks: texts(&binding.manifest["hooks"]),
            asks,
            not_granted: difference.missing,
            beyond: difference.beyond,
            name: binding.name,
            version: binding.version,
            digest: binding.digest,
            grants: binding.grants,
            order: binding.order,
            enabled: binding.enabled,
            on_fault: binding.on_fault,
            signed_by: binding.signature.map(|signature| signature.key().to_string()),
            standing: None,
            returned: binding.returned,
            differences: None,
            config: binding.config,
            installed_at: binding.installed_at,
        }
    }
}

/// The texts of a list.
fn texts(list: &Json) -> Vec<String> {
    list.as_array().into_iter().flatten().filter_map(|text| text.as_str().map(str::to_owned)).collect()
}

impl Store {
    /// Binds a plugin, in place of the one of its name, and keeps its component. What was bound is kept too, if it worked.
    ///
    /// # Errors
    /// `org/not-found`, `org/plugins`, `host/fault`.
    pub async fn plugin_put(
        &self,
        org: &OrgName,
        binding: Binding,
        component: &[u8],
        quota: &Quota,
    ) -> Result<Binding> {
        self.org(org).await?;
        let binding = Binding { digest: components::digest(component), installed_at: now(), ..binding };
        let mut transaction = self.pool.begin_with("BEGIN IMMEDIATE").await.map_err(fault)?;
        components::keep(&mut transaction, &binding.digest, component).await.map_err(fault)?;
        versions::keep(&mut transaction, org, &binding).await.map_err(fault)?;
        put(&mut transaction, org, &binding).await.map_err(fault)?;
        versions::trim(&mut transaction, org, quota).await?;
        components::sweep(&mut transaction).await.map_err(fault)?;
        transaction.commit().await.map_err(fault)?;
        Ok(binding)
    }

    /// Removes what a statement names, and the components that nothing uses then; gives how many rows went.
    pub(super) async fn removed(&self, query: Deletion<'_>) -> sqlx::Result<u64> {
        let mut transaction = self.pool.begin_with("BEGIN IMMEDIATE").await?;
        let gone = query.execute(&mut *transaction).await?.rows_affected();
        components::sweep(&mut transaction).await?;
        transaction.commit().await?;
        Ok(gone)
    }

    /// The plugins of an organisation, in the order they are called.
    ///
    /// # Errors
    /// `org/not-found`, `host/fault`.
    pub async fn plugins(&self, org: &OrgName) -> Result<Vec<Binding>> {
        self.org(org).await?;
        self.bindings(org).await
    }

    /// The same of an organisation that is known to be there.
    ///
    /// # Errors
    /// `host/fault`.
    pub async fn bindings(&self, org: &OrgName) -> Result<Vec<Binding>> {
        let query = sqlx::query("SELECT * FROM plugin WHERE org = ? ORDER BY ord, name").bind(org.as_str());
        query.fetch_all(&self.pool).await.map_err(fault)?.iter().map(binding).collect()
    }

    /// The plugins of an organisation, called or not, each with its component, in the order they are called.
    /// They are read at once: what replaces one in the meantime takes its component away.
    ///
    /// # Errors
    /// `org/not-found`, `host/fault`.
    pub async fn plugins_whole(&self, org: &OrgName) -> Result<Vec<(Binding, Vec<u8>)>> {
        self.org(org).await?;
        let query = "SELECT plugin.*, component.bytes FROM plugin JOIN component USING (digest) \
            WHERE org = ? ORDER BY ord, name";
        let rows = sqlx::query(query).bind(org.as_str()).fetch_all(&self.pool).await.map_err(fault)?;
        let with_component = |row| {
            let binding = binding(row)?;
            let bytes = components::intact(&binding.digest, row.try_get("bytes").map_err(fault)?)?;
            Ok((binding, bytes))
        };
        rows.iter().map(with_component).collect()
    }

    /// A plugin of an organisation.
    ///
    /// # Errors
    /// `org/not-found`, `plugin/not-found`, `host/fault`.
    pub async fn plugin(&self, org: &OrgName, name: &str) -> Result<Binding> {
        let query = sqlx::query("SELECT * FROM plugin WHERE org = ? AND name = ?");
        let row = query.bind(org.as_str()).bind(name).fetch_optional(&self.pool).await.map_err(fault)?;
        match row {
            Some(row) => binding(&row),
            None => Err(self.missing(org, name).await),
        }
    }

    /// Enables or disables a plugin.
    ///
    /// # Errors
    /// `org/not-found`, `plugin/not-found`, `host/fault`.
    pub async fn plugin_enable(&self, org: &OrgName, name: &str, enabled: bool) -> Result<()> {
        let query = sqlx::query("UPDATE plugin SET enabled = ? WHERE org = ? AND name = ?");
        let query = query.bind(enabled).bind(org.as_str()).bind(name);
        match query.execute(&self.pool).await.map_err(fault)?.rows_affected() {
            0 => Err(self.missing(org, name).await),
            _ => Ok(()),
        }
    }

    /// Notes that a call of a plugin worked, if it is still bound as it was.
    ///
    /// # Errors
    /// `host/fault`.
    pub async fn plugin_proven(&self, org: &OrgName, name: &str, digest: &str, config: &Json) -> Result<()> {
        let text = "UPDATE plugin SET proven = 1
            WHERE org = ? AND name = ? AND digest = ? AND config = ? AND proven = 0";
        let query = sqlx::query(text).bind(org.as_str()).bind(name).bind(digest).bind(config.to_string());
        query.execute(&self.pool).await.map(drop).map_err(fault)
    }

    /// Sets what a plugin is granted.
    ///
    /// # Errors
    /// `org/not-found`, `plugin/not-found`, `host/fault`.
    pub async fn plugin_grants(&self, org: &OrgName, name: &str, grants: &[String]) -> Result<()> {
        let query = sqlx::query("UPDATE plugin SET grants = ? WHERE org = ? AND name = ?");
        let query = query.bind(Json::from(grants).to_string()).bind(org.as_str()).bind(name);
        match query.execute(&self.pool).await.map_err(fault)?.rows_affected() {
            0 => Err(self.missing(org, name).await),
            _ => Ok(()),
        }
    }

    /// Unbinds a plugin.
    ///
    /// # Errors
    /// `org/not-found`, `plugin/not-found`, `host/fault`.
    pub async fn plugin_remove(&self, org: &OrgName, name: &str) -> Result<()> {
        let query = sqlx::query("DELETE FROM plugin WHERE org = ? AND name = ?");
        let remove = async {
            let mut transaction = self.pool.begin_with("BEGIN IMMEDIATE").await?;
            let gone = query.bind(org.as_str()).bind(name).execute(&mut *transaction).await?.rows_affected();
            versions::forget(&mut transaction, org, name).await?;
            components::sweep(&mut transaction).await?;
            transaction.commit().await?;
            Ok(gone)
        };
        match remove.await.map_err(fault)? {
            0 => Err(self.missing(org, name).await),
            _ => Ok(()),
        }
    }

    async fn missing(&self, org: &OrgName, name: &str) -> Error {
        let name: String = name.chars().take(100).collect();
        let message = format!("the organisation \"{org}\" has no plugin \"{}\"", name.escape_default());
        self.org(org).await.err().unwrap_or_else(|| Error::new("plugin/not-found", message))
    }
}

/// Binds a plugin. One that is bound otherwise than before has to show again that it works.
async fn put(connection: &mut SqliteConnection, org: &OrgName, binding: &Binding) -> sqlx::Result<()> {
    let text = "INSERT INTO plugin (org, name, version, digest, manifest, config, grants, ord, enabled, installed_at, on_fault, signature)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT (org, name) DO UPDATE SET
            proven = proven AND plugin.digest = excluded.digest AND plugin.config = excluded.config,
            version = excluded.version, digest = excluded.digest, manifest = excluded.manifest, config = excluded.config,
            grants = excluded.grants, ord = excluded.ord, enabled = excluded.enabled,
            installed_at = excluded.installed_at, on_fault = excluded.on_fault, signature = excluded.signature,
            returned = NULL";
    let query = sqlx::query(text)
        .bind(org.as_str())
        .bind(&binding.name)
        .bind(&binding.version)
        .bind(&binding.digest)
        .bind(binding.manifest.to_string())
        .bind(binding.config.to_string())
        .bind(Json::from(binding.grants.clone()).to_string())
        .bind(binding.order)
        .bind(binding.enabled)
        .bind(&binding.installed_at)
        .bind(binding.on_fault.as_str())
        .bind(binding.signature.as_ref().map(ToString::to_string));
    query.execute(connection).await.map(drop)
}

fn binding(row: &SqliteRow) -> Result<Binding> {
    let text = |column: &str| row.try_get::<String, _>(column).map_err(fault);
    let damaged = |e| Error::new("host/fault", "the control database holds what is not JSON").because(e);
    let returned: Option<String> = row.try_get("returned").map_err(fault)?;
    let json = |column: &str| -> Result<Json> { serde_json::from_str(&text(column)?).map_err(damaged) };
    Ok(Binding {
        name: text("name")?,
        version: text("version")?,
        digest: text("digest")?,
        manifest: json("manifest")?,
        config: json("config")?,
        grants: texts(&json("grants")?),
        order: row.try_get("ord").map_err(fault)?,
        enabled: row.try_get("enabled").map_err(fault)?,
        on_fault: if text("on_fault")? == "skip" { OnFault::Skip } else { OnFault::Reject },
        signature: signature(row)?,
        installed_at: text("installed_at")?,
        proven: row.try_get("proven").map_err(fault)?,
        returned: returned.map(|text| serde_json::from_str(&text)).transpose().map_err(damaged)?,
    })
}

fn signature(row: &SqliteRow) -> Result<Option<PluginSignature>> {
    let text: Option<String> = row.try_get("signature").map_err(fault)?;
    let damaged = || Error::new("host/fault", "the control database holds a damaged signature");
    text.map(|text| PluginSignature::parse(&text).ok_or_else(damaged)).transpose()
}

#[cfg(test)]
mod tests {
    use super::super::testing::store;
    use super::*;
    use crate::config::DatabaseUrl;
    use crate::quota::QuotaConfig;

    fn of(name: &str, order: i32) -> Binding {
        Binding {
            name: name.into(),
            version: "1.0.0".into(),
            digest: String::new(),
            manifest: serde_json::json!({"hooks": ["entity.after"], "entities": ["*"], "grants": ["create-table"]}),
            config: Json::Null,
            grants: vec!["create-table".into()],
            order,
            enabled: true,
            on_fault: OnFault::Skip,
            signature: None,
            installed_at: String::new(),
            proven: false,
            returned: None,
        }
    }

    fn quota(kept_versions: u32, kept_bytes: u64) -> Quota {
        let config = QuotaConfig { kept_versions, kept_bytes, bound_plugins: 2, ..QuotaConfig::default() };
        config.of_org(&OrgName::parse("acme").expect("a name"))
    }

    #[tokio::test]
    async fn plugins_are_bound_in_order_and_replaced_by_name() {
        let (store, _dir) = store().await;
        let org = OrgName::parse("acme").expect("a name");
        assert_eq!(store.plugins(&org).await.expect_err("no org").code, "org/not-found");
        store.org_add(&org, &DatabaseUrl::parse("sqlite:a.db").expect("one")).await.expect("added");
        store.plugin_put(&org, of("late", 9), b"one", &quota(0, 100)).await.expect("bound");
        store.plugin_put(&org, of("early", -1), b"one", &quota(0, 100)).await.expect("bound");
        store.plugin_put(&org, of("late", 9), b"two", &quota(0, 100)).await.expect("replaced");
        let bound = store.plugins_whole(&org).await.expect("a list");
        let bound: Vec<_> = bound.iter().map(|(b, bytes)| (b.name.as_str(), bytes.as_slice())).collect();
        assert_eq!(bound, [("early", &b"one"[..]), ("late", b"two")]);
        store.plugin_enable(&org, "late", false).await.expect("disabled");
        store.plugin_grants(&org, "late", &["add-column on a*".to_owned()]).await.expect("granted");
        let all = store.plugins(&org).await.expect("a list");
        assert_eq!(
            all.iter().map(|b| (b.name.as_str(), b.enabled)).collect::<Vec<_>>(),
            [("early", true), ("late", false)]
        );
        let info = PluginInfo::from(all[1].clone());
        assert_eq!(
            (info.hooks, info.not_granted),
            (vec!["entity.after".to_owned()], vec!["create-table".to_owned()])
        );
        assert_eq!(info.beyond, ["add-column on a*"]);
        assert_eq!(info.on_fault, OnFault::Skip);
        store.plugin_remove(&org, "late").await.expect("removed");
        assert_eq!(store.plugin(&org, "late").await.expect_err("gone").code, "plugin/not-found");
        store.org_remove(&org).await.expect("removed with what is bound to it");
    }

    #[tokio::test]
    async fn what_worked_is_kept_within_the_quota_and_what_is_bound_always() {
        let (store, _dir) = store().await;
        let org = OrgName::parse("acme").expect("a name");
        store.org_add(&org, &DatabaseUrl::parse("sqlite:a.db").expect("one")).await.expect("added");
        let bind = async |bytes: &[u8], works: bool, quota: Quota| {
            let bound = store.plugin_put(&org, of("a", 0), bytes, &quota).await?;
            if works {
                store.plugin_proven(&org, "a", &bound.digest, &bound.config).await?;
            }
            let kept = store.kept(&org, &quota).await?;
            Ok::<_, Error>((kept.versions.used, kept.bytes.used))
        };
        assert_eq!(bind(b"1", true, quota(2, 100)).await.expect("bound"), (0, 1));
        assert_eq!(bind(b"22", false, quota(2, 100)).await.expect("bound"), (1, 3));
        assert_eq!(bind(b"333", true, quota(2, 100)).await.expect("bound"), (1, 4), "22 never worked");
        assert_eq!(bind(b"333", false, quota(2, 100)).await.expect("bound"), (1, 4), "nothing new");
        assert_eq!(bind(b"1", true, quota(2, 100)).await.expect("bound"), (1, 4), "333 is earlier now");
        assert_eq!(bind(b"4444", true, quota(2, 100)).await.expect("bound"), (2, 8));
        assert_eq!(bind(b"55555", true, quota(2, 10)).await.expect("bound"), (2, 10), "333 is forgotten");
        let refused = bind(b"666666", true, quota(2, 5)).await.expect_err("too large");
        assert!(refused.message.contains("1 plugin of 6 bytes"), "{refused}");
        assert_eq!(
            (refused.code.as_str(), store.kept(&org, &quota(2, 5)).await.expect("kept").bytes.used),
            ("org/plugins", 10)
        );
        store.plugin_put(&org, of("b", 0), b"7", &quota(2, 100)).await.expect("the second");
        let third = store.plugin_put(&org, of("c", 0), b"8", &quota(2, 100)).await.expect_err("too many");
        assert!(third.message.contains("the limits are 2 "), "{third}");
        store.plugin_remove(&org, "a").await.expect("removed with its versions");
        assert_eq!(store.kept(&org, &quota(2, 5)).await.expect("kept").bytes.used, 1);
    }

    #[tokio::test]
    async fn a_component_is_kept_as_long_as_a_plugin_uses_it() {
        let (store, _dir) = store().await;
        let kept = || async {
            let query = sqlx::query_scalar("SELECT CAST(bytes AS TEXT) FROM component ORDER BY 1");
            query.fetch_all(&store.pool).await.expect("read")
        };
        let orgs = ["acme", "other"].map(|name| OrgName::parse(name).expect("a name"));
        for org in &orgs {
            store.org_add(org, &DatabaseUrl::parse("sqlite:a.db").expect("one")).await.expect("added");
            store.plugin_put(org, of("a", 0), b"one", &quota(0, 100)).await.expect("bound");
        }
        store.plugin_put(&orgs[0], of("a", 0), b"two", &quota(0, 100)).await.expect("replaced");
        let both: Vec<String> = kept().await;
        assert_eq!(both, ["one", "two"]);
        store.plugin_remove(&orgs[0], "a").await.expect("removed");
        assert_eq!(kept().await, ["one"]);
        store.org_remove(&orgs[1]).await.expect("removed");
        assert!(kept().await.is_empty());
    }
}
