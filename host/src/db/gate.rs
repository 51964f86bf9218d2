//! The one gate for SQL that is not a literal of this program.
//!
//! A [`Script`] is put together from literals of the code, statements that the
//! core's writer rendered, and values that are quoted here. Only a script can be
//! executed, so no other text ever reaches a database. `db` and `executor` use it.

use futures_util::TryStreamExt;
use futures_util::stream::BoxStream;
use hookwright_core::ddl::{Dialect, Statement};
use hookwright_core::ident::OrgName;
use sqlx::AssertSqlSafe;
use sqlx::postgres::{PgConnection, PgRow};
use sqlx::sqlite::{SqliteConnection, SqliteRow};

/// Rows as they come.
pub(crate) type Rows<'c, R> = BoxStream<'c, sqlx::Result<R>>;

/// One or more SQL statements, sent at once.
#[derive(Debug, Clone)]
pub(crate) struct Script {
    sql: String,
    dialect: Dialect,
    nul: bool,
}

impl Script {
    pub(crate) fn new(dialect: Dialect) -> Self {
        Self { sql: String::new(), dialect, nul: false }
    }

    /// A script of one text.
    pub(crate) fn of(dialect: Dialect, sql: &'static str) -> Self {
        let mut script = Self::new(dialect);
        script.sql(sql);
        script
    }

    pub(crate) fn dialect(&self) -> Dialect {
        self.dialect
    }

    pub(crate) fn sql(&mut self, sql: &'static str) -> &mut Self {
        self.sql.push_str(sql);
        self
    }

    /// A statement that the core wrote, closed with a semicolon.
    pub(crate) fn statement(&mut self, statement: &Statement) -> &mut Self {
        self.sql.push_str(statement.sql());
        self.sql.push_str(";\n");
        self
    }

    /// A statement that the core wrote, which is to stand alone.
    pub(crate) fn lone_statement(&mut self, statement: &Statement) -> &mut Self {
        self.sql.push_str(statement.sql());
        self
    }

    /// An `UPDATE` that the core wrote as the first part of a statement: `counted.n` is how many rows it changed.
    pub(crate) fn filling(&mut self, update: &Statement) -> &mut Self {
        self.sql("WITH filled AS (");
        self.sql.push_str(update.sql());
        self.sql(" RETURNING 1), counted AS (SELECT count(*) AS n FROM filled)\n")
    }

    /// A text as a literal.
    pub(crate) fn text(&mut self, text: &str) -> &mut Self {
        self.nul |= text.contains('\0');
        self.sql.push_str(&literal(text, self.dialect));
        self
    }

    /// A text as a literal, or `NULL`.
    pub(crate) fn text_or_null(&mut self, text: Option<&str>) -> &mut Self {
        match text {
            Some(text) => self.text(text),
            None => self.sql("NULL"),
        }
    }

    pub(crate) fn integer(&mut self, number: i64) -> &mut Self {
        self.sql.push_str(&number.to_string());
        self
    }

    /// Texts as literals, with commas between them.
    pub(crate) fn texts<'a>(&mut self, texts: impl IntoIterator<Item = &'a str>) -> &mut Self {
        for (index, text) in texts.into_iter().enumerate() {
            self.sql(if index > 0 { ", " } else { "" }).text(text);
        }
        self
    }

    /// The name of an organisation's schema, quoted.
    pub(crate) fn schema(&mut self, org: &OrgName) -> &mut Self {
        self.identifier(org.as_str())
    }

    /// A name that the database itself gave, quoted.
    pub(crate) fn identifier(&mut self, name: &str) -> &mut Self {
        self.nul |= name.contains('\0');
        self.sql.push('"');
        self.sql.push_str(&name.replace('"', "\"\""));
        self.sql.push('"');
        self
    }

    /// SQL as SQLite keeps it in `sqlite_master`, to make an object again as it was.
    pub(crate) fn stored(&mut self, sql: &str) -> &mut Self {
        self.nul |= sql.contains('\0');
        let sql = sql.trim_end();
        self.sql.push_str(sql);
        // SQLite keeps what is before the semicolon: a newline only where the text may end in a line comment.
        self.sql.push_str(if sql.contains("--") { "\n;\n" } else { ";\n" });
        self
    }

    pub(crate) fn append(&mut self, other: &Self) -> &mut Self {
        self.nul |= other.nul;
        self.sql.push_str(&other.sql);
        self
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.sql.is_empty()
    }

    /// Executes it on PostgreSQL in one round trip; rows are of all its statements, in order.
    pub(crate) async fn postgres(&self, connection: &mut PgConnection) -> sqlx::Result<Vec<PgRow>> {
        sqlx::raw_sql(AssertSqlSafe(self.checked()?)).fetch_all(connection).await
    }

    /// The same, with the rows of each statement by themselves.
    pub(crate) async fn postgres_results(
        &self,
        connection: &mut PgConnection,
    ) -> sqlx::Result<Vec<Vec<PgRow>>> {
        let mut results = vec![Vec::new()];
        let mut stream = sqlx::raw_sql(AssertSqlSafe(self.checked()?)).fetch_many(connection);
        while let Some(part) = stream.try_next().await? {
            match (part.right(), results.last_mut()) {
                (Some(row), Some(last)) => last.push(row),
                _ => results.push(Vec::new()),
            }
        }
        results.pop();
        Ok(results)
    }

    /// Executes it on SQLite; rows are of all its statements, in order.
    pub(crate) async fn sqlite(&self, connection: &mut SqliteConnection) -> sqlx::Result<Vec<SqliteRow>> {
        sqlx::raw_sql(AssertSqlSafe(self.checked()?)).fetch_all(connection).await
    }

    /// The rows of one statement as they come, on PostgreSQL.
    pub(crate) fn stream_postgres<'c>(
        &self,
        connection: &'c mut PgConnection,
    ) -> sqlx::Result<Rows<'c, PgRow>> {
        Ok(sqlx::raw_sql(AssertSqlSafe(self.checked()?)).fetch(connection))
    }

    /// The rows of one statement as they come, on SQLite.
    pub(crate) fn stream_sqlite<'c>(
        &self,
        connection: &'c mut SqliteConnection,
    ) -> sqlx::Result<Rows<'c, SqliteRow>> {
        Ok(sqlx::raw_sql(AssertSqlSafe(self.checked()?)).fetch(connection))
    }

    /// A NUL would end the statement early on its way to the database.
    fn checked(&self) -> sqlx::Result<String> {
        match self.nul {
            true => Err(sqlx::Error::InvalidArgument("a text has a NUL character; remove it".into())),
            false => Ok(self.sql.clone()),
        }
    }
}

/// A text as a literal. On PostgreSQL a backslash gets the `E''` form, which means
/// the same whatever `standard_conforming_strings` is.
fn literal(text: &str, dialect: Dialect) -> String {
    let quoted = text.replace('\'', "''");
    match dialect {
        Dialect::Postgres if text.contains('\\') => format!(" E'{}'", quoted.replace('\\', "\\\\")),
        Dialect::Postgres | Dialect::Sqlite => format!("'{quoted}'"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_cannot_be_left() {
        assert_eq!(literal("it's", Dialect::Postgres), "'it''s'");
        assert_eq!(literal(r"\'; DROP", Dialect::Postgres), r" E'\\''; DROP'");
        assert_eq!(literal(r"\'", Dialect::Sqlite), r"'\'''");
    }

    #[test]
    fn a_nul_never_leaves() {
        let mut script = Script::new(Dialect::Sqlite);
        script.sql("SELECT ").text("a\0b");
        assert!(script.checked().is_err());
        let mut outer = Script::new(Dialect::Sqlite);
        outer.append(&script);
        assert!(outer.checked().is_err());
    }

    #[test]
    fn scripts_read_as_written() {
        let mut script = Script::new(Dialect::Postgres);
        script
            .sql("SELECT f(")
            .texts(["a", "b'c"])
            .sql(", ")
            .integer(-1)
            .sql(", ")
            .text_or_null(None)
            .sql(")");
        assert_eq!(script.sql, "SELECT f('a', 'b''c', -1, NULL)");
    }

    #[tokio::test]
    async fn literals_read_back_on_sqlite() -> sqlx::Result<()> {
        use sqlx::{Connection, Row};
        let mut connection = SqliteConnection::connect("sqlite::memory:").await?;
        for text in ["it's", "\\", "\\'", "''", "\"", "é\n\t;--", "$1 ? :x"] {
            let mut script = Script::new(Dialect::Sqlite);
            script.sql("SELECT ").text(text);
            let rows = script.sqlite(&mut connection).await?;
            assert_eq!(rows[0].try_get::<String, _>(0)?, text);
        }
        Ok(())
    }
}
