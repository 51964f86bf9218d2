//! Intents: the closed set of wishes a plugin may have for the physical schema.
//!
//! One file each holds an intent's data and what it does to the [`Model`]. An
//! intent that cannot be applied leaves the model as it was and says why.

mod column;
mod constraint;
mod error;
mod index;
mod kind;
mod table;
#[cfg(test)]
pub(crate) mod testing;

use serde::{Deserialize, Serialize};

pub use column::{
    AddColumn, ChangeType, DropColumn, DropDefault, DropNotNull, RenameColumn, SetDefault, SetNotNull,
    SetValues,
};
pub use constraint::{AddCheck, AddForeignKey, AddUnique, DropCheck, DropForeignKey, DropUnique};
pub use error::{IntentError, list};
pub use index::{CreateIndex, DropIndex};
pub use kind::IntentKind;
pub use table::{CreateTable, DropTable, RenameTable, SetComment};

use crate::ident::Ident;
use crate::model::Model;

/// One wish for the physical schema.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "intent", rename_all = "kebab-case")]
#[allow(missing_docs)]
pub enum Intent {
    CreateTable(CreateTable),
    DropTable(DropTable),
    RenameTable(RenameTable),
    AddColumn(AddColumn),
    DropColumn(DropColumn),
    RenameColumn(RenameColumn),
    ChangeType(ChangeType),
    SetNotNull(SetNotNull),
    DropNotNull(DropNotNull),
    SetDefault(SetDefault),
    DropDefault(DropDefault),
    CreateIndex(CreateIndex),
    DropIndex(DropIndex),
    AddUnique(AddUnique),
    DropUnique(DropUnique),
    AddForeignKey(AddForeignKey),
    DropForeignKey(DropForeignKey),
    AddCheck(AddCheck),
    DropCheck(DropCheck),
    SetValues(SetValues),
    SetComment(SetComment),
}

/// Runs an expression on the data of whichever intent it is.
macro_rules! each {
    ($self:expr, $data:ident => $then:expr) => {
        match $self {
            Intent::CreateTable($data) => $then,
            Intent::DropTable($data) => $then,
            Intent::RenameTable($data) => $then,
            Intent::AddColumn($data) => $then,
            Intent::DropColumn($data) => $then,
            Intent::RenameColumn($data) => $then,
            Intent::ChangeType($data) => $then,
            Intent::SetNotNull($data) => $then,
            Intent::DropNotNull($data) => $then,
            Intent::SetDefault($data) => $then,
            Intent::DropDefault($data) => $then,
            Intent::CreateIndex($data) => $then,
            Intent::DropIndex($data) => $then,
            Intent::AddUnique($data) => $then,
            Intent::DropUnique($data) => $then,
            Intent::AddForeignKey($data) => $then,
            Intent::DropForeignKey($data) => $then,
            Intent::AddCheck($data) => $then,
            Intent::DropCheck($data) => $then,
            Intent::SetValues($data) => $then,
            Intent::SetComment($data) => $then,
        }
    };
}

impl Intent {
    /// Applies the intent to a model.
    ///
    /// # Errors
    /// An [`IntentError`] if the model does not allow it; the model is then unchanged.
    pub fn apply(&self, model: &mut Model) -> Result<(), IntentError> {
        each!(self, data => data.apply(model))
    }

    /// The table it is on, by its name before the intent.
    #[must_use]
    pub fn table(&self) -> &Ident {
        each!(self, data => &data.table)
    }
}
