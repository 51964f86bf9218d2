//! What a field's change asks of its column.
//!
//! Only `lib.rs` calls it. Reads the host's model.
use hookwright_sdk::prelude::*;

use crate::shape::{Course, Shape};

/// A new column; a column of that name which is there already (kept, or another plugin's) is taken over.
pub fn create(entity: &str, new: &FieldSpec) -> Result<Vec<Intent>, Rejection> {
    let table = host::table(entity);
    let found = table.as_ref().and_then(|t| Some((t, t.column(&new.name)?)));
    match found {
        Some((table, column)) => take_over(table, column, new),
        None => Ok(add(entity, table.as_ref(), new)),
    }
}

pub fn update(entity: &str, old: &FieldSpec, new: &FieldSpec) -> Result<Vec<Intent>, Rejection> {
    if old.primary_key != new.primary_key {
        return Err(key_is_fixed(&new.name));
    }
    let table = host::table(entity);
    let sole_key = |field: &FieldSpec| match &table {
        Some(table) => table.primary_key == [field.name.as_str()],
        None => field.primary_key,
    };
    let is_sole = sole_key(old);
    let (from, to) = (Shape::of_field(old, is_sole), Shape::of_field(new, is_sole));
    let course = Course { table: entity, from: (&old.name, &from), to: (&new.name, &to) };
    Ok(course.intents())
}

/// With its column, the host drops all that is on it. Without, the column is left so that writers who
/// no longer know it are not refused.
pub fn delete(entity: &str, old: &FieldSpec, drop_column: bool) -> Vec<Intent> {
    let Some(table) = host::table(entity) else {
        return Vec::new();
    };
    let Some(column) = table.column(&old.name) else {
        return Vec::new();
    };
    if drop_column { vec![intent::drop_column(entity, &old.name)] } else { release(&table, column) }
}

fn release(table: &Table, column: &Column) -> Vec<Intent> {
    let name = column.name.as_str();
    let mut intents = Vec::new();
    if table.foreign_key(&[name]).is_some() {
        intents.push(intent::drop_foreign_key(&table.name, [name]));
    }
    // A second row would repeat the default.
    if table.is_unique(&[name]) && column.default.is_some() {
        intents.push(intent::drop_unique(&table.name, [name]));
    }
    if !column.nullable && !table.primary_key.contains(&column.name) {
        intents.push(intent::drop_not_null(&table.name, name));
    }
    intents
}

fn add(entity: &str, table: Option<&Table>, new: &FieldSpec) -> Vec<Intent> {
    let is_first_key = table.is_none_or(|table| table.primary_key.is_empty());
    let shape = Shape::of_field(new, new.primary_key && is_first_key);
    let column = shape.column(&new.name);
    let mut intents = vec![if new.primary_key {
        intent::add_key_column(entity, column)
    } else {
        intent::add_column(entity, column)
    }];
    let course =
        Course { table: entity, from: (&new.name, &shape.without_constraints()), to: (&new.name, &shape) };
    intents.extend(course.intents());
    intents
}

fn take_over(table: &Table, column: &Column, new: &FieldSpec) -> Result<Vec<Intent>, Rejection> {
    let is_key = table.primary_key.contains(&new.name);
    if is_key != new.primary_key {
        return Err(key_is_fixed(&new.name));
    }
    let is_sole = table.primary_key == [new.name.as_str()];
    let course = Course {
        table: &table.name,
        from: (&new.name, &Shape::of_column(table, column)),
        to: (&new.name, &Shape::of_field(new, is_sole)),
    };
    Ok(course.intents())
}

fn key_is_fixed(field: &str) -> Rejection {
    Rejection::new("primary-key", format!("field \"{field}\": primary key can be set only at creation"))
        .help("Leave \"primaryKey\" as it is, or create a new entity with the key you want.")
}
