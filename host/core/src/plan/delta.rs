//! What differs between a model's base and its schema, table by table.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::ident::Ident;
use crate::model::Model;
use crate::schema::{Check, Column, ForeignKey, Table};

/// The difference.
pub(super) struct Delta<'a> {
    /// Tables that go, as they were.
    pub dropped: Vec<&'a Table>,
    /// Tables that come, each after those it refers to where that is possible.
    pub created: Vec<&'a Table>,
    /// Tables that stay and change.
    pub kept: Vec<Kept<'a>>,
}

/// A table that stays and changes.
pub(super) struct Kept<'a> {
    /// As it was.
    pub before: &'a Table,
    /// As it was, under the names of afterwards: without the columns that go,
    /// and without what was on them or referred to something that goes.
    pub moved: Table,
    /// As it will be.
    pub after: &'a Table,
    /// Columns that go, by their names before.
    pub dropped: Vec<Ident>,
    /// Columns with another name: before and after.
    pub renamed: Vec<(Ident, Ident)>,
    /// Columns that come.
    pub added: Vec<&'a Column>,
    /// Constraints and indexes that go.
    pub gone: Gone<'a>,
}

/// Constraints and indexes that go, as they were.
#[derive(Default)]
pub(super) struct Gone<'a> {
    pub foreign_keys: Vec<&'a ForeignKey>,
    /// Names of unique constraints.
    pub uniques: Vec<&'a Ident>,
    pub indexes: Vec<&'a Ident>,
    pub checks: Vec<&'a Check>,
}

impl<'a> Delta<'a> {
    pub fn of(model: &'a Model) -> Self {
        let (before, after) = (model.base(), model.schema());
        let names = Names::of(model);
        let dropped =
            before.tables.values().filter(|t| !names.tables.contains_key(&t.name)).map(AsRef::as_ref);
        let mut created = Vec::new();
        let mut kept = Vec::new();
        for (name, table) in &after.tables {
            match model.origin(name).and_then(|origin| before.tables.get(&origin)) {
                None => created.push(table.as_ref()),
                Some(old) if Arc::ptr_eq(old, table) => {}
                Some(old) => kept.push(Kept::of(old, table, &names)),
            }
        }
        Self { dropped: dropped.collect(), created: by_reference(created), kept }
    }
}

/// From names before to names after.
struct Names<'a> {
    model: &'a Model,
    tables: BTreeMap<Ident, Ident>,
}

impl<'a> Names<'a> {
    fn of(model: &'a Model) -> Self {
        let pair = |name: &Ident| model.origin(name).map(|origin| (origin, name.clone()));
        Self { model, tables: model.schema().tables.keys().filter_map(pair).collect() }
    }

    fn table(&self, before: &Ident) -> Option<Ident> {
        self.tables.get(before).cloned()
    }

    fn column(&self, table: &Ident, before: &Ident) -> Option<Ident> {
        let now = self.tables.get(table)?;
        let columns = &self.model.schema().table(now)?.columns;
        columns.keys().find(|name| self.model.column_origin(now, name).as_ref() == Some(before)).cloned()
    }

    fn columns(&self, table: &Ident, before: &[Ident]) -> Option<Vec<Ident>> {
        before.iter().map(|c| self.column(table, c)).collect()
    }
}

impl<'a> Kept<'a> {
    fn of(before: &'a Table, after: &'a Table, names: &Names) -> Self {
        let mut kept = Self {
            before,
            moved: Table::new(after.name.clone()),
            after,
            dropped: Vec::new(),
            renamed: Vec::new(),
            added: Vec::new(),
            gone: Gone::default(),
        };
        kept.columns(names);
        kept.moved.comment.clone_from(&before.comment);
        kept.moved.primary_key = names.columns(&before.name, &before.primary_key).unwrap_or_default();
        kept.uniques(names);
        kept.indexes(names);
        kept.foreign_keys(names);
        kept.checks(names);
        kept.moved.sort();
        kept
    }

    fn columns(&mut self, names: &Names) {
        for column in self.before.columns.values() {
            match names.column(&self.before.name, &column.name) {
                None => self.dropped.push(column.name.clone()),
                Some(now) => {
                    if now != column.name {
                        self.renamed.push((column.name.clone(), now.clone()));
                    }
                    self.moved.columns.insert(now.clone(), Column { name: now, ..column.clone() });
                }
            }
        }
        let moved = &self.moved.columns;
        self.added = self.after.columns.values().filter(|c| !moved.contains_key(&c.name)).collect();
    }

    fn uniques(&mut self, names: &Names) {
        for unique in &self.before.uniques {
            let mut moved = unique.clone();
            match names.columns(&self.before.name, &unique.columns) {
                Some(columns) if self.after.uniques.iter().any(|u| u.columns == columns) => {
                    moved.columns = columns;
                    self.moved.uniques.push(moved);
                }
                _ => self.gone.uniques.push(&unique.name),
            }
        }
    }

    fn indexes(&mut self, names: &Names) {
        for index in &self.before.indexes {
            let mut moved = index.clone();
            match names.columns(&self.before.name, &index.columns) {
                Some(columns) => {
                    moved.columns = columns;
                    match self.after.indexes.contains(&moved) {
                        true => self.moved.indexes.push(moved),
                        false => self.gone.indexes.push(&index.name),
                    }
                }
                None => self.gone.indexes.push(&index.name),
            }
        }
    }

    fn foreign_keys(&mut self, names: &Names) {
        for key in &self.before.foreign_keys {
            let moved = || {
                Some(ForeignKey {
                    columns: names.columns(&self.before.name, &key.columns)?,
                    table: names.table(&key.table)?,
                    target: names.columns(&key.table, &key.target)?,
                    ..key.clone()
                })
            };
            match moved().filter(|k| self.after.foreign_keys.contains(k)) {
                Some(moved) => self.moved.foreign_keys.push(moved),
                None => self.gone.foreign_keys.push(key),
            }
        }
    }

    fn checks(&mut self, names: &Names) {
        for check in &self.before.checks {
            let mut moved = check.clone();
            for column in check.expression.columns() {
                if let Some(now) = names.column(&self.before.name, &column) {
                    moved.expression = moved.expression.renamed(&column, &now);
                }
            }
            match self.after.checks.contains(&moved) {
                true => self.moved.checks.push(moved),
                false => self.gone.checks.push(check),
            }
        }
    }

    /// Foreign keys that come.
    pub fn new_foreign_keys(&self) -> impl Iterator<Item = &'a ForeignKey> {
        self.after.foreign_keys.iter().filter(|k| !self.moved.foreign_keys.contains(k))
    }

    /// Checks that come.
    pub fn new_checks(&self) -> impl Iterator<Item = &'a Check> {
        self.after.checks.iter().filter(|c| !self.moved.checks.contains(c))
    }

    /// Columns that stay: as they were (under the name of afterwards) and as they will be.
    pub fn columns_kept(&self) -> impl Iterator<Item = (&Column, &'a Column)> {
        self.after.columns.values().filter_map(|now| self.moved.column(&now.name).map(|was| (was, now)))
    }
}

/// Tables with those they refer to first; where that runs in a circle, by name.
fn by_reference(mut tables: Vec<&Table>) -> Vec<&Table> {
    let mut sorted: Vec<&Table> = Vec::with_capacity(tables.len());
    while !tables.is_empty() {
        let waits = |t: &Table| {
            t.foreign_keys
                .iter()
                .any(|k| k.table != t.name && tables.iter().any(|other| other.name == k.table))
        };
        let next = tables.iter().position(|t| !waits(t)).unwrap_or(0);
        sorted.push(tables.remove(next));
    }
    sorted
}
