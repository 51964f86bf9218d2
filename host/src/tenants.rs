//! The organisations this host works for: connected on first use, kept in step with the control database.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use hookwright_core::hook::HookPoint;
use hookwright_core::ident::OrgName;
use hookwright_core::policy::Policy;
use tokio::sync::Mutex as AsyncMutex;

use crate::config::{Config, DatabaseUrl};
use crate::db::{DbOptions, OrgDb, Pools};
use crate::error::Result;
use crate::executor::RetryPolicy;
use crate::grants;
use crate::registry::store::{Binding, Store};
use crate::sandbox::{Loaded, Sandbox};
use crate::tenant::{Bound, Tenant};

/// The organisations of a host.
pub(crate) struct Tenants {
    store: Store,
    sandbox: Sandbox,
    options: DbOptions,
    retry: RetryPolicy,
    policy: Arc<Policy>,
    pools: Pools,
    known: Mutex<HashMap<OrgName, Arc<Known>>>,
    /// Plugins of a developer's directory; they stand in for those of the same name.
    developed: RwLock<Arc<Developed>>,
}

/// Plugins of a developer's directory, and how often they changed.
#[derive(Default)]
struct Developed {
    plugins: Vec<Loaded>,
    generation: u64,
}

/// An organisation, and which state of the registry it was last bound for.
struct Known {
    database: String,
    tenant: AsyncMutex<Option<(Seen, Arc<Tenant>)>>,
}

/// A state of the registry: of the control database, and of the developer's directory.
#[derive(Clone, Copy, PartialEq)]
struct Seen {
    store: i64,
    developed: u64,
}

impl Tenants {
    pub fn new(store: Store, sandbox: Sandbox, config: &Config, policy: Arc<Policy>) -> Self {
        Self {
            store,
            sandbox,
            options: config.database.clone(),
            retry: config.retry.clone(),
            policy,
            pools: Pools::default(),
            known: Mutex::default(),
            developed: RwLock::default(),
        }
    }

    /// The organisation, connected, ready, and with the plugins it has now.
    pub async fn get(&self, org: &OrgName) -> Result<Arc<Tenant>> {
        let developed = self.developed();
        let seen = Seen { store: self.store.generation().await?, developed: developed.generation };
        let known = self.known(org).await?;
        let mut slot = known.tenant.lock().await;
        let tenant = match slot.take() {
            Some((at, tenant)) if at == seen => tenant,
            Some((_, tenant)) => {
                self.bind(&tenant).await?;
                tenant
            }
            None => {
                let url = self.store.org(org).await?.database;
                let db = self.connect(org, &url)?;
                if let Some(trouble) = db.absent() {
                    return Err(trouble.into());
                }
                db.prepare(&self.retry).await?;
                let tenant = Arc::new(Tenant::new(org.clone(), db, self.policy.of_org(org)));
                self.bind(&tenant).await?;
                tenant
            }
        };
        *slot = Some((seen, tenant.clone()));
        Ok(tenant)
    }

    /// What changes whenever an organisation or a plugin may have.
    ///
    /// # Errors
    /// `host/fault`.
    pub async fn state(&self) -> Result<(i64, u64)> {
        Ok((self.store.generation().await?, self.developed().generation))
    }

    /// A database handle for an organisation.
    pub fn connect(&self, org: &OrgName, url: &DatabaseUrl) -> Result<OrgDb> {
        Ok(OrgDb::connect(org, url.expose(), &self.options, &self.pools)?)
    }

    pub fn forget(&self, org: &OrgName) {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).remove(org);
    }

    /// Has every organisation use the plugins of a developer's directory.
    pub fn develop(&self, plugins: Vec<Loaded>) {
        let mut developed = self.developed.write().unwrap_or_else(PoisonError::into_inner);
        *developed = Arc::new(Developed { plugins, generation: developed.generation + 1 });
    }

    fn developed(&self) -> Arc<Developed> {
        self.developed.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// An organisation that was removed and added anew, elsewhere, is another one.
    async fn known(&self, org: &OrgName) -> Result<Arc<Known>> {
        let database = self.store.org(org).await?.database.expose().to_owned();
        let mut all = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let fresh = || Arc::new(Known { database: database.clone(), tenant: AsyncMutex::default() });
        let known = all.entry(org.clone()).or_insert_with(fresh);
        if known.database != database {
            *known = fresh();
        }
        Ok(known.clone())
    }

    async fn bind(&self, tenant: &Tenant) -> Result<()> {
        let stored = self.store.plugins_whole(tenant.org()).await?;
        tenant.bind(self.bound(tenant.org(), stored)?);
        Ok(())
    }

    /// Plugins of the control database, each with its component, and those of a developer's directory, as an
    /// organisation has them: in the order they are called.
    pub fn bound(&self, org: &OrgName, stored: Vec<(Binding, Vec<u8>)>) -> Result<Vec<Arc<Bound>>> {
        let developed = self.developed();
        let mut bound = Vec::new();
        for (binding, component) in stored.into_iter().filter(|(binding, _)| binding.enabled) {
            let own = developed.plugins.iter().find(|p| p.manifest.name == binding.name);
            let loaded = match own {
                Some(loaded) => loaded.clone(),
                None => self.sandbox.load(&component)?,
            };
            bound.push((binding.order, bindable(org, &loaded, &binding)));
        }
        for loaded in &developed.plugins {
            if !bound.iter().any(|(_, b)| *b.name == *loaded.manifest.name) {
                let order = i32::from(loaded.manifest.priority);
                bound.push((order, bindable(org, loaded, &as_asked(loaded))));
            }
        }
        bound.sort_by(|(a, x), (b, y)| (a, &x.name).cmp(&(b, &y.name)));
        Ok(bound.into_iter().map(|(_, b)| Arc::new(b)).collect())
    }
}

/// The binding of a plugin in development: all that it asks for.
fn as_asked(loaded: &Loaded) -> Binding {
    let manifest = &loaded.manifest;
    Binding {
        name: manifest.name.clone(),
        version: manifest.version.clone(),
        digest: loaded.digest.to_string(),
        manifest: serde_json::Value::Null,
        config: serde_json::json!({}),
        grants: manifest.grants.clone(),
        order: i32::from(manifest.priority),
        enabled: true,
        installed_at: String::new(),
    }
}

/// A loaded plugin with what an organisation lets it do.
fn bindable(org: &OrgName, loaded: &Loaded, binding: &Binding) -> Bound {
    let manifest = &loaded.manifest;
    Bound {
        org: org.clone(),
        name: manifest.name.as_str().into(),
        loaded: loaded.clone(),
        config: Arc::new(binding.config.clone()),
        grants: grants::known(&binding.grants),
        hooks: manifest.hooks.iter().map(|h| point(*h)).collect(),
    }
}

fn point(hook: hookwright_build::Hook) -> HookPoint {
    match hook {
        hookwright_build::Hook::EntityBefore => HookPoint::EntityBefore,
        hookwright_build::Hook::EntityAfter => HookPoint::EntityAfter,
        hookwright_build::Hook::FieldBefore => HookPoint::FieldBefore,
        hookwright_build::Hook::FieldAfter => HookPoint::FieldAfter,
    }
}
