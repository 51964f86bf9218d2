//! Intents that give constraints and indexes other names.

use serde::{Deserialize, Serialize};

use super::IntentError;
use super::support::on;
use super::table::table_name;
use crate::ident::Ident;
use crate::model::Model;
use crate::schema::{ForeignKey, Index, IndexShape, Unique, names};

/// Gives a unique constraint another name.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RenameUnique {
    /// The table.
    pub table: Ident,
    /// The columns it is on.
    pub columns: Vec<Ident>,
    /// Its new name.
    pub to: Ident,
}

/// Gives a foreign key another name.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RenameForeignKey {
    /// The table.
    pub table: Ident,
    /// The columns it is on.
    pub columns: Vec<Ident>,
    /// Its new name.
    pub to: Ident,
}

/// Gives a check another name.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RenameCheck {
    /// The table.
    pub table: Ident,
    /// Its name so far.
    pub name: Ident,
    /// Its new name.
    pub to: Ident,
}

/// Gives an index another name.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RenameIndex {
    /// The table.
    pub table: Ident,
    /// What the index is.
    #[serde(flatten)]
    pub index: IndexShape,
    /// Its new name.
    pub to: Ident,
}

impl RenameUnique {
    pub(super) fn apply(&self, model: &mut Model) -> Result<(), IntentError> {
        let is_so = |u: &Unique| u.columns == self.columns && u.name == self.to;
        if model.table(&self.table)?.uniques.iter().any(is_so) {
            return Ok(());
        }
        free_relation(model, &self.table, &self.to)?;
        let found = model.table_mut(&self.table)?.uniques.iter_mut().find(|u| u.columns == self.columns);
        let missing = || IntentError::missing(&self.table, on("unique constraint", &self.columns));
        found.ok_or_else(missing)?.name = self.to.clone();
        Ok(())
    }
}

impl RenameForeignKey {
    pub(super) fn apply(&self, model: &mut Model) -> Result<(), IntentError> {
        let is_so = |k: &ForeignKey| k.columns == self.columns && k.name == self.to;
        if model.table(&self.table)?.foreign_keys.iter().any(is_so) {
            return Ok(());
        }
        free_constraint(model, &self.table, &self.to)?;
        let found = model.table_mut(&self.table)?.foreign_keys.iter_mut().find(|k| k.columns == self.columns);
        let missing = || IntentError::missing(&self.table, on("foreign key", &self.columns));
        found.ok_or_else(missing)?.name = self.to.clone();
        Ok(())
    }
}

impl RenameCheck {
    pub(super) fn apply(&self, model: &mut Model) -> Result<(), IntentError> {
        free_constraint(model, &self.table, &self.to)?;
        let found = model.table_mut(&self.table)?.checks.iter_mut().find(|c| c.name == self.name);
        let missing = || IntentError::missing(&self.table, format!("check \"{}\"", self.name.as_str()));
        found.ok_or_else(missing)?.name = self.to.clone();
        model.check_renamed(&self.table, &self.name, &self.to);
        Ok(())
    }
}

impl RenameIndex {
    pub(super) fn apply(&self, model: &mut Model) -> Result<(), IntentError> {
        let is_so = |i: &Index| i.shape == self.index && i.name == self.to;
        if model.table(&self.table)?.indexes.iter().any(is_so) {
            return Ok(());
        }
        free_relation(model, &self.table, &self.to)?;
        let found = model.table_mut(&self.table)?.indexes.iter_mut().find(|i| i.shape == self.index);
        let missing = || IntentError::missing(&self.table, "such index".into());
        found.ok_or_else(missing)?.name = self.to.clone();
        Ok(())
    }
}

/// The name is fit for an index or unique constraint, and nothing in the schema has it.
pub(super) fn free_relation(model: &Model, table: &Ident, name: &Ident) -> Result<(), IntentError> {
    table_name(name)?;
    match names::relation_taken(model.schema(), name) {
        true => Err(taken(table, name)),
        false => Ok(()),
    }
}

fn free_constraint(model: &Model, table: &Ident, name: &Ident) -> Result<(), IntentError> {
    table_name(name)?;
    match names::constraint_taken(model.table(table)?, name) {
        true => Err(taken(table, name)),
        false => Ok(()),
    }
}

fn taken(table: &Ident, name: &Ident) -> IntentError {
    IntentError::already(table, format!("something called \"{}\" beside it", name.as_str()))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{add_column, create, ident, model, refer};
    use super::super::{AddCheck, AddUnique, CreateIndex, Intent};
    use super::*;

    #[test]
    fn each_kind_gets_its_name() {
        let mut model = model();
        create(&mut model, "t");
        add_column(&mut model, "t", "a");
        let (table, columns) = (ident("t"), vec![ident("a")]);
        refer(&mut model, "t", "a", "t");
        let expression = crate::expr::parse("a <> ''").expect("an expression");
        let index = IndexShape::on(&columns, false);
        let all = [
            Intent::AddUnique(AddUnique { table: table.clone(), columns: columns.clone() }),
            Intent::AddCheck(AddCheck { table: table.clone(), name: ident("c"), expression }),
            Intent::CreateIndex(CreateIndex { table: table.clone(), index: index.clone() }),
            Intent::RenameUnique(RenameUnique {
                table: table.clone(),
                columns: columns.clone(),
                to: ident("u2"),
            }),
            Intent::RenameForeignKey(RenameForeignKey { table: table.clone(), columns, to: ident("f2") }),
            Intent::RenameCheck(RenameCheck { table: table.clone(), name: ident("c"), to: ident("c2") }),
            Intent::RenameIndex(RenameIndex { table: table.clone(), index, to: ident("i2") }),
        ];
        for intent in &all {
            intent.apply(&mut model).expect("applied");
        }
        let t = model.table(&table).expect("there");
        let names = [&t.uniques[0].name, &t.foreign_keys[0].name, &t.checks[0].name, &t.indexes[0].name];
        assert_eq!(names.map(Ident::as_str), ["u2", "f2", "c2", "i2"]);
        all[3].apply(&mut model).expect("it is called so already");
        let clash =
            RenameIndex { table: ident("t"), index: IndexShape::on(&[ident("a")], false), to: ident("u2") };
        let clash = clash.apply(&mut model);
        assert_eq!(clash.map_err(|e| e.code()), Err("intent/already-there"));
    }
}
