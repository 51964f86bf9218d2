//! Metadata that say what the database has: the other way to bring the two together.

use std::sync::Arc;

use super::alike::{self, alike};
use super::named::applied;
use super::{Drift, Finding, LeftOut, Need, Part, Scope, State};
use crate::ddl::Dialect;
use crate::ident::Ident;
use crate::intent::{Intent, RenameColumn, RenameTable};
use crate::metadata::{Entity, Metadata};
use crate::metadata_error::MetadataError;
use crate::schema::{Column, IndexKey, Schema, Table};
use crate::spec::{EntitySpec, FieldSpec, FieldWire, Reference, SpecError};
use crate::tombstone::Place;

/// What an adoption comes to.
#[derive(Debug, Clone, PartialEq)]
pub struct Adoption {
    /// The metadata afterwards.
    pub metadata: Metadata,
    /// What the database has within the scope, and no entity or field can be.
    pub left_out: Vec<LeftOut>,
    /// The record, by the names that were taken over.
    pub recorded: Schema,
    /// The scope, by the same names.
    pub scope: Scope,
    /// What is dropped and kept on tables whose names were taken over: where it was recorded, and where it is.
    pub moved: Vec<(Place, Place)>,
}

impl Drift {
    /// The metadata as they are once they say what the database has, as far as the scope goes. `event` makes the ids of
    /// what is new. Tables that others made are taken in if the scope names them, or has extras.
    ///
    /// # Errors
    /// [`MetadataError`], for the first thing that the metadata have something against.
    pub fn adopted(
        &self,
        metadata: &Metadata,
        event: &str,
        scope: &Scope,
    ) -> Result<Adoption, MetadataError> {
        let whole = Scope { extras: true, ..scope.clone() };
        let there = applied(&self.found, &self.renames).shared_schema();
        let is_hindered = |name: &Ident| {
            self.findings.iter().any(|f| f.table == *name && f.part == Part::Table && f.waits_for_room())
        };
        let is_deleted = |table: &&Arc<Table>| {
            self.metadata.entity(&table.name).is_none()
                && self.wanted.table(&table.name).is_none()
                && !is_hindered(&table.name)
        };
        let deleted: Vec<_> = there.tables.values().filter(is_deleted).cloned().collect();
        let (metadata, references) = (metadata.clone(), Vec::new());
        let left_out = self.beyond(scope).cloned().chain(self.beside_alike(&there, &whole)).collect();
        let mut adopting = Adopting { metadata, event, there, references, left_out };
        let can_be = self.findings.iter().filter(|f| f.adoptable && whole.has(f));
        let (names, rest): (Vec<_>, Vec<_>) = can_be.partition(|f| f.renamed.is_some());
        for finding in rest {
            adopting.finding(finding)?;
        }
        for table in self.others.tables.values().chain(&deleted) {
            if scope.asks_for(&table.name) {
                adopting.table(table, scope.column.as_ref());
            }
        }
        adopting.refer()?;
        // Fields go by the entity's name of before.
        let (tables, columns): (Vec<_>, Vec<_>) = names.into_iter().partition(|f| f.part == Part::Table);
        for finding in columns.iter().chain(&tables) {
            adopting.rename(finding)?;
        }
        let Adopting { metadata, mut left_out, .. } = adopting;
        left_out.sort();
        let renames = taken_over(&tables, &columns);
        let (recorded, scope) = (applied(&self.recorded, &renames).schema().clone(), under(scope, &renames));
        let moved = Place::kept(&self.recorded).into_iter().filter_map(|was| {
            let table = new_name(&renames, &was.table)?;
            Some((was.clone(), Place { table, ..was }))
        });
        Ok(Adoption { metadata, left_out, scope, moved: moved.collect(), recorded })
    }

    /// A table or column in a scope that has another name still, which its adoption did not take over: what is recorded of it
    /// would be wrong.
    #[must_use]
    pub fn unnamed(&self, scope: &Scope) -> Option<&Finding> {
        let is_so = |finding: &&Finding| {
            let is_place = matches!(finding.part, Part::Table | Part::Column(_));
            finding.renamed.is_some() && is_place && scope.has(finding)
        };
        self.findings.iter().find(is_so)
    }

    /// What the database has within a scope, and no entity or field can be.
    pub(super) fn beyond(&self, scope: &Scope) -> impl Iterator<Item = &LeftOut> {
        let within = |left: &&LeftOut| {
            let table = Ident::parse(&left.table).ok();
            let is_own = || table.as_ref().is_some_and(|table| self.found.tables.contains_key(table));
            let is_asked = match &scope.table {
                Some(only) => table.as_ref() == Some(only),
                None => scope.extras || left.column.is_some() && is_own(),
            };
            let column = scope.column.as_ref().map(Ident::as_str);
            is_asked && (column.is_none() || column == left.column.as_deref())
        };
        self.beyond.iter().filter(within)
    }

    /// Whether an adoption of a finding changes the metadata: what plugins made, and what is computed, is not theirs to
    /// say.
    pub(super) fn is_adoptable(&self, finding: &Finding, found: &Schema) -> bool {
        let is_named = matches!(finding.part, Part::Table | Part::Column(_));
        let is_covered = finding.waits_for_room() && finding.part != Part::Table;
        let is_elsewhere = is_covered
            || matches!(
                finding.needs,
                Some(Need::Return(_) | Need::Detach(_) | Need::Disinherit(_) | Need::Untype)
            );
        if finding.renamed.is_some() && !is_named || is_elsewhere {
            return false;
        }
        let entity = self.metadata.entity(&finding.table);
        // What has its name now has changed places with it, or put it out: both sides would have to be taken in at once.
        let own = finding.part.column().unwrap_or(&finding.table);
        let is_another = |other: &Ident, name: &Ident| other != own && other.collides(name);
        let is_taken = finding.renamed.as_ref().is_some_and(|name| match &finding.part {
            Part::Table => self.metadata.entities.keys().any(|other| is_another(other, name)),
            _ => entity.is_some_and(|entity| entity.fields.iter().any(|f| is_another(&f.spec.name, name))),
        });
        if is_taken {
            return false;
        }
        let is_field = |column: &Ident| entity.is_some_and(|entity| entity.field(column).is_some());
        let there = |column: &Ident| found.table(&finding.table).and_then(|table| table.column(column));
        let can = |column: &Ident| there(column).is_some_and(|c| why_not(c).is_none());
        let unread = |column: &Ident| there(column).and_then(|c| c.unread.as_deref());
        let there_besides = |columns: &[Ident]| {
            found.table(&finding.table).is_some_and(|table| {
                let keys = table.foreign_keys.iter().map(|key| (&key.columns, &key.besides));
                let uniques = table.uniques.iter().map(|unique| (&unique.columns, &unique.besides));
                keys.chain(uniques).any(|(on, besides)| on == columns && besides.is_some())
            })
        };
        match &finding.part {
            // What has its name is no table that an entity can be: it is not gone.
            Part::Table if entity.is_some() => finding.found.is_none() || finding.renamed.is_some(),
            Part::Table => finding.state() == State::Extra,
            Part::TableComment => entity.is_some(),
            Part::Column(column) if finding.state() == State::Extra => {
                let table = found.table(&finding.table);
                let is_alone = || table.is_some_and(|table| alike(entity, table, column).is_none());
                entity.is_some() && can(column) && is_alone()
            }
            // PostgreSQL keeps the values by a check, whose name an adoption does not change.
            Part::Column(column) if finding.renamed.is_some() && self.dialect == Dialect::Postgres => {
                let wanted = self.wanted.table(&finding.table).and_then(|table| table.column(column));
                is_field(column) && wanted.is_none_or(|column| column.ty.values().is_none())
            }
            Part::Column(column) => is_field(column),
            Part::Type(column) => {
                is_field(column) && can(column) && unread(column).is_none_or(|unread| unread.ty.is_none())
            }
            Part::Default(column) => {
                is_field(column)
                    && can(column)
                    && unread(column).is_none_or(|unread| unread.default.is_none())
            }
            Part::Nullability(column) if entity.is_some_and(|e| is_key(e, column)) => false,
            Part::Nullability(column) | Part::Comment(column) => is_field(column) && can(column),
            Part::ForeignKey(columns) | Part::Unique(columns) if there_besides(columns) => false,
            Part::Unique(columns) | Part::ForeignKey(columns) => {
                matches!(columns.as_slice(), [only] if is_field(only) && can(only))
            }
            Part::PrimaryKey | Part::Generated(_) | Part::Check(_) | Part::Index(_) => false,
            Part::Unlogged | Part::Stranger(..) | Part::Kept(_) => false,
        }
    }
}

fn is_key(entity: &Entity, column: &Ident) -> bool {
    entity.field(column).is_some_and(|field| field.spec.primary_key)
}

/// The renames that bring the record under the names that were found.
fn taken_over(tables: &[&Finding], columns: &[&Finding]) -> Vec<Intent> {
    let to = |finding: &&&Finding| finding.renamed.clone();
    let tables: Vec<_> = tables.iter().filter_map(|f| Some((f.table.clone(), to(&f)?))).collect();
    let now = |table: &Ident| {
        tables.iter().find(|(was, _)| was == table).map_or_else(|| table.clone(), |(_, to)| to.clone())
    };
    let columns = columns.iter().filter_map(|finding| {
        let (table, column) = (now(&finding.table), finding.part.column()?.clone());
        Some(Intent::RenameColumn(RenameColumn { table, column, to: to(&finding)? }))
    });
    let columns: Vec<_> = columns.collect();
    let tables = tables.into_iter().map(|(table, to)| Intent::RenameTable(RenameTable { table, to }));
    tables.chain(columns).collect()
}

fn new_name(renames: &[Intent], of: &Ident) -> Option<Ident> {
    renames.iter().find_map(|intent| match intent {
        Intent::RenameTable(rename) if rename.table == *of => Some(rename.to.clone()),
        _ => None,
    })
}

/// A scope by the names that were taken over.
fn under(scope: &Scope, renames: &[Intent]) -> Scope {
    let table = scope.table.as_ref().map(|table| new_name(renames, table).unwrap_or_else(|| table.clone()));
    let column = scope.column.as_ref().map(|column| {
        let to = renames.iter().find_map(|intent| match intent {
            Intent::RenameColumn(r) if Some(&r.table) == table.as_ref() && r.column == *column => Some(&r.to),
            _ => None,
        });
        to.unwrap_or(column).clone()
    });
    Scope { table, column, ..scope.clone() }
}

/// Why no field can be what a column is.
pub(super) fn why_not(column: &Column) -> Option<String> {
    if column.generated.is_some() {
        return Some("it is computed, which only a plugin can call for".to_owned());
    }
    let unread = column.unread.as_ref().filter(|unread| unread.far)?;
    Some(format!("no field has the type {}", unread.ty.as_deref().unwrap_or("that it has")))
}

struct Adopting<'a> {
    metadata: Metadata,
    event: &'a str,
    /// What the database has, by the names that it shall have.
    there: Arc<Schema>,
    /// Fields that refer to something that may come later.
    references: Vec<(Ident, Ident, Reference)>,
    left_out: Vec<LeftOut>,
}

impl Adopting<'_> {
    fn finding(&mut self, finding: &Finding) -> Result<(), MetadataError> {
        let name = &finding.table;
        let Some(table) = self.found(name) else {
            if self.metadata.entity(name).is_some() {
                self.metadata.delete_entity(name)?;
            }
            return Ok(());
        };
        match (&finding.part, finding.part.column()) {
            (Part::TableComment, _) => {
                let mut spec = self.metadata.need(name)?.spec();
                spec.comment.clone_from(&table.comment);
                self.metadata.update_entity(name, &spec)?;
            }
            (Part::Column(column), _) if finding.state() == State::Missing => {
                if self.metadata.need(name)?.field(column).is_some() {
                    self.metadata.delete_field(name, column)?;
                }
            }
            (_, Some(column)) => self.column(name, &table, column)?,
            (_, None) => {}
        }
        Ok(())
    }

    fn column(&mut self, entity: &Ident, table: &Table, name: &Ident) -> Result<(), MetadataError> {
        let Some(spec) = table.column(name).and_then(|column| self.field(entity, table, column)) else {
            return Ok(());
        };
        match self.metadata.need(entity)?.field(name).map(|field| field.spec.clone()) {
            None => self.metadata.create_field(self.event, entity, &spec)?,
            Some(old) => {
                self.metadata.update_field(entity, name, &FieldSpec { indexed: old.indexed, ..spec })?
            }
        }
        Ok(())
    }

    /// A table of others, or one column of it.
    fn table(&mut self, table: &Table, only: Option<&Ident>) {
        let mut fields = Vec::new();
        for column in table.columns.values().filter(|column| only.is_none_or(|only| column.name == *only)) {
            match alike(None, table, &column.name) {
                Some(beside) => self.left_out.push(alike::left_out(&table.name, &column.name, &beside)),
                None => fields.extend(self.field(&table.name, table, column)),
            }
        }
        let spec =
            EntitySpec { name: table.name.clone(), label: None, comment: table.comment.clone(), fields };
        if let Err(why) = self.metadata.create_entity(self.event, &spec) {
            // Nobody is held up who has nothing to do with it.
            self.references.retain(|(entity, ..)| *entity != table.name);
            self.left_out.retain(|left| left.table != table.name.as_str());
            let why = format!("{why}; give the table another name by hand, then adopt it");
            self.left_out.push(LeftOut { table: table.name.as_str().to_owned(), column: None, why });
        }
    }

    /// A column as a field says it, or a note why none does.
    fn field(&mut self, entity: &Ident, table: &Table, column: &Column) -> Option<FieldSpec> {
        let spec = match why_not(column) {
            Some(why) => Err(why),
            None => self.spec(entity, table, column).map_err(|why| why.to_string()),
        };
        let name = || Some(column.name.as_str().to_owned());
        let left_out = |why| LeftOut { table: entity.as_str().to_owned(), column: name(), why };
        spec.map_err(|why| self.left_out.push(left_out(why))).ok()
    }

    /// What it refers to is set when all is there.
    fn spec(&mut self, entity: &Ident, table: &Table, column: &Column) -> Result<FieldSpec, SpecError> {
        let name = &column.name;
        let alone = |columns: &[Ident]| matches!(columns, [one] if one == name);
        let key = |key: &IndexKey| matches!(key, IndexKey::Column(column) if column == name);
        let spec = FieldSpec {
            name: name.clone(),
            ty: column.ty.clone(),
            // SQLite lets keys be NULL, and no field.
            nullable: column.nullable && !table.primary_key.contains(name),
            unique: table.uniques.iter().any(|u| alone(&u.columns)),
            indexed: table.indexes.iter().any(|i| matches!(i.shape.keys.as_slice(), [one] if key(one))),
            primary_key: table.primary_key.contains(name),
            default: column.default.clone(),
            references: None,
            comment: column.comment.clone(),
        };
        // Read as if it had come in an event: what no event could say must not be in the metadata.
        let spec = FieldSpec::try_from(FieldWire::from(spec))?;
        if let Some(to) = table.foreign_keys.iter().find(|k| alone(&k.columns)) {
            let (table, on_delete) = (to.table.clone(), to.on_delete);
            let reference =
                to.target.first().map(|column| Reference { table, column: column.clone(), on_delete });
            self.references.extend(reference.map(|r| (entity.clone(), name.clone(), r)));
        }
        Ok(spec)
    }

    fn refer(&mut self) -> Result<(), MetadataError> {
        for (entity, name, reference) in std::mem::take(&mut self.references) {
            if self.metadata.need_field(&reference.table, &reference.column).is_err() {
                continue;
            }
            let mut spec = self.metadata.need_field(&entity, &name)?.spec.clone();
            spec.references = Some(reference);
            self.metadata.update_field(&entity, &name, &spec)?;
        }
        Ok(())
    }

    fn rename(&mut self, finding: &Finding) -> Result<(), MetadataError> {
        let Some(to) = finding.renamed.clone() else { return Ok(()) };
        match &finding.part {
            Part::Table => {
                let spec = EntitySpec { name: to, ..self.metadata.need(&finding.table)?.spec() };
                self.metadata.update_entity(&finding.table, &spec)?;
            }
            Part::Column(column) => {
                let old = self.metadata.need_field(&finding.table, column)?.spec.clone();
                self.metadata.update_field(&finding.table, column, &FieldSpec { name: to, ..old })?;
            }
            _ => {}
        }
        Ok(())
    }

    /// A table of the database, by the names that it and its columns shall have.
    fn found(&self, name: &Ident) -> Option<Arc<Table>> {
        self.there.tables.get(name).cloned()
    }
}
