//! What differs between a model's base and its schema, table by table.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::names::Names;
use crate::ident::Ident;
use crate::model::{Fill, Model};
use crate::schema::{Check, Column, ForeignKey, Index, Schema, Table, Unique, names};
use crate::shared::{is_shared, unshared};

/// The two schemas as the database has them: with what is buried.
pub(super) struct Physical {
    pub(super) before: Schema,
    pub(super) after: Schema,
}

impl Physical {
    /// Tables that are shared stay shared, so that what did not change is known without a look.
    pub fn of(model: &Model) -> Self {
        let before = model.base().physical();
        let mut after = model.schema().physical();
        let (base, schema) = (model.base(), model.schema());
        for name in schema.with_buried() {
            let same = match (base.tables.get(name), schema.tables.get(name)) {
                (Some(was), Some(now)) => Arc::ptr_eq(was, now),
                (None, None) => is_shared(&base.buried, &schema.buried, name),
                _ => false,
            };
            if let Some(old) = before.tables.get(name).filter(|_| same) {
                after.tables.insert(name.clone(), old.clone());
            }
        }
        Self { before, after }
    }
}

/// The difference.
pub(super) struct Delta<'a> {
    /// Tables that go, as they were.
    pub dropped: Vec<&'a Table>,
    /// Tables that come, each after those it refers to where that is possible.
    pub created: Vec<&'a Table>,
    /// Tables that stay and change.
    pub kept: Vec<Kept<'a>>,
    /// All tables as they will be.
    after: &'a Schema,
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
    /// Checks that stay: their names before and after.
    pub check_names: Vec<(Ident, Ident)>,
    /// Constraints that stay, and that all rows are to meet from now on: names before and after, and the table that a
    /// foreign key refers to.
    pub validated: Vec<(Ident, Ident, Option<Ident>)>,
    /// Values that rows get.
    pub fills: Vec<&'a Fill>,
}

/// What of a table has a name of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Named {
    Constraint,
    Index,
}

/// Constraints and indexes that go, as they were.
#[derive(Default)]
pub(super) struct Gone<'a> {
    pub foreign_keys: Vec<&'a ForeignKey>,
    /// Names of unique constraints.
    pub uniques: Vec<&'a Ident>,
    pub indexes: Vec<&'a Index>,
    pub checks: Vec<&'a Check>,
    /// The name of the primary key.
    pub primary_key: Option<Ident>,
}

impl<'a> Delta<'a> {
    pub fn of(names: &Names<'a>, physical: &'a Physical) -> Self {
        let Physical { before, after } = physical;
        let model = names.model;
        let gone = unshared(&before.tables, &after.tables).filter(|t| names.table(&t.name).is_none());
        let dropped = gone.map(AsRef::as_ref).collect();
        let filled = model.fills().iter().filter_map(|fill| after.tables.get(&fill.table));
        let touched: BTreeMap<_, _> =
            unshared(&after.tables, &before.tables).chain(filled).map(|table| (&table.name, table)).collect();
        let mut created = Vec::new();
        let mut kept = Vec::new();
        for (name, table) in touched {
            match model.origin(name).and_then(|origin| before.tables.get(&origin)) {
                None => created.push(table.as_ref()),
                Some(old) => kept.push(Kept::of(old, table, names)),
            }
        }
        Self { dropped, created: by_reference(created), kept, after }
    }

    /// Tables that foreign keys which stay connect with a column, by their names of afterwards.
    pub fn connected(&self, kept: &Kept, column: &Ident) -> Vec<Ident> {
        let own = kept.moved.foreign_keys.iter().filter(|k| k.columns.contains(column)).map(|k| &k.table);
        let refers = |table: &Table| {
            table.foreign_keys.iter().any(|k| k.table == kept.after.name && k.target.contains(column))
        };
        let moved =
            |t: &&Table| self.kept.iter().find(|k| k.after.name == t.name).is_none_or(|k| refers(&k.moved));
        let there = |t: &&Table| !self.created.iter().any(|new| new.name == t.name);
        let others =
            self.after.tables.values().map(AsRef::as_ref).filter(|t| refers(t)).filter(moved).filter(there);
        own.chain(others.map(|t| &t.name)).cloned().collect()
    }
}

impl<'a> Kept<'a> {
    pub fn of(before: &'a Table, after: &'a Table, names: &Names<'a>) -> Self {
        let mut kept = Self {
            before,
            moved: Table::new(after.name.clone()),
            after,
            dropped: Vec::new(),
            renamed: Vec::new(),
            added: Vec::new(),
            gone: Gone::default(),
            check_names: Vec::new(),
            validated: Vec::new(),
            fills: names.model.fills().iter().filter(|f| f.table == after.name).collect(),
        };
        kept.columns(names);
        kept.moved.comment.clone_from(&before.comment);
        kept.primary_key(names);
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
                    let moved = |c: &Ident| names.column(&self.before.name, c).unwrap_or_else(|| c.clone());
                    let generated = column.generated.clone().map(|of| of.mapped(&moved));
                    let mut moved = Column { name: now.clone(), generated, ..column.clone() };
                    self.values(column, &mut moved);
                    self.moved.columns.insert(now, moved);
                }
            }
        }
        let moved = &self.moved.columns;
        self.added = self.after.columns.values().filter(|c| !moved.contains_key(&c.name)).collect();
    }

    /// An `Enum` that stays what it is, and whose check all rows are to meet from now on.
    fn values(&mut self, before: &Column, moved: &mut Column) {
        let becomes = self.after.column(&moved.name);
        if before.is_unvalidated() && becomes.is_some_and(|now| now.ty == before.ty && !now.is_unvalidated())
        {
            moved.read(true, false);
            let (from, to) = (names::values_check(&before.name), names::values_check(&moved.name));
            self.validated.push((from, to, None));
        }
    }

    /// A key on other columns goes; the same one may get another name.
    fn primary_key(&mut self, names: &Names) {
        let before = self.before;
        if before.primary_key.is_empty() {
            return;
        }
        let moved = names.columns(&before.name, &before.primary_key).unwrap_or_default();
        let same = moved == self.after.primary_key && before.key_besides == self.after.key_besides;
        match same {
            true => {
                self.moved.primary_key = moved;
                self.moved.primary_key_name = Some(before.key_name());
            }
            false => self.gone.primary_key = Some(before.key_name()),
        }
    }

    fn uniques(&mut self, names: &Names) {
        for unique in &self.before.uniques {
            let columns = names.columns(&self.before.name, &unique.columns);
            let moved = columns.map(|columns| Unique { columns, ..unique.clone() });
            match moved.filter(|moved| self.after.uniques.contains(moved)) {
                Some(moved) => self.moved.uniques.push(moved),
                None => self.gone.uniques.push(&unique.name),
            }
        }
    }

    fn indexes(&mut self, names: &Names) {
        for index in &self.before.indexes {
            match self.moved_index(index, names).filter(|moved| self.after.indexes.contains(moved)) {
                Some(moved) => self.moved.indexes.push(moved),
                None => self.gone.indexes.push(index),
            }
        }
    }

    /// An index by the names of afterwards; none if a column of it goes.
    fn moved_index(&self, index: &Index, names: &Names) -> Option<Index> {
        let now = |column: &Ident| names.column(&self.before.name, column);
        index.shape.columns().iter().all(|c| now(c).is_some()).then(|| {
            let shape = index.shape.clone().mapped(&|c| now(c).unwrap_or_else(|| c.clone()));
            Index { shape, ..index.clone() }
        })
    }

    fn foreign_keys(&mut self, names: &Names) {
        for key in &self.before.foreign_keys {
            let moved = || {
                Some(ForeignKey {
                    columns: names.columns(&self.before.name, &key.columns)?,
                    table: names.table(&key.table)?.clone(),
                    target: names.columns(&key.table, &key.target)?,
                    ..key.clone()
                })
            };
            let moved = moved();
            let same = |after: &&ForeignKey| {
                moved.as_ref().is_some_and(|moved| moved == *after || moved.is_unvalidated(after))
            };
            match self.after.foreign_keys.iter().find(same).zip(moved.as_ref()) {
                Some((after, moved)) => {
                    if moved != after {
                        let to = Some(after.table.clone());
                        self.validated.push((key.name.clone(), after.name.clone(), to));
                    }
                    let besides = after.besides.clone();
                    self.moved.foreign_keys.push(ForeignKey { besides, ..moved.clone() });
                }
                None => self.gone.foreign_keys.push(key),
            }
        }
    }

    /// A check is known by its name, and may get another one.
    fn checks(&mut self, names: &Names) {
        for check in &self.before.checks {
            let now = |column: &Ident| names.column(&self.before.name, column);
            let expression = check.expression.clone().mapped(&|c| now(c).unwrap_or_else(|| c.clone()));
            let unvalidated = check.is_unvalidated(&check.name, &check.expression);
            let same = |after: &&Check| {
                names.model.check_origin(&self.after.name, &after.name) == check.name
                    && after.expression == expression
                    && (after.besides == check.besides || after.besides.is_none() && unvalidated)
            };
            match self.after.checks.iter().find(same) {
                Some(after) => {
                    if after.besides != check.besides {
                        self.validated.push((check.name.clone(), after.name.clone(), None));
                    }
                    self.check_names.push((check.name.clone(), after.name.clone()));
                    self.moved.checks.push(Check { expression, ..check.clone() });
                }
                None => self.gone.checks.push(check),
            }
        }
    }

    /// Foreign keys that come.
    pub fn new_foreign_keys(&self) -> impl Iterator<Item = &'a ForeignKey> {
        self.after.foreign_keys.iter().filter(|k| !self.moved.foreign_keys.contains(k))
    }

    /// Checks that come.
    pub fn new_checks(&self) -> impl Iterator<Item = &'a Check> {
        self.after.checks.iter().filter(|c| !self.check_names.iter().any(|(_, name)| *name == c.name))
    }

    /// Unique constraints that come.
    pub fn new_uniques(&self) -> impl Iterator<Item = &'a Unique> {
        self.after.uniques.iter().filter(|u| !self.moved.uniques.contains(u))
    }

    /// Indexes that come.
    pub fn new_indexes(&self) -> impl Iterator<Item = &'a Index> {
        self.after.indexes.iter().filter(|i| !self.moved.indexes.contains(i))
    }

    /// The primary key that comes, if one does.
    pub fn new_primary_key(&self) -> Option<&'a [Ident]> {
        let key = self.after.primary_key.as_slice();
        (!key.is_empty() && self.moved.primary_key != key).then_some(key)
    }

    /// Constraints and indexes that stay and get other names: what they are, and the names before and after.
    pub fn renamed_objects(&self) -> Vec<(Named, Ident, Ident)> {
        let mut renamed = Vec::new();
        let mut note = |kind, from: &Ident, to: &Ident| {
            if from != to {
                renamed.push((kind, from.clone(), to.clone()));
            }
        };
        if !self.moved.primary_key.is_empty() && self.gone.primary_key.is_none() {
            note(Named::Constraint, &self.moved.key_name(), &self.after.key_name());
        }
        for was in &self.moved.uniques {
            self.after
                .uniques
                .iter()
                .filter(|u| *u == was)
                .for_each(|u| note(Named::Constraint, &was.name, &u.name));
        }
        for was in &self.moved.foreign_keys {
            let same = self.after.foreign_keys.iter().filter(|k| *k == was);
            same.for_each(|k| note(Named::Constraint, &was.name, &k.name));
        }
        for was in &self.moved.indexes {
            self.after
                .indexes
                .iter()
                .filter(|i| *i == was)
                .for_each(|i| note(Named::Index, &was.name, &i.name));
        }
        self.check_names.iter().for_each(|(from, to)| note(Named::Constraint, from, to));
        renamed
    }

    /// Whether rows get values of this column from another one, or by a backfill.
    pub fn fills(&self, column: &Ident) -> bool {
        self.fills.iter().any(|f| f.column == *column)
    }

    /// Whether columns stay what they are.
    pub fn keeps_types(&self, columns: &[Ident]) -> bool {
        let same = |(was, now): &(&Column, &Column)| was.same_type(now);
        columns
            .iter()
            .all(|name| self.columns_kept().filter(|(_, now)| now.name == *name).any(|pair| same(&pair)))
    }

    /// Columns that stay: as they were (under the name of afterwards) and as they will be.
    pub fn columns_kept(&self) -> impl Iterator<Item = (&Column, &'a Column)> {
        self.after.columns.values().filter_map(|now| self.moved.column(&now.name).map(|was| (was, now)))
    }
}

/// Tables with those they refer to first; where that runs in a circle, by name.
pub(super) fn by_reference(mut tables: Vec<&Table>) -> Vec<&Table> {
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
