//! The part of the test model that concerns columns, and what follows a column that moves or goes.
//!
//! Only `model.rs` calls it. Pure.
use super::model::refusal;
use crate::bindings::hookwright::hooks::intents::SetValues;
use crate::{Column, FieldType, IndexKey, Rejection, Table};

pub(super) fn find<'a>(table: &'a mut Table, name: &str) -> Result<&'a mut Column, Rejection> {
    let missing = refusal(format!("no column \"{name}\" on table \"{}\"", table.name));
    let found = table.columns.iter_mut().find(|column| column.name == name);
    found.ok_or(missing)
}

pub(super) fn require(table: &mut Table, names: &[String]) -> Result<(), Rejection> {
    names.iter().try_for_each(|name| find(table, name).map(drop))
}

pub(super) fn add(table: &mut Table, column: &Column) -> Result<(), Rejection> {
    if table.column(&column.name).is_some() {
        let (name, on) = (&column.name, &table.name);
        return Err(refusal(format!("column \"{name}\" already exists on table \"{on}\"")));
    }
    table.columns.push(column.clone());
    Ok(())
}

pub(super) fn remove(table: &mut Table, name: &str) -> Result<(), Rejection> {
    find(table, name)?;
    let is_on = |columns: &[String]| columns.iter().any(|column| column == name);
    table.columns.retain(|column| column.name != name);
    table.primary_key.retain(|column| column != name);
    table.uniques.retain(|columns| !is_on(columns));
    table
        .indexes
        .retain(|index| !is_on(&index.include) && !index.keys.contains(&IndexKey::Column(name.into())));
    table.foreign_keys.retain(|key| !is_on(&key.columns));
    Ok(())
}

pub(super) fn rename(tables: &mut [Table], table: &str, from: &str, to: &str) -> Result<(), Rejection> {
    let Some(own) = tables.iter_mut().find(|it| it.name == table) else {
        return Err(refusal(format!("table \"{table}\" does not exist")));
    };
    if own.column(to).is_some() {
        return Err(refusal(format!("column \"{to}\" already exists on table \"{table}\"")));
    }
    find(own, from)?.name = to.into();
    rename_on(own, from, to);
    let keys = tables.iter_mut().flat_map(|it| &mut it.foreign_keys);
    for key in keys.filter(|key| key.table == table) {
        replace(&mut key.target, from, to);
    }
    Ok(())
}

fn rename_on(table: &mut Table, from: &str, to: &str) {
    replace(&mut table.primary_key, from, to);
    for unique in &mut table.uniques {
        replace(unique, from, to);
    }
    for index in &mut table.indexes {
        replace(&mut index.include, from, to);
        for key in &mut index.keys {
            if let IndexKey::Column(column) = key {
                replace(std::slice::from_mut(column), from, to);
            }
        }
    }
    for key in &mut table.foreign_keys {
        replace(&mut key.columns, from, to);
    }
}

fn replace(names: &mut [String], from: &str, to: &str) {
    for name in names.iter_mut().filter(|name| *name == from) {
        *name = to.into();
    }
}

pub(super) fn set_values(column: &mut Column, wanted: &SetValues) -> Result<(), Rejection> {
    let FieldType::Enum(values) = &mut column.type_ else {
        let name = &wanted.column;
        return Err(refusal(format!("column \"{name}\" is not an enum")));
    };
    values.clone_from(&wanted.values);
    Ok(())
}
