//! Values of rows that programs will stumble over: texts that should be JSON and are not, and NUL characters.
//!
//! Reads whole columns, so only on demand.

use futures_util::TryStreamExt;
use hookwright_core::ddl::Dialect;
use hookwright_core::field_type::FieldType;
use hookwright_core::ident::Ident;
use hookwright_core::schema::{Column, Table};
use sqlx::Row;

use super::gate::Script;
use super::{DbError, OrgDb, Pool};
use crate::trouble::Trouble;

/// Rows that are named; the others are counted.
const MOST: usize = 3;

/// A part of a table cannot be read.
const UNREADABLE: &str = "rows/unreadable";

/// Whether an error of PostgreSQL is that a page, or a file of a table, cannot be read: `data_corrupted`, `index_corrupted`,
/// `io_error`, or `undefined_file`, which is said of libraries, too.
pub(super) fn is_damage(state: &str, said: &str) -> bool {
    match state {
        "58P01" => said.contains("\"base/") || said.contains("\"pg_tblspc/"),
        state => matches!(state, "XX001" | "XX002" | "58030"),
    }
}

/// What was said of a table that was read to its end.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Soundness {
    /// That a part of it cannot be read.
    pub unreadable: Option<Trouble>,
    /// That rows break a check, or leave a required column NULL, in the words of SQLite.
    pub unmet: Option<String>,
}

/// What was found in a column.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Contents {
    /// Texts that are, or begin like, JSON and do not parse.
    pub invalid_json: Rows,
    /// Texts with a NUL character, as itself or as `\u0000` in JSON.
    pub nul: Rows,
}

/// Rows that have something in common.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rows {
    /// How many.
    pub count: u64,
    /// The keys of some.
    pub keys: Vec<String>,
    /// What is wrong with the first.
    pub why: Option<String>,
}

impl Rows {
    fn add(&mut self, key: &str, why: impl FnOnce() -> String) {
        self.count += 1;
        self.why.get_or_insert_with(why);
        if self.keys.len() < MOST {
            self.keys.push(key.to_owned());
        }
    }
}

impl Contents {
    fn take(&mut self, key: &str, value: &str, is_json: bool) {
        let looks = value.trim_start().starts_with(['{', '[']);
        if value.contains('\0') {
            self.nul.add(key, || "a NUL character".to_owned());
        }
        if !is_json && !looks {
            return;
        }
        match serde_json::from_str::<serde::de::IgnoredAny>(value) {
            Err(error) => self.invalid_json.add(key, || error.to_string()),
            Ok(_) if value.contains("\\u0000") => self.nul.add(key, || "\\u0000 within JSON".to_owned()),
            Ok(_) => {}
        }
    }
}

impl OrgDb {
    /// Reads a column that holds texts, whole; none if it holds something else.
    ///
    /// # Errors
    /// What the database says.
    pub async fn contents(&self, table: &Table, column: &Column) -> Result<Option<Contents>, DbError> {
        let textual = matches!(column.ty, FieldType::String { .. } | FieldType::Text);
        // PostgreSQL lets no wrong value into a column of its own JSON type.
        let is_json = column.ty == FieldType::Json && self.dialect() == Dialect::Sqlite;
        if !textual && !is_json {
            return Ok(None);
        }
        let script = self.reading_of(table, &column.name, is_json);
        let read = || async {
            let mut found = Contents::default();
            match self.pool() {
                Pool::Postgres(pool) => {
                    let mut connection = pool.acquire().await?;
                    let mut rows = script.stream_postgres(&mut connection)?;
                    while let Some(row) = rows.try_next().await? {
                        found.take(row.try_get(0)?, row.try_get(1)?, is_json);
                    }
                }
                Pool::Sqlite(pool) => {
                    let mut connection = pool.acquire().await?;
                    let mut rows = script.stream_sqlite(&mut connection)?;
                    while let Some(row) = rows.try_next().await? {
                        found.take(row.try_get(0)?, row.try_get(1)?, is_json);
                    }
                }
            }
            Ok(found)
        };
        Ok(Some(reading!(self, read())?))
    }

    /// Reads all of a table, whatever its columns hold: whether each part of it can be read.
    ///
    /// # Errors
    /// What the database says, unless it is that one cannot.
    pub async fn soundness(&self, table: &Table) -> Result<Soundness, DbError> {
        let read = || async {
            let mut script = Script::new(self.dialect());
            match self.pool() {
                Pool::Postgres(pool) => {
                    // All values are read, those beside the table, too; a count alone could be taken from an index.
                    script
                        .sql("SELECT count(CAST(hookwright_row AS text)) FROM ")
                        .schema(self.org())
                        .sql(".");
                    script.identifier(table.name.as_str()).sql(" AS hookwright_row");
                    let mut lent = pool.acquire().await?;
                    let rows = script.postgres(&mut lent).await;
                    lent.answered(rows).map(|_| Soundness::default())
                }
                Pool::Sqlite(pool) => {
                    script.sql("PRAGMA quick_check(").identifier(table.name.as_str()).sql(")");
                    let mut lent = pool.acquire().await?;
                    let rows = script.sqlite(&mut lent).await;
                    let rows = lent.answered(rows)?;
                    let mut found = Soundness::default();
                    for row in rows {
                        let said: String = row.try_get(0)?;
                        let unmet =
                            said.starts_with("CHECK constraint failed") || said.starts_with("NULL value in");
                        match said.as_str() {
                            "ok" => {}
                            _ if unmet => drop(found.unmet.get_or_insert(said)),
                            _ => drop(
                                found.unreadable.get_or_insert_with(|| self.unreadable(Some(table), &said)),
                            ),
                        }
                    }
                    Ok(found)
                }
            }
        };
        match reading!(self, read()) {
            // Told without the table, since the server names a file, and SQLite nothing.
            Err(DbError::Unusable(trouble)) if [UNREADABLE, "db/file-damaged"].contains(&&*trouble.code) => {
                let said = trouble.found.split_once(": ").map_or("", |(_, said)| said);
                Ok(Soundness { unreadable: Some(self.unreadable(Some(table), said)), unmet: None })
            }
            read => read,
        }
    }

    /// That a part of a table, or of one that is not known, cannot be read.
    pub(super) fn unreadable(&self, table: Option<&Table>, said: &str) -> Trouble {
        let org = self.org();
        let means = "a page of it is damaged: by the disk, or by a copy that was taken while it was written; whatever reads that page fails, changes that write the table anew included";
        let Some(name) = table.map(|table| table.name.as_str()) else {
            let found = format!("a table of the organisation \"{org}\" cannot be read to its end: {said}");
            let next = format!(
                "see which it is: hookwright doctor --org {org} --contents; restore it from a backup"
            );
            return Trouble::broken(UNREADABLE, found, means).next(next);
        };
        let found = format!("the rows of the table \"{name}\" cannot all be read: {said}");
        let see = match self.dialect() {
            Dialect::Postgres => {
                format!("CREATE EXTENSION amcheck; SELECT * FROM verify_heapam('\"{org}\".\"{name}\"')")
            }
            Dialect::Sqlite => format!("PRAGMA integrity_check(\"{name}\")"),
        };
        Trouble::broken(UNREADABLE, found, means)
            .next(format!("restore the table from a backup; see what of it is damaged: {see}"))
    }

    /// The key and the value of each row that may be wrong.
    fn reading_of(&self, table: &Table, column: &Ident, all: bool) -> Script {
        let dialect = self.dialect();
        let mut script = Script::of(dialect, "SELECT ");
        match (table.primary_key.first(), dialect) {
            (Some(key), _) => script.sql("CAST(").identifier(key.as_str()).sql(" AS text)"),
            (None, Dialect::Postgres) => script.sql("ctid::text"),
            (None, Dialect::Sqlite) => script.sql("CAST(rowid AS text)"),
        };
        script.sql(", CAST(").identifier(column.as_str()).sql(" AS text) FROM ");
        if dialect == Dialect::Postgres {
            script.schema(self.org()).sql(".");
        }
        script.identifier(table.name.as_str()).sql(" WHERE ").identifier(column.as_str());
        match (all, dialect) {
            (true, _) => script.sql(" IS NOT NULL"),
            (false, Dialect::Postgres) => script.sql(" ~ '^\\s*[\\[{]'"),
            (false, Dialect::Sqlite) => {
                script.sql(" GLOB '[[{ ]*' OR instr(").identifier(column.as_str()).sql(", char(0)) > 0")
            }
        };
        script
    }
}
