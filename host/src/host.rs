//! The host as a library: what the CLI, the HTTP router and an embedding program call.

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use hookwright_core::event::{Change, Consent};
use hookwright_core::ident::{Ident, OrgName};
use hookwright_core::metadata::Entity;
use hookwright_core::policy::Policy;
use hookwright_core::schema::Schema;
use tokio::sync::RwLock;

use tracing::Instrument;

use crate::access::{OrgPattern, Principal, Scope};
use crate::api::{Page, SubmitOptions, TokenInfo};
use crate::config::Config;
use crate::db::{Inspected, OrgDb};
use crate::error::{Error, Result};
use crate::host_pressure::forget;
use crate::host_steps::Steps;
use crate::outcome::{ChangeSummary, Outcome};
use crate::pipeline::{Pipeline, Sent, derive, heavy_turns, recorded};
use crate::registry::store::Store;
use crate::registry::watch::PluginDir;
use crate::sandbox::{Loaded, Sandbox, Turns};
use crate::second_run::SecondRuns;
use crate::tenant::Tenant;
use crate::tenants::Tenants;

/// Plugins that may go back to an earlier version on the way of one change, before the sender has to send it again.
const MOST_RETURNS: u32 = 8;

/// A running host. Cheap to clone; all clones are one host.
#[derive(Clone)]
pub struct Host {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub config: Config,
    pub policy: Arc<Policy>,
    pub store: Store,
    pub sandbox: Sandbox,
    pub tenants: Tenants,
    pub second_runs: SecondRuns,
    /// The turns of changes that keep threads busy.
    heavy: Turns,
    /// The component that was installed last: many organisations often get the same one, which is compiled once then.
    pub installed: Mutex<Option<Loaded>>,
    /// Changes whose steps a task of this host is at.
    pub steps: Steps,
    /// Changes under way hold it for reading; [`Host::drain`] waits for them by writing.
    running: Arc<RwLock<()>>,
}

/// Tells that the control database was not there; a cache beside it is left of a host that had one.
fn made_anew(path: &Path, was_there: bool) {
    let path = path.display();
    match was_there {
        true => tracing::warn!(
            %path,
            "the control database was not there and was made anew: it knows no organisation; if one was there before, stop the host and put it back"
        ),
        false => tracing::info!(%path, "the control database was made: it knows no organisation yet"),
    }
}

impl Host {
    /// Starts a host: opens the control database and the sandbox. Organisations are connected to on first use.
    ///
    /// # Errors
    /// `config/invalid`, `host/fault`.
    pub async fn start(config: Config) -> Result<Self> {
        let policy = Arc::new(config.read_policy()?);
        let store = Store::open(&config.control.database).await?;
        let beside = || config.control.database.with_file_name("compiled");
        let cache =
            config.compile.cache.clone().filter(|path| !path.as_os_str().is_empty()).unwrap_or_else(beside);
        if store.is_new() {
            made_anew(&config.control.database, cache.exists());
        }
        let sandbox = Sandbox::with_cache(&config.sandbox, &config.compile, &cache)
            .map_err(|e| Error::new("config/invalid", e.to_string()))?;
        let tenants = Tenants::new(store.clone(), sandbox.clone(), &config, policy.clone());
        let second_runs = SecondRuns::start(&config.determinism, sandbox.clone(), store.clone());
        let kept = Duration::from_millis(config.database.idle_timeout_ms);
        let (installed, running) = (Mutex::default(), Arc::default());
        let heavy = heavy_turns();
        let inner = Arc::new(Inner {
            config,
            policy,
            store,
            sandbox,
            tenants,
            second_runs,
            heavy,
            installed,
            steps: Steps::default(),
            running,
        });
        tokio::spawn(forget(Arc::downgrade(&inner), kept));
        Ok(Self { inner })
    }

    /// Whether there was no control database: the host knows no organisation then.
    #[must_use]
    pub fn is_new(&self) -> bool {
        self.inner.store.is_new()
    }

    /// What the host was started with.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.inner.config
    }

    /// How strict the host is with each organisation.
    #[must_use]
    pub fn policy(&self) -> &Policy {
        &self.inner.policy
    }

    /// Takes a change to its outcome: applied, replayed, planned, held, rejected or staged (see [`Host::follow`]).
    ///
    /// The change goes on when the caller stops waiting; the ledger then answers the same events.
    ///
    /// # Errors
    /// Whatever kept the change from being worked out or executed; nothing was changed, unless the code is
    /// `db/unknown-outcome`.
    pub async fn submit(&self, org: &OrgName, change: Change, options: SubmitOptions) -> Result<Outcome> {
        let (tenant, inner) = (self.tenant(org).await?, self.inner.clone());
        let (at, until) = (tenant.clone(), options.until);
        let change = async move {
            let SubmitOptions { dry_run, confirm, allow_destructive, actor, plan_hash, until } = options;
            let consent = change.consent().or(Consent { confirm, allow_destructive, dry_run });
            let sent = Sent { consent, sender: actor.as_deref(), plan_hash: plan_hash.as_deref(), until };
            inner.run(at, &change, sent).await
        };
        self.with_steps(tenant, until, change).await
    }

    /// Takes a change to its end, and has its steps done if there are any. If its time is over before, and somebody holds
    /// what the organisation's changes need, that is told.
    pub(crate) async fn with_steps(
        &self,
        tenant: Arc<Tenant>,
        until: Option<Instant>,
        change: impl Future<Output = Result<Outcome>> + Send + 'static,
    ) -> Result<Outcome> {
        let (began, place, change) = (Instant::now(), tenant.place()?, Box::pin(change));
        let mut ended = Box::pin(self.to_the_end(async move {
            let _place = place;
            change.await
        }));
        let outcome = tokio::select! {
            biased;
            ended = &mut ended => ended,
            blocked = blocked_until(tenant.db(), began, until) => match blocked {
                Some(error) => Err(error),
                None => ended.await,
            },
        };
        let outcome = match outcome {
            // Its turn came when its time was over.
            Err(error) if error.entry.code == "host/timeout" => {
                return Err(blocked(tenant.db(), began).await.unwrap_or(error));
            }
            other => other?,
        };
        if let Some(id) = outcome.change.clone().filter(|_| outcome.is_under_way()) {
            self.go_on(tenant, id);
        }
        Ok(outcome)
    }

    /// Goes on with a change when the caller stops waiting, and counts what became of it.
    pub(crate) async fn to_the_end(
        &self,
        change: impl Future<Output = Result<Outcome>> + Send + 'static,
    ) -> Result<Outcome> {
        let running = self.inner.running.clone().read_owned().await;
        let change = async move {
            let _running = running;
            change.await
        };
        let task = tokio::spawn(change.in_current_span());
        let outcome = task
            .await
            .map_err(|e| Error::new("host/fault", "the change broke off inside the host").because(e))?;
        count(&outcome);
        outcome
    }

    /// Changes of an organisation, newest first.
    ///
    /// # Errors
    /// `org/not-found`, or what its database says.
    pub async fn changes(&self, org: &OrgName, page: Page) -> Result<Vec<ChangeSummary>> {
        crate::ledger::changes(&*self.tenant(org).await?, page).await
    }

    /// The recorded outcome of a change, applied or held.
    ///
    /// # Errors
    /// `org/not-found`, `change/not-found`, or what the database says.
    pub async fn change(&self, org: &OrgName, id: &str) -> Result<Outcome> {
        recorded(&*self.tenant(org).await?, id).await
    }

    /// The entities of an organisation, by name.
    ///
    /// # Errors
    /// `org/not-found`, or what the database says.
    pub async fn entities(&self, org: &OrgName) -> Result<Vec<Entity>> {
        let snapshot = self.fresh(org).await?;
        Ok(snapshot.metadata.entities.values().map(|e| (**e).clone()).collect())
    }

    /// An entity with its fields.
    ///
    /// # Errors
    /// `org/not-found`, `metadata/not-found`, or what the database says.
    pub async fn entity(&self, org: &OrgName, name: &Ident) -> Result<Entity> {
        Ok(self.fresh(org).await?.metadata.need(name)?.clone())
    }

    /// The schema that the organisation's metadata and plugins call for, worked out on an empty model.
    ///
    /// # Errors
    /// `org/not-found`, a plugin's fault or refusal, or what the database says.
    pub async fn derive(&self, org: &OrgName) -> Result<Schema> {
        let tenant = self.tenant(org).await?;
        let _turn = tenant.trial_turn().await;
        let schema = derive(&self.pipeline(), &tenant, &tenant.latest().await?).await?;
        Ok((*schema).clone())
    }

    /// What the model says of an organisation's schema, and what its database physically has: with what was dropped
    /// and is kept (see [`Schema::physical`]).
    ///
    /// # Errors
    /// `org/not-found`, or what the database says.
    pub async fn inspect(&self, org: &OrgName) -> Result<(Schema, Inspected)> {
        let tenant = self.tenant(org).await?;
        let model = (*tenant.db().snapshot().await?.schema).clone();
        let managed = model.physical().tables.keys().cloned().collect();
        let inspected = tenant.db().inspect(Some(&managed)).await?;
        Ok((model, inspected))
    }

    pub(crate) fn pipeline(&self) -> Pipeline<'_> {
        self.inner.pipeline()
    }

    async fn fresh(&self, org: &OrgName) -> Result<crate::db::Snapshot> {
        Ok(self.tenant(org).await?.db().snapshot().await?)
    }

    pub(crate) fn sandbox(&self) -> &Sandbox {
        &self.inner.sandbox
    }

    /// Has every organisation use the plugins of a developer's directory.
    pub(crate) fn develop(&self, plugins: &PluginDir) {
        self.inner.tenants.develop(plugins.current().to_vec());
    }

    pub(crate) async fn tenant(&self, org: &OrgName) -> Result<Arc<Tenant>> {
        let tenant = self.inner.tenants.get(org).await?;
        // Before hooks are called for a change that cannot be made.
        tenant.db().is_tried().await?;
        if tenant.is_new_here() {
            for id in tenant.db().unfinished().await? {
                self.go_on(tenant.clone(), id);
            }
        }
        Ok(tenant)
    }

    /// Makes a token. Its secret is given here and kept nowhere.
    ///
    /// # Errors
    /// `host/fault`.
    pub async fn token_create(
        &self,
        name: &str,
        orgs: Vec<OrgPattern>,
        scopes: Vec<Scope>,
    ) -> Result<(TokenInfo, String)> {
        self.inner.store.token_create(name, orgs, scopes).await
    }

    /// All tokens, without their secrets.
    ///
    /// # Errors
    /// `host/fault`.
    pub async fn token_list(&self) -> Result<Vec<TokenInfo>> {
        self.inner.store.tokens().await
    }

    /// Whether a token was made that is not revoked.
    ///
    /// # Errors
    /// `host/fault`.
    pub async fn has_tokens(&self) -> Result<bool> {
        self.inner.store.has_tokens().await
    }

    /// Makes a token useless.
    ///
    /// # Errors
    /// `token/not-found`, `host/fault`.
    pub async fn token_revoke(&self, id: &str) -> Result<()> {
        self.inner.store.token_revoke(id).await
    }

    /// Whom a bearer token stands for.
    ///
    /// # Errors
    /// `auth/unauthenticated`, the same whatever is wrong with it.
    pub async fn authenticate(&self, bearer: &str) -> Result<Principal> {
        self.inner.store.authenticate(bearer).await
    }

    /// Whether the host can take changes.
    ///
    /// # Errors
    /// What stands in the way.
    pub async fn ready(&self) -> Result<()> {
        self.inner.store.ping().await
    }

    /// Waits until the changes under way have ended.
    pub async fn drain(&self) {
        let _all = self.inner.running.write().await;
    }
}

impl Inner {
    pub(crate) fn pipeline(&self) -> Pipeline<'_> {
        let Self { sandbox, store, second_runs, heavy, config, .. } = self;
        Pipeline { sandbox, retry: &config.retry, store, second_runs, heavy }
    }

    /// Takes a change to its outcome. If a plugin went back to an earlier version on the way, nothing was refused yet, and
    /// the sender did nothing wrong: the change is worked out anew with that version.
    async fn run(&self, mut tenant: Arc<Tenant>, change: &Change, sent: Sent<'_>) -> Result<Outcome> {
        for _ in 0..MOST_RETURNS {
            match self.pipeline().run(&tenant, change, sent).await {
                Err(error) if error.entry.code == "plugin/returned" => {
                    tenant = self.tenants.get(tenant.org()).await?;
                }
                other => return other,
            }
        }
        self.pipeline().run(&tenant, change, sent).await
    }
}

/// What stands in the way of a change that began then, when its time is over.
async fn blocked_until(db: &OrgDb, began: Instant, until: Option<Instant>) -> Option<Error> {
    let Some(until) = until else { return std::future::pending().await };
    tokio::time::sleep_until(until.into()).await;
    blocked(db, began).await
}

async fn blocked(db: &OrgDb, began: Instant) -> Option<Error> {
    db.blocked_now(began).await.map(Error::from)
}

fn count(outcome: &Result<Outcome>) {
    let (status, code) = match outcome {
        Ok(outcome) => (outcome.status.as_str(), ""),
        Err(error) => ("error", error.entry.code),
    };
    metrics::counter!("hookwright_changes_total", "status" => status, "code" => code).increment(1);
}
