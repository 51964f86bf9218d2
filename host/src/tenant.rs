//! An organisation as the running host has it: its database, its plugins, and the last snapshot.
//!
//! The host makes tenants, the pipeline works on one.

use std::collections::BTreeSet;
use std::sync::{Arc, PoisonError, RwLock};

use globset::GlobSet;
use hookwright_core::hook::HookPoint;
use hookwright_core::ident::{Ident, OrgName};
use hookwright_core::intent::{Intent, IntentKind};
use hookwright_core::metadata::Metadata;
use hookwright_core::schema::Schema;
use tokio::sync::Mutex;

use crate::db::{OrgDb, Snapshot};
use crate::error::{Error, Result};
use crate::sandbox::Loaded;

/// A plugin bound to an organisation.
pub(crate) struct Bound {
    pub name: Arc<str>,
    pub loaded: Loaded,
    pub config: Arc<serde_json::Value>,
    pub grants: BTreeSet<IntentKind>,
    pub hooks: BTreeSet<HookPoint>,
    pub entities: GlobSet,
}

impl Bound {
    /// Whether the plugin is to be called.
    pub fn wants(&self, hook: HookPoint, entity: &Ident) -> bool {
        self.hooks.contains(&hook) && self.entities.is_match(entity.as_str())
    }

    /// Whether the organisation lets the plugin ask for this.
    pub fn check_grant(&self, intent: &Intent) -> Result<()> {
        if self.grants.contains(&intent.kind()) {
            return Ok(());
        }
        let (name, kind) = (&self.name, intent.kind());
        let message = format!(
            "the plugin \"{name}\" asks for {kind} on \"{}\", which it was not granted",
            intent.table().as_str()
        );
        Err(Error::new("plugin/not-granted", message)
            .help(format!("install it again with \"--grant {kind}\" if it should, or correct the plugin")))
    }
}

/// An organisation of the running host.
pub(crate) struct Tenant {
    org: OrgName,
    db: OrgDb,
    plugins: RwLock<Arc<Vec<Arc<Bound>>>>,
    latest: RwLock<Option<Arc<Snapshot>>>,
    turn: Mutex<()>,
}

/// What a change is worked out on: it stays as it is while the organisation moves on.
pub(crate) struct View {
    pub snapshot: Arc<Snapshot>,
    pub plugins: Arc<Vec<Arc<Bound>>>,
}

impl Tenant {
    pub fn new(org: OrgName, db: OrgDb) -> Self {
        Self { org, db, plugins: RwLock::default(), latest: RwLock::default(), turn: Mutex::default() }
    }

    pub fn org(&self) -> &OrgName {
        &self.org
    }

    pub fn db(&self) -> &OrgDb {
        &self.db
    }

    /// Held while a change is worked out and executed, first come first served: on a revision that
    /// another change of this host is about to leave, it would be worked out in vain.
    pub fn turn(&self) -> &Mutex<()> {
        &self.turn
    }

    /// Puts other plugins in place; changes under way go on with those they began with.
    pub fn bind(&self, plugins: Vec<Arc<Bound>>) {
        *self.plugins.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(plugins);
    }

    /// The organisation as far as this host knows it.
    pub async fn view(&self) -> Result<View> {
        let plugins = self.plugins.read().unwrap_or_else(PoisonError::into_inner).clone();
        Ok(View { snapshot: self.snapshot().await?, plugins })
    }

    pub async fn snapshot(&self) -> Result<Arc<Snapshot>> {
        let latest = self.latest.read().unwrap_or_else(PoisonError::into_inner).clone();
        match latest {
            Some(snapshot) => Ok(snapshot),
            None => {
                let snapshot = Arc::new(self.db.snapshot().await?);
                self.keep(snapshot.clone());
                Ok(snapshot)
            }
        }
    }

    /// Whether nobody changed the organisation since.
    pub async fn is_current(&self, view: &View) -> Result<bool> {
        Ok(self.db.revision().await? == view.snapshot.revision)
    }

    /// Reads the organisation anew next time.
    pub fn forget(&self) {
        *self.latest.write().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Keeps what a change of this host made of a view.
    pub fn advance(&self, view: &View, metadata: Metadata, schema: Schema) {
        let revision = view.snapshot.revision + 1;
        self.keep(Arc::new(Snapshot { revision, metadata, schema }));
    }

    fn keep(&self, snapshot: Arc<Snapshot>) {
        let mut latest = self.latest.write().unwrap_or_else(PoisonError::into_inner);
        if latest.as_ref().is_none_or(|known| known.revision < snapshot.revision) {
            *latest = Some(snapshot);
        }
    }
}
