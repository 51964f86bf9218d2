//! What others added to the host's tables, taken out of the picture: it is neither recorded nor touched.

use super::Part;
use super::part::shape;
use crate::ident::Ident;
use crate::schema::{Schema, Table};

/// Takes one thing out of a schema. `named` is its table once columns have their names back: what is on them is known
/// by these, and by its own name in both.
pub(super) fn remove(schema: &mut Schema, table: &Ident, part: &Part, named: Option<&Table>) {
    if *part == Part::Table {
        schema.tables.remove(table);
        return;
    }
    let Some(table) = schema.table_mut(table) else { return };
    match part {
        Part::Column(name) => {
            table.columns.shift_remove(name);
        }
        Part::Unique(columns) => {
            let same = |t: &Table| t.uniques.iter().find(|u| u.columns == *columns).map(|u| u.name.clone());
            let name = named.and_then(same);
            table.uniques.retain(|u| u.columns != *columns && Some(&u.name) != name.as_ref());
        }
        Part::ForeignKey(columns) => {
            let same =
                |t: &Table| t.foreign_keys.iter().find(|k| k.columns == *columns).map(|k| k.name.clone());
            let name = named.and_then(same);
            table.foreign_keys.retain(|k| k.columns != *columns && Some(&k.name) != name.as_ref());
        }
        Part::Check(name) => table.checks.retain(|c| c.name != *name),
        Part::Index(text) => {
            let all: Vec<_> =
                named.into_iter().flat_map(|t| &t.indexes).filter(|i| shape(i) == *text).collect();
            table.indexes.retain(|i| shape(i) != *text && !all.iter().any(|other| other.name == i.name));
        }
        Part::PrimaryKey => table.primary_key.clear(),
        Part::Default(name) => {
            // That it is counted has to be known: such a column can be less than others.
            if let Some(column) = table.columns.get_mut(name).filter(|column| !column.is_counted()) {
                column.read(false, true);
            }
        }
        Part::Table | Part::TableComment | Part::Comment(_) | Part::Kept(_) => {}
        Part::Type(_) | Part::Nullability(_) | Part::Generated(_) | Part::Unlogged | Part::Stranger(..) => {}
    }
}
