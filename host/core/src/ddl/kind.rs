//! Every kind of statement that PostgreSQL gets, with what it does to the users of its tables.
//!
//! Every statement of a plan for PostgreSQL has its kind (a test sees to it), so all that may be emitted is in this
//! list. A test makes each kind, runs it, reads what it locked, read and wrote, and fails if the list says otherwise;
//! what it found is in `docs/LOCKS.md`.

use super::hazard::{Extent, LockLevel};

/// `-` for none.
macro_rules! lock {
    (-) => {
        None
    };
    ($level:ident) => {
        Some(LockLevel::$level)
    };
}

macro_rules! kinds {
    ($($kind:ident = $message:literal $which:literal: $own:tt, $others:tt, $extent:ident;)+) => {
        /// What a statement for PostgreSQL is, as far as its locks are concerned.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[allow(missing_docs)]
        pub enum StatementKind { $($kind),+ }

        impl StatementKind {
            /// Every kind.
            pub const ALL: &'static [Self] = &[$(Self::$kind),+];

            /// What the log calls it.
            #[must_use]
            pub fn message(self) -> &'static str {
                match self { $(Self::$kind => $message),+ }
            }

            /// What tells it from others that the log calls the same; empty if there are none.
            #[must_use]
            pub fn which(self) -> &'static str {
                match self { $(Self::$kind => $which),+ }
            }

            /// The lock on the table it is on; none if it makes that table, or locks only what is on it.
            #[must_use]
            pub fn lock(self) -> Option<LockLevel> {
                match self { $(Self::$kind => lock!($own)),+ }
            }

            /// The lock on other tables: those that foreign keys connect with what it is about.
            #[must_use]
            pub fn other_lock(self) -> Option<LockLevel> {
                match self { $(Self::$kind => lock!($others)),+ }
            }

            /// How much of its table it goes through.
            #[must_use]
            pub fn extent(self) -> Extent {
                match self { $(Self::$kind => Extent::$extent),+ }
            }
        }
    };
}

kinds! {
    // kind = message, which of them: lock on its table, lock on other tables, how much it goes through
    CreateTable = "CREATE TABLE" "": -, ShareRowExclusive, Nothing;
    DropTable = "DROP TABLE" "": AccessExclusive, -, Nothing;
    RenameTable = "RENAME TABLE" "": AccessExclusive, -, Nothing;
    SetLogged = "SET LOGGED" "": AccessExclusive, -, Rewrite;

    AddColumn = "ADD COLUMN" "with or without a default": AccessExclusive, -, Nothing;
    AddReferringColumn = "ADD COLUMN" "with a reference, empty": AccessExclusive, ShareRowExclusive, Nothing;
    AddCheckedColumn = "ADD COLUMN" "an Enum's, or one that must have a value and has no default": AccessExclusive, -, Scan;
    AddGeneratedColumn = "ADD COLUMN" "generated": AccessExclusive, -, Rewrite;
    DropColumn = "DROP COLUMN" "": AccessExclusive, AccessExclusive, Nothing;
    DropColumnIfThere = "DROP COLUMN" "if it is there": AccessExclusive, -, Nothing;
    RenameColumn = "RENAME COLUMN" "": AccessExclusive, -, Nothing;
    WidenType = "ALTER COLUMN TYPE" "values stay as they are stored": AccessExclusive, AccessExclusive, Nothing;
    WidenComputedType = "ALTER COLUMN TYPE" "values stay, and a check or an index computes from them": AccessExclusive, AccessExclusive, Scan;
    CollateType = "ALTER COLUMN TYPE" "another collation, which an index or a check goes by": AccessExclusive, AccessExclusive, Scan;
    RewriteType = "ALTER COLUMN TYPE" "values are stored anew": AccessExclusive, AccessExclusive, Rewrite;
    SetDefault = "SET DEFAULT" "": AccessExclusive, -, Nothing;
    DropDefault = "DROP DEFAULT" "": AccessExclusive, -, Nothing;
    SetNotNull = "SET NOT NULL" "": AccessExclusive, -, Scan;
    SetNotNullProven = "SET NOT NULL" "after a validated check that says the same": AccessExclusive, -, Nothing;
    DropNotNull = "DROP NOT NULL" "": AccessExclusive, -, Nothing;
    CommentOnTable = "COMMENT" "on a table": ShareUpdateExclusive, -, Nothing;
    CommentOnColumn = "COMMENT" "on a column": ShareUpdateExclusive, -, Nothing;

    AddCheck = "ADD CHECK" "": AccessExclusive, -, Scan;
    AddCheckUnvalidated = "ADD CHECK" "unvalidated": AccessExclusive, -, Nothing;
    AddForeignKey = "ADD FOREIGN KEY" "": ShareRowExclusive, ShareRowExclusive, Scan;
    AddForeignKeyUnvalidated = "ADD FOREIGN KEY" "unvalidated": ShareRowExclusive, ShareRowExclusive, Nothing;
    ValidateCheck = "VALIDATE CONSTRAINT" "a check": ShareUpdateExclusive, -, Scan;
    ValidateForeignKey = "VALIDATE CONSTRAINT" "a foreign key": ShareUpdateExclusive, RowShare, Scan;
    AddUnique = "ADD UNIQUE" "": AccessExclusive, -, Scan;
    AddUniqueByIndex = "ADD UNIQUE" "by an index": AccessExclusive, -, Nothing;
    AddPrimaryKey = "ADD PRIMARY KEY" "": AccessExclusive, -, Scan;
    AddPrimaryKeyByIndex = "ADD PRIMARY KEY" "by an index": AccessExclusive, -, Nothing;
    DropConstraint = "DROP CONSTRAINT" "a check or key": AccessExclusive, -, Nothing;
    DropForeignKey = "DROP CONSTRAINT" "a foreign key": AccessExclusive, AccessExclusive, Nothing;
    DropConstraintIfThere = "DROP CONSTRAINT" "a check or key, if it is there": AccessExclusive, -, Nothing;
    DropForeignKeyIfThere = "DROP CONSTRAINT" "a foreign key, if it is there": AccessExclusive, AccessExclusive, Nothing;
    RenameConstraint = "RENAME CONSTRAINT" "": AccessExclusive, -, Nothing;

    CreateIndex = "CREATE INDEX" "": Share, -, Scan;
    CreateIndexConcurrently = "CREATE INDEX CONCURRENTLY" "": ShareUpdateExclusive, -, Scan;
    DropIndex = "DROP INDEX" "": AccessExclusive, -, Nothing;
    DropIndexConcurrently = "DROP INDEX CONCURRENTLY" "": ShareUpdateExclusive, -, Nothing;
    RenameIndex = "RENAME INDEX" "": -, -, Nothing;

    Fill = "UPDATE" "of all rows": RowExclusive, RowShare, Rows;
    FillBlocks = "UPDATE" "of some blocks": RowExclusive, RowShare, Rows;
    CreateKeeper = "CREATE FUNCTION" "": -, -, Nothing;
    CreateKeeperTrigger = "CREATE TRIGGER" "": ShareRowExclusive, -, Nothing;
    DropKeeperTrigger = "DROP TRIGGER" "": AccessExclusive, -, Nothing;
    DropKeeper = "DROP FUNCTION" "": -, -, Nothing;
}
