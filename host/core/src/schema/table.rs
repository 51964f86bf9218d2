//! A table and its columns.

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use super::{BuriedColumn, Check, ForeignKey, Index, IndexKey, Unique};
use crate::expr::Expr;
use crate::field_type::FieldType;
use crate::ident::Ident;
use crate::value::DefaultValue;

/// A column.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Column {
    /// Its name.
    pub name: Ident,
    /// Its type.
    pub ty: FieldType,
    /// Whether a row may leave it NULL.
    pub nullable: bool,
    /// What it holds when a row does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<DefaultValue>,
    /// A note kept beside it (PostgreSQL only).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// What it is computed from, if rows do not give it: stored, never written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub generated: Option<Expr>,
    /// What of it the model cannot say. Inspection alone sets it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unread: Option<Box<Unread>>,
}

/// What a database has of a column and the model cannot say, in the database's words.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Unread {
    /// Its type; the column's own is the nearest that the model has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ty: Option<String>,
    /// Whether the model has no type that is near it: it stands as `Text`, which every value can be printed as.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub far: bool,
    /// Its default; the column has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default: Option<String>,
}

/// A table.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Table {
    /// Its name.
    pub name: Ident,
    /// Its columns in their physical order, which equality leaves out.
    pub columns: IndexMap<Ident, Column>,
    /// The columns of the primary key, in order; empty if there is none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub primary_key: Vec<Ident>,
    /// The primary key's name, if it is another than the database gives (see [`Table::key_name`]).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub primary_key_name: Option<Ident>,
    /// What the primary key is besides, as [`Unique::besides`].
    #[serde(skip)]
    pub key_besides: Option<String>,
    /// Its unique constraints, sorted by their columns.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub uniques: Vec<Unique>,
    /// Its foreign keys, sorted by their columns.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub foreign_keys: Vec<ForeignKey>,
    /// Its checks, sorted by name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub checks: Vec<Check>,
    /// Its indexes, sorted by their columns.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub indexes: Vec<Index>,
    /// A note kept beside it (PostgreSQL only).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// Whether a crash of the server takes its rows (`UNLOGGED`). Inspection alone says so.
    #[serde(skip)]
    pub unlogged: bool,
    /// Dropped columns that can come back, by the name they have in the database.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub buried: IndexMap<Ident, BuriedColumn>,
}

/// What stands between a type and the collation that somebody gave its column.
pub const COLLATE: &str = " COLLATE ";

impl Unread {
    /// How a default is told that the database counts by itself (`GENERATED … AS IDENTITY`).
    pub const COUNTED: &str = "GENERATED AS IDENTITY";
    /// How the type of an `Enum` is told whose check rows from before may break.
    pub const UNVALIDATED: &str = "Enum, NOT VALID";
}

impl Column {
    /// Whether the database counts it by itself: it is a number then, never NULL, and has no other default.
    #[must_use]
    pub fn is_counted(&self) -> bool {
        self.unread.as_ref().is_some_and(|unread| unread.default.as_deref() == Some(Unread::COUNTED))
    }

    /// Whether it is an `Enum` whose check rows from before may break.
    #[must_use]
    pub fn is_unvalidated(&self) -> bool {
        self.unread.as_ref().is_some_and(|unread| unread.ty.as_deref() == Some(Unread::UNVALIDATED))
    }

    /// Whether the database has a type for it that no type of the model is near.
    #[must_use]
    pub fn is_far(&self) -> bool {
        self.unread.as_ref().is_some_and(|unread| unread.far)
    }

    /// Whether nothing but a collation keeps the model from saying its type: that orders values, and changes none.
    #[must_use]
    pub fn is_collated(&self) -> bool {
        let called = self.unread.as_ref().and_then(|unread| unread.ty.as_deref());
        let of = called.and_then(|called| called.split_once(COLLATE)).map(|(of, _)| of);
        // An `Enum` is text with a check.
        let text = matches!(self.ty, FieldType::Enum { .. }).then_some(FieldType::Text);
        of.is_some_and(|of| of == text.as_ref().unwrap_or(&self.ty).describe())
    }

    /// A nullable column without default.
    #[must_use]
    pub fn new(name: Ident, ty: FieldType) -> Self {
        Self { name, ty, nullable: true, default: None, comment: None, generated: None, unread: None }
    }

    /// Whether both have the same type, also where the model cannot say which.
    #[must_use]
    pub fn same_type(&self, other: &Self) -> bool {
        let unread = |c: &Self| c.unread.as_ref().and_then(|u| u.ty.clone());
        self.ty == other.ty && unread(self) == unread(other)
    }

    /// Whether both have the same default, also where the model cannot say which.
    #[must_use]
    pub fn same_default(&self, other: &Self) -> bool {
        let unread = |c: &Self| c.unread.as_ref().and_then(|u| u.default.clone());
        self.default == other.default && unread(self) == unread(other)
    }

    /// Forgets what the model could not say.
    pub(crate) fn read(&mut self, ty: bool, default: bool) {
        let Some(mut unread) = self.unread.take() else { return };
        if ty {
            unread.ty = None;
        }
        if default {
            unread.default = None;
        }
        self.unread = (*unread != Unread::default()).then_some(unread);
    }
}

impl Table {
    /// Whether a search for these columns has an index: they come first in it, in whatever order.
    #[must_use]
    pub fn is_indexed(&self, columns: &[Ident]) -> bool {
        let uniques = self.uniques.iter().map(|unique| &unique.columns);
        // One with a condition lacks some of the rows.
        let whole = self.indexes.iter().filter(|index| index.shape.predicate.is_none());
        let indexes: Vec<_> = whole.filter_map(|index| index.shape.key_columns()).collect();
        let mut all = std::iter::once(&self.primary_key).chain(uniques).chain(&indexes);
        all.any(|on| on.get(..columns.len()).is_some_and(|first| columns.iter().all(|c| first.contains(c))))
    }

    /// A table without columns.
    #[must_use]
    pub fn new(name: Ident) -> Self {
        Self {
            name,
            columns: IndexMap::new(),
            primary_key: Vec::new(),
            primary_key_name: None,
            key_besides: None,
            uniques: Vec::new(),
            foreign_keys: Vec::new(),
            checks: Vec::new(),
            indexes: Vec::new(),
            comment: None,
            unlogged: false,
            buried: IndexMap::new(),
        }
    }

    /// A column, by its exact name.
    #[must_use]
    pub fn column(&self, name: &Ident) -> Option<&Column> {
        self.columns.get(name)
    }

    /// A column whose name collides with `name` when case does not count.
    #[must_use]
    pub fn colliding_column(&self, name: &Ident) -> Option<&Column> {
        self.columns.values().find(|c| c.name.collides(name))
    }

    /// Whether a key, index or check has anything to do with a column.
    #[must_use]
    pub fn is_used(&self, column: &Ident) -> bool {
        let uniques = self.uniques.iter().any(|unique| unique.columns.contains(column));
        let indexes = self.indexes.iter().any(|index| index.shape.columns().contains(column));
        self.primary_key.contains(column) || uniques || indexes || self.is_computed_from(column)
    }

    /// Whether a check, or an index by its expression or condition, is computed from a column.
    #[must_use]
    pub fn is_computed_from(&self, column: &Ident) -> bool {
        let computed = |index: &Index| {
            let plain = index.shape.keys.iter().all(|key| matches!(key, IndexKey::Column(_)));
            !(plain && index.shape.predicate.is_none()) && index.shape.columns().contains(column)
        };
        self.checks.iter().any(|check| check.expression.columns().contains(column))
            || self.indexes.iter().any(computed)
    }

    /// Whether a foreign key may refer to these columns: a primary key, unique constraint or unique index is on them.
    #[must_use]
    pub fn is_key(&self, columns: &[Ident]) -> bool {
        self.primary_key == columns
            || self.uniques.iter().any(|u| u.columns == columns)
            || self.indexes.iter().any(|i| i.shape.is_key(columns))
    }

    /// How many parts it has, those of expressions too: what it costs to copy it, or to compare it.
    #[must_use]
    pub fn weight(&self) -> usize {
        let generated = self.columns.values().filter_map(|c| c.generated.as_ref());
        let shapes = self.indexes.iter().map(|i| &i.shape);
        let keys = shapes.clone().flat_map(|shape| &shape.keys).map(|key| match key {
            IndexKey::Column(_) => 1,
            IndexKey::Expression(of) => of.parts(),
        });
        let expressions = self.checks.iter().map(|c| &c.expression).chain(generated);
        let expressions = expressions.chain(shapes.filter_map(|shape| shape.predicate.as_ref()));
        let named = self.columns.len() + self.buried.len() + self.uniques.len() + self.foreign_keys.len();
        1 + named + keys.sum::<usize>() + expressions.map(Expr::parts).sum::<usize>()
    }

    /// Bytes of the texts on it: comments, values, defaults, and what is in its expressions. With [`Table::weight`], what it
    /// costs to print it.
    #[must_use]
    pub fn text_bytes(&self) -> usize {
        let text = |text: &Option<String>| text.as_ref().map_or(0, String::len);
        let column = |column: &Column| {
            let values = column.ty.values().unwrap_or_default().iter().map(String::len).sum::<usize>();
            let default = column.default.as_ref().map_or(0, DefaultValue::text_bytes);
            let generated = column.generated.as_ref().map_or(0, Expr::text_bytes);
            text(&column.comment) + values + default + generated
        };
        let index = |index: &Index| {
            let key = |key: &IndexKey| match key {
                IndexKey::Column(_) => 0,
                IndexKey::Expression(of) => of.text_bytes(),
            };
            let predicate = index.shape.predicate.as_ref().map_or(0, Expr::text_bytes);
            index.shape.keys.iter().map(key).sum::<usize>() + predicate
        };
        let checks = self.checks.iter().map(|check| check.expression.text_bytes()).sum::<usize>();
        let columns = self.columns.values().map(column).sum::<usize>();
        text(&self.comment) + columns + self.indexes.iter().map(index).sum::<usize>() + checks
    }

    /// The table as the database has it: with the columns that are buried.
    #[must_use]
    pub fn physical(&self) -> Self {
        let mut table = self.clone();
        let mut buried: Vec<_> = std::mem::take(&mut table.buried).into_iter().collect();
        buried.sort_by_key(|(_, b)| b.position);
        for (name, buried) in buried {
            let place = buried.position.min(table.columns.len());
            table.columns.shift_insert(place, name.clone(), buried.physical(&name));
        }
        table
    }

    /// The primary key's name: as given, or as PostgreSQL names it when the table is made.
    #[must_use]
    pub fn key_name(&self) -> Ident {
        self.primary_key_name.clone().unwrap_or_else(|| super::names::primary_key(&self.name))
    }

    /// Generated columns that are computed from a column.
    pub fn computed_from<'a>(&'a self, column: &'a Ident) -> impl Iterator<Item = &'a Column> {
        let depends = move |c: &&Column| c.generated.as_ref().is_some_and(|e| e.columns().contains(column));
        self.columns.values().filter(depends)
    }

    /// Gives a column another name wherever the table, or what is buried in it, names it.
    pub(crate) fn rename_column(&mut self, from: &Ident, to: &Ident) {
        if let Some((position, _, column)) = self.columns.shift_remove_full(from) {
            self.columns.shift_insert(position, to.clone(), Column { name: to.clone(), ..column });
        }
        let renamed = |columns: &mut Vec<Ident>| {
            columns.iter_mut().filter(|c| *c == from).for_each(|c| *c = to.clone());
        };
        let expression = |e: &mut Expr| *e = e.clone().renamed(from, to);
        renamed(&mut self.primary_key);
        self.columns.values_mut().filter_map(|c| c.generated.as_mut()).for_each(expression);
        let buried = self.buried.values_mut();
        let (mut uniques, mut keys, mut checks, mut indexes) = (vec![], vec![], vec![], vec![]);
        for b in buried {
            uniques.extend(&mut b.uniques);
            keys.extend(&mut b.foreign_keys);
            checks.extend(&mut b.checks);
            indexes.extend(&mut b.indexes);
        }
        self.uniques.iter_mut().chain(uniques).for_each(|u| renamed(&mut u.columns));
        self.foreign_keys.iter_mut().chain(keys).for_each(|k| renamed(&mut k.columns));
        self.checks.iter_mut().chain(checks).for_each(|c| expression(&mut c.expression));
        let name = |c: &Ident| if c == from { to.clone() } else { c.clone() };
        self.indexes.iter_mut().chain(indexes).for_each(|i| i.shape = i.shape.clone().mapped(&name));
        self.sort();
    }

    /// Its foreign keys, and those that something buried in it had.
    pub(crate) fn all_foreign_keys_mut(&mut self) -> impl Iterator<Item = &mut ForeignKey> {
        self.foreign_keys.iter_mut().chain(self.buried.values_mut().flat_map(|b| &mut b.foreign_keys))
    }

    /// As [`Table::all_foreign_keys_mut`], to look at.
    pub(crate) fn all_foreign_keys(&self) -> impl Iterator<Item = &ForeignKey> {
        self.foreign_keys.iter().chain(self.buried.values().flat_map(|b| &b.foreign_keys))
    }

    /// Puts constraints and indexes in their canonical order.
    pub fn sort(&mut self) {
        self.uniques.sort_by(|a, b| a.columns.cmp(&b.columns));
        self.foreign_keys.sort_by(|a, b| (&a.columns, &a.table).cmp(&(&b.columns, &b.table)));
        self.checks.sort_by(|a, b| a.name.cmp(&b.name));
        let place = |index: &Index| (index.shape.unique, index.shape.method);
        self.indexes.sort_by(|a, b| {
            a.shape
                .keys
                .cmp(&b.shape.keys)
                .then_with(|| place(a).cmp(&place(b)))
                .then_with(|| a.name.cmp(&b.name))
        });
    }
}

impl PartialEq for Table {
    fn eq(&self, other: &Self) -> bool {
        let Self { name, columns, primary_key, uniques, foreign_keys, checks, indexes, comment, .. } = self;
        *name == other.name
            && *columns == other.columns
            && *primary_key == other.primary_key
            && self.key_besides == other.key_besides
            && *uniques == other.uniques
            && *foreign_keys == other.foreign_keys
            && *checks == other.checks
            && *indexes == other.indexes
            && *comment == other.comment
            && self.unlogged == other.unlogged
    }
}
