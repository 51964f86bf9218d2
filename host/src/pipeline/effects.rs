//! What a change writes beside its statements: metadata, model, ledger.

use std::collections::BTreeMap;

use hookwright_core::event::{Body, Change, Event};
use hookwright_core::ident::Ident;
use hookwright_core::metadata::{Changed, Entity, Field, Metadata, StableId};
use hookwright_core::policy::{ApprovedPlan, Review, Verdict};
use hookwright_core::schema::Schema;
use hookwright_core::shared::unshared;
use hookwright_core::tombstone::{Memory, Place, Tombstones};
use hookwright_core::undo::Undo;

use super::request::Request;
use crate::error::{Error, Result};
use crate::executor::online;
use crate::executor::{
    Approved, EntityRow, FieldRow, Hold, LedgerEvent, Rows, TableRow, TombstoneRow, TombstoneRows, Work,
};
use crate::ledger::Summary;
use crate::outcome::{EventSummary, Outcome};
use crate::tenant::{Tenant, View};

/// What a change leaves behind beside its schema.
pub(super) struct After<'a> {
    pub metadata: &'a Metadata,
    /// What the metadata lost with what is dropped, by the places of before.
    pub memories: &'a BTreeMap<Place, Memory>,
    /// What becomes of tombstones that the intents do not touch: an adoption took another name over, or hands took away
    /// what was kept.
    pub besides: Tombstones,
    /// The changes it rolls back.
    pub rolls_back: Vec<String>,
}

/// What undoes a change, as the ledger keeps it.
#[derive(serde::Serialize)]
struct Recorded<'a, K: serde::Serialize> {
    #[serde(flatten)]
    undo: &'a Undo,
    /// What tells whether the rows are those that the change left.
    kept: K,
}

/// All that the executor commits at once.
pub(super) fn work<'a>(
    tenant: &Tenant,
    view: &View,
    request: &Request<'_>,
    after: After<'_>,
    review: &Review,
    plan: &'a ApprovedPlan,
    outcome: &Outcome,
) -> Result<Work<'a>> {
    let change = request.change;
    let After { metadata, memories, besides, rolls_back } = after;
    let rows = rows(&view.snapshot.metadata, metadata).map_err(unwritable)?;
    let undo = undo(change, review, view, metadata, &rolls_back);
    let (tables, gone_tables) = tables(&view.snapshot.schema, &review.schema).map_err(unwritable)?;
    let kept = view.snapshot.kept.after(&rows, &tables, &gone_tables);
    let undo_json = json(&Recorded { undo: &undo, kept: kept.recorded() })?;
    Ok(Work {
        org: tenant.org().clone(),
        revision: view.snapshot.revision,
        touched: view.snapshot.touched,
        previous: view.snapshot.change.clone(),
        change_id: request.id.clone(),
        actor: outcome.actor.clone(),
        correlation_id: correlation(change),
        events: change.events.iter().map(ledger_event).collect(),
        plan,
        rows,
        tables,
        as_recorded: is_as_recorded(change),
        gone_tables,
        tombstones: tombstones(&recorded(change, &view.snapshot.schema, review), memories, besides)?,
        undo_json,
        kept,
        rolls_back,
        summary_json: json(&summary(change, outcome))?,
        outcome_json: json(outcome)?,
        approval: request.held.as_ref().map(|_| Approved { by: request.decider().map(str::to_owned) }),
        until: request.until,
        finish: plan
            .plan()
            .finish
            .iter()
            .map(online::json)
            .collect::<serde_json::Result<_>>()
            .map_err(unwritable)?,
    })
}

/// What is kept of a change that is held.
pub(super) fn hold(
    tenant: &Tenant,
    view: &View,
    request: &Request<'_>,
    verdict: Verdict,
    outcome: &Outcome,
) -> Result<Hold> {
    let change = request.change;
    Ok(Hold {
        org: tenant.org().clone(),
        revision: view.snapshot.revision,
        touched: view.snapshot.touched,
        id: request.id.clone(),
        known: request.held.is_some(),
        actor: request.actor().map(str::to_owned),
        sender: request.first_sender().map(str::to_owned),
        correlation_id: correlation(change),
        events: change.events.iter().map(ledger_event).collect(),
        plan_hash: outcome.plan_hash.clone().unwrap_or_default(),
        verdict: verdict.as_str(),
        summary_json: json(&summary(change, outcome))?,
        outcome_json: json(outcome)?,
    })
}

/// Whether it is worked out on what the host recorded, and not on what the database has.
pub(super) fn is_as_recorded(change: &Change) -> bool {
    !change.events.iter().any(Event::is_of_the_schema)
}

fn correlation(change: &Change) -> Option<String> {
    change.events.iter().find_map(|e| e.correlation_id.clone())
}

fn rows(before: &Metadata, after: &Metadata) -> serde_json::Result<Rows> {
    let mut rows = Rows::default();
    for (id, Changed { before: was, after }) in Metadata::changes(before, after) {
        let Some(entity) = after else {
            rows.gone_entities.push(id.clone());
            rows.gone_fields.extend(was.iter().flat_map(|e| &e.fields).map(|f| f.id.clone()));
            continue;
        };
        if was.is_none_or(|was| head(was) != head(entity)) {
            rows.entities.push(EntityRow::of(entity));
        }
        let old_fields: BTreeMap<_, _> = was.into_iter().flat_map(positioned).collect();
        let changed = positioned(entity).filter(|(id, field)| old_fields.get(id) != Some(field));
        for (_, (position, field)) in changed {
            rows.fields.push(FieldRow::of(&entity.id, position, field)?);
        }
        let stays = |id: &&StableId| entity.fields.iter().any(|f| f.id == **id);
        rows.gone_fields.extend(old_fields.keys().copied().filter(|id| !stays(id)).cloned());
    }
    Ok(rows)
}

/// What the row of an entity has of it: all but its fields.
fn head(entity: &Entity) -> (&Ident, Option<&str>, Option<&str>) {
    (&entity.name, entity.label.as_deref(), entity.comment.as_deref())
}

fn positioned(entity: &Entity) -> impl Iterator<Item = (&StableId, (usize, &Field))> {
    entity.fields.iter().enumerate().map(|(position, field)| (&field.id, (position, field)))
}

/// Tables of the model that come or change, dropped ones that are kept among them, and names that go.
fn tables(before: &Schema, after: &Schema) -> serde_json::Result<(Vec<TableRow>, Vec<Ident>)> {
    let changed = unshared(&after.tables, &before.tables).map(|t| TableRow::of(t));
    let buried = after.buried.iter().filter(|(name, t)| before.buried.get(*name) != Some(*t));
    let buried = buried.map(|(name, t)| TableRow::buried(name, t));
    let stays = |name: &&Ident| after.tables.contains_key(*name) || after.buried.contains_key(*name);
    let gone = unshared(&before.tables, &after.tables).map(|table| &table.name);
    let gone = gone.chain(before.buried.keys()).filter(|name| !stays(name)).cloned();
    Ok((changed.chain(buried).collect::<Result<_, _>>()?, gone.collect()))
}

/// What becomes of tombstones. A repair that gives tables their names back begins with those that hands gave, and the
/// tombstones were never called so.
fn recorded(change: &Change, known: &Schema, review: &Review) -> Tombstones {
    let mut tombstones = review.tombstones.clone();
    if change.events.iter().any(|event| matches!(event.body, Body::SchemaSync { .. })) {
        let known = Place::kept(known);
        tombstones.moved.retain(|(_, now)| !known.contains(now));
    }
    tombstones
}

fn tombstones(
    found: &Tombstones,
    memories: &BTreeMap<Place, Memory>,
    besides: Tombstones,
) -> Result<TombstoneRows> {
    let row = |(place, was): &(Place, Place)| {
        let memory_json = memories.get(was).map(json).transpose()?;
        Ok(TombstoneRow { place: place.clone(), memory_json })
    };
    let new = found.new.iter().map(row).collect::<Result<_>>()?;
    let moved = found.moved.iter().cloned().chain(besides.moved).collect();
    let gone = found.gone.iter().cloned().chain(besides.gone).collect();
    Ok(TombstoneRows { new, moved, gone })
}

/// What undoes the change.
fn undo(change: &Change, review: &Review, view: &View, after: &Metadata, rolls_back: &[String]) -> Undo {
    let before = &view.snapshot;
    let mut undo = review.undo.clone().with_metadata(&before.metadata, after);
    let is_of_drift = |body: &Body| matches!(body, Body::SchemaSync { .. } | Body::SchemaAdopt { .. });
    if change.events.iter().any(|event| is_of_drift(&event.body)) {
        undo = undo.with_record(&before.schema, &review.schema);
    }
    if change.events.iter().all(|e| matches!(e.body, Body::ChangeRollback { .. })) {
        undo.rolls_back = rolls_back.to_vec();
    }
    undo
}

fn summary(change: &Change, outcome: &Outcome) -> Summary {
    let event = |e: &hookwright_core::event::Event| EventSummary {
        id: e.id.clone(),
        kind: e.kind().to_owned(),
        subject: e.subject(),
    };
    Summary { events: change.events.iter().map(event).collect(), statements: outcome.statements.len() }
}

fn ledger_event(event: &hookwright_core::event::Event) -> LedgerEvent {
    LedgerEvent { id: event.id.clone(), digest: event.digest(), body_json: event.json.to_string() }
}

fn json(value: &impl serde::Serialize) -> Result<String> {
    serde_json::to_string(value).map_err(unwritable)
}

pub(super) fn unwritable(error: serde_json::Error) -> Error {
    Error::new("host/fault", "what the change came to cannot be written down").because(error)
}
