//! Events to metadata and intents: each event expanded into what it means, hooks called before and after.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use hookwright_core::drift::Unfit;
use hookwright_core::event::{Body, EntityPatch, Event, FieldPatch};
use hookwright_core::hook::{Action, EntityChange, FieldChange, HookCall, HookReply};
use hookwright_core::ident::Ident;
use hookwright_core::metadata::Metadata;
use hookwright_core::policy::Draft;
use hookwright_core::schema::Schema;
use hookwright_core::spec::{EntitySpec, FieldSpec};
use hookwright_core::tombstone::{Memory, Place, Tombstones};

use super::hooks::Caller;
use super::request::{Request, in_time};
use super::restore::Memories;
use super::{Pipeline, drift};
use crate::drift::{Adopted, Finding};
use crate::error::{Error, Result};
use crate::outcome::{HookReport, Reason};
use crate::tenant::{Tenant, View};

/// A change worked out: nothing is executed yet.
pub(super) struct Worked {
    /// The intents, applied to the model.
    pub draft: Draft,
    /// The metadata afterwards.
    pub metadata: Arc<Metadata>,
    /// Each hook that was called.
    pub hooks: Vec<HookReport>,
    /// What the metadata lost with what is dropped, by the places of before.
    pub memories: BTreeMap<Place, Memory>,
    /// The changes it rolls back.
    pub rolls_back: Vec<String>,
    /// Drift that a repair leaves as it is, or that an adoption leads to.
    pub left: Vec<Finding>,
    /// Why a repair does nothing at all; none if it does anything.
    pub not_repaired: Vec<Reason>,
    /// What an adoption takes into the metadata.
    pub adopted: Vec<Adopted>,
    /// What becomes of tombstones that the intents do not touch: an adoption took another name over, or hands took away
    /// what was kept.
    pub besides: Tombstones,
    /// The changes that dropped what it purges.
    pub purged: Vec<String>,
}

/// Works a change out on a view of the organisation.
pub(super) async fn work_out(
    pipeline: &Pipeline<'_>,
    tenant: &Tenant,
    view: &View,
    request: &Request<'_>,
) -> Result<Worked> {
    let change = request.change;
    match change.events.as_slice() {
        [Event { body: Body::SchemaSync { scope }, .. }] => {
            return Box::pin(drift::synchronise(pipeline, tenant, view, scope, request)).await;
        }
        [event @ Event { body: Body::SchemaAdopt { scope }, .. }] => {
            return Box::pin(drift::adopt(pipeline, tenant, view, event, scope, request)).await;
        }
        _ => {}
    }
    let caller = Caller::new(pipeline, tenant, view.plugins.clone());
    let mut worker =
        Worker::new(tenant, view.snapshot.metadata.clone(), view.snapshot.schema.clone(), caller);
    worker.draft = worker.draft.knowing(view.snapshot.names.clone());
    worker.room = pipeline.sandbox.limits().change_intents;
    worker.time = Some((request.started, request.until));
    for event in &change.events {
        worker.event(event).await?;
    }
    let Worker { metadata, draft, caller, memories, rolls_back, purged, .. } = worker;
    let (hooks, memories) = (caller.into_reports(), memories.own);
    let (left, not_repaired, adopted) = (Vec::new(), Vec::new(), Vec::new());
    let besides = Tombstones::default();
    Ok(Worked { draft, metadata, hooks, memories, rolls_back, left, not_repaired, adopted, besides, purged })
}

/// The state of a change while its events are worked out.
pub(super) struct Worker<'a> {
    pub tenant: &'a Tenant,
    /// Copied when they change while somebody else has them.
    pub metadata: Arc<Metadata>,
    pub draft: Draft,
    pub caller: Caller<'a>,
    pub memories: Memories,
    pub rolls_back: Vec<String>,
    pub purged: Vec<String>,
    /// What cannot be of what plugins call for, if that is to be found out; else the first of it is an error.
    pub unfit: Option<Vec<Unfit>>,
    /// Intents that may still be asked for.
    pub room: u64,
    /// When it was begun, and when it is given up.
    time: Option<(Instant, Option<Instant>)>,
}

impl<'a> Worker<'a> {
    /// A change of the organisation that does nothing yet.
    pub fn new(tenant: &'a Tenant, metadata: Arc<Metadata>, base: Arc<Schema>, caller: Caller<'a>) -> Self {
        let (org, dialect) = (tenant.org().clone(), tenant.db().dialect());
        let draft = Draft::new(org, dialect, tenant.settings().clone(), base);
        Self {
            tenant,
            metadata,
            draft,
            caller,
            memories: Memories::default(),
            rolls_back: Vec::new(),
            purged: Vec::new(),
            unfit: None,
            room: u64::MAX,
            time: None,
        }
    }
}

impl Worker<'_> {
    /// The metadata to change.
    pub fn metadata(&mut self) -> &mut Metadata {
        Arc::make_mut(&mut self.metadata)
    }

    /// Whether there is time left to work on it.
    pub(super) fn in_time(&self) -> Result<()> {
        self.time.map_or(Ok(()), |(started, until)| in_time(started, until))
    }

    async fn event(&mut self, event: &Event) -> Result<()> {
        self.in_time()?;
        match &event.body {
            Body::EntityCreate { entity } => self.create_entity(event, entity).await,
            Body::EntityUpdate { entity, changes } => self.update_entity(event, entity, changes).await,
            Body::EntityDelete { entity, drop_table } => self.delete_entity(event, entity, *drop_table).await,
            Body::FieldCreate { entity, field } => self.create_field(event, entity, field.clone()).await,
            Body::FieldUpdate { entity, field, changes } => {
                self.update_field(event, entity, field, changes).await
            }
            Body::FieldDelete { entity, field, drop_column } => {
                self.delete_field(event, entity, field, *drop_column).await
            }
            Body::EntityRestore { entity, kept } => self.restore_entity(event, entity, kept.as_ref()).await,
            Body::FieldRestore { entity, field, kept } => {
                self.restore_field(event, entity, field, kept.as_ref()).await
            }
            Body::EntityPurge { entity, kept } => self.purge_entity(entity, kept.as_ref()).await,
            Body::FieldPurge { entity, field, kept } => self.purge_field(entity, field, kept.as_ref()).await,
            Body::PurgeExpired => self.purge_expired().await,
            Body::ChangeRollback { change } => self.roll_back(change).await,
            // Worked out as a whole: see `drift`.
            Body::SchemaSync { .. } | Body::SchemaAdopt { .. } => Ok(()),
        }
    }

    /// A creation is a sequence: the entity, then each of its fields.
    async fn create_entity(&mut self, event: &Event, spec: &EntitySpec) -> Result<()> {
        let change =
            EntityChange { action: Action::Create, old: None, new: Some(spec.clone()), drop_table: false };
        let mut spec = self.before_entity(event, change).await?.unwrap_or_else(|| spec.clone());
        let mut fields = Vec::with_capacity(spec.fields.len());
        for field in spec.fields {
            fields.push(self.before_field(event, created(&spec.name, &field)).await?.unwrap_or(field));
        }
        hookwright_core::spec::distinct(&fields)
            .map_err(|e| Error::new("metadata/conflict", e.to_string()))?;
        spec.fields = fields;
        self.metadata().create_entity(&event.id, &spec)?;
        let change =
            EntityChange { action: Action::Create, old: None, new: Some(spec.clone()), drop_table: false };
        self.after(event, HookCall::EntityAfter(change)).await?;
        for field in &spec.fields {
            self.after(event, HookCall::FieldAfter(created(&spec.name, field))).await?;
        }
        Ok(())
    }

    async fn update_entity(&mut self, event: &Event, name: &Ident, patch: &EntityPatch) -> Result<()> {
        let old = self.metadata.need(name)?.spec();
        let new = patch.apply(&old).map_err(|e| invalid(&e))?;
        let change = |new: &EntitySpec| EntityChange {
            action: Action::Update,
            old: Some(old.clone()),
            new: Some(new.clone()),
            drop_table: false,
        };
        let mut amended = self.before_entity(event, change(&new)).await?.unwrap_or(new);
        // An update of an entity is not one of its fields.
        amended.fields.clone_from(&old.fields);
        self.metadata().update_entity(name, &amended)?;
        self.after(event, HookCall::EntityAfter(change(&amended))).await
    }

    /// A deletion is a sequence too: fields that refer to the entity let go of it first.
    async fn delete_entity(&mut self, event: &Event, name: &Ident, drop_table: bool) -> Result<()> {
        let old = self.metadata.need(name)?.spec();
        let change = EntityChange { action: Action::Delete, old: Some(old), new: None, drop_table };
        self.before_entity(event, change.clone()).await?;
        let released = self.let_go(event, name, None).await?;
        let (before, known) = (self.metadata.clone(), self.kept());
        self.metadata().delete_entity(name)?;
        self.after(event, HookCall::EntityAfter(change)).await?;
        self.remember(&before, &known, &released);
        Ok(())
    }

    async fn create_field(&mut self, event: &Event, entity: &Ident, field: FieldSpec) -> Result<()> {
        self.metadata.need(entity)?;
        let field = self.before_field(event, created(entity, &field)).await?.unwrap_or(field);
        self.metadata().create_field(&event.id, entity, &field)?;
        self.after(event, HookCall::FieldAfter(created(entity, &field))).await
    }

    async fn update_field(
        &mut self,
        event: &Event,
        entity: &Ident,
        name: &Ident,
        patch: &FieldPatch,
    ) -> Result<()> {
        let old = self.metadata.need_field(entity, name)?.spec.clone();
        let new = patch.apply(&old).map_err(|e| invalid(&e))?;
        let new = self.before_field(event, updated(entity, &old, &new)).await?.unwrap_or(new);
        self.replace_field(event, entity, &old, &new).await
    }

    pub(super) async fn replace_field(
        &mut self,
        event: &Event,
        entity: &Ident,
        old: &FieldSpec,
        new: &FieldSpec,
    ) -> Result<()> {
        self.metadata().update_field(entity, &old.name, new)?;
        self.after(event, HookCall::FieldAfter(updated(entity, old, new))).await
    }

    async fn delete_field(
        &mut self,
        event: &Event,
        entity: &Ident,
        name: &Ident,
        drop_column: bool,
    ) -> Result<()> {
        let old = self.metadata.need_field(entity, name)?.spec.clone();
        let entity_name = entity.clone();
        let change = FieldChange {
            entity: entity_name,
            action: Action::Delete,
            old: Some(old),
            new: None,
            drop_column,
        };
        self.before_field(event, change.clone()).await?;
        let released = self.let_go(event, entity, Some(name)).await?;
        let (before, known) = (self.metadata.clone(), self.kept());
        self.metadata().delete_field(entity, name)?;
        self.after(event, HookCall::FieldAfter(change)).await?;
        self.remember(&before, &known, &released);
        Ok(())
    }

    async fn before_entity(&mut self, event: &Event, change: EntityChange) -> Result<Option<EntitySpec>> {
        let mut current = change;
        let mut amended = None;
        for plugin in self.caller.plugins() {
            let call = HookCall::EntityBefore(current.clone());
            let reply = self.caller.call(&plugin, event, &call, &self.draft, &self.metadata).await?;
            if let Some(HookReply::Entity(Some(spec))) = reply {
                current.new = current.new.map(|_| spec.clone());
                amended = Some(spec);
            }
        }
        Ok(amended)
    }

    async fn before_field(&mut self, event: &Event, change: FieldChange) -> Result<Option<FieldSpec>> {
        let mut current = change;
        let mut amended = None;
        for plugin in self.caller.plugins() {
            let call = HookCall::FieldBefore(current.clone());
            let reply = self.caller.call(&plugin, event, &call, &self.draft, &self.metadata).await?;
            if let Some(HookReply::Field(Some(spec))) = reply {
                current.new = current.new.map(|_| spec.clone());
                amended = Some(spec);
            }
        }
        Ok(amended)
    }

    /// Calls the after hooks; each sees the model as the intents of the one before leave it.
    pub async fn after(&mut self, event: &Event, call: HookCall) -> Result<()> {
        for plugin in self.caller.plugins() {
            let reply = self.caller.call(&plugin, event, &call, &self.draft, &self.metadata).await?;
            let Some(HookReply::Intents(intents)) = reply else { continue };
            self.take(&plugin, event, &call, intents).await?;
        }
        Ok(())
    }
}

pub(super) fn created(entity: &Ident, field: &FieldSpec) -> FieldChange {
    FieldChange {
        entity: entity.clone(),
        action: Action::Create,
        old: None,
        new: Some(field.clone()),
        drop_column: false,
    }
}

fn updated(entity: &Ident, old: &FieldSpec, new: &FieldSpec) -> FieldChange {
    FieldChange {
        entity: entity.clone(),
        action: Action::Update,
        old: Some(old.clone()),
        new: Some(new.clone()),
        drop_column: false,
    }
}

fn invalid(error: &hookwright_core::spec::SpecError) -> Error {
    Error::new("event/invalid", error.to_string()).at(format!("/changes{}", error.attribute()))
}
