//! Intents on columns.

use serde::{Deserialize, Serialize};

use super::IntentError;
use super::error::list;
use super::table::{describe, text};
use crate::field_type::FieldType;
use crate::ident::Ident;
use crate::model::Model;
use crate::schema::{Column, Table};
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

macro_rules! on_column {
    ($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $ty:ty),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
        #[serde(rename_all = "camelCase")]
        pub struct $name {
            /// The table.
            pub table: Ident,
            /// The column.
            pub column: Ident,
            $($(#[$field_doc])* pub $field: $ty,)*
        }
    };
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
    /// Gives a column another type; its data is converted.
    ChangeType {
        /// The new type.
        ty: FieldType,
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
on_column! {
    /// Sets the values of an `Enum` column.
    SetValues {
        /// All values, those that stay included.
        values: Vec<String>,
    }
}

/// Adds a column to a table value.
pub(super) fn place(table: &mut Table, column: Column) -> Result<(), IntentError> {
    Ident::column(column.name.as_str()).map_err(|e| IntentError::Name { why: e.to_string() })?;
    text("the comment", column.comment.as_deref())?;
    valid_type(&table.name, &column.name, &column.ty)?;
    if let Some(existing) = table.colliding_column(&column.name) {
        return Err(IntentError::column_exists(&table.name, existing, &column));
    }
    table.columns.insert(column.name.clone(), column);
    Ok(())
}

fn valid_type(table: &Ident, column: &Ident, ty: &FieldType) -> Result<(), IntentError> {
    ty.validate().map_err(|e| IntentError::Type {
        table: table.as_str().into(),
        column: column.as_str().into(),
        why: e.to_string(),
    })
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
        let table = model.table_mut(&self.table)?;
        table.columns.shift_remove(column);
        table.uniques.retain(|u| !u.columns.contains(column));
        table.indexes.retain(|i| !i.columns.contains(column));
        table
            .foreign_keys
            .retain(|k| !k.columns.contains(column) && !refers_to_itself(&self.table, k, column));
        table.checks.retain(|c| !c.expression.columns().contains(column));
        Ok(())
    }
}

fn refers_to_itself(table: &Ident, key: &crate::schema::ForeignKey, column: &Ident) -> bool {
    key.table == *table && key.target.contains(column)
}

fn outside_key(table: &Table, column: &Ident, what: &'static str) -> Result<(), IntentError> {
    if table.primary_key.contains(column) {
        let (table, column) = (table.name.as_str().into(), column.as_str().into());
        return Err(IntentError::InPrimaryKey { table, column, what });
    }
    Ok(())
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
        let position = table.columns.get_index_of(from).unwrap_or(table.columns.len());
        table.columns.shift_remove(from);
        table.columns.shift_insert(position, to.clone(), moved);
        let renamed = |columns: &mut Vec<Ident>| {
            columns.iter_mut().filter(|c| *c == from).for_each(|c| *c = to.clone());
        };
        renamed(&mut table.primary_key);
        table.uniques.iter_mut().for_each(|u| renamed(&mut u.columns));
        table.indexes.iter_mut().for_each(|i| renamed(&mut i.columns));
        table.foreign_keys.iter_mut().for_each(|k| renamed(&mut k.columns));
        for check in &mut table.checks {
            check.expression = check.expression.clone().renamed(from, to);
        }
        table.sort();
        model.column_renamed(&self.table, from, to);
        Ok(())
    }
}

impl ChangeType {
    pub(super) fn apply(&self, model: &mut Model) -> Result<(), IntentError> {
        model.column(&self.table, &self.column)?;
        valid_type(&self.table, &self.column, &self.ty)?;
        let column = model.column_mut(&self.table, &self.column)?;
        // A default that the new type cannot hold would fail at the next insert; it goes, as the review says.
        column.default = column.default.take().and_then(|d| d.retyped(&self.ty));
        column.ty = self.ty.clone();
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
        model.column_mut(&self.table, &self.column)?.nullable = true;
        Ok(())
    }
}

impl SetDefault {
    pub(super) fn apply(&self, model: &mut Model) -> Result<(), IntentError> {
        let column = model.column_mut(&self.table, &self.column)?;
        column.default = Some(self.value.clone());
        Ok(())
    }
}

impl DropDefault {
    pub(super) fn apply(&self, model: &mut Model) -> Result<(), IntentError> {
        model.column_mut(&self.table, &self.column)?.default = None;
        Ok(())
    }
}

impl SetValues {
    pub(super) fn apply(&self, model: &mut Model) -> Result<(), IntentError> {
        let ty = FieldType::Enum { values: self.values.clone() };
        valid_type(&self.table, &self.column, &ty)?;
        let column = model.column_mut(&self.table, &self.column)?;
        if !matches!(column.ty, FieldType::Enum { .. }) {
            return Err(IntentError::WrongType {
                table: self.table.as_str().into(),
                column: self.column.as_str().into(),
                is: column.ty.describe(),
                what: "only an Enum has values",
                instead: "change its type to Enum with these values",
            });
        }
        column.default = column.default.take().and_then(|d| d.retyped(&ty));
        column.ty = ty;
        Ok(())
    }
}

/// The columns of an intent over several: known to the table, each once, at least one.
pub(super) fn known(
    model: &Model,
    table: &Ident,
    columns: &[Ident],
    what: &'static str,
) -> Result<(), IntentError> {
    let table = model.table(table)?;
    if columns.is_empty() {
        return Err(IntentError::NoColumns { what });
    }
    for (index, column) in columns.iter().enumerate() {
        if table.column(column).is_none() {
            return Err(IntentError::unknown_column(table, column));
        }
        if columns[..index].contains(column) {
            return Err(IntentError::ColumnTwice { what, column: column.as_str().into() });
        }
    }
    Ok(())
}

pub(super) fn on(what: &str, columns: &[Ident]) -> String {
    format!("{what} on {}", list(columns))
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
        let column =
            Column { name: ident("k"), ty: FieldType::Int, nullable: false, default: None, comment: None };
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
