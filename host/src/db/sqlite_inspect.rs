//! The physical schema of an SQLite file: one read of `sqlite_master`, whose texts are parsed.

use std::collections::BTreeSet;

use hookwright_core::ident::Ident;
use hookwright_core::schema::{Index, Table, Unique, names};
use sqlx::sqlite::SqliteConnection;

use super::Connections;
use super::inspect::{Foreign, ForeignKind, Inspected, managed_table};
use super::sqlite_boolean::{booleans, with_booleans_in};
use super::sqlite_table::{Read, read, read_index};

/// Type, name, table, SQL. Indexes that SQLite makes by itself have none.
type Row = (String, String, String, Option<String>);

const ALL: &str = "SELECT type, name, tbl_name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite\\_%' ESCAPE '\\' \
    AND (tbl_name NOT LIKE 'hookwright\\_%' ESCAPE '\\' OR tbl_name LIKE 'hookwright\\_dropped\\_%' ESCAPE '\\') ORDER BY type <> 'table', name";

/// Asked for only where a table is virtual: the list opens every table.
const SHADOWS: &str = "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'shadow'";

pub(super) async fn inspect(
    pool: &Connections<sqlx::Sqlite>,
    managed: Option<&BTreeSet<Ident>>,
) -> sqlx::Result<Inspected> {
    let mut connection = pool.acquire().await?;
    let rows: Vec<Row> = sqlx::query_as(ALL).fetch_all(&mut *connection).await?;
    let shadows: Vec<String> = match rows.iter().any(|(.., sql)| sql.as_deref().is_some_and(is_virtual)) {
        true => sqlx::query_scalar(SHADOWS).fetch_all(&mut *connection).await?,
        false => Vec::new(),
    };
    let mut inspected = assemble(rows, managed, &BTreeSet::new());
    let own = shadows.iter().filter(|name| inspected.knows(name).is_some());
    let reasons: Vec<_> = own.map(|name| Foreign::table(name, "it belongs to a virtual table")).collect();
    inspected.foreign.extend(reasons);
    Ok(inspected)
}

fn is_virtual(sql: &str) -> bool {
    sql.get(..14).is_some_and(|start| start.eq_ignore_ascii_case("CREATE VIRTUAL"))
}

/// One table, within a transaction, under exactly its name, as if it had no columns of some names.
pub(crate) async fn inspect_table(
    connection: &mut SqliteConnection,
    table: &Ident,
    without: &BTreeSet<Ident>,
) -> sqlx::Result<Inspected> {
    let query = sqlx::query_as(
        "SELECT type, name, tbl_name, sql FROM sqlite_master WHERE tbl_name = ? ORDER BY type <> 'table', name",
    );
    let rows: Vec<Row> = query.bind(table.as_str()).fetch_all(connection).await?;
    Ok(assemble(rows, None, without))
}

/// Tables come first among the rows.
fn assemble(rows: Vec<Row>, managed: Option<&BTreeSet<Ident>>, without: &BTreeSet<Ident>) -> Inspected {
    let mut inspected = Inspected::default();
    for (kind, name, table, sql) in rows {
        // An index without SQL is one of the primary key, or of a UNIQUE that the table's text shows.
        let Some(sql) = sql else { continue };
        match kind.as_str() {
            "table" => inspected.sqlite_table(&name, &sql, managed, without),
            "view" => inspected.foreign.push(Foreign::new(
                &name,
                ForeignKind::View,
                &name,
                "Hookwright makes no views",
            )),
            "index" => inspected.sqlite_index(&name, &table, &sql),
            _ if inspected.knows(&table).is_some() => {
                inspected.foreign.push(Foreign::new(
                    &table,
                    ForeignKind::Trigger,
                    &name,
                    "Hookwright makes no triggers",
                ));
            }
            _ => {}
        }
    }
    let names: Vec<_> = inspected.schema.tables.keys().cloned().collect();
    names.iter().for_each(|name| inspected.schema.table_mut(name).into_iter().for_each(Table::sort));
    inspected
}

impl Inspected {
    fn knows(&self, table: &str) -> Option<Ident> {
        Ident::parse(table).ok().filter(|t| self.schema.tables.contains_key(t))
    }

    fn sqlite_table(
        &mut self,
        name: &str,
        sql: &str,
        managed: Option<&BTreeSet<Ident>>,
        without: &BTreeSet<Ident>,
    ) {
        let Some(ident) = managed_table(name, managed) else {
            return self.foreign.push(Foreign::unnamed(name, managed));
        };
        match read(&ident, sql, without) {
            Some(Read { table, foreign }) => {
                self.schema.insert(table);
                self.foreign.extend(foreign);
            }
            None => self.foreign.push(Foreign::new(
                name,
                ForeignKind::Table,
                name,
                "it is a virtual table, or its text does not parse",
            )),
        }
    }

    fn sqlite_index(&mut self, name: &str, on: &str, sql: &str) {
        let Some(ident) = self.knows(on) else { return };
        match (read_index(sql), self.schema.table_mut(&ident)) {
            (Some(mut index), Some(table)) => {
                let booleans = booleans(table);
                with_booleans_in(&mut index.shape, &booleans);
                add(table, index);
            }
            _ => self.foreign.push(Foreign::new(on, ForeignKind::Index, name, "the model cannot express it")),
        }
    }
}

/// A unique constraint is a unique index here; which of the two was meant, its name tells.
fn add(table: &mut Table, index: Index) {
    let columns = index.shape.key_columns().filter(|columns| index.shape.is_key(columns));
    match columns.filter(|_| names::is_unique(&index.name)) {
        Some(columns) => table.uniques.push(Unique::new(index.name, columns)),
        None => table.indexes.push(index),
    }
}
