//! Has a table's rows outlive a crash of the server (PostgreSQL's `UNLOGGED` ones do not). A repair asks for it, plugins
//! cannot.

use serde::{Deserialize, Serialize};

use super::IntentError;
use crate::ident::Ident;
use crate::model::Model;

/// Makes a table that was made `UNLOGGED` an ordinary one again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SetLogged {
    /// The table.
    pub table: Ident,
}

impl SetLogged {
    pub(super) fn apply(&self, model: &mut Model) -> Result<(), IntentError> {
        let table = model.table_mut(&self.table)?;
        match std::mem::take(&mut table.unlogged) {
            true => Ok(()),
            false => Err(IntentError::already(&self.table, "rows that outlive a crash".to_owned())),
        }
    }
}
