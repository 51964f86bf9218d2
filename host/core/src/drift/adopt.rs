//! Metadata that say what the database has: the other way to bring the two together.

use std::sync::Arc;

use super::{Drift, Finding, Part, Scope, State};
use crate::ident::Ident;
use crate::metadata::Metadata;
use crate::metadata_error::MetadataError;
use crate::schema::{Column, IndexKey, Schema, Table};
use crate::spec::{EntitySpec, FieldSpec, FieldWire, Reference, SpecError};

/// Why something cannot be taken into the metadata.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AdoptError {
    /// The metadata have something against it.
    #[error(transparent)]
    Metadata(#[from] MetadataError),
    /// No field can be what the column is.
    #[error("the column \"{column}\" of the table \"{table}\" cannot be a field: {why}")]
    Field {
        /// The table.
        table: String,
        /// The column.
        column: String,
        /// What stands against it.
        why: Box<SpecError>,
    },
}

impl Drift {
    /// The metadata as they are once they say what the database has, as far as the scope goes. `event` makes the ids of
    /// what is new. Tables that others made are taken in if the scope names them, or has extras.
    ///
    /// # Errors
    /// [`AdoptError`], for the first thing that cannot be taken in.
    pub fn adopted(&self, metadata: &Metadata, event: &str, scope: &Scope) -> Result<Metadata, AdoptError> {
        let whole = Scope { extras: true, ..scope.clone() };
        let there = self.applied(&self.found, &self.renames).shared_schema();
        let mut adopting = Adopting { metadata: metadata.clone(), event, there, references: Vec::new() };
        let (names, rest): (Vec<_>, Vec<_>) =
            self.findings.iter().filter(|f| whole.has(f)).partition(|f| f.renamed.is_some());
        for finding in rest {
            adopting.finding(finding)?;
        }
        for table in self.others.tables.values() {
            if scope.asks_for(&table.name) {
                adopting.table(table)?;
            }
        }
        adopting.refer()?;
        for finding in names {
            adopting.rename(finding)?;
        }
        Ok(adopting.metadata)
    }
}

/// Whether metadata can say what a column is.
fn can_be_field(column: &Column) -> bool {
    column.generated.is_none() && !column.is_far()
}

struct Adopting<'a> {
    metadata: Metadata,
    event: &'a str,
    /// What the database has, by the names that it shall have.
    there: Arc<Schema>,
    /// Fields that refer to something that may come later.
    references: Vec<(Ident, Ident, Reference)>,
}

impl Adopting<'_> {
    fn finding(&mut self, finding: &Finding) -> Result<(), AdoptError> {
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

    fn column(&mut self, entity: &Ident, table: &Table, name: &Ident) -> Result<(), AdoptError> {
        let Some(column) = table.column(name).filter(|c| can_be_field(c)) else { return Ok(()) };
        let spec = self.field(entity, table, column)?;
        match self.metadata.need(entity)?.field(name).map(|field| field.spec.clone()) {
            None => self.metadata.create_field(self.event, entity, &spec)?,
            Some(old) => {
                self.metadata.update_field(entity, name, &FieldSpec { indexed: old.indexed, ..spec })?
            }
        }
        Ok(())
    }

    fn table(&mut self, table: &Table) -> Result<(), AdoptError> {
        let given = table.columns.values().filter(|c| can_be_field(c));
        let fields = given.map(|c| self.field(&table.name, table, c)).collect::<Result<_, _>>()?;
        let spec =
            EntitySpec { name: table.name.clone(), label: None, comment: table.comment.clone(), fields };
        Ok(self.metadata.create_entity(self.event, &spec)?)
    }

    /// A column as a field says it; what it refers to is set when all is there.
    fn field(&mut self, entity: &Ident, table: &Table, column: &Column) -> Result<FieldSpec, AdoptError> {
        let name = &column.name;
        let alone = |columns: &[Ident]| matches!(columns, [one] if one == name);
        let key = |key: &IndexKey| matches!(key, IndexKey::Column(column) if column == name);
        let spec = FieldSpec {
            name: name.clone(),
            ty: column.ty.clone(),
            nullable: column.nullable,
            unique: table.uniques.iter().any(|u| alone(&u.columns)),
            indexed: table.indexes.iter().any(|i| matches!(i.shape.keys.as_slice(), [one] if key(one))),
            primary_key: table.primary_key.contains(name),
            default: column.default.clone(),
            references: None,
            comment: column.comment.clone(),
        };
        if let Some(to) = table.foreign_keys.iter().find(|k| alone(&k.columns)) {
            let (table, on_delete) = (to.table.clone(), to.on_delete);
            let reference =
                to.target.first().map(|column| Reference { table, column: column.clone(), on_delete });
            self.references.extend(reference.map(|r| (entity.clone(), name.clone(), r)));
        }
        // Read as if it had come in an event: what no event could say must not be in the metadata.
        FieldSpec::try_from(FieldWire::from(spec)).map_err(|why| AdoptError::Field {
            why: Box::new(why),
            table: table.name.as_str().to_owned(),
            column: name.as_str().to_owned(),
        })
    }

    fn refer(&mut self) -> Result<(), AdoptError> {
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

    fn rename(&mut self, finding: &Finding) -> Result<(), AdoptError> {
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
