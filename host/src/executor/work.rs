//! All that one change commits.

use std::time::Instant;

use hookwright_core::ident::{Ident, OrgName};
use hookwright_core::metadata::{Entity, Field, StableId};
use hookwright_core::policy::ApprovedPlan;
use hookwright_core::schema::{BuriedTable, Table};
use hookwright_core::tombstone::Place;

use crate::db::Kept;

/// A change, ready to be executed.
#[derive(Debug)]
pub struct Work<'a> {
    /// The organisation.
    pub org: OrgName,
    /// The revision it was worked out on.
    pub revision: i64,
    /// What hands had last touched of the rows then.
    pub touched: i64,
    /// The change that led to that revision; none if there was none, or it is not to be compared.
    pub previous: Option<String>,
    /// The change's id.
    pub change_id: String,
    /// Who asked.
    pub actor: Option<String>,
    /// What it belongs to, for the asker.
    pub correlation_id: Option<String>,
    /// Its events, for the ledger.
    pub events: Vec<LedgerEvent>,
    /// Its statements.
    pub plan: &'a ApprovedPlan,
    /// Its metadata.
    pub rows: Rows,
    /// Tables of the model that come or change.
    pub tables: Vec<TableRow>,
    /// Whether its statements call tables and columns as the record does: what a repair works on has the names of the database.
    pub as_recorded: bool,
    /// Tables of the model that go.
    pub gone_tables: Vec<Ident>,
    /// Tombstones that come, move or go.
    pub tombstones: TombstoneRows,
    /// What undoes it, with what it records of the rows.
    pub undo_json: String,
    /// The rows of metadata and model after it.
    pub kept: Kept,
    /// Changes that it rolls back.
    pub rolls_back: Vec<String>,
    /// What lists show of it.
    pub summary_json: String,
    /// Its outcome.
    pub outcome_json: String,
    /// Set if it was held: then it is settled with it, and the change's id is the held change's.
    pub approval: Option<Approved>,
    /// When it is given up; never, if none. What PostgreSQL was given goes on.
    pub until: Option<Instant>,
    /// Steps that are left once it is committed, as JSON; PostgreSQL only.
    pub finish: Vec<String>,
}

/// That a held change may be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Approved {
    /// Who said so.
    pub by: Option<String>,
}

/// An event as the ledger keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerEvent {
    /// The idempotency key.
    pub id: String,
    /// Tells it from another event of the same id.
    pub digest: String,
    /// The event, as JSON.
    pub body_json: String,
}

/// Metadata rows that come, change or go.
#[derive(Debug, Default)]
pub struct Rows {
    /// Entities that come or change.
    pub entities: Vec<EntityRow>,
    /// Fields that come or change.
    pub fields: Vec<FieldRow>,
    /// Entities that go.
    pub gone_entities: Vec<StableId>,
    /// Fields that go.
    pub gone_fields: Vec<StableId>,
}

/// Tombstones that come, move or go.
#[derive(Debug, Default)]
pub struct TombstoneRows {
    /// Those that come.
    pub new: Vec<TombstoneRow>,
    /// Those that get another place: before and now.
    pub moved: Vec<(Place, Place)>,
    /// Those that go.
    pub gone: Vec<Place>,
}

/// A tombstone's row.
#[derive(Debug)]
pub struct TombstoneRow {
    /// Where what was dropped is now.
    pub place: Place,
    /// What the metadata lost with it, as JSON; none if they lost nothing.
    pub memory_json: Option<String>,
}

/// An entity's row: without its fields.
#[derive(Debug)]
pub struct EntityRow {
    /// Its id.
    pub id: StableId,
    /// Its name.
    pub name: Ident,
    /// Label and comment, as JSON.
    pub spec_json: String,
}

/// A field's row.
#[derive(Debug)]
pub struct FieldRow {
    /// Its id.
    pub id: StableId,
    /// The entity's id.
    pub entity: StableId,
    /// Its place among the entity's fields.
    pub position: i64,
    /// Its name.
    pub name: Ident,
    /// What it is, as JSON.
    pub spec_json: String,
}

/// A table's row in the model.
#[derive(Debug)]
pub struct TableRow {
    /// Its name.
    pub name: Ident,
    /// What it is, as JSON.
    pub definition_json: String,
}

impl TableRow {
    /// The row of a table.
    ///
    /// # Errors
    /// If the table cannot be written as JSON, which would be a fault of the host.
    pub fn of(table: &Table) -> serde_json::Result<Self> {
        Ok(Self { name: table.name.clone(), definition_json: serde_json::to_string(table)? })
    }

    /// The row of a dropped table that is kept, under the name it has in the database.
    ///
    /// # Errors
    /// As [`TableRow::of`].
    pub fn buried(name: &Ident, table: &BuriedTable) -> serde_json::Result<Self> {
        Ok(Self { name: name.clone(), definition_json: serde_json::to_string(table)? })
    }
}

impl EntityRow {
    /// The row of an entity.
    #[must_use]
    pub fn of(entity: &Entity) -> Self {
        let spec = serde_json::json!({ "label": entity.label, "comment": entity.comment });
        Self { id: entity.id.clone(), name: entity.name.clone(), spec_json: spec.to_string() }
    }
}

impl FieldRow {
    /// The row of a field at a position of an entity.
    ///
    /// # Errors
    /// If the spec cannot be written as JSON, which would be a fault of the host.
    pub fn of(entity: &StableId, position: usize, field: &Field) -> serde_json::Result<Self> {
        Ok(Self {
            id: field.id.clone(),
            entity: entity.clone(),
            position: i64::try_from(position).unwrap_or(i64::MAX),
            name: field.spec.name.clone(),
            spec_json: serde_json::to_string(&field.spec)?,
        })
    }
}
