//! A column of chosen values whose name was changed by hand. PostgreSQL keeps the values by a check, whose name stays:
//! by the column's new name it is a text with a check of somebody's.

use super::{Finding, Part, State};
use crate::field_type::FieldType;
use crate::ident::Ident;
use crate::intent::{ChangeType, DropCheck, Intent};
use crate::schema::{Check, Column, Schema, Table, names};

/// The values that a column is kept to by a check that is called as if it were on a column of another name.
pub(super) fn values(table: &Table, column: &Column, called: &Ident) -> Option<Vec<String>> {
    let name = names::values_check(called);
    let check = table.checks.iter().find(|check| check.name == name && check.besides.is_none())?;
    check.values(&column.name).filter(|_| column.ty == FieldType::Text && column.unread.is_none())
}

/// Checks that keep columns to the values that they are to have, under other names: the name, and the one that it had.
pub(super) fn renamed(wanted: &Table, found: &Table) -> Vec<(Ident, Ident)> {
    let is_text = |column: &&Column| column.ty == FieldType::Text && column.unread.is_none();
    let of = |column: &Column| {
        let values = wanted.column(&column.name)?.ty.values()?;
        let same =
            |check: &&Check| check.besides.is_none() && check.values(&column.name).as_deref() == Some(values);
        let (check, own) = (found.checks.iter().find(same)?, names::values_check(&column.name));
        (check.name != own).then(|| (check.name.clone(), own))
    };
    found.columns.values().filter(is_text).filter_map(of).collect()
}

/// Whether a check is that of a column which hands gave another type, so that the type's repair takes it away.
pub(super) fn is_left(finding: &Finding, wanted: &Schema, found: &Schema) -> bool {
    let Part::Check(name) = &finding.part else { return false };
    let check = found.table(&finding.table).and_then(|t| t.checks.iter().find(|check| check.name == *name));
    let is_on = |column: &Ident| check.is_some_and(|check| check.expression.columns().contains(column));
    let is_of = |column: &Column| {
        column.ty.values().is_some() && names::values_check(&column.name) == *name && is_on(&column.name)
    };
    let table = wanted.table(&finding.table);
    finding.state() == State::Extra && table.is_some_and(|table| table.columns.values().any(is_of))
}

/// The checks that are those of a table's columns, once these have their names back.
fn own(table: &Table) -> Vec<(&Check, &Column, Vec<String>)> {
    let columns = table.columns.values().filter(|c| c.ty == FieldType::Text && !table.checks.is_empty());
    let own = columns.filter_map(|column| {
        let values = values(table, column, &column.name)?;
        let check = table.checks.iter().find(|check| check.name == names::values_check(&column.name))?;
        Some((check, column, values))
    });
    own.collect()
}

/// A schema with its columns of chosen values read as such.
pub(super) fn read(found: &Schema) -> Schema {
    let mut schema = found.clone();
    for (name, table) in &found.tables {
        for (check, column, values) in own(table) {
            let Some(table) = schema.table_mut(name) else { continue };
            table.checks.retain(|other| other.name != check.name);
            if let Some(column) = table.columns.get_mut(&column.name) {
                column.ty = FieldType::Enum { values };
                column.default = column.default.take().and_then(|default| default.retyped(&column.ty));
            }
        }
    }
    schema
}

/// What makes the columns of some tables what they were, after they have their names back.
pub(super) fn intents(found: &Schema, is_meant: impl Fn(&Ident, &Ident) -> bool) -> Vec<Intent> {
    let mut intents = Vec::new();
    for (name, table) in &found.tables {
        for (check, column, values) in own(table).into_iter().filter(|(_, c, _)| is_meant(name, &c.name)) {
            let (table, column) = (name.clone(), column.name.clone());
            intents.push(Intent::DropCheck(DropCheck { table: table.clone(), name: check.name.clone() }));
            let ty = FieldType::Enum { values };
            intents.push(Intent::ChangeType(ChangeType { table, column, ty, using: None }));
        }
    }
    intents
}
