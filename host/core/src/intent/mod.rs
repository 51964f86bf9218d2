//! Intents: the closed set of wishes a plugin may have for the physical schema.
//!
//! One file each holds an intent's data and what it does to the [`Model`]. An
//! intent that cannot be applied leaves the model as it was and says why.

mod backfill;
mod change_type;
mod column;
mod constraint;
mod dialect;
mod error;
mod index;
mod inverse;
mod inverse_parts;
mod kind;
mod primary_key;
mod purge;
mod rename;
mod restore;
mod set_logged;
mod size;
mod support;
mod table;
#[cfg(test)]
pub(crate) mod testing;
mod touch;

use serde::{Deserialize, Serialize};

pub use backfill::Backfill;
pub use change_type::{ChangeType, SetValues};
pub use column::{AddColumn, DropColumn, DropDefault, DropNotNull, RenameColumn, SetDefault, SetNotNull};
pub use constraint::{AddCheck, AddForeignKey, AddUnique, DropCheck, DropForeignKey, DropUnique};
pub use error::{IntentError, list};
pub use index::{CreateIndex, DropIndex};
pub use inverse::Inverse;
pub use kind::IntentKind;
pub use primary_key::{AddPrimaryKey, DropPrimaryKey, RenamePrimaryKey};
pub use purge::{PurgeColumn, PurgeTable};
pub use rename::{RenameCheck, RenameForeignKey, RenameIndex, RenameUnique};
pub use restore::{RestoreColumn, RestoreTable};
pub use set_logged::SetLogged;
pub use table::{CreateTable, DropTable, RenameTable, SetComment};
pub use touch::Touch;

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
    RestoreTable(RestoreTable),
    RestoreColumn(RestoreColumn),
    AddPrimaryKey(AddPrimaryKey),
    DropPrimaryKey(DropPrimaryKey),
    RenamePrimaryKey(RenamePrimaryKey),
    RenameUnique(RenameUnique),
    RenameForeignKey(RenameForeignKey),
    RenameCheck(RenameCheck),
    RenameIndex(RenameIndex),
    Backfill(Backfill),
    PurgeTable(PurgeTable),
    PurgeColumn(PurgeColumn),
    SetLogged(SetLogged),
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
            Intent::RestoreTable($data) => $then,
            Intent::RestoreColumn($data) => $then,
            Intent::AddPrimaryKey($data) => $then,
            Intent::DropPrimaryKey($data) => $then,
            Intent::RenamePrimaryKey($data) => $then,
            Intent::RenameUnique($data) => $then,
            Intent::RenameForeignKey($data) => $then,
            Intent::RenameCheck($data) => $then,
            Intent::RenameIndex($data) => $then,
            Intent::Backfill($data) => $then,
            Intent::PurgeTable($data) => $then,
            Intent::PurgeColumn($data) => $then,
            Intent::SetLogged($data) => $then,
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
