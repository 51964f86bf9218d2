//! A schema while a change works on it, with the memory of what each table and
//! column was called before: what a rename is to the plan, and where a probe finds the rows.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::ident::Ident;
use crate::intent::IntentError;
use crate::schema::{Column, Schema, Table};

/// A schema being changed.
#[derive(Debug, Clone)]
pub struct Model {
    base: Arc<Schema>,
    schema: Schema,
    lineage: BTreeMap<Ident, Lineage>,
}

/// Where a touched table of the changed schema comes from.
#[derive(Debug, Clone, Default)]
struct Lineage {
    /// Its name in the base, unless the change made it.
    origin: Option<Ident>,
    /// Columns that were renamed (their name in the base) or made (none).
    columns: BTreeMap<Ident, Option<Ident>>,
}

impl Model {
    /// A model in which nothing has changed yet.
    #[must_use]
    pub fn new(base: Arc<Schema>) -> Self {
        Self { schema: (*base).clone(), base, lineage: BTreeMap::new() }
    }

    /// The schema before the change.
    #[must_use]
    pub fn base(&self) -> &Schema {
        &self.base
    }

    /// The schema as the change leaves it so far.
    #[must_use]
    pub fn schema(&self) -> &Schema {
        &self.schema
    }

    /// What a table was called before the change; none if the change made it.
    #[must_use]
    pub fn origin(&self, table: &Ident) -> Option<Ident> {
        match self.lineage.get(table) {
            Some(lineage) => lineage.origin.clone(),
            None => self.base.table(table).map(|t| t.name.clone()),
        }
    }

    /// What a column was called before the change; none if the change made it.
    #[must_use]
    pub fn column_origin(&self, table: &Ident, column: &Ident) -> Option<Ident> {
        let origin = self.origin(table)?;
        match self.lineage.get(table).and_then(|l| l.columns.get(column)) {
            Some(before) => before.clone(),
            None => self.base.table(&origin)?.column(column).map(|c| c.name.clone()),
        }
    }

    /// Whether the change made this table: it has no rows then.
    #[must_use]
    pub fn is_new(&self, table: &Ident) -> bool {
        self.origin(table).is_none()
    }

    pub(crate) fn table(&self, name: &Ident) -> Result<&Table, IntentError> {
        self.schema.table(name).ok_or_else(|| IntentError::unknown_table(&self.schema, name))
    }

    pub(crate) fn column(&self, table: &Ident, name: &Ident) -> Result<&Column, IntentError> {
        let table = self.table(table)?;
        table.column(name).ok_or_else(|| IntentError::unknown_column(table, name))
    }

    pub(crate) fn table_mut(&mut self, name: &Ident) -> Result<&mut Table, IntentError> {
        self.table(name)?;
        self.schema.table_mut(name).ok_or_else(|| IntentError::gone(name))
    }

    pub(crate) fn column_mut(&mut self, table: &Ident, name: &Ident) -> Result<&mut Column, IntentError> {
        self.column(table, name)?;
        let found = self.schema.table_mut(table).and_then(|t| t.columns.get_mut(name));
        found.ok_or_else(|| IntentError::gone(table))
    }

    pub(crate) fn insert_table(&mut self, table: Table) {
        self.lineage.insert(table.name.clone(), Lineage::default());
        self.schema.insert(table);
    }

    pub(crate) fn remove_table(&mut self, name: &Ident) {
        self.schema.tables.remove(name);
        self.lineage.remove(name);
    }

    /// Moves a table to another name, and every reference to it.
    pub(crate) fn rename_table(&mut self, from: &Ident, to: &Ident) -> Result<(), IntentError> {
        let mut table = self.table(from)?.clone();
        let lineage = std::mem::take(self.lineage_of(from));
        self.remove_table(from);
        table.name = to.clone();
        self.schema.insert(table);
        self.lineage.insert(to.clone(), lineage);
        self.edit_references(|key| key.table == *from, |key| key.table = to.clone());
        Ok(())
    }

    /// Notes a column that the change makes.
    pub(crate) fn column_made(&mut self, table: &Ident, column: &Ident) {
        self.lineage_of(table).columns.insert(column.clone(), None);
    }

    /// Notes a column that moves to another name, and changes every reference to it.
    pub(crate) fn column_renamed(&mut self, table: &Ident, from: &Ident, to: &Ident) {
        let before = self.column_origin(table, from);
        let lineage = self.lineage_of(table);
        lineage.columns.remove(from);
        lineage.columns.insert(to.clone(), before);
        self.edit_references(
            |key| key.table == *table && key.target.contains(from),
            |key| key.target.iter_mut().filter(|c| *c == from).for_each(|c| *c = to.clone()),
        );
    }

    /// Changes the foreign keys that `which` picks; copies no other table.
    fn edit_references(
        &mut self,
        which: impl Fn(&crate::schema::ForeignKey) -> bool,
        edit: impl Fn(&mut crate::schema::ForeignKey),
    ) {
        for table in self.schema.tables.values_mut() {
            if table.foreign_keys.iter().any(&which) {
                let keys = &mut Arc::make_mut(table).foreign_keys;
                keys.iter_mut().filter(|k| which(k)).for_each(&edit);
            }
        }
    }

    fn lineage_of(&mut self, table: &Ident) -> &mut Lineage {
        let origin = self.base.table(table).map(|t| t.name.clone());
        self.lineage.entry(table.clone()).or_insert_with(|| Lineage { origin, ..Lineage::default() })
    }
}
