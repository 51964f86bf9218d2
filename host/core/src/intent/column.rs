//! Intents on columns.

use serde::{Deserialize, Serialize};

use super::IntentError;
use super::support::{not_computed_from, not_counted, on_column, outside_key, valid_type};
use super::table::{describe, text};
use crate::event::MAX_FIELDS;
use crate::ident::Ident;
use crate::model::Model;
use crate::schema::{BuriedColumn, Column, Table, buried_name};
use crate::value::DefaultValue;

/// A new column at the end of a table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AddColumn {
    /// The table.
    pub table: Ident,
    /// The column.
    pub column: Column,
    /// Whether it joins the primary key; only on a table made in the same change.
    #[serde(default)]
    pub primary_key: bool,
}

on_column! {
    /// Removes a column with its data, and what is on it alone.
    DropColumn {}
}
on_column! {
    /// Gives a column another name.
    RenameColumn {
        /// Its new name.
        to: Ident,
    }
}
on_column! {
    /// Refuses rows that leave the column NULL.
    SetNotNull {}
}
on_column! {
    /// Allows rows that leave the column NULL.
    DropNotNull {}
}
on_column! {
    /// Sets what the column holds when a row does not say.
    SetDefault {
        /// The default; its variant fits the column's type.
        value: DefaultValue,
    }
}
on_column! {
    /// Removes the column's default.
    DropDefault {}
}
/// Adds a column to a table value.
pub(super) fn place(table: &mut Table, column: Column) -> Result<(), IntentError> {
    Ident::column(column.name.as_str()).map_err(|e| IntentError::Name { why: e.to_string() })?;
    text("the comment", column.comment.as_deref())?;
    valid_type(&table.name, &column.name, &column.ty)?;
    if let Some(existing) = table.colliding_column(&column.name) {
        return Err(IntentError::column_exists(&table.name, existing, &column));
    }
    let count = table.columns.len() + table.buried.len();
    if count >= MAX_FIELDS {
        return Err(IntentError::Full { table: table.name.as_str().into(), count });
    }
    generated(table, &column)?;
    table.columns.insert(column.name.clone(), column);
    Ok(())
}

/// A generated column is computed from columns that rows give, and from nothing else.
fn generated(table: &Table, column: &Column) -> Result<(), IntentError> {
    let Some(expression) = &column.generated else { return Ok(()) };
    for name in expression.columns() {
        match table.column(&name) {
            None => return Err(IntentError::unknown_column(table, &name)),
            Some(source) if source.generated.is_some() => {
                let (table, column) = (table.name.as_str().into(), column.name.as_str().into());
                return Err(IntentError::Generated {
                    table,
                    column,
                    why: "it is computed from another generated column",
                });
            }
            Some(_) => {}
        }
    }
    if column.default.is_some() {
        let (table, column) = (table.name.as_str().into(), column.name.as_str().into());
        return Err(IntentError::Generated {
            table,
            column,
            why: "it has a default, which nothing would use",
        });
    }
    Ok(())
}

impl AddColumn {
    pub(super) fn apply(&self, model: &mut Model) -> Result<(), IntentError> {
        if self.primary_key && !model.is_new(&self.table) {
            model.table(&self.table)?;
            let (table, column) = (self.table.as_str().into(), self.column.name.as_str().into());
            return Err(IntentError::KeyOfExisting { table, column });
        }
        let table = model.table_mut(&self.table)?;
        place(table, self.column.clone())?;
        if self.primary_key {
            table.primary_key.push(self.column.name.clone());
        }
        model.column_made(&self.table, &self.column.name);
        Ok(())
    }
}

impl DropColumn {
    pub(super) fn apply(&self, model: &mut Model) -> Result<(), IntentError> {
        let column = &self.column;
        model.column(&self.table, column)?;
        outside_key(model.table(&self.table)?, column, "dropping it")?;
        let schema = model.schema();
        let referring: Vec<_> = schema
            .references_to(&self.table)
            .filter(|(_, key)| key.target.contains(column))
            .map(|(table, key)| describe(table, &key.columns))
            .collect();
        if !referring.is_empty() {
            let target = format!("{}.{}", self.table.as_str(), column.as_str());
            let dependents = format!("foreign keys on {} refer", referring.join(", "));
            return Err(IntentError::Referenced { target, dependents });
        }
        not_computed_from(model.table(&self.table)?, column, "dropping it")?;
        bury(model, &self.table, column)
    }
}

/// Takes a column out of a table; what may have values stays in the database under another name.
/// A generated column has none of its own.
fn bury(model: &mut Model, name: &Ident, column: &Ident) -> Result<(), IntentError> {
    let keeps = model.buries(name, column);
    let table = model.table_mut(name)?;
    let position = table.physical().columns.get_index_of(column).unwrap_or_default();
    let Some(old) = table.columns.shift_remove(column) else { return Ok(()) };
    let keeps = keeps && old.generated.is_none();
    let physical = buried_name(column, table.buried.keys());
    let buried = BuriedColumn {
        column: old,
        position,
        uniques: table.uniques.extract_if(.., |u| u.columns.contains(column)).collect(),
        foreign_keys: table
            .foreign_keys
            .extract_if(.., |k| k.columns.contains(column) || refers_to_itself(name, k, column))
            .collect(),
        checks: table.checks.extract_if(.., |c| c.expression.columns().contains(column)).collect(),
        indexes: table.indexes.extract_if(.., |i| i.shape.columns().contains(column)).collect(),
    };
    if keeps {
        table.bury(physical.clone(), buried);
        model.column_moved(name, column, &physical);
    } else {
        table.close_gap(position);
        model.column_gone(name, column);
    }
    Ok(())
}

fn refers_to_itself(table: &Ident, key: &crate::schema::ForeignKey, column: &Ident) -> bool {
    key.table == *table && key.target.contains(column)
}

impl RenameColumn {
    pub(super) fn apply(&self, model: &mut Model) -> Result<(), IntentError> {
        let (from, to) = (&self.column, &self.to);
        Ident::column(to.as_str()).map_err(|e| IntentError::Name { why: e.to_string() })?;
        let moved = Column { name: to.clone(), ..model.column(&self.table, from)?.clone() };
        let table = model.table_mut(&self.table)?;
        if let Some(existing) = table.colliding_column(to).filter(|c| c.name != *from) {
            return Err(IntentError::column_exists(&self.table, existing, &moved));
        }
        table.rename_column(from, to);
        model.column_renamed(&self.table, from, to);
        Ok(())
    }
}

impl SetNotNull {
    pub(super) fn apply(&self, model: &mut Model) -> Result<(), IntentError> {
        model.column_mut(&self.table, &self.column)?.nullable = false;
        Ok(())
    }
}

impl DropNotNull {
    pub(super) fn apply(&self, model: &mut Model) -> Result<(), IntentError> {
        outside_key(model.table(&self.table)?, &self.column, "allowing NULL")?;
        not_counted(model, &self.table, &self.column, "allowing NULL")?;
        model.column_mut(&self.table, &self.column)?.nullable = true;
        Ok(())
    }
}

impl SetDefault {
    pub(super) fn apply(&self, model: &mut Model) -> Result<(), IntentError> {
        not_counted(model, &self.table, &self.column, "a default of its own")?;
        let column = model.column_mut(&self.table, &self.column)?;
        if column.generated.is_some() {
            let (table, column) = (self.table.as_str().into(), self.column.as_str().into());
            return Err(IntentError::Generated { table, column, why: "nothing would use its default" });
        }
        column.default = Some(self.value.clone());
        column.read(false, true);
        Ok(())
    }
}

impl DropDefault {
    pub(super) fn apply(&self, model: &mut Model) -> Result<(), IntentError> {
        not_counted(model, &self.table, &self.column, "taking its default away")?;
        let column = model.column_mut(&self.table, &self.column)?;
        column.default = None;
        column.read(false, true);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{add_column, create, ident, model};
    use super::*;

    #[test]
    fn a_key_is_set_at_creation() {
        let base = {
            let mut model = model();
            create(&mut model, "t");
            model.schema().clone()
        };
        let mut model = Model::new(base.into());
        let column = Column { nullable: false, ..Column::new(ident("k"), crate::field_type::FieldType::Int) };
        let late = AddColumn { table: ident("t"), column, primary_key: true };
        assert_eq!(late.apply(&mut model).map_err(|e| e.code()), Err("intent/primary-key"));
    }

    #[test]
    fn a_renamed_column_keeps_its_place_and_origin() {
        let mut first = model();
        create(&mut first, "t");
        add_column(&mut first, "t", "a");
        add_column(&mut first, "t", "b");
        let mut model = Model::new(first.schema().clone().into());
        RenameColumn { table: ident("t"), column: ident("a"), to: ident("z") }
            .apply(&mut model)
            .expect("renamed");
        let table = model.table(&ident("t")).expect("there");
        assert_eq!(table.columns.keys().map(Ident::as_str).collect::<Vec<_>>(), ["id", "z", "b"]);
        assert_eq!(model.column_origin(&ident("t"), &ident("z")), Some(ident("a")));
    }

    #[test]
    fn a_dropped_column_takes_along_what_is_on_it() {
        let mut model = model();
        create(&mut model, "t");
        add_column(&mut model, "t", "a");
        super::super::AddUnique { table: ident("t"), columns: vec![ident("a")] }
            .apply(&mut model)
            .expect("unique");
        DropColumn { table: ident("t"), column: ident("a") }.apply(&mut model).expect("dropped");
        assert!(model.table(&ident("t")).expect("there").uniques.is_empty());
        let key = DropColumn { table: ident("t"), column: ident("id") }.apply(&mut model);
        assert_eq!(key.map_err(|e| e.code()), Err("intent/primary-key"));
    }
}
