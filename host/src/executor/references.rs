//! What `PRAGMA foreign_key_check` says of a SQLite file before and after a change that runs with foreign keys off.

use std::collections::BTreeMap;

use hookwright_core::ddl::Dialect;
use hookwright_core::ident::{Ident, quoted};
use sqlx::Row;
use sqlx::sqlite::{SqliteConnection, SqliteRow};

use super::Failure;
use crate::db::gate::Script;
use crate::db::{About, DbError};

/// How tables stand to those that they refer to.
#[derive(Debug, Default)]
pub(super) struct References {
    /// Rows that refer to nothing, by their table and the one that they refer to.
    lost: BTreeMap<(String, String), Lost>,
    /// Tables that cannot be checked, with what the database says: the columns that they refer to are not there, or no key.
    unchecked: BTreeMap<String, String>,
}

/// Rows of a table that refer to nothing in another one.
#[derive(Debug, Default)]
struct Lost {
    count: u64,
    /// The numbers of some; a table may have none.
    rows: Vec<i64>,
    /// Which of the table's references it is.
    key: i64,
}

/// Rows that are named.
const MOST: usize = 3;

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
            let lost = self.lost.entry((row.try_get(0)?, row.try_get(2)?)).or_default();
            lost.count += 1;
            lost.key = row.try_get(3)?;
            let number: Option<i64> = row.try_get(1)?;
            lost.rows.extend(number.filter(|_| lost.rows.len() < MOST));
        }
        Ok(())
    }

    /// The same by the names of afterwards.
    pub fn renamed(self, names: &BTreeMap<Ident, Ident>) -> Self {
        let now = |name: String| {
            let moved = names.iter().find(|(before, _)| before.as_str() == name);
            moved.map_or(name, |(_, after)| after.as_str().to_owned())
        };
        let lost = self.lost.into_iter().map(|((table, to), rows)| ((now(table), now(to)), rows));
        let unchecked = self.unchecked.into_iter().map(|(table, said)| (now(table), said));
        Self { lost: lost.collect(), unchecked: unchecked.collect() }
    }

    /// Only what is new stands against the change. Of a table that could not be checked, nothing is known to be new.
    pub async fn compare(&self, after: &Self, connection: &mut SqliteConnection) -> Result<(), Failure> {
        let is_known = |table: &str| self.unchecked.contains_key(table);
        let is_more = |(key, now): &(&(String, String), &Lost)| {
            !is_known(&key.0) && self.lost.get(*key).is_none_or(|before| before.count < now.count)
        };
        if let Some(((table, to), lost)) = after.lost.iter().find(is_more) {
            return Err(lost.refused(table, to, connection).await?.into());
        }
        match after.unchecked.iter().find(|(table, _)| !is_known(table)) {
            None => Ok(()),
            Some((table, said)) => {
                let message = format!(
                    "the table {} would refer to what is no key of another table, as SQLite says: {}",
                    quoted(table),
                    quoted(said)
                );
                Err(DbError::Constraint { message, on: None, rows: None }.into())
            }
        }
    }
}

impl Lost {
    async fn refused(
        &self,
        table: &str,
        to: &str,
        connection: &mut SqliteConnection,
    ) -> sqlx::Result<DbError> {
        let columns =
            sqlx::query_scalar("SELECT \"from\" FROM pragma_foreign_key_list(?) WHERE id = ? ORDER BY seq");
        let names: Vec<String> = columns.bind(table).bind(self.key).fetch_all(connection).await?;
        let numbers: Vec<_> = self.rows.iter().map(i64::to_string).collect();
        let which = match numbers.is_empty() {
            true => String::new(),
            false => format!(" (such as those with the rowid {})", numbers.join(", ")),
        };
        let (count, rows) = (self.count, if self.count == 1 { "row" } else { "rows" });
        let message = format!(
            "{count} {rows} of the table \"{table}\" would refer to rows of \"{to}\" that do not exist{which}"
        );
        let on = About::Columns { table: table.to_owned(), names };
        Ok(DbError::Constraint { message, on: Some(on), rows: (!which.is_empty()).then_some(None) })
    }
}

/// Whether the statement itself is what SQLite refuses (`SQLITE_ERROR`), and not the file or its locks.
fn is_plain(said: &dyn sqlx::error::DatabaseError) -> bool {
    said.code().as_deref() == Some("1")
}
