//! What `PRAGMA foreign_key_check` says of a SQLite file before and after a change that runs with foreign keys off.

use std::collections::{BTreeMap, BTreeSet};

use hookwright_core::ddl::Dialect;
use hookwright_core::ident::{Ident, quoted};
use sqlx::Row;
use sqlx::sqlite::{SqliteConnection, SqliteRow};

use crate::db::DbError;
use crate::db::gate::Script;

/// How tables stand to those that they refer to.
#[derive(Debug, Default)]
pub(super) struct References {
    /// How many rows refer to nothing, by table and the table they refer to.
    lost: BTreeMap<(String, String), u64>,
    /// Tables that cannot be checked, with what the database says: the columns that they refer to are not there, or no key.
    unchecked: BTreeMap<String, String>,
}

impl References {
    pub async fn of(connection: &mut SqliteConnection) -> sqlx::Result<Self> {
        let mut all = Self::default();
        match Script::of(Dialect::Sqlite, "PRAGMA foreign_key_check").sqlite(connection).await {
            Ok(rows) => all.take(&rows)?,
            // One reference that cannot be checked ends the check of them all.
            Err(sqlx::Error::Database(said)) if is_plain(&*said) => all.one_by_one(connection).await?,
            Err(error) => return Err(error),
        }
        Ok(all)
    }

    async fn one_by_one(&mut self, connection: &mut SqliteConnection) -> sqlx::Result<()> {
        let referring = "SELECT DISTINCT m.name FROM sqlite_master m JOIN pragma_foreign_key_list(m.name) WHERE m.type = 'table'";
        let tables: Vec<String> = sqlx::query_scalar(referring).fetch_all(&mut *connection).await?;
        for table in tables {
            let mut script = Script::of(Dialect::Sqlite, "PRAGMA foreign_key_check(");
            match script.identifier(&table).sql(")").sqlite(connection).await {
                Ok(rows) => self.take(&rows)?,
                Err(sqlx::Error::Database(said)) if is_plain(&*said) => {
                    self.unchecked.insert(table, said.message().to_owned());
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn take(&mut self, rows: &[SqliteRow]) -> sqlx::Result<()> {
        for row in rows {
            *self.lost.entry((row.try_get(0)?, row.try_get(2)?)).or_default() += 1;
        }
        Ok(())
    }

    /// The same by the names of afterwards.
    pub fn renamed(self, names: &BTreeMap<Ident, Ident>) -> Self {
        let now = |name: String| {
            let moved = names.iter().find(|(before, _)| before.as_str() == name);
            moved.map_or(name, |(_, after)| after.as_str().to_owned())
        };
        let lost = self.lost.into_iter().map(|((table, to), count)| ((now(table), now(to)), count));
        let unchecked = self.unchecked.into_iter().map(|(table, said)| (now(table), said));
        Self { lost: lost.collect(), unchecked: unchecked.collect() }
    }

    /// Only what is new stands against the change. Of a table that could not be checked, nothing is known to be new.
    pub fn compare(&self, after: &Self) -> Result<(), DbError> {
        let known: BTreeSet<_> = self.unchecked.keys().collect();
        let is_more = |key: &(String, String), count: u64| {
            !known.contains(&key.0) && self.lost.get(key).is_none_or(|before| *before < count)
        };
        let refused = |message: String| Err(DbError::Constraint { message, on: None });
        if let Some(((table, to), count)) = after.lost.iter().find(|(key, count)| is_more(key, **count)) {
            let rows = if *count == 1 { "row" } else { "rows" };
            return refused(format!(
                "{count} {rows} of the table \"{table}\" would refer to rows of \"{to}\" that do not exist"
            ));
        }
        match after.unchecked.iter().find(|(table, _)| !known.contains(table)) {
            None => Ok(()),
            Some((table, said)) => refused(format!(
                "the table {} would refer to what is no key of another table, as SQLite says: {}",
                quoted(table),
                quoted(said)
            )),
        }
    }
}

/// Whether the statement itself is what SQLite refuses (`SQLITE_ERROR`), and not the file or its locks.
fn is_plain(said: &dyn sqlx::error::DatabaseError) -> bool {
    said.code().as_deref() == Some("1")
}
