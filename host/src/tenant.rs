//! An organisation as the running host has it: its database, its plugins, and the last snapshot.
//!
//! The host makes tenants, the pipeline works on one.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Instant;

use hookwright_build::manifest::{Grant, matches};
use hookwright_core::drift::Unfit;
use hookwright_core::hook::HookPoint;
use hookwright_core::ident::{Ident, OrgName};
use hookwright_core::intent::Intent;
use hookwright_core::metadata::Metadata;
use hookwright_core::policy::{Review, Settings};
use hookwright_core::schema::{Schema, Table};
use hookwright_core::shared::Shared;
use tokio::sync::{Mutex, OwnedSemaphorePermit, Semaphore, SemaphorePermit};

use crate::api::OnFault;
use crate::db::{Kept, OrgDb, Point, Snapshot};
use crate::error::{Error, Result};
use crate::grants;
use crate::quota::{GuestLines, GuestTime, Quota, Room};
use crate::sandbox::{Loaded, Share};
use crate::suspension::{SuspensionConfig, Suspensions};
use crate::trouble::Trouble;

/// A plugin bound to an organisation.
pub(crate) struct Bound {
    pub org: OrgName,
    pub name: Arc<str>,
    pub loaded: Loaded,
    pub config: Arc<serde_json::Value>,
    pub grants: Vec<Grant>,
    pub hooks: BTreeSet<HookPoint>,
    pub on_fault: OnFault,
    /// Whether a call of it worked since it is bound as it is.
    pub proven: AtomicBool,
}

impl Bound {
    /// Whether the plugin is to be called.
    pub fn wants(&self, hook: HookPoint, entity: &Ident) -> bool {
        self.hooks.contains(&hook) && self.entities().iter().any(|p| matches(p, entity.as_str()))
    }

    /// Whether it is the same component, told the same, and let do the same.
    fn is_as(&self, other: &Self) -> bool {
        // That it worked meanwhile does not make it another.
        let Self { org, name, loaded, config, grants, hooks, on_fault, proven: _ } = self;
        *org == other.org
            && *name == other.name
            && loaded.digest == other.loaded.digest
            && *config == other.config
            && *grants == other.grants
            && *hooks == other.hooks
            && *on_fault == other.on_fault
    }

    fn entities(&self) -> &[String] {
        &self.loaded.manifest.entities
    }

    /// Whether it was granted a kind of intent on a table.
    pub fn may(&self, kind: &str, table: &str) -> bool {
        self.grants.iter().any(|grant| grant.allows(kind, table, self.entities()))
    }

    /// Whether the organisation lets the plugin ask for this.
    pub fn check_grant(&self, intent: &Intent) -> Result<()> {
        let kind = intent.kind().as_str();
        let granted = |table: &&Ident| self.may(kind, table.as_str());
        match grants::tables(intent).into_iter().find(|table| !granted(table)) {
            None => Ok(()),
            Some(table) => Err(self.not_granted(kind, table)),
        }
    }

    fn not_granted(&self, kind: &str, table: &Ident) -> Error {
        let (org, name, table) = (&self.org, &self.name, table.as_str());
        let granted = match self.grants.as_slice() {
            [] => "nothing".to_owned(),
            grants => grants.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
        };
        let message = format!(
            "the plugin \"{name}\" asks for {kind} on \"{table}\", which it was not granted; it was granted {granted}"
        );
        let give = format!("hookwright plugin grant --org {org} {name} \"{kind} on {table}\"");
        let asks = grants::known(&self.loaded.manifest.grants);
        let help = match asks.iter().any(|grant| grant.allows(kind, table, self.entities())) {
            true => format!("if it should do that: {give}; else correct the plugin"),
            false => format!(
                "its manifest does not ask for it: correct the plugin, or let it all the same: {give}"
            ),
        };
        Error::new("plugin/not-granted", message).help(help)
    }
}

/// An organisation of the running host.
pub(crate) struct Tenant {
    org: OrgName,
    db: OrgDb,
    settings: Arc<Settings>,
    suspensions: Suspensions,
    quota: Quota,
    guest_time: Arc<GuestTime>,
    guest_lines: GuestLines,
    heavy: AtomicBool,
    plugins: RwLock<Arc<Vec<Arc<Bound>>>>,
    /// Ids of findings that are left as they are.
    ignored: RwLock<Arc<BTreeSet<String>>>,
    latest: RwLock<Option<Arc<Snapshot>>>,
    /// How far this host knows the history; it stays when the snapshot is forgotten.
    last: RwLock<Option<Point>>,
    derived: RwLock<Option<Arc<Derived>>>,
    turn: Mutex<()>,
    places: Arc<Semaphore>,
    trials: Semaphore,
    seen: AtomicBool,
    not_owned: Mutex<Option<Arc<BTreeSet<Ident>>>>,
}

/// The schema that metadata and plugins call for, with these.
pub(crate) struct Derived {
    pub metadata: Arc<Metadata>,
    pub plugins: Arc<Vec<Arc<Bound>>>,
    pub schema: Arc<Schema>,
    /// What cannot be of what the plugins call for.
    pub unfit: Vec<Unfit>,
}

/// What a change is worked out on: it stays as it is while the organisation moves on.
pub(crate) struct View {
    pub snapshot: Arc<Snapshot>,
    pub plugins: Arc<Vec<Arc<Bound>>>,
}

impl Tenant {
    pub fn new(
        org: OrgName,
        db: OrgDb,
        settings: Settings,
        suspension: &SuspensionConfig,
        quota: Quota,
    ) -> Self {
        let places = Arc::new(Semaphore::new(db.options().max_changes_per_org as usize));
        Self {
            org,
            places,
            trials: Semaphore::new(quota.concurrent_trials as usize),
            db,
            settings: Arc::new(settings),
            suspensions: Suspensions::new(suspension),
            quota,
            guest_time: Arc::new(GuestTime::new(quota.guest_ms_per_minute, Instant::now())),
            guest_lines: GuestLines::new(quota.log_lines_per_minute, Instant::now()),
            heavy: AtomicBool::new(false),
            plugins: RwLock::default(),
            ignored: RwLock::default(),
            latest: RwLock::default(),
            last: RwLock::default(),
            derived: RwLock::default(),
            turn: Mutex::default(),
            seen: AtomicBool::new(false),
            not_owned: Mutex::default(),
        }
    }

    pub fn org(&self) -> &OrgName {
        &self.org
    }

    /// Whether this is the first time that the host uses it.
    pub fn is_new_here(&self) -> bool {
        !self.seen.swap(true, Ordering::Relaxed)
    }

    pub fn db(&self) -> &OrgDb {
        &self.db
    }

    /// Those of its tables that the host's role may not alter, as this host found them first. What changes of this host
    /// make later, its role owns; what is adopted, or made by another host, is asked for anew.
    pub async fn not_owned(&self, tables: &Shared<Table>) -> Result<Arc<BTreeSet<Ident>>> {
        let mut known = self.not_owned.lock().await;
        if let Some(known) = &*known {
            return Ok(known.clone());
        }
        let names: Vec<_> = tables.keys().cloned().collect();
        let found = Arc::new(self.db.not_owned(&names).await?);
        *known = Some(found.clone());
        Ok(found)
    }

    /// Asks anew who owns its tables next time.
    pub async fn forget_owners(&self) {
        *self.not_owned.lock().await = None;
    }

    /// What the policy sets for it.
    pub fn settings(&self) -> &Arc<Settings> {
        &self.settings
    }

    /// Its plugins that broke.
    pub fn suspensions(&self) -> &Suspensions {
        &self.suspensions
    }

    /// What of the places for plugin calls it may have.
    pub fn share(&self) -> Share {
        Share { running: self.quota.concurrent_calls, waiting: self.quota.waiting_calls }
    }

    /// What its plugins ran lately.
    pub fn guest_time(&self) -> &Arc<GuestTime> {
        &self.guest_time
    }

    /// Whether its last change kept threads busy.
    pub fn heavy(&self) -> &AtomicBool {
        &self.heavy
    }

    /// Whether one more line is told of its plugins in the host's log; that there will be none for a while is told here.
    pub fn tells_of_guests(&self) -> bool {
        match self.guest_lines.room(Instant::now()) {
            Room::Line => true,
            Room::None => false,
            Room::Full => {
                let (org, most) = (&self.org, self.guest_lines.most());
                tracing::warn!(%org, most, "no more is told of the organisation's plugins for a while: see \"quotas.log_lines_per_minute\"");
                false
            }
        }
    }

    /// Held while a change is worked out and executed, first come first served: on a revision that
    /// another change of this host is about to leave, it would be worked out in vain.
    pub fn turn(&self) -> &Mutex<()> {
        &self.turn
    }

    /// Held while something is only worked out, first come first served: a flood of it would else take a part of the
    /// processors for each, and leave the other organisations the rest.
    pub async fn trial_turn(&self) -> Option<SemaphorePermit<'_>> {
        self.trials.acquire().await.ok()
    }

    /// A place for a change that is under way or waits for its turn, unless there are too many.
    pub fn place(&self) -> Result<OwnedSemaphorePermit> {
        self.places.clone().try_acquire_owned().map_err(|_| {
            let (most, org) = (self.db.options().max_changes_per_org, &self.org);
            let message =
                format!("{most} changes of the organisation \"{org}\" are under way or wait already");
            Error::new("org/overloaded", message)
        })
    }

    /// Puts other plugins in place; changes under way go on with those they began with.
    pub fn bind(&self, plugins: Vec<Arc<Bound>>) {
        self.suspensions.keep(&plugins);
        let mut bound = self.plugins.write().unwrap_or_else(PoisonError::into_inner);
        let same = bound.len() == plugins.len() && bound.iter().zip(&plugins).all(|(a, b)| a.is_as(b));
        if !same {
            *bound = Arc::new(plugins);
        }
    }

    /// Leaves other findings as they are.
    pub fn ignore(&self, findings: BTreeSet<String>) {
        *self.ignored.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(findings);
    }

    /// Ids of findings that are left as they are.
    pub fn ignored(&self) -> Arc<BTreeSet<String>> {
        self.ignored.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The plugins that it has now: the same list as before, if none of them changed.
    pub fn plugins(&self) -> Arc<Vec<Arc<Bound>>> {
        self.plugins.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The schema that a view calls for, if it was worked out before and nothing has changed that it follows from.
    pub fn derived(&self, metadata: &Arc<Metadata>, plugins: &Arc<Vec<Arc<Bound>>>) -> Option<Arc<Derived>> {
        let known = self.derived.read().unwrap_or_else(PoisonError::into_inner).clone()?;
        let same = Arc::ptr_eq(&known.plugins, plugins)
            && (Arc::ptr_eq(&known.metadata, metadata) || known.metadata == *metadata);
        same.then_some(known)
    }

    /// Remembers what was worked out.
    pub fn remember(&self, derived: Arc<Derived>) {
        *self.derived.write().unwrap_or_else(PoisonError::into_inner) = Some(derived);
    }

    /// The organisation as far as this host knows it.
    pub async fn view(&self) -> Result<View> {
        Ok(View { plugins: self.plugins(), snapshot: self.snapshot().await? })
    }

    pub async fn snapshot(&self) -> Result<Arc<Snapshot>> {
        let latest = self.latest.read().unwrap_or_else(PoisonError::into_inner).clone();
        match latest {
            Some(snapshot) => Ok(snapshot),
            None => {
                let snapshot = Arc::new(self.db.snapshot().await?);
                // A ledger that is not whole may lack the change that this host knows, too.
                if let Some(trouble) = &snapshot.amiss {
                    return Err(Error::from(Trouble::clone(trouble)));
                }
                self.recognise(&snapshot).await?;
                self.forget_owners().await;
                self.keep(snapshot.clone());
                Ok(snapshot)
            }
        }
    }

    /// The organisation as it is now: read anew if others changed it since this host did.
    pub async fn latest(&self) -> Result<View> {
        let view = self.view().await?;
        if self.is_current(&view).await? {
            return Ok(view);
        }
        self.forget();
        self.view().await
    }

    /// Whether nobody changed the organisation since.
    pub async fn is_current(&self, view: &View) -> Result<bool> {
        Ok(self.db.point().await? == view.snapshot.point())
    }

    /// Whether what was read is of the history that this host knows. A database that was put back, or replaced, while
    /// the host serves has another one.
    async fn recognise(&self, snapshot: &Snapshot) -> Result<()> {
        let last = self.last.read().unwrap_or_else(PoisonError::into_inner).clone();
        let Some((revision, Some(change))) = last.map(|last| (last.revision, last.change)) else {
            return Ok(());
        };
        let found = match snapshot.revision == revision {
            true => snapshot.change.clone(),
            false => self.db.change_at(revision).await?,
        };
        match found.as_ref() == Some(&change) {
            true => Ok(()),
            false => Err(self.db.other_history(revision, &change, snapshot.revision).into()),
        }
    }

    /// Reads the organisation anew next time.
    pub fn forget(&self) {
        *self.latest.write().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Keeps what a change of this host made of a view.
    pub fn advance(
        &self,
        view: &View,
        change: Option<String>,
        metadata: Arc<Metadata>,
        reviewed: Review,
        kept: Kept,
    ) {
        let (revision, Review { schema, names, .. }) = (view.snapshot.revision + 1, reviewed);
        let (schema, touched, amiss) = (Arc::new(schema), view.snapshot.touched, None);
        self.keep(Arc::new(Snapshot { revision, change, metadata, schema, names, kept, touched, amiss }));
    }

    fn keep(&self, snapshot: Arc<Snapshot>) {
        let mut last = self.last.write().unwrap_or_else(PoisonError::into_inner);
        if last.as_ref().is_none_or(|known| known.revision < snapshot.revision) {
            *last = Some(snapshot.point());
        }
        drop(last);
        let mut latest = self.latest.write().unwrap_or_else(PoisonError::into_inner);
        if latest.as_ref().is_none_or(|known| known.revision < snapshot.revision) {
            *latest = Some(snapshot);
        }
    }
}
