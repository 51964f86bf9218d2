//! A schema while a change works on it, with the memory of what each table and
//! column was called before: what a rename is to the plan, and where a probe finds the rows.

use std::collections::BTreeMap;
use std::sync::Arc;

use imbl::OrdMap;

pub use crate::fill::{Fill, FillValue};
use crate::ident::Ident;
use crate::intent::IntentError;
use crate::model_names::RelationNames;
use crate::schema::{BuriedTable, Column, ForeignKey, Schema, Table, names};
use crate::shared;

/// A schema being changed. A copy costs little.
#[derive(Debug, Clone)]
pub struct Model {
    base: Arc<Schema>,
    /// Copied when it is changed while somebody else has it.
    schema: Arc<Schema>,
    lineage: OrdMap<Ident, Lineage>,
    fills: Vec<Fill>,
    burying: bool,
    /// Made when a name is looked for.
    names: Option<RelationNames>,
}

/// Where a touched table of the changed schema comes from.
#[derive(Debug, Clone, Default)]
struct Lineage {
    /// Its name in the base, unless the change made it.
    origin: Option<Ident>,
    /// Columns that were renamed (their name in the base) or made (none).
    columns: BTreeMap<Ident, Option<Ident>>,
    /// Checks that were renamed: their name in the base.
    checks: BTreeMap<Ident, Ident>,
}

impl Model {
    /// A model in which nothing has changed yet.
    #[must_use]
    pub fn new(base: Arc<Schema>) -> Self {
        let (lineage, fills) = (OrdMap::new(), Vec::new());
        Self { schema: base.clone(), base, lineage, fills, burying: true, names: None }
    }

    /// Whether what is dropped is buried, to be restored if need be, or gone at once.
    #[must_use]
    pub fn burying(self, burying: bool) -> Self {
        Self { burying, ..self }
    }

    /// With the names that are known of its base, if they are.
    #[must_use]
    pub fn knowing(self, names: Option<RelationNames>) -> Self {
        Self { names, ..self }
    }

    /// The names that are known of its schema, for a model that begins there.
    #[must_use]
    pub fn known_names(&self) -> Option<RelationNames> {
        let mut names = self.names.clone()?;
        names.refresh(&self.schema);
        Some(names)
    }

    /// One in which nothing has changed since this one.
    #[must_use]
    pub(crate) fn beginning_here(&self) -> Self {
        Self::new(self.schema.clone()).burying(self.burying)
    }

    /// The values that rows get, in order, by the names when the change is whole.
    #[must_use]
    pub fn fills(&self) -> &[Fill] {
        &self.fills
    }

    /// Whether rows of a table get values.
    #[must_use]
    pub fn is_filled(&self, table: &Ident) -> bool {
        self.fills.iter().any(|fill| fill.table == *table)
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

    /// The same, to be kept: what the change does later is not seen.
    #[must_use]
    pub fn shared_schema(&self) -> Arc<Schema> {
        self.schema.clone()
    }

    /// The schema to change, in the table that has the name in the database.
    fn changing(&mut self, table: &Ident) -> &mut Schema {
        if let Some(names) = &mut self.names {
            names.touched(table);
        }
        Arc::make_mut(&mut self.schema)
    }

    fn names(&mut self) -> &RelationNames {
        let names = self.names.get_or_insert_with(|| RelationNames::new(&self.schema));
        names.refresh(&self.schema);
        names
    }

    /// Whether a table, index or unique constraint has a name, or something that is dropped and kept had it.
    pub(crate) fn names_relation(&mut self, name: &Ident) -> bool {
        self.names().has(name)
    }

    /// A free name for an index.
    pub(crate) fn index_name(&mut self, table: &Ident, columns: &[Ident]) -> Ident {
        let known = self.names();
        names::index_beside(table, columns, |name| known.has(name))
    }

    /// A free name for a unique constraint.
    pub(crate) fn unique_name(&mut self, table: &Ident, columns: &[Ident]) -> Ident {
        let known = self.names();
        names::unique_beside(table, columns, |name| known.has(name))
    }

    /// A free name for the primary key of a table.
    pub(crate) fn primary_key_name(&mut self, table: &Ident) -> Ident {
        let known = self.names();
        names::primary_key_beside(table, |name| known.has_beside(table, name))
    }

    /// What a table was called before the change; none if the change made it.
    #[must_use]
    pub fn origin(&self, table: &Ident) -> Option<Ident> {
        match self.lineage.get(table) {
            Some(lineage) => lineage.origin.clone(),
            None => {
                let known = self.base.tables.contains_key(table) || self.base.buried.contains_key(table);
                known.then(|| table.clone())
            }
        }
    }

    /// The tables that the change touched, with what they were called before it; none of those that it made.
    pub(crate) fn touched(&self) -> impl Iterator<Item = (&Ident, Option<&Ident>)> {
        self.lineage.iter().map(|(name, lineage)| (name, lineage.origin.as_ref()))
    }

    /// Whether the change touched the table that has this name now.
    pub(crate) fn is_touched(&self, table: &Ident) -> bool {
        self.lineage.contains_key(table)
    }

    /// What a column was called before the change; none if the change made it.
    #[must_use]
    pub fn column_origin(&self, table: &Ident, column: &Ident) -> Option<Ident> {
        let origin = self.origin(table)?;
        match self.lineage.get(table).and_then(|l| l.columns.get(column)) {
            Some(before) => before.clone(),
            None => {
                let table = self.base.table(&origin).or_else(|| self.buried_table(&origin))?;
                let known = table.columns.contains_key(column) || table.buried.contains_key(column);
                known.then(|| column.clone())
            }
        }
    }

    fn buried_table(&self, name: &Ident) -> Option<&Table> {
        self.base.buried.get(name).map(|b| &b.table)
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
        self.changing(name).table_mut(name).ok_or_else(|| IntentError::gone(name))
    }

    /// The table, to be given an index or a unique constraint of that name and nothing else.
    pub(crate) fn table_gaining(
        &mut self,
        table: &Ident,
        relation: &Ident,
    ) -> Result<&mut Table, IntentError> {
        self.table(table)?;
        if let Some(names) = &mut self.names {
            names.made(table, relation);
        }
        Arc::make_mut(&mut self.schema).table_mut(table).ok_or_else(|| IntentError::gone(table))
    }

    pub(crate) fn column_mut(&mut self, table: &Ident, name: &Ident) -> Result<&mut Column, IntentError> {
        self.column(table, name)?;
        let found = self.changing(table).table_mut(table).and_then(|t| t.columns.get_mut(name));
        found.ok_or_else(|| IntentError::gone(table))
    }

    pub(crate) fn insert_table(&mut self, table: Table) {
        self.lineage.insert(table.name.clone(), Lineage::default());
        self.put(table);
    }

    fn put(&mut self, table: Table) {
        let name = table.name.clone();
        self.changing(&name).insert(table);
    }

    pub(crate) fn remove_table(&mut self, name: &Ident) {
        self.changing(name).tables.remove(name);
        self.lineage.remove(name);
        self.fills.retain(|fill| fill.table != *name);
    }

    /// Takes a table out of the schema; unless the change made it, it can be restored.
    pub(crate) fn bury_table(&mut self, name: &Ident) -> Result<(), IntentError> {
        let mut table = self.table(name)?.clone();
        if self.is_new(name) || !self.burying {
            self.remove_table(name);
            return Ok(());
        }
        let kept = self.schema.buried.keys().chain(self.base.buried.keys());
        let physical = crate::schema::buried_name(name, kept);
        table.primary_key_name = Some(table.key_name()).filter(|_| !table.primary_key.is_empty());
        let lineage = std::mem::take(self.lineage_of(name));
        self.remove_table(name);
        self.changing(&physical).buried.insert(physical.clone(), Arc::new(BuriedTable { table }));
        self.lineage.insert(physical, lineage);
        Ok(())
    }

    /// Puts a buried table back under its old name.
    pub(crate) fn unbury_table(&mut self, physical: &Ident) {
        let lineage = std::mem::take(self.lineage_of(physical));
        self.lineage.remove(physical);
        if let Some(buried) = self.changing(physical).buried.remove(physical) {
            let table = buried.table.clone();
            self.lineage.insert(table.name.clone(), lineage);
            self.put(table);
        }
    }

    /// Removes something buried for good.
    pub(crate) fn purge_table(&mut self, physical: &Ident) {
        self.changing(physical).buried.remove(physical);
        self.lineage.remove(physical);
    }

    /// Moves a table to another name, and every reference to it.
    pub(crate) fn rename_table(&mut self, from: &Ident, to: &Ident) -> Result<(), IntentError> {
        let mut table = self.table(from)?.clone();
        let lineage = std::mem::take(self.lineage_of(from));
        let fills = std::mem::take(&mut self.fills);
        self.remove_table(from);
        // The database keeps the key's name.
        table.primary_key_name = Some(table.key_name()).filter(|_| !table.primary_key.is_empty());
        table.name = to.clone();
        self.put(table);
        self.lineage.insert(to.clone(), lineage);
        self.fills = fills;
        self.fills.iter_mut().filter(|f| f.table == *from).for_each(|f| f.table = to.clone());
        self.edit_references(|key| key.table == *from, |key| key.table = to.clone());
        Ok(())
    }

    pub(crate) fn fill(&mut self, fill: Fill) {
        self.fills.push(fill);
    }

    /// Whether what is dropped now is kept, because there may be rows.
    pub(crate) fn buries(&self, table: &Ident, column: &Ident) -> bool {
        self.burying && self.column_origin(table, column).is_some()
    }

    /// Notes a column that the change makes.
    pub(crate) fn column_made(&mut self, table: &Ident, column: &Ident) {
        self.lineage_of(table).columns.insert(column.clone(), None);
    }

    /// Notes a check that gets another name, which is all that tells it from others.
    pub(crate) fn check_renamed(&mut self, table: &Ident, from: &Ident, to: &Ident) {
        let lineage = self.lineage_of(table);
        let before = lineage.checks.remove(from).unwrap_or_else(|| from.clone());
        lineage.checks.insert(to.clone(), before);
    }

    /// What a check was called before the change.
    pub(crate) fn check_origin(&self, table: &Ident, name: &Ident) -> Ident {
        let known = self.lineage.get(table).and_then(|l| l.checks.get(name));
        known.unwrap_or(name).clone()
    }

    /// Notes a column that the change removes.
    pub(crate) fn column_gone(&mut self, table: &Ident, column: &Ident) {
        self.lineage_of(table).columns.remove(column);
        self.fills.retain(|f| f.table != *table || f.column != *column);
    }

    /// Notes a column that is buried, or comes back: nothing refers to it.
    pub(crate) fn column_moved(&mut self, table: &Ident, from: &Ident, to: &Ident) {
        let before = self.column_origin(table, from);
        let lineage = self.lineage_of(table);
        lineage.columns.remove(from);
        lineage.columns.insert(to.clone(), before);
        for fill in self.fills.iter_mut().filter(|f| f.table == *table) {
            fill.rename(from, to);
        }
    }

    /// Notes a column that moves to another name, and changes every reference to it.
    pub(crate) fn column_renamed(&mut self, table: &Ident, from: &Ident, to: &Ident) {
        self.column_moved(table, from, to);
        self.edit_references(
            |key| key.table == *table && key.target.contains(from),
            |key| key.target.iter_mut().filter(|c| *c == from).for_each(|c| *c = to.clone()),
        );
    }

    /// Changes the foreign keys that `which` picks, those remembered too; copies no other table.
    fn edit_references(&mut self, which: impl Fn(&ForeignKey) -> bool, edit: impl Fn(&mut ForeignKey)) {
        // Not a name of a relation changes.
        let schema = Arc::make_mut(&mut self.schema);
        let picks = |table: &Table| table.all_foreign_keys().any(&which);
        let edit = |table: &mut Table| table.all_foreign_keys_mut().filter(|k| which(k)).for_each(&edit);
        shared::edit(&mut schema.tables, picks, edit);
        shared::edit(&mut schema.buried, |b| picks(&b.table), |b| edit(&mut b.table));
    }

    fn lineage_of(&mut self, table: &Ident) -> &mut Lineage {
        let origin = self.origin(table);
        self.lineage.entry(table.clone()).or_insert_with(|| Lineage { origin, ..Lineage::default() })
    }
}
