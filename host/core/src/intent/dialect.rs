//! What a database cannot do at all. Such an intent is refused before anything runs.

use super::{Intent, IntentError};
use crate::ddl::Dialect;
use crate::schema::{IndexMethod, IndexShape, names};

impl Intent {
    /// Whether a database of this kind can do it at all.
    ///
    /// # Errors
    /// [`IntentError::Dialect`], with the reason.
    pub fn fits(&self, dialect: Dialect) -> Result<(), IntentError> {
        match (dialect, self) {
            (Dialect::Postgres, _) => Ok(()),
            (Dialect::Sqlite, Self::CreateIndex(create)) => sqlite_index(&create.index),
            (Dialect::Sqlite, Self::RenamePrimaryKey(_)) => {
                refused("gives primary keys no names", "leave the rename out there")
            }
            (Dialect::Sqlite, Self::RenameUnique(rename)) if !names::is_unique(&rename.to) => refused(
                "has unique constraints as unique indexes, which their names alone tell apart",
                "end the name of the constraint with \"_key\" there",
            ),
            (Dialect::Sqlite, Self::RenameIndex(rename))
                if names::is_unique(&rename.to) && is_constraint(&rename.index) =>
            {
                refused(
                    "has unique constraints as unique indexes, which their names alone tell apart",
                    "end the name of the index otherwise than with \"_key\" there",
                )
            }
            (Dialect::Sqlite, _) => Ok(()),
        }
    }
}

fn sqlite_index(shape: &IndexShape) -> Result<(), IntentError> {
    if shape.method != IndexMethod::Btree {
        return refused("builds indexes in one way only, \"btree\"", "leave the method out there");
    }
    if !shape.include.is_empty() {
        return refused("cannot include columns in an index", "make them keys, or leave them out there");
    }
    Ok(())
}

/// Whether an index keeps all rows apart by its columns, as a unique constraint does.
fn is_constraint(shape: &IndexShape) -> bool {
    shape.key_columns().is_some_and(|columns| shape.is_key(&columns))
}

fn refused(what: &'static str, instead: &'static str) -> Result<(), IntentError> {
    Err(IntentError::Dialect { what, instead })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sqlite_is_asked_for_nothing_it_lacks() {
        for intent in [
            serde_json::json!({"intent": "create-index", "table": "t", "keys": [{"column": "a"}], "method": "gin"}),
            serde_json::json!({"intent": "create-index", "table": "t", "keys": [{"column": "a"}], "include": ["b"]}),
            serde_json::json!({"intent": "rename-primary-key", "table": "t", "to": "k"}),
            serde_json::json!({"intent": "rename-unique", "table": "t", "columns": ["a"], "to": "once"}),
            serde_json::json!({"intent": "rename-index", "table": "t", "keys": [{"column": "a"}], "unique": true, "to": "a_key"}),
        ] {
            let intent: Intent = serde_json::from_value(intent).expect("an intent");
            assert_eq!(intent.fits(Dialect::Sqlite).map_err(|e| e.code()), Err("intent/dialect"));
            assert_eq!(intent.fits(Dialect::Postgres), Ok(()));
        }
    }
}
