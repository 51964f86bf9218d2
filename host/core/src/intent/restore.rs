//! Brings back what was dropped, with what was on it.

use serde::{Deserialize, Serialize};

use super::IntentError;
use super::table::free;
use crate::ident::Ident;
use crate::model::Model;
use crate::schema::{BuriedColumn, Table, names};

/// Brings a dropped table back under its old name: the one dropped last, if there were several.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RestoreTable {
    /// The name it had.
    pub table: Ident,
    /// The name it has in the database, if it is not the one dropped last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kept: Option<Ident>,
}

/// Brings a dropped column back: the one dropped last, if there were several of the name.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RestoreColumn {
    /// The table.
    pub table: Ident,
    /// The name it had.
    pub column: Ident,
    /// The name it has in the database, if it is not the one dropped last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kept: Option<Ident>,
}

impl RestoreTable {
    pub(super) fn apply(&self, model: &mut Model) -> Result<(), IntentError> {
        let found = model.schema().buried_table(&self.table, self.kept.as_ref());
        let physical = found.map(|(name, _)| name.clone());
        let physical = physical.ok_or_else(|| IntentError::not_buried(&self.table, None))?;
        free(model, &self.table)?;
        model.unbury_table(&physical);
        Ok(())
    }
}

impl RestoreColumn {
    pub(super) fn apply(&self, model: &mut Model) -> Result<(), IntentError> {
        let schema = model.schema().clone();
        let table = model.table_mut(&self.table)?;
        let physical = table.buried_column(&self.column, self.kept.as_ref()).map(|(name, _)| name.clone());
        let physical = physical.ok_or_else(|| IntentError::not_buried(&self.table, Some(&self.column)))?;
        if let (Some(existing), Some(buried)) =
            (table.colliding_column(&self.column), table.buried.get(&physical))
        {
            return Err(IntentError::column_exists(&self.table, existing, &buried.column));
        }
        let Some(buried) = table.buried.shift_remove(&physical) else { return Ok(()) };
        let place = table.place_of(&buried);
        table.columns.shift_insert(place, self.column.clone(), buried.column.clone());
        put_back(table, buried, &|name| names::relation_taken_by_others(&schema, &self.table, name));
        table.sort();
        model.column_moved(&self.table, &physical, &self.column);
        Ok(())
    }
}

/// Puts back what was on the column. What also needs a column that is still buried waits for that one.
fn put_back(table: &mut Table, buried: BuriedColumn, taken: &dyn Fn(&Ident) -> bool) {
    let BuriedColumn { column: _, position: _, uniques, foreign_keys, checks, indexes } = buried;
    for mut unique in uniques {
        match missing(table, &unique.columns) {
            Some(at) => at.uniques.push(unique),
            None => {
                unique.name = names::again(unique.name, taken);
                table.uniques.push(unique);
            }
        }
    }
    for key in foreign_keys {
        match missing(table, &key.columns) {
            Some(at) => at.foreign_keys.push(key),
            None => table.foreign_keys.push(key),
        }
    }
    for check in checks {
        match missing(table, &check.expression.columns().into_iter().collect::<Vec<_>>()) {
            Some(at) => at.checks.push(check),
            None => table.checks.push(check),
        }
    }
    for mut index in indexes {
        match missing(table, &index.shape.columns().into_iter().collect::<Vec<_>>()) {
            Some(at) => at.indexes.push(index),
            None => {
                index.name = names::again(index.name, taken);
                table.indexes.push(index);
            }
        }
    }
}

/// The buried column that one of these is.
fn missing<'t>(table: &'t mut Table, columns: &[Ident]) -> Option<&'t mut BuriedColumn> {
    let stranger = columns.iter().find(|c| !table.columns.contains_key(*c))?;
    table.buried.values_mut().rev().find(|b| b.column.name == *stranger)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{add_column, create, ident, model};
    use super::super::{AddUnique, DropColumn, DropTable};
    use super::*;

    fn stored() -> Model {
        let mut first = model();
        create(&mut first, "t");
        add_column(&mut first, "t", "a");
        add_column(&mut first, "t", "b");
        let both = AddUnique { table: ident("t"), columns: vec![ident("a"), ident("b")] };
        both.apply(&mut first).expect("unique");
        Model::new(first.schema().clone().into())
    }

    fn back(column: &str) -> RestoreColumn {
        RestoreColumn { table: ident("t"), column: ident(column), kept: None }
    }

    #[test]
    fn a_column_comes_back_with_what_was_on_it() {
        let mut model = stored();
        let before = model.schema().clone();
        DropColumn { table: ident("t"), column: ident("a") }.apply(&mut model).expect("dropped");
        assert!(model.table(&ident("t")).expect("there").uniques.is_empty());
        back("a").apply(&mut model).expect("restored");
        assert_eq!(*model.schema(), before);
        assert_eq!(model.table(&ident("t")).expect("there").columns.get_index_of(&ident("a")), Some(1));
        assert_eq!(model.table(&ident("t")).expect("there").uniques[0].name.as_str(), "t_a_b_key");
        assert_eq!(model.column_origin(&ident("t"), &ident("a")), Some(ident("a")));
    }

    #[test]
    fn what_two_columns_had_comes_back_with_the_second() {
        let mut model = stored();
        let before = model.schema().clone();
        for column in ["a", "b"] {
            DropColumn { table: ident("t"), column: ident(column) }.apply(&mut model).expect("dropped");
        }
        back("a").apply(&mut model).expect("restored");
        assert!(model.table(&ident("t")).expect("there").uniques.is_empty());
        back("b").apply(&mut model).expect("restored");
        assert_eq!(*model.schema(), before);
    }

    #[test]
    fn the_table_dropped_last_comes_back() {
        let mut model = stored();
        let before = model.schema().clone();
        DropTable { table: ident("t") }.apply(&mut model).expect("dropped");
        assert_eq!(model.origin(&ident("hookwright_dropped_1_t")), Some(ident("t")));
        RestoreTable { table: ident("t"), kept: None }.apply(&mut model).expect("restored");
        assert_eq!(*model.schema(), before);
        assert_eq!(model.origin(&ident("t")), Some(ident("t")));
        let again = RestoreTable { table: ident("t"), kept: None }.apply(&mut model);
        assert_eq!(again.map_err(|e| e.code()), Err("intent/not-there"));
    }
}
