//! Restores and purges: what was dropped comes back with all that the metadata lost with it, or goes for good.
//!
//! The host proposes these intents itself, as "hookwright". No hook is asked: what comes back is what the hooks made of
//! it when it was created, so there is nothing for them to add, and a plugin that is gone or has changed since must not
//! stand between people and their data. Fields of others that let go of it refer to it again; that is a change
//! of those fields, and takes the way of any: through the hooks.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use hookwright_core::event::Event;
use hookwright_core::ident::Ident;
use hookwright_core::intent::{Intent, PurgeColumn, PurgeTable, RestoreColumn, RestoreTable};
use hookwright_core::metadata::{Entity, Metadata};
use hookwright_core::metadata_error::MetadataError;
use hookwright_core::policy::Refusal;
use hookwright_core::tombstone::{Memory, Place, Released};

use super::work::Worker;
use crate::error::{Error, Result};

/// Who proposes what no plugin asked for.
pub(super) const HOST: &str = "hookwright";

/// What is remembered of dropped things while a change is worked out, by their places before it.
#[derive(Default)]
pub(super) struct Memories {
    /// Of this change.
    pub own: BTreeMap<Place, Memory>,
    /// Of changes before it, once they are asked for; with whether each is kept past its time.
    earlier: Option<BTreeMap<Place, Earlier>>,
}

/// What is known of something that a change before dropped.
pub(super) struct Earlier {
    memory: Option<Memory>,
    /// Whether it is kept past its time.
    expired: bool,
    change: String,
}

impl Worker<'_> {
    pub(super) async fn restore_entity(
        &mut self,
        event: &Event,
        name: &Ident,
        kept: Option<&Ident>,
    ) -> Result<()> {
        let found = self.draft.schema().buried_table(name, kept).map(|(place, _)| place.clone());
        let kept = found.ok_or_else(|| self.not_kept(kept.unwrap_or(name).as_str()))?;
        let memory = self.memory(&Place { table: kept.clone(), column: None }).await?;
        self.metadata().restore_entity(&memory).map_err(|e| taken(&e))?;
        self.own(Intent::RestoreTable(RestoreTable { table: name.clone(), kept: Some(kept) }))?;
        self.take_up(event, name, memory.released).await
    }

    pub(super) async fn restore_field(
        &mut self,
        event: &Event,
        entity: &Ident,
        name: &Ident,
        kept: Option<&Ident>,
    ) -> Result<()> {
        let kept = self.kept_column(entity, name, kept)?;
        let memory = self.memory(&Place { table: entity.clone(), column: Some(kept.clone()) }).await?;
        let to = self.position(entity, &kept);
        self.metadata().restore_field(entity, &memory, to).map_err(|e| taken(&e))?;
        let (table, column, kept) = (entity.clone(), name.clone(), Some(kept));
        self.own(Intent::RestoreColumn(RestoreColumn { table, column, kept }))?;
        self.take_up(event, entity, memory.released).await
    }

    /// Purges every dropped table of the name, or the one that is kept under a name.
    pub(super) async fn purge_entity(&mut self, name: &Ident, kept: Option<&Ident>) -> Result<()> {
        let buried = self.draft.schema().buried.iter().filter(|(_, b)| b.table.name == *name);
        let found: Vec<_> =
            buried.map(|(place, _)| place.clone()).filter(|p| kept.is_none_or(|k| k == p)).collect();
        if found.is_empty() {
            return Err(self.not_kept(kept.unwrap_or(name).as_str()));
        }
        for table in found {
            self.purge(Place { table, column: None }).await?;
        }
        Ok(())
    }

    /// Purges every dropped column of the name, or the one that is kept under a name.
    pub(super) async fn purge_field(
        &mut self,
        entity: &Ident,
        name: &Ident,
        kept: Option<&Ident>,
    ) -> Result<()> {
        self.kept_column(entity, name, kept)?;
        let table = self.draft.schema().table(entity).into_iter();
        let of_name = table.flat_map(|t| &t.buried).filter(|(_, b)| b.column.name == *name);
        let found: Vec<_> =
            of_name.map(|(place, _)| place.clone()).filter(|p| kept.is_none_or(|k| k == p)).collect();
        for column in found {
            self.purge(Place { table: entity.clone(), column: Some(column) }).await?;
        }
        Ok(())
    }

    /// Purges what is kept past its time. What is in a dropped table goes with it.
    pub(super) async fn purge_expired(&mut self) -> Result<()> {
        let all = self.earlier().await?;
        let expired: BTreeSet<_> =
            all.iter().filter(|(_, kept)| kept.expired).map(|(place, _)| place.clone()).collect();
        for place in Place::kept(self.draft.schema()) {
            if !self.draft.origin(&place).is_some_and(|was| expired.contains(&was)) {
                continue;
            }
            let inside = self.draft.schema().table(&place.table).is_none();
            if place.column.is_none() || !inside {
                self.purge(place).await?;
            }
        }
        Ok(())
    }

    async fn purge(&mut self, place: Place) -> Result<()> {
        if let Some(was) = self.draft.origin(&place) {
            let dropped_by = self.earlier().await?.get(&was).map(|kept| kept.change.clone());
            self.purged.extend(dropped_by);
        }
        let Place { table, column } = place;
        self.own(match column {
            Some(column) => Intent::PurgeColumn(PurgeColumn { table, column }),
            None => Intent::PurgeTable(PurgeTable { table }),
        })
    }

    /// Proposes an intent of the host's own.
    pub(super) fn own(&mut self, intent: Intent) -> Result<()> {
        self.draft.propose(&Arc::from(HOST), intent).map_err(|refusal| {
            let area = match refusal {
                Refusal::Model(_) => "intent/invalid",
                Refusal::Rule { .. } => "policy/refused",
            };
            Error::new(area, refusal.to_string()).coded(refusal.code())
        })
    }

    /// Everything that is kept though it is dropped.
    pub(super) fn kept(&self) -> BTreeSet<Place> {
        Place::kept(self.draft.schema())
    }

    /// Remembers what the metadata lost with what was dropped since.
    pub(super) fn remember(&mut self, before: &Metadata, known: &BTreeSet<Place>, released: &[Released]) {
        for place in self.kept().difference(known) {
            let memory = self.lost(before, place, released);
            if let (Some(was), Some(memory)) = (self.draft.origin(place), memory) {
                self.memories.own.insert(was, memory);
            }
        }
    }

    fn lost(&self, before: &Metadata, place: &Place, released: &[Released]) -> Option<Memory> {
        let schema = self.draft.schema();
        let there = |e: &Entity| self.metadata.entities.values().find(|now| now.id == e.id);
        match &place.column {
            None => {
                let entity = before.entity(&schema.buried.get(&place.table)?.table.name)?;
                there(entity).is_none().then(|| Memory::of_entity(entity, before, released.to_vec()))
            }
            Some(column) => {
                let entity = before.entity(&place.table)?;
                let name = &schema.table(&place.table)?.buried.get(column)?.column.name;
                let field = entity.field(name)?;
                let stays = there(entity).is_some_and(|now| now.fields.iter().any(|f| f.id == field.id));
                (!stays).then(|| Memory::of_field(entity, field, before, released.to_vec()))
            }
        }
    }

    /// What is remembered of something that is kept there now.
    async fn memory(&mut self, place: &Place) -> Result<Memory> {
        let Some(was) = self.draft.origin(place) else { return Ok(Memory::default()) };
        if let Some(own) = self.memories.own.remove(&was) {
            return Ok(own);
        }
        Ok(self.earlier().await?.get(&was).and_then(|kept| kept.memory.clone()).unwrap_or_default())
    }

    async fn earlier(&mut self) -> Result<&BTreeMap<Place, Earlier>> {
        if self.memories.earlier.is_none() {
            let keep_days = self.tenant.settings().tombstones.keep_days;
            let rows = self.tenant.db().tombstones(keep_days).await?;
            let mut found = BTreeMap::new();
            for row in rows {
                let key = match row.column_name.as_str() {
                    "" => row.table_name.clone(),
                    column => format!("{}.{column}", row.table_name),
                };
                let damaged =
                    |what: String| Error::from(self.tenant.db().misshapen("tombstone", &key, &what));
                let named = |text: &str| {
                    Ident::parse(text)
                        .map_err(|e| damaged(format!("\"{}\" is no name: {e}", text.escape_default())))
                };
                let column = (!row.column_name.is_empty()).then(|| named(&row.column_name)).transpose()?;
                let memory = row.memory.as_deref().map(serde_json::from_str).transpose();
                let memory = memory
                    .map_err(|e: serde_json::Error| damaged(format!("its memory does not parse: {e}")))?;
                found.insert(
                    Place { table: named(&row.table_name)?, column },
                    Earlier { memory, expired: row.expired, change: row.change_id },
                );
            }
            self.memories.earlier = Some(found);
        }
        Ok(self.memories.earlier.get_or_insert_default())
    }

    /// The place of a field whose column comes back, if the fields have the order of the columns.
    fn position(&self, entity: &Ident, kept: &Ident) -> Option<usize> {
        let table = self.draft.schema().table(entity)?;
        let place = table.place_of(table.buried.get(kept)?);
        let fields = &self.metadata.entity(entity)?.fields;
        let places: Vec<_> = fields.iter().map(|f| table.columns.get_index_of(&f.spec.name)).collect();
        let next = places.iter().position(|at| at.is_some_and(|at| at >= place));
        places.iter().flatten().is_sorted().then(|| next.unwrap_or(fields.len()))
    }

    fn kept_column(&self, entity: &Ident, name: &Ident, kept: Option<&Ident>) -> Result<Ident> {
        let schema = self.draft.schema();
        let whole = || format!("{}.{}", entity.as_str(), name.as_str());
        let Some(table) = schema.table(entity) else {
            let error = self.not_kept(&whole());
            return Err(match schema.buried_table(entity, None) {
                Some(_) => error.help(format!(
                    "the table \"{0}\" is dropped itself: hookwright restore {0} --org {1}",
                    entity.as_str(),
                    self.tenant.org()
                )),
                None => error,
            });
        };
        let found = table.buried_column(name, kept).map(|(place, _)| place.clone());
        found.ok_or_else(|| self.not_kept(&kept.map_or_else(whole, |k| k.as_str().to_owned())))
    }

    fn not_kept(&self, name: &str) -> Error {
        let help = format!("see what is kept: hookwright restore --list --org {}", self.tenant.org());
        Error::from(MetadataError::NotKept { name: name.to_owned() }).help(help)
    }
}

/// What stands in the way of metadata that come back.
pub(super) fn taken(error: &MetadataError) -> Error {
    let told = Error::new(error.code(), error.to_string());
    match error {
        MetadataError::Taken { .. } => told.help("rename the one that is there, then try again"),
        _ => told,
    }
}
