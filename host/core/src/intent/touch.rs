//! What an intent touches: two changes that touch the same cannot be undone in any order.

use serde::{Deserialize, Serialize};

use super::Intent;
use crate::ident::Ident;
use crate::metadata::StableId;

/// A part of the schema or of the metadata.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Touch {
    /// A table with all that is in it.
    Table(Ident),
    /// A column of a table.
    Column(Ident, Ident),
    /// An entity with all its fields.
    Entity(StableId),
    /// Name, label and comment of an entity.
    Head(StableId),
    /// A field of an entity.
    Field(StableId, StableId),
}

impl Touch {
    /// Whether two touch the same.
    #[must_use]
    pub fn meets(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Table(a), Self::Table(b) | Self::Column(b, _)) | (Self::Column(a, _), Self::Table(b)) => {
                a == b
            }
            (Self::Entity(a), Self::Entity(b) | Self::Head(b) | Self::Field(b, _))
            | (Self::Head(a) | Self::Field(a, _), Self::Entity(b)) => a == b,
            (Self::Column(..), Self::Column(..))
            | (Self::Head(_), Self::Head(_))
            | (Self::Field(..), Self::Field(..)) => self == other,
            _ => false,
        }
    }
}

impl Intent {
    /// What of the schema it touches, by the names before and after it.
    pub(crate) fn touches(&self) -> Vec<Touch> {
        let table = || self.table().clone();
        let columns = |of: Vec<Ident>| of.into_iter().map(|c| Touch::Column(table(), c)).collect::<Vec<_>>();
        match self {
            Self::CreateTable(_)
            | Self::DropTable(_)
            | Self::PurgeTable(_)
            | Self::SetComment(super::SetComment { column: None, .. })
            | Self::DropPrimaryKey(_)
            | Self::RenamePrimaryKey(_)
            | Self::SetLogged(_)
            | Self::DropCheck(_)
            | Self::RenameCheck(_) => vec![Touch::Table(table())],
            Self::RenameTable(i) => vec![Touch::Table(table()), Touch::Table(i.to.clone())],
            Self::RestoreTable(i) => {
                let kept = i.kept.clone().map(Touch::Table);
                std::iter::once(Touch::Table(table())).chain(kept).collect()
            }
            Self::AddColumn(i) => columns(vec![i.column.name.clone()]),
            Self::DropColumn(i) => columns(vec![i.column.clone()]),
            Self::RenameColumn(i) => columns(vec![i.column.clone(), i.to.clone()]),
            Self::ChangeType(i) => columns(vec![i.column.clone()]),
            Self::SetNotNull(i) => columns(vec![i.column.clone()]),
            Self::DropNotNull(i) => columns(vec![i.column.clone()]),
            Self::SetDefault(i) => columns(vec![i.column.clone()]),
            Self::DropDefault(i) => columns(vec![i.column.clone()]),
            Self::SetValues(i) => columns(vec![i.column.clone()]),
            Self::Backfill(i) => columns(vec![i.column.clone()]),
            Self::PurgeColumn(i) => columns(vec![i.column.clone()]),
            Self::SetComment(i) => columns(i.column.iter().cloned().collect()),
            Self::RestoreColumn(i) => {
                columns([Some(i.column.clone()), i.kept.clone()].into_iter().flatten().collect())
            }
            Self::CreateIndex(i) => columns(i.index.columns().into_iter().collect()),
            Self::DropIndex(i) => columns(i.index.columns().into_iter().collect()),
            Self::RenameIndex(i) => columns(i.index.columns().into_iter().collect()),
            Self::AddUnique(i) => columns(i.columns.clone()),
            Self::DropUnique(i) => columns(i.columns.clone()),
            Self::RenameUnique(i) => columns(i.columns.clone()),
            Self::AddPrimaryKey(i) => columns(i.columns.clone()),
            Self::DropForeignKey(i) => columns(i.columns.clone()),
            Self::RenameForeignKey(i) => columns(i.columns.clone()),
            Self::AddForeignKey(i) => {
                let target = i.target.iter().map(|c| Touch::Column(i.to.clone(), c.clone()));
                columns(i.columns.clone()).into_iter().chain(target).collect()
            }
            Self::AddCheck(i) => columns(i.expression.columns().into_iter().collect()),
        }
    }
}
