//! What others added to the host's tables, taken out of the picture: it is neither recorded nor touched.

use super::Part;
use super::part::shape;
use crate::ident::Ident;
use crate::schema::Schema;

/// Takes one thing out of a schema.
pub(super) fn remove(schema: &mut Schema, table: &Ident, part: &Part) {
    if *part == Part::Table {
        schema.tables.remove(table);
        return;
    }
    let Some(table) = schema.table_mut(table) else { return };
    match part {
        Part::Column(name) => {
            table.columns.shift_remove(name);
        }
        Part::Unique(columns) => table.uniques.retain(|u| u.columns != *columns),
        Part::ForeignKey(columns) => table.foreign_keys.retain(|k| k.columns != *columns),
        Part::Check(name) => table.checks.retain(|c| c.name != *name),
        Part::Index(text) => table.indexes.retain(|i| shape(i) != *text),
        Part::PrimaryKey => table.primary_key.clear(),
        Part::Table | Part::TableComment | Part::Comment(_) => {}
        Part::Type(_) | Part::Nullability(_) | Part::Default(_) | Part::Generated(_) => {}
    }
}
