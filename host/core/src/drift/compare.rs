//! Three schemas compared part by part.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::part::{parts, shape};
use super::{Finding, Moved, Part};
use crate::ident::Ident;
use crate::metadata::Metadata;
use crate::schema::{Index, IndexShape, Schema, Table, Unique};

/// The schemas, by the names that tables and columns shall have.
pub(super) struct Three<'a> {
    /// What metadata and plugins call for.
    pub wanted: &'a Schema,
    /// What the host recorded.
    pub recorded: &'a Schema,
    /// What the database has.
    pub found: &'a Schema,
    /// The metadata.
    pub metadata: &'a Metadata,
}

impl Three<'_> {
    /// Everything in which the database is not what is called for.
    pub fn findings(&self) -> Vec<Finding> {
        let tables = [self.wanted, self.recorded, self.found].map(|s| s.tables.keys());
        let names: BTreeSet<&Ident> = tables.into_iter().flatten().collect();
        names.into_iter().flat_map(|name| self.table(name)).collect()
    }

    fn table(&self, name: &Ident) -> Vec<Finding> {
        let (wanted, found) = (self.wanted.tables.get(name), self.found.tables.get(name));
        let same = match (wanted, found) {
            (Some(wanted), Some(found)) => Arc::ptr_eq(wanted, found) || wanted == found,
            (None, None) => true,
            _ => false,
        };
        if same {
            return Vec::new();
        }
        let (wanted_table, found_table) = (wanted, found);
        let taken = |table: Option<&Arc<Table>>| table.map(|t| parts(t)).unwrap_or_default();
        let (wanted, mut found) = (taken(wanted), taken(found));
        let known = self.recorded.table(name);
        if let (Some(wanted), Some(there)) = (wanted_table, found_table) {
            stand_ins(wanted, known, there, &mut found);
            if key_stand_in(wanted, there).is_some() {
                found.remove(&Part::Unique(wanted.primary_key.clone()));
                found.insert(Part::PrimaryKey, "a unique constraint, no primary key".to_owned());
            }
        }
        let recorded = taken(self.recorded.tables.get(name));
        let all: BTreeSet<&Part> = wanted.keys().chain(found.keys()).collect();
        let differs = |part: &&Part| {
            wanted.get(*part) != found.get(*part)
                && told(part, &wanted, &found)
                && !(wanted_table.zip(found_table).is_some_and(|(w, f)| same_default(part, w, f)))
        };
        all.into_iter()
            .filter(differs)
            .map(|part| {
                let of = |parts: &BTreeMap<Part, String>| parts.get(part).cloned();
                let (wanted, recorded, found) = (of(&wanted), of(&recorded), of(&found));
                let moved = self.moved(name, part, &wanted, &recorded, &found);
                let (table, part) = (name.clone(), part.clone());
                let (renamed, called, adoptable, needs) = (None, None, false, None);
                let finding = Finding {
                    table,
                    part,
                    wanted,
                    recorded,
                    found,
                    renamed,
                    called,
                    moved,
                    adoptable,
                    needs,
                };
                // What the database counts is recorded when it is taken over, and is the hands' still.
                let moved = if finding.is_foreign() { Moved::Hands } else { moved };
                Finding { moved, ..finding }
            })
            .collect()
    }

    fn moved(
        &self,
        table: &Ident,
        part: &Part,
        wanted: &Option<String>,
        recorded: &Option<String>,
        found: &Option<String>,
    ) -> Moved {
        match (wanted == recorded, recorded == found) {
            (true, _) => Moved::Hands,
            (false, false) => Moved::Several,
            (false, true) => match (self.metadata.entity(table), part.column()) {
                (None, _) => Moved::Metadata,
                (Some(entity), Some(column)) if wanted.is_none() && entity.field(column).is_none() => {
                    Moved::Metadata
                }
                _ => Moved::Plugins,
            },
        }
    }
}

/// The unique index that stands where a unique constraint was, by its name, or by the one that the record has: that stays
/// when the table is called otherwise.
pub(super) fn stand_in<'a>(
    columns: &[Ident],
    wanted: &Table,
    recorded: Option<&Table>,
    found: &'a Table,
) -> Option<&'a Index> {
    let lost = [wanted.uniques.iter().find(|unique| unique.columns == columns)?];
    let known = recorded.into_iter().flat_map(|table| &table.uniques).filter(|u| u.columns == columns);
    let names: Vec<_> = lost.into_iter().chain(known).map(|unique| &unique.name).collect();
    let is_there = found.uniques.iter().any(|unique| unique.columns == columns);
    let shape = IndexShape::on(columns, true);
    let stands = |index: &&Index| names.contains(&&index.name) && index.shape == shape;
    found.indexes.iter().find(stands).filter(|_| !is_there)
}

/// The unique constraint that stands where the primary key was, by its name.
pub(super) fn key_stand_in<'a>(wanted: &Table, found: &'a Table) -> Option<&'a Unique> {
    let stands = |unique: &&Unique| unique.name == wanted.key_name() && unique.columns == wanted.primary_key;
    found.uniques.iter().find(stands).filter(|_| found.primary_key.is_empty())
}

/// Tells unique indexes that stand for constraints as what became of these.
fn stand_ins(wanted: &Table, known: Option<&Table>, found: &Table, parts: &mut BTreeMap<Part, String>) {
    for unique in &wanted.uniques {
        if let Some(index) = stand_in(&unique.columns, wanted, known, found) {
            parts.remove(&Part::Index(shape(index)));
            parts.insert(Part::Unique(unique.columns.clone()), "a unique index, no constraint".to_owned());
        }
    }
}

/// Whether a default differs in nothing but its column's type, as 0.00 and 0.0000 do.
fn same_default(part: &Part, wanted: &Table, found: &Table) -> bool {
    let Part::Default(name) = part else { return false };
    let (Some(wanted), Some(found)) = (wanted.column(name), found.column(name)) else { return false };
    found.default.is_some() && found.default.as_ref().and_then(|d| d.retyped(&wanted.ty)) == wanted.default
}

/// What belongs to a table or column that is not there on both sides is not told one by one.
fn told(part: &Part, wanted: &BTreeMap<Part, String>, found: &BTreeMap<Part, String>) -> bool {
    let both = |part: &Part| wanted.contains_key(part) && found.contains_key(part);
    match part {
        Part::Table => true,
        _ if !both(&Part::Table) => false,
        Part::Type(c) | Part::Nullability(c) | Part::Default(c) | Part::Generated(c) | Part::Comment(c) => {
            both(&Part::Column(c.clone()))
        }
        _ => true,
    }
}
