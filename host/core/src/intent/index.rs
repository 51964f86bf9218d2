//! Intents on indexes.

use serde::{Deserialize, Serialize};

use super::IntentError;
use super::column::{known, on};
use crate::ident::Ident;
use crate::model::Model;
use crate::schema::{Index, names};

/// A new index.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CreateIndex {
    /// The table.
    pub table: Ident,
    /// The columns, in order.
    pub columns: Vec<Ident>,
    /// Whether no two rows may share the values.
    #[serde(default)]
    pub unique: bool,
}

/// Removes an index.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DropIndex {
    /// The table.
    pub table: Ident,
    /// The columns, in order.
    pub columns: Vec<Ident>,
    /// Whether it is a unique index.
    #[serde(default)]
    pub unique: bool,
}

impl CreateIndex {
    pub(super) fn apply(&self, model: &mut Model) -> Result<(), IntentError> {
        known(model, &self.table, &self.columns, "an index")?;
        if model.table(&self.table)?.indexes.iter().any(|i| is(i, &self.columns, self.unique)) {
            return Err(IntentError::already(&self.table, on("an index", &self.columns)));
        }
        let name = names::index(model.schema(), &self.table, &self.columns);
        let table = model.table_mut(&self.table)?;
        table.indexes.push(Index { name, columns: self.columns.clone(), unique: self.unique });
        table.sort();
        Ok(())
    }
}

impl DropIndex {
    pub(super) fn apply(&self, model: &mut Model) -> Result<(), IntentError> {
        let table = model.table_mut(&self.table)?;
        let found = table.indexes.iter().position(|i| is(i, &self.columns, self.unique));
        let missing = || IntentError::missing(&self.table, on("index", &self.columns));
        table.indexes.remove(found.ok_or_else(missing)?);
        Ok(())
    }
}

fn is(index: &Index, columns: &[Ident], unique: bool) -> bool {
    index.columns == columns && index.unique == unique
}

#[cfg(test)]
mod tests {
    use super::super::testing::{create, ident, model};
    use super::*;

    #[test]
    fn the_same_index_is_made_once() {
        let mut model = model();
        create(&mut model, "t");
        let index = CreateIndex { table: ident("t"), columns: vec![ident("id")], unique: false };
        index.apply(&mut model).expect("made");
        assert_eq!(index.apply(&mut model).map_err(|e| e.code()), Err("intent/already-there"));
    }
}
