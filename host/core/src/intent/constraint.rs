//! Intents on unique constraints, foreign keys and checks.

use serde::{Deserialize, Serialize};

use super::IntentError;
use super::support::{known, on};
use crate::expr::Expr;
use crate::ident::Ident;
use crate::model::Model;
use crate::schema::{Check, ForeignKey, Table, Unique, names};
use crate::spec::OnDelete;

/// Refuses rows that share the columns' values with another.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AddUnique {
    /// The table.
    pub table: Ident,
    /// The columns, in order.
    pub columns: Vec<Ident>,
}

/// Removes a unique constraint.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DropUnique {
    /// The table.
    pub table: Ident,
    /// The columns, in order.
    pub columns: Vec<Ident>,
}

/// Refuses rows that refer to nothing. The target must exist when the change is whole. One that is there and that rows from
/// before may break is validated.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AddForeignKey {
    /// The table.
    pub table: Ident,
    /// The columns, in order.
    pub columns: Vec<Ident>,
    /// The table referred to.
    pub to: Ident,
    /// Its columns, in the matching order.
    pub target: Vec<Ident>,
    /// What a deletion there does here.
    pub on_delete: OnDelete,
}

/// Removes the foreign key on these columns.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DropForeignKey {
    /// The table.
    pub table: Ident,
    /// The columns, in order.
    pub columns: Vec<Ident>,
}

/// Refuses rows that do not meet a condition. A check that is there and that rows from before may break is validated.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AddCheck {
    /// The table.
    pub table: Ident,
    /// The constraint's name, unique on its table.
    pub name: Ident,
    /// The condition.
    pub expression: Expr,
}

/// Removes a check.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DropCheck {
    /// The table.
    pub table: Ident,
    /// The constraint's name.
    pub name: Ident,
}

impl AddUnique {
    pub(super) fn apply(&self, model: &mut Model) -> Result<(), IntentError> {
        known(model, &self.table, &self.columns, "a unique constraint")?;
        if model.table(&self.table)?.uniques.iter().any(|u| u.columns == self.columns) {
            return Err(IntentError::already(&self.table, on("a unique constraint", &self.columns)));
        }
        let name = model.unique_name(&self.table, &self.columns);
        let table = model.table_gaining(&self.table, &name)?;
        table.uniques.push(Unique::new(name, self.columns.clone()));
        table.sort();
        Ok(())
    }
}

impl DropUnique {
    pub(super) fn apply(&self, model: &mut Model) -> Result<(), IntentError> {
        let table = model.table_mut(&self.table)?;
        let found = table.uniques.iter().position(|u| u.columns == self.columns);
        let missing = || IntentError::missing(&self.table, on("unique constraint", &self.columns));
        table.uniques.remove(found.ok_or_else(missing)?);
        Ok(())
    }
}

impl AddForeignKey {
    pub(super) fn apply(&self, model: &mut Model) -> Result<(), IntentError> {
        known(model, &self.table, &self.columns, "a foreign key")?;
        if self.columns.len() != self.target.len() {
            let (columns, target) = (self.columns.len(), self.target.len());
            return Err(IntentError::Pairing { table: self.table.as_str().into(), columns, target });
        }
        let table = model.table_mut(&self.table)?;
        let key = self.key(table);
        match table.foreign_keys.iter_mut().find(|k| k.columns == self.columns) {
            Some(there) if there.is_unvalidated(&key) => there.besides = None,
            Some(_) => return Err(IntentError::already(&self.table, on("a foreign key", &self.columns))),
            None => table.foreign_keys.push(key),
        }
        table.sort();
        Ok(())
    }

    fn key(&self, table: &Table) -> ForeignKey {
        ForeignKey {
            name: names::foreign_key(table, &self.columns),
            columns: self.columns.clone(),
            table: self.to.clone(),
            target: self.target.clone(),
            on_delete: self.on_delete,
            besides: None,
        }
    }

    /// Whether it is there already, but for that rows from before may break it.
    pub(super) fn validates(&self, model: &Model) -> bool {
        let table = model.table(&self.table).ok();
        table.is_some_and(|table| table.foreign_keys.iter().any(|k| k.is_unvalidated(&self.key(table))))
    }
}

impl DropForeignKey {
    pub(super) fn apply(&self, model: &mut Model) -> Result<(), IntentError> {
        let table = model.table_mut(&self.table)?;
        let found = table.foreign_keys.iter().position(|k| k.columns == self.columns);
        let missing = || IntentError::missing(&self.table, on("foreign key", &self.columns));
        table.foreign_keys.remove(found.ok_or_else(missing)?);
        Ok(())
    }
}

impl AddCheck {
    pub(super) fn apply(&self, model: &mut Model) -> Result<(), IntentError> {
        let columns: Vec<_> = self.expression.columns().into_iter().collect();
        known(model, &self.table, &columns, "a check")?;
        let table = model.table_mut(&self.table)?;
        let unvalidated = |c: &&mut Check| c.is_unvalidated(&self.name, &self.expression);
        if let Some(check) = table.checks.iter_mut().find(unvalidated) {
            check.besides = None;
            return Ok(());
        }
        let same_name = table.checks.iter().any(|c| c.name.collides(&self.name))
            || table.foreign_keys.iter().any(|k| k.name.collides(&self.name))
            || table.columns.keys().any(|c| names::values_check(c).collides(&self.name));
        if same_name {
            return Err(IntentError::already(
                &self.table,
                format!("a constraint \"{}\"", self.name.as_str()),
            ));
        }
        table.checks.push(Check::new(self.name.clone(), self.expression.clone()));
        table.sort();
        Ok(())
    }
}

impl AddCheck {
    /// Whether it is there already, but for that rows from before may break it.
    pub(super) fn validates(&self, model: &Model) -> bool {
        let unvalidated = |c: &Check| c.is_unvalidated(&self.name, &self.expression);
        model.table(&self.table).is_ok_and(|table| table.checks.iter().any(unvalidated))
    }
}

impl DropCheck {
    pub(super) fn apply(&self, model: &mut Model) -> Result<(), IntentError> {
        let table = model.table_mut(&self.table)?;
        let found = table.checks.iter().position(|c| c.name == self.name);
        let missing = || IntentError::missing(&self.table, format!("check \"{}\"", self.name.as_str()));
        table.checks.remove(found.ok_or_else(missing)?);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{add_column, create, ident, model};
    use super::*;

    #[test]
    fn a_constraint_is_found_by_its_columns() {
        let mut model = model();
        create(&mut model, "t");
        add_column(&mut model, "t", "a");
        let columns = vec![ident("a")];
        let add = AddUnique { table: ident("t"), columns: columns.clone() };
        add.apply(&mut model).expect("added");
        assert_eq!(add.apply(&mut model).map_err(|e| e.code()), Err("intent/already-there"));
        let drop = DropUnique { table: ident("t"), columns };
        drop.apply(&mut model).expect("dropped");
        assert_eq!(drop.apply(&mut model).map_err(|e| e.code()), Err("intent/not-there"));
    }

    #[test]
    fn a_check_is_about_columns_of_its_table() {
        let mut model = model();
        create(&mut model, "t");
        let expression = crate::expr::parse("stranger > 0").expect("an expression");
        let check = AddCheck { table: ident("t"), name: ident("positive"), expression };
        assert_eq!(check.apply(&mut model).map_err(|e| e.code()), Err("intent/unknown-column"));
    }
}
