//! The host's administration: organisations and their plugins.

use std::sync::{Arc, PoisonError};
use std::time::Instant;

use hookwright_core::ident::OrgName;
use serde_json::Value as Json;

use crate::api::{GrantChange, OrgInfo, OrgOptions, PluginInfo, PluginOptions, PluginReport};
use crate::config::DatabaseUrl;
use crate::config_schema;
use crate::embedded::SCHEMA_SYNC;
use crate::error::{Error, Result};
use crate::grants;
use crate::host::Host;
use crate::registry::store::Binding;
use crate::sandbox::{LoadError, Loaded};
use crate::tenant::Tenant;

/// Whose component is looked at that is nobody's yet.
const NOBODY: &str = "";

impl Host {
    /// Registers an organisation and makes its database ready.
    ///
    /// # Errors
    /// `org/exists`, `request/invalid`, `db/denied` with the `GRANT` to run, or what the database says.
    pub async fn org_add(&self, name: &OrgName, url: &str, options: OrgOptions) -> Result<OrgInfo> {
        let url = DatabaseUrl::parse(url)?.absolute();
        if self.inner.store.org(name).await.is_ok() {
            return Err(Error::new(
                "org/exists",
                format!("the organisation \"{name}\" is registered already"),
            ));
        }
        let db = self.inner.tenants.connect(name, &url)?.of_new();
        if options.create_database {
            db.create_database().await?;
        }
        db.serves().await?;
        db.prepare(&self.inner.config.retry).await?;
        let info = self.inner.store.org_add(name, &url).await?;
        if options.default_plugins {
            self.plugin_install(name, SCHEMA_SYNC.to_vec(), PluginOptions::default()).await?;
        }
        Ok(info)
    }

    /// Says where an organisation's database is now. It must know the organisation already.
    ///
    /// # Errors
    /// `org/not-found`, `request/invalid` if what is there is not the organisation's, or what the database says.
    pub async fn org_update(&self, name: &OrgName, url: &str) -> Result<OrgInfo> {
        let before = self.inner.store.org(name).await?;
        let url = DatabaseUrl::parse(url)?.absolute();
        let db = self.inner.tenants.connect(name, &url)?;
        if let Some(trouble) = db.absent() {
            return Err(trouble.into());
        }
        db.serves().await?;
        if !db.is_known().await? {
            let message = format!(
                "the database at {url} knows no organisation \"{name}\"; its history is at {}",
                before.database
            );
            let help = format!(
                "move the data there first, or begin anew: hookwright org remove {name}, then hookwright org add"
            );
            return Err(Error::new("request/invalid", message).help(help));
        }
        db.prepare(&self.inner.config.retry).await?;
        self.inner.store.org_move(name, &url).await?;
        self.inner.tenants.forget(name);
        self.inner.store.org(name).await
    }

    /// Goes on from what is there of an organisation's metadata and model, though others changed their rows by hand; says
    /// what was found, if they did.
    ///
    /// # Errors
    /// `org/not-found`, `db/ledger-changed` if more is amiss, or what the database says.
    pub async fn org_accept(&self, name: &OrgName) -> Result<Option<String>> {
        let url = self.inner.store.org(name).await?.database;
        let accepted = self.inner.tenants.connect(name, &url)?.accept().await?.map(|trouble| trouble.found);
        self.inner.tenants.forget(name);
        if let Some(found) = &accepted {
            tracing::warn!(org = %name, found, "what others changed of the bookkeeping was accepted");
        }
        Ok(accepted)
    }

    /// The registered organisations, by name.
    ///
    /// # Errors
    /// `host/fault`.
    pub async fn org_list(&self) -> Result<Vec<OrgInfo>> {
        self.inner.store.orgs().await
    }

    /// Forgets an organisation. Its database stays as it is.
    ///
    /// # Errors
    /// `org/not-found`, `host/fault`.
    pub async fn org_remove(&self, name: &OrgName) -> Result<()> {
        self.inner.store.org_remove(name).await?;
        self.inner.tenants.forget(name);
        Ok(())
    }

    /// Binds a plugin to an organisation, in place of the one of its name.
    ///
    /// # Errors
    /// `org/not-found`, `org/uploads`, `org/plugins`, `plugin/invalid` with a finer code, `plugin/unsigned` or a finer code,
    /// `config/invalid`.
    pub async fn plugin_install(
        &self,
        org: &OrgName,
        component: Vec<u8>,
        options: PluginOptions,
    ) -> Result<PluginInfo> {
        self.upload(org, &component).await?;
        let binding = self.binding(org, &component, options).await?;
        self.signed(org, &binding).await?;
        let quota = self.config().quotas.of_org(org);
        let binding = self.inner.store.plugin_put(org, binding, &component, &quota).await?;
        self.begins_anew(org, &binding.name);
        tracing::info!(%org, plugin = binding.name, digest = binding.digest, "plugin installed");
        Ok(binding.into())
    }

    /// Counts an upload, before anything is done with it.
    pub(crate) async fn upload(&self, org: &OrgName, component: &[u8]) -> Result<()> {
        self.inner.store.org(org).await?;
        let quota = self.config().quotas.of_org(org);
        self.inner.store.upload(org, component.len() as u64, &quota, jiff::Timestamp::now()).await
    }

    /// A component as it would be bound.
    pub(crate) async fn binding(
        &self,
        org: &OrgName,
        component: &[u8],
        options: PluginOptions,
    ) -> Result<Binding> {
        let loaded = self.load(org.as_str(), component).await?;
        let manifest = &loaded.manifest;
        let config = options.config.unwrap_or_else(|| Json::Object(serde_json::Map::new()));
        config_schema::check(manifest.config_schema.as_ref(), &config)?;
        let grants = normal(&options.grants.unwrap_or_else(|| manifest.grants.clone()))?;
        Ok(Binding {
            name: manifest.name.clone(),
            version: manifest.version.clone(),
            digest: loaded.digest.to_string(),
            manifest: serde_json::to_value(&**manifest).unwrap_or_default(),
            config,
            grants,
            order: options.order.unwrap_or_else(|| i32::from(manifest.priority)),
            enabled: options.enabled,
            on_fault: options.on_fault,
            signature: options.signature,
            installed_at: String::new(),
            proven: false,
            returned: None,
        })
    }

    /// The plugins of an organisation, in the order they are called.
    ///
    /// # Errors
    /// `org/not-found`, `host/fault`.
    pub async fn plugin_list(&self, org: &OrgName) -> Result<Vec<PluginInfo>> {
        let (known, store) = (self.inner.tenants.known_now(org), &self.inner.store);
        let mut told = Vec::new();
        for binding in store.plugins(org).await? {
            let info = PluginInfo::from(binding);
            let fares = |tenant: &Arc<Tenant>| {
                tenant.suspensions().standing(&info.name, &info.digest, Instant::now())
            };
            let standing = known.as_ref().map(fares);
            let differences = store.differences(org, &info.name, &info.digest).await?;
            told.push(PluginInfo { standing, differences, ..info });
        }
        Ok(told)
    }

    /// Has a plugin called from now on.
    ///
    /// # Errors
    /// `org/not-found`, `plugin/not-found`, `plugin/unsigned` or a finer code, `host/fault`.
    pub async fn plugin_enable(&self, org: &OrgName, name: &str) -> Result<()> {
        self.signed(org, &self.inner.store.plugin(org, name).await?).await?;
        self.inner.store.plugin_enable(org, name, true).await?;
        self.begins_anew(org, name);
        Ok(())
    }

    /// Calls a plugin at once, however it fared before.
    fn begins_anew(&self, org: &OrgName, name: &str) {
        if let Some(tenant) = self.inner.tenants.known_now(org) {
            tenant.suspensions().forget(name);
        }
    }

    /// Has a plugin not called from now on.
    ///
    /// # Errors
    /// `org/not-found`, `plugin/not-found`, `host/fault`.
    pub async fn plugin_disable(&self, org: &OrgName, name: &str) -> Result<()> {
        self.inner.store.plugin_enable(org, name, false).await
    }

    /// Lets a plugin do more, or less.
    ///
    /// # Errors
    /// `org/not-found`, `plugin/not-found`, `request/invalid` if a text is no grant, or what is to be taken was not granted.
    pub async fn plugin_grant(&self, org: &OrgName, name: &str, change: GrantChange) -> Result<PluginInfo> {
        let GrantChange { grant, revoke } = change;
        let (grant, revoke) = (normal(&grant)?, normal(&revoke)?);
        let mut binding = self.inner.store.plugin(org, name).await?;
        if let Some(missing) = revoke.iter().find(|g| !binding.grants.contains(g)) {
            let message = format!("the plugin \"{name}\" was not granted \"{missing}\"");
            return Err(Error::new("request/invalid", message)
                .help(format!("revoke one of: {}", binding.grants.join(", "))));
        }
        binding.grants.retain(|g| !revoke.contains(g));
        for new in grant {
            if !binding.grants.contains(&new) {
                binding.grants.push(new);
            }
        }
        self.inner.store.plugin_grants(org, name, &binding.grants).await?;
        tracing::info!(%org, plugin = name, grants = binding.grants.join(", "), "plugin grants changed");
        Ok(binding.into())
    }

    /// Unbinds a plugin.
    ///
    /// # Errors
    /// `org/not-found`, `plugin/not-found`, `host/fault`.
    pub async fn plugin_remove(&self, org: &OrgName, name: &str) -> Result<()> {
        self.inner.store.plugin_remove(org, name).await
    }

    /// What a component says of itself, and whether it can be a plugin.
    ///
    /// # Errors
    /// `plugin/invalid` with a finer code.
    pub async fn plugin_check(&self, component: &[u8]) -> Result<PluginReport> {
        let loaded = self.load(NOBODY, component).await?;
        let manifest = &loaded.manifest;
        Ok(PluginReport {
            name: manifest.name.clone(),
            version: manifest.version.clone(),
            digest: loaded.digest.to_string(),
            hooks: manifest.hooks.iter().map(|h| h.as_str().to_owned()).collect(),
            entities: manifest.entities.clone(),
            grants: manifest.grants.clone(),
            size_bytes: component.len() as u64,
        })
    }

    async fn load(&self, org: &str, component: &[u8]) -> Result<Loaded> {
        let loaded = self.inner.sandbox.load_aside(org, component.to_vec()).await?;
        *self.inner.installed.lock().unwrap_or_else(PoisonError::into_inner) = Some(loaded.clone());
        Ok(loaded)
    }
}

impl From<LoadError> for Error {
    fn from(error: LoadError) -> Self {
        match error {
            LoadError::Compiler { .. } => Self::new("host/fault", error.to_string()),
            _ => Self::new("plugin/invalid", error.to_string()).coded(error.code()),
        }
    }
}

/// Grants as they are kept: each valid, written in one way, and once.
fn normal(given: &[String]) -> Result<Vec<String>> {
    let mut all = Vec::with_capacity(given.len());
    for text in given {
        let grant = grants::parse(text)?.to_string();
        if !all.contains(&grant) {
            all.push(grant);
        }
    }
    Ok(all)
}
