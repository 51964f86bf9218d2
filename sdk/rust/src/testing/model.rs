//! A small schema model: applies intents to tables and refuses those that do not fit.
//!
//! Only the harness calls it. Pure. The host's own model is stricter; this one finds a plugin's blunders.
use super::model_column as columns;
use crate::{Check, Column, ForeignKey, Index, IndexKey, Intent, Rejection, Table};

/// Applies one intent.
pub(super) fn apply(tables: &mut Vec<Table>, intent: &Intent) -> Result<(), Rejection> {
    match intent {
        Intent::CreateTable(it) => create(tables, it),
        Intent::DropTable(name) => {
            find(tables, name)?;
            tables.retain(|table| table.name != *name);
            Ok(())
        }
        Intent::RenameTable(it) => rename(tables, &it.table, &it.to),
        Intent::AddColumn(it) => {
            let table = find(tables, &it.table)?;
            columns::add(table, &it.column)?;
            if it.primary_key {
                table.primary_key.push(it.column.name.clone());
            }
            Ok(())
        }
        Intent::DropColumn(it) => columns::remove(find(tables, &it.table)?, &it.column),
        Intent::RenameColumn(it) => columns::rename(tables, &it.table, &it.column, &it.to),
        Intent::ChangeType(it) => {
            column(tables, &it.table, &it.column)?.type_ = it.type_.clone();
            Ok(())
        }
        Intent::SetNotNull(it) => nullable(tables, &it.table, &it.column, false),
        Intent::DropNotNull(it) => nullable(tables, &it.table, &it.column, true),
        Intent::SetDefault(it) => {
            column(tables, &it.table, &it.column)?.default = Some(it.value.clone());
            Ok(())
        }
        Intent::DropDefault(it) => {
            column(tables, &it.table, &it.column)?.default = None;
            Ok(())
        }
        Intent::SetValues(it) => columns::set_values(column(tables, &it.table, &it.column)?, it),
        Intent::SetComment(it) => {
            match &it.column {
                Some(name) => column(tables, &it.table, name)?.comment = it.comment.clone(),
                None => find(tables, &it.table)?.comment = it.comment.clone(),
            }
            Ok(())
        }
        on_columns => constrain(tables, on_columns),
    }
}

fn constrain(tables: &mut [Table], intent: &Intent) -> Result<(), Rejection> {
    match intent {
        Intent::CreateIndex(it) => add_index(find(tables, &it.table)?, &it.index),
        Intent::DropIndex(it) => {
            let table = find(tables, &it.table)?;
            take(&mut table.indexes, "index", |index| *index == it.index)
        }
        Intent::AddUnique(it) => {
            let table = find(tables, &it.table)?;
            columns::require(table, &it.columns)?;
            table.uniques.push(it.columns.clone());
            Ok(())
        }
        Intent::DropUnique(it) => {
            let table = find(tables, &it.table)?;
            take(&mut table.uniques, "unique", |u| *u == it.columns)
        }
        Intent::AddForeignKey(it) => add_foreign_key(find(tables, &it.table)?, &it.foreign_key),
        Intent::DropForeignKey(it) => {
            let table = find(tables, &it.table)?;
            take(&mut table.foreign_keys, "foreign key", |key| key.columns == it.columns)
        }
        Intent::AddCheck(it) => {
            let (name, expression) = (it.name.clone(), it.expression.clone());
            let table = find(tables, &it.table)?;
            table.checks.push(Check { name, expression });
            Ok(())
        }
        Intent::DropCheck(it) => {
            let table = find(tables, &it.table)?;
            take(&mut table.checks, "check", |check| check.name == it.name)
        }
        Intent::AddPrimaryKey(_) | Intent::DropPrimaryKey(_) => key(tables, intent),
        other => alter(tables, other),
    }
}

fn key(tables: &mut [Table], intent: &Intent) -> Result<(), Rejection> {
    match intent {
        Intent::AddPrimaryKey(it) => {
            let table = find(tables, &it.table)?;
            columns::require(table, &it.columns)?;
            if !table.primary_key.is_empty() {
                return Err(refusal(format!("table \"{}\" has a primary key already", it.table)));
            }
            table.primary_key.clone_from(&it.columns);
            for name in &it.columns {
                columns::find(table, name)?.nullable = false;
            }
            Ok(())
        }
        Intent::DropPrimaryKey(name) => {
            find(tables, name)?.primary_key.clear();
            Ok(())
        }
        other => Err(refusal(format!("no rule for {other:?}"))),
    }
}

fn alter(tables: &mut [Table], intent: &Intent) -> Result<(), Rejection> {
    match intent {
        Intent::Backfill(it) => column(tables, &it.table, &it.column).map(drop),
        Intent::RenamePrimaryKey(it) => find(tables, &it.table).map(drop),
        Intent::RenameUnique(it) | Intent::RenameForeignKey(it) => {
            columns::require(find(tables, &it.table)?, &it.columns)
        }
        Intent::RenameCheck(it) => {
            let checks = &mut find(tables, &it.table)?.checks;
            let check = checks.iter_mut().find(|check| check.name == it.name);
            check.ok_or_else(|| refusal("no such check".into()))?.name = it.to.clone();
            Ok(())
        }
        Intent::RenameIndex(it) => match find(tables, &it.table)?.indexes.contains(&it.index) {
            true => Ok(()),
            false => Err(refusal("no such index".into())),
        },
        // What was dropped before the test began is not known here.
        Intent::RestoreTable(_) | Intent::RestoreColumn(_) => {
            Err(refusal("the test model keeps nothing that was dropped".into()))
        }
        other => Err(refusal(format!("no rule for {other:?}"))),
    }
}

fn create(tables: &mut Vec<Table>, wanted: &crate::intent::CreateTable) -> Result<(), Rejection> {
    if tables.iter().any(|table| table.name == wanted.table) {
        let name = &wanted.table;
        return Err(refusal(format!("table \"{name}\" already exists")));
    }
    let mut table = Table::new(&wanted.table).key(&wanted.primary_key);
    table.columns.clone_from(&wanted.columns);
    table.comment.clone_from(&wanted.comment);
    tables.push(table);
    Ok(())
}

fn rename(tables: &mut [Table], from: &str, to: &str) -> Result<(), Rejection> {
    if tables.iter().any(|table| table.name == to) {
        return Err(refusal(format!("table \"{to}\" already exists")));
    }
    find(tables, from)?.name = to.into();
    let keys = tables.iter_mut().flat_map(|table| &mut table.foreign_keys);
    for key in keys.filter(|key| key.table == from) {
        key.table = to.into();
    }
    Ok(())
}

fn nullable(tables: &mut [Table], table: &str, name: &str, yes: bool) -> Result<(), Rejection> {
    column(tables, table, name)?.nullable = yes;
    Ok(())
}

fn add_index(table: &mut Table, index: &Index) -> Result<(), Rejection> {
    let plain = index.keys.iter().filter_map(|key| match key {
        IndexKey::Column(column) => Some(column.clone()),
        IndexKey::Expression(_) => None,
    });
    columns::require(table, &plain.chain(index.include.iter().cloned()).collect::<Vec<_>>())?;
    if table.indexes.contains(index) {
        let (name, on) = (&table.name, &index.keys);
        return Err(refusal(format!("index on \"{name}\" {on:?} already exists")));
    }
    table.indexes.push(index.clone());
    Ok(())
}

fn add_foreign_key(table: &mut Table, key: &ForeignKey) -> Result<(), Rejection> {
    columns::require(table, &key.columns)?;
    table.foreign_keys.push(key.clone());
    Ok(())
}

fn take<T>(items: &mut Vec<T>, what: &str, is_it: impl Fn(&T) -> bool) -> Result<(), Rejection> {
    let at = items.iter().position(is_it);
    let at = at.ok_or_else(|| refusal(format!("no such {what}")))?;
    items.remove(at);
    Ok(())
}

fn find<'a>(tables: &'a mut [Table], name: &str) -> Result<&'a mut Table, Rejection> {
    tables
        .iter_mut()
        .find(|table| table.name == name)
        .ok_or_else(|| refusal(format!("table \"{name}\" does not exist")))
}

fn column<'a>(tables: &'a mut [Table], table: &str, name: &str) -> Result<&'a mut Column, Rejection> {
    columns::find(find(tables, table)?, name)
}

pub(super) fn refusal(message: String) -> Rejection {
    Rejection::new("model", message).help("The host would refuse this intent; ask for what fits.")
}
