//! The organisations this host works for: connected on first use, kept in step with the control database.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::{Duration, Instant};

use hookwright_core::hook::HookPoint;
use hookwright_core::ident::OrgName;
use hookwright_core::policy::Policy;
use hookwright_core::signature::PluginSignature;
use tokio::sync::Mutex as AsyncMutex;

use crate::api::OnFault;
use crate::config::{Config, DatabaseUrl};
use crate::db::{DbOptions, OrgDb, Pools};
use crate::error::Result;
use crate::executor::RetryPolicy;
use crate::grants;
use crate::quota::QuotaConfig;
use crate::registry::store::{Binding, Store};
use crate::sandbox::{Loaded, Sandbox};
use crate::signers::Signers;
use crate::suspension::SuspensionConfig;
use crate::tenant::{Bound, Tenant};

/// The organisations of a host.
pub(crate) struct Tenants {
    store: Store,
    sandbox: Sandbox,
    options: DbOptions,
    retry: RetryPolicy,
    suspension: SuspensionConfig,
    quotas: QuotaConfig,
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
    /// Where its database is, and since when it is registered.
    registered: (String, String),
    /// The state of the control database at which that was so.
    checked: AtomicI64,
    used: Mutex<Instant>,
    tenant: AsyncMutex<Option<(Seen, Arc<Tenant>)>>,
}

/// What is called of a plugin: what the sandbox has of it, or what it is made from.
pub(crate) enum Component {
    Loaded(Loaded),
    Bytes(Vec<u8>),
}

impl Known {
    fn new(registered: (String, String)) -> Self {
        let (used, tenant) = (Mutex::new(Instant::now()), AsyncMutex::default());
        Self { registered, checked: AtomicI64::new(0), used, tenant }
    }

    fn touch(&self) {
        *self.used.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
    }

    /// Whether nobody uses it, nor did lately. Handles are given out under the lock that the caller holds.
    fn is_idle(self: &Arc<Self>, now: Instant, kept: Duration) -> bool {
        let used = *self.used.lock().unwrap_or_else(PoisonError::into_inner);
        let tenant = self.tenant.try_lock();
        let unused = tenant.is_ok_and(|slot| slot.as_ref().is_none_or(|(_, t)| Arc::strong_count(t) == 1));
        unused && Arc::strong_count(self) == 1 && now.saturating_duration_since(used) >= kept
    }
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
            suspension: config.suspension,
            quotas: config.quotas.clone(),
            policy,
            pools: Pools::new(&config.database),
            known: Mutex::default(),
            developed: RwLock::default(),
        }
    }

    /// The organisation, connected, ready, and with the plugins it has now.
    pub async fn get(&self, org: &OrgName) -> Result<Arc<Tenant>> {
        let developed = self.developed();
        let seen = Seen { store: self.store.generation().await?, developed: developed.generation };
        let known = self.known(org, seen.store).await?;
        let mut slot = known.tenant.lock().await;
        let tenant = match slot.take() {
            Some((at, tenant)) if at == seen => tenant,
            Some((_, tenant)) => {
                self.bind(&tenant).await?;
                tenant
            }
            None => {
                let db = self.connect(org, &DatabaseUrl::parse(&known.registered.0)?)?;
                if let Some(trouble) = db.absent() {
                    return Err(trouble.into());
                }
                if !db.is_known().await? {
                    return Err(db.forgotten().await.into());
                }
                db.prepare_known(&self.retry).await?;
                let (settings, quota) = (self.policy.of_org(org), self.quotas.of_org(org));
                let tenant = Tenant::new(org.clone(), db, settings, &self.suspension, quota);
                let tenant = Arc::new(tenant);
                self.bind(&tenant).await?;
                tenant
            }
        };
        *slot = Some((seen, tenant.clone()));
        Ok(tenant)
    }

    /// The organisation, if this host works for it already.
    pub fn known_now(&self, org: &OrgName) -> Option<Arc<Tenant>> {
        let known = self.all().get(org).cloned()?;
        let slot = known.tenant.try_lock().ok()?;
        slot.as_ref().map(|(_, tenant)| tenant.clone())
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
        self.all().remove(org);
    }

    /// Has every organisation use the plugins of a developer's directory.
    pub fn develop(&self, plugins: Vec<Loaded>) {
        let mut developed = self.developed.write().unwrap_or_else(PoisonError::into_inner);
        *developed = Arc::new(Developed { plugins, generation: developed.generation + 1 });
    }

    fn developed(&self) -> Arc<Developed> {
        self.developed.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// An organisation that was removed and added anew, or is elsewhere, is another one.
    async fn known(&self, org: &OrgName, generation: i64) -> Result<Arc<Known>> {
        let checked = |known: &&Arc<Known>| known.checked.load(Ordering::Relaxed) == generation;
        let known = self.all().get(org).filter(checked).cloned();
        if let Some(known) = known {
            known.touch();
            return Ok(known);
        }
        let info = self.store.org(org).await?;
        let registered = (info.database.expose().to_owned(), info.created_at);
        let mut all = self.all();
        let fresh = || Arc::new(Known::new(registered.clone()));
        let known = all.entry(org.clone()).or_insert_with(fresh);
        if known.registered != registered {
            *known = fresh();
        }
        known.checked.store(generation, Ordering::Relaxed);
        known.touch();
        Ok(known.clone())
    }

    fn all(&self) -> MutexGuard<'_, HashMap<OrgName, Arc<Known>>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The databases of the organisations.
    pub fn pools(&self) -> &Pools {
        &self.pools
    }

    /// Organisations that are known now.
    pub fn ready(&self) -> usize {
        self.all().len()
    }

    /// Forgets organisations that nobody needed for as long as connections are kept, then their databases.
    pub fn sweep(&self, now: Instant) {
        let kept = Duration::from_millis(self.options.idle_timeout_ms);
        let old: Vec<_> = self.all().extract_if(|_, known| known.is_idle(now, kept)).collect();
        drop(old);
        self.pools.sweep(now);
    }

    async fn bind(&self, tenant: &Tenant) -> Result<()> {
        let stored = self.called(tenant.org()).await?;
        tenant.bind(self.bound(tenant.org(), stored).await?);
        let ignored = self.store.ignored(tenant.org()).await?;
        tenant.ignore(ignored.into_iter().map(|ignored| ignored.finding).collect());
        Ok(())
    }

    /// The plugins of an organisation that are called. Components are read only if one of them is not loaded.
    async fn called(&self, org: &OrgName) -> Result<Vec<(Binding, Component)>> {
        let bindings = self.store.bindings(org).await?.into_iter().filter(|binding| binding.enabled);
        let loaded = bindings.map(|binding| {
            let loaded = self.sandbox.loaded(&binding.digest)?;
            Some((binding, Component::Loaded(loaded)))
        });
        match loaded.collect() {
            Some(loaded) => Ok(loaded),
            None => self.stored(org).await,
        }
    }

    /// All plugins of an organisation, called or not, each with its component.
    pub async fn stored(&self, org: &OrgName) -> Result<Vec<(Binding, Component)>> {
        let stored = self.store.plugins_whole(org).await?.into_iter();
        Ok(stored.map(|(binding, bytes)| (binding, Component::Bytes(bytes))).collect())
    }

    /// What an organisation asks of the signatures of plugins.
    pub async fn signers(&self, org: &OrgName) -> Result<Signers> {
        let required = self.policy.of_org(org).plugins.require_signed;
        Ok(Signers { required, keys: self.store.signers(org).await? })
    }

    /// Plugins of the control database, each with its component, and those of a developer's directory, as an
    /// organisation has them: in the order they are called. Each is signed as the organisation asks, or none is bound.
    pub async fn bound(&self, org: &OrgName, stored: Vec<(Binding, Component)>) -> Result<Vec<Arc<Bound>>> {
        let (developed, signers) = (self.developed(), self.signers(org).await?);
        let signed = |loaded: &Loaded, signature: Option<&PluginSignature>| {
            signers.check(org, &loaded.manifest.name, loaded.digest.as_ref(), signature)
        };
        let mut bound = Vec::new();
        for (binding, component) in stored.into_iter().filter(|(binding, _)| binding.enabled) {
            let own = developed.plugins.iter().find(|p| p.manifest.name == binding.name);
            let loaded = match (own, component) {
                (Some(loaded), _) => loaded.clone(),
                (None, Component::Loaded(loaded)) => loaded,
                (None, Component::Bytes(bytes)) => self.sandbox.load_aside(org.as_str(), bytes).await?,
            };
            signed(&loaded, own.map_or(binding.signature.as_ref(), |_| None))?;
            bound.push((binding.order, bindable(org, &loaded, &binding)));
        }
        for loaded in &developed.plugins {
            if !bound.iter().any(|(_, b)| *b.name == *loaded.manifest.name) {
                signed(loaded, None)?;
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
        on_fault: OnFault::Reject,
        signature: None,
        installed_at: String::new(),
        // There is no version before that could be bound again.
        proven: true,
        returned: None,
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
        on_fault: binding.on_fault,
        // A developer's build stands in for the one that is bound, and is never taken back.
        proven: AtomicBool::new(binding.proven || *loaded.digest != *binding.digest),
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
