//! The kinds of intents, as grants name them.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::Intent;

macro_rules! kinds {
    ($($variant:ident = $name:literal),+ $(,)?) => {
        /// The kind of an intent. Its name, in kebab case, is what grants, rules and reports call it.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "kebab-case")]
        #[allow(missing_docs)]
        pub enum IntentKind { $($variant),+ }

        impl IntentKind {
            /// Every kind.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The kind's name.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name),+ }
            }
        }

        impl Intent {
            /// Which kind of intent it is.
            #[must_use]
            pub fn kind(&self) -> IntentKind {
                match self { $(Self::$variant(_) => IntentKind::$variant),+ }
            }
        }
    };
}

kinds! {
    CreateTable = "create-table",
    DropTable = "drop-table",
    RenameTable = "rename-table",
    AddColumn = "add-column",
    DropColumn = "drop-column",
    RenameColumn = "rename-column",
    ChangeType = "change-type",
    SetNotNull = "set-not-null",
    DropNotNull = "drop-not-null",
    SetDefault = "set-default",
    DropDefault = "drop-default",
    CreateIndex = "create-index",
    DropIndex = "drop-index",
    AddUnique = "add-unique",
    DropUnique = "drop-unique",
    AddForeignKey = "add-foreign-key",
    DropForeignKey = "drop-foreign-key",
    AddCheck = "add-check",
    DropCheck = "drop-check",
    SetValues = "set-values",
    SetComment = "set-comment",
    RestoreTable = "restore-table",
    RestoreColumn = "restore-column",
    AddPrimaryKey = "add-primary-key",
    DropPrimaryKey = "drop-primary-key",
    RenamePrimaryKey = "rename-primary-key",
    RenameUnique = "rename-unique",
    RenameForeignKey = "rename-foreign-key",
    RenameCheck = "rename-check",
    RenameIndex = "rename-index",
    Backfill = "backfill",
    PurgeTable = "purge-table",
    PurgeColumn = "purge-column",
    SetLogged = "set-logged",
}

impl fmt::Display for IntentKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
