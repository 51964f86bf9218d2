//! Removes what is buried, for good. People ask for it, plugins cannot.

use serde::{Deserialize, Serialize};

use super::IntentError;
use crate::ident::Ident;
use crate::model::Model;

/// Removes a buried table with its rows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PurgeTable {
    /// The name it has in the database.
    pub table: Ident,
}

/// Removes a buried column with its values.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PurgeColumn {
    /// The table.
    pub table: Ident,
    /// The name the column has in the database.
    pub column: Ident,
}

impl PurgeTable {
    pub(super) fn apply(&self, model: &mut Model) -> Result<(), IntentError> {
        if !model.schema().buried.contains_key(&self.table) {
            return Err(IntentError::not_buried(&self.table, None));
        }
        model.purge_table(&self.table);
        Ok(())
    }
}

impl PurgeColumn {
    pub(super) fn apply(&self, model: &mut Model) -> Result<(), IntentError> {
        let table = model.table_mut(&self.table)?;
        let Some(buried) = table.buried.shift_remove(&self.column) else {
            return Err(IntentError::not_buried(&self.table, Some(&self.column)));
        };
        table.close_gap(buried.position);
        model.column_gone(&self.table, &self.column);
        Ok(())
    }
}
