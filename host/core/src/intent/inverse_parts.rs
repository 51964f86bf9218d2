//! Constraints and indexes as intents that make them anew, under the names they had: parts of inverses.

use super::{
    AddCheck, AddForeignKey, AddUnique, CreateIndex, DropCheck, DropForeignKey, DropIndex, DropUnique,
    Intent, RenameForeignKey, RenameIndex, RenameUnique,
};
use crate::ident::Ident;
use crate::schema::{ForeignKey, Schema, Table, names};

/// An intent, and the name that what it makes is to have.
pub(super) fn rename_if(make: Intent, renamed: bool, rename: Intent) -> Vec<Intent> {
    std::iter::once(make).chain(renamed.then_some(rename)).collect()
}

/// Whether something is on a column.
pub(super) fn on_column(column: &Ident) -> impl Fn(&[Ident]) -> bool {
    move |columns| columns.contains(column)
}

/// The foreign key on these columns, made anew.
pub(super) fn foreign_key(table: &Table, columns: &[Ident]) -> Vec<Intent> {
    let Some(key) = table.foreign_keys.iter().find(|k| k.columns == columns) else { return Vec::new() };
    let mut rest = table.clone();
    rest.foreign_keys.retain(|k| k.columns != columns);
    let add = AddForeignKey {
        table: table.name.clone(),
        columns: key.columns.clone(),
        to: key.table.clone(),
        target: key.target.clone(),
        on_delete: key.on_delete,
    };
    let (columns, to) = (key.columns.clone(), key.name.clone());
    let renamed = names::foreign_key(&rest, &key.columns) != key.name;
    let rename = RenameForeignKey { table: table.name.clone(), columns, to };
    rename_if(Intent::AddForeignKey(add), renamed, Intent::RenameForeignKey(rename))
}

/// What is on a table, of the columns that `which` picks, made anew when all of it is gone.
pub(super) fn remade(table: &Table, which: impl Fn(&[Ident]) -> bool) -> Vec<Intent> {
    let mut schema = Schema::default();
    schema.insert(Table::new(table.name.clone()));
    let of = || table.name.clone();
    let mut all = Vec::new();
    for unique in table.uniques.iter().filter(|u| which(&u.columns)) {
        let (columns, to) = (unique.columns.clone(), unique.name.clone());
        let renamed = names::unique(&schema, &table.name, &columns) != to;
        let add = AddUnique { table: of(), columns: columns.clone() };
        let rename = RenameUnique { table: of(), columns, to };
        all.extend(rename_if(Intent::AddUnique(add), renamed, Intent::RenameUnique(rename)));
    }
    for check in table.checks.iter().filter(|c| which(&listed(c.expression.columns()))) {
        let (name, expression) = (check.name.clone(), check.expression.clone());
        all.push(Intent::AddCheck(AddCheck { table: of(), name, expression }));
    }
    for index in table.indexes.iter().filter(|i| which(&listed(i.shape.columns()))) {
        let (shape, to) = (index.shape.clone(), index.name.clone());
        let columns = shape.key_columns().unwrap_or_else(|| listed(shape.columns()));
        let renamed = names::index(&schema, &table.name, &columns) != to;
        let create = CreateIndex { table: of(), index: shape.clone() };
        let rename = RenameIndex { table: of(), index: shape, to };
        all.extend(rename_if(Intent::CreateIndex(create), renamed, Intent::RenameIndex(rename)));
    }
    let keys = table.foreign_keys.iter().filter(|k| which(&k.columns));
    all.extend(keys.flat_map(|k| foreign_key(table, &k.columns)));
    all
}

/// `middle`, with what is on a column or refers to it taken away before and made anew after.
pub(super) fn around(
    schema: &Schema,
    table: &Ident,
    column: &Ident,
    middle: impl IntoIterator<Item = Intent>,
) -> Vec<Intent> {
    let Some(of) = schema.table(table) else { return middle.into_iter().collect() };
    let on = on_column(column);
    let refers = |k: &&ForeignKey| k.table == *table && k.target.contains(column);
    let others: Vec<(&Table, &ForeignKey)> = schema
        .tables
        .values()
        .flat_map(|t| t.foreign_keys.iter().filter(refers).map(|k| (t.as_ref(), k)))
        .filter(|(t, k)| t.name != *table || !on(&k.columns))
        .collect();
    let mut all: Vec<_> = others.iter().map(|(t, k)| drop_key(&t.name, k)).collect();
    all.extend(of.foreign_keys.iter().filter(|k| on(&k.columns)).map(|k| drop_key(table, k)));
    let name = || table.clone();
    for unique in of.uniques.iter().filter(|u| on(&u.columns)) {
        all.push(Intent::DropUnique(DropUnique { table: name(), columns: unique.columns.clone() }));
    }
    for check in of.checks.iter().filter(|c| on(&listed(c.expression.columns()))) {
        all.push(Intent::DropCheck(DropCheck { table: name(), name: check.name.clone() }));
    }
    for index in of.indexes.iter().filter(|i| on(&listed(i.shape.columns()))) {
        all.push(Intent::DropIndex(DropIndex { table: name(), index: index.shape.clone() }));
    }
    all.extend(middle);
    all.extend(remade(of, on));
    all.extend(others.iter().flat_map(|(t, k)| foreign_key(t, &k.columns)));
    all
}

fn drop_key(table: &Ident, key: &ForeignKey) -> Intent {
    Intent::DropForeignKey(DropForeignKey { table: table.clone(), columns: key.columns.clone() })
}

fn listed(columns: impl IntoIterator<Item = Ident>) -> Vec<Ident> {
    columns.into_iter().collect()
}
