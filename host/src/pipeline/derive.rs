//! The desired schema as a function: `derive(metadata, plugins, config)`.
//!
//! It replays the creation of every entity and field through the same hooks on
//! an empty model, so a schema that lived through many changes can be compared
//! with one that was made at once.

use std::sync::Arc;

use hookwright_core::drift::Unfit;
use hookwright_core::event::{Body, Consent, Event};
use hookwright_core::hook::{Action, EntityChange, HookCall};
use hookwright_core::metadata::{Entity, Metadata};
use hookwright_core::schema::Schema;

use super::Pipeline;
use super::hooks::Caller;
use super::kept;
use super::work::{Worker, created};
use crate::error::Result;
use crate::tenant::{Derived, Tenant, View};

/// The schema that the organisation's metadata and plugins call for.
pub(crate) async fn derive(pipeline: &Pipeline<'_>, tenant: &Tenant, view: &View) -> Result<Arc<Schema>> {
    let derived = derived(pipeline, tenant, view, &view.snapshot.metadata).await?;
    whole(tenant, &derived.unfit)?;
    Ok(derived.schema.clone())
}

/// Whether all that plugins call for can be.
///
/// # Errors
/// `intent/invalid`, `policy/refused`.
pub(super) fn whole(tenant: &Tenant, unfit: &[Unfit]) -> Result<()> {
    match unfit.first() {
        None => Ok(()),
        Some(Unfit { plugin, refusal, .. }) => {
            let org = tenant.org();
            Err(super::report::refused(plugin, refusal).help(format!(
                "enable the plugin that makes what it stands on, or disable this one: hookwright plugin list --org {org}"
            )))
        }
    }
}

/// As [`derive`], were these the metadata; with what cannot be of what plugins call for.
pub(super) async fn derived(
    pipeline: &Pipeline<'_>,
    tenant: &Tenant,
    view: &View,
    metadata: &Arc<Metadata>,
) -> Result<Arc<Derived>> {
    if let Some(known) = tenant.derived(metadata, &view.plugins) {
        return Ok(known);
    }
    let (schema, unfit) = match is_own(tenant, view, metadata) {
        true => kept_or_replayed(pipeline, tenant, view).await?,
        false => replayed(pipeline, tenant, view, metadata).await?,
    };
    let (metadata, plugins) = (metadata.clone(), view.plugins.clone());
    let derived = Arc::new(Derived { metadata, plugins, schema, unfit });
    tenant.remember(derived.clone());
    Ok(derived)
}

/// Whether this is what the organisation has, not what it might.
fn is_own(tenant: &Tenant, view: &View, metadata: &Arc<Metadata>) -> bool {
    Arc::ptr_eq(metadata, &view.snapshot.metadata) && Arc::ptr_eq(&view.plugins, &tenant.plugins())
}

type Replayed = (Arc<Schema>, Vec<Unfit>);

async fn kept_or_replayed(pipeline: &Pipeline<'_>, tenant: &Tenant, view: &View) -> Result<Replayed> {
    let metadata = &view.snapshot.metadata;
    let Some(key) = kept::key(view) else {
        return replayed(pipeline, tenant, view, metadata).await;
    };
    if let Some(schema) = kept::find(pipeline.store, tenant, view, &key).await? {
        return Ok((Arc::new(schema), Vec::new()));
    }
    let (schema, unfit) = replayed(pipeline, tenant, view, metadata).await?;
    if unfit.is_empty() {
        kept::keep(pipeline.store, tenant, view, &key, &schema).await?;
    }
    Ok((schema, unfit))
}

async fn replayed(
    pipeline: &Pipeline<'_>,
    tenant: &Tenant,
    view: &View,
    metadata: &Arc<Metadata>,
) -> Result<Replayed> {
    let empty = Arc::new(Schema::default());
    let caller = Caller::new(pipeline, tenant, view.plugins.clone()).strict();
    let mut worker = Worker::new(tenant, metadata.clone(), empty, caller);
    worker.draft = worker.draft.schema_only();
    worker.unfit = Some(Vec::new());
    for entity in metadata.entities.values() {
        create(&mut worker, entity).await?;
    }
    Ok((worker.draft.shared_schema(), worker.unfit.unwrap_or_default()))
}

async fn create(worker: &mut Worker<'_>, entity: &Entity) -> Result<()> {
    let spec = entity.spec();
    let event = Event {
        id: format!("derive-{}", entity.id.as_str()),
        actor: None,
        correlation_id: None,
        at: None,
        body: Body::EntityCreate { entity: spec.clone() },
        consent: Consent::default(),
        json: serde_json::Value::Null,
    };
    let change =
        EntityChange { action: Action::Create, old: None, new: Some(spec.clone()), drop_table: false };
    worker.after(&event, HookCall::EntityAfter(change)).await?;
    for field in &spec.fields {
        worker.after(&event, HookCall::FieldAfter(created(&spec.name, field))).await?;
    }
    Ok(())
}
