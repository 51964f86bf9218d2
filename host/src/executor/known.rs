//! Whether the tables of a change on SQLite are those that it was worked out for: hands may have given them other names, and
//! made others. PostgreSQL's function `own` asks the same.

use std::collections::BTreeSet;

use hookwright_core::ddl::Dialect;
use hookwright_core::drift;
use hookwright_core::ident::Ident;
use hookwright_core::schema::Table;
use sqlx::Row;
use sqlx::sqlite::SqliteConnection;

use super::{Failure, Own};
use crate::db::gate::Script;
use crate::db::{DbError, inspect_sqlite_table};

pub(super) async fn known(connection: &mut SqliteConnection, own: &Own) -> Result<(), Failure> {
    if !own.marked.is_empty() {
        renamed(connection, own).await?;
    }
    if !own.shapes.is_empty() {
        there(connection, own).await?;
    }
    Ok(())
}

/// Something that is indexed on a table goes along when it is renamed.
async fn renamed(connection: &mut SqliteConnection, own: &Own) -> Result<(), Failure> {
    let marks = own.marked.iter().map(|(table, mark)| vec![table.as_str(), mark.as_str()]);
    let mut script = values("SELECT v.column1, s.tbl_name FROM (VALUES ", marks);
    script.sql(") v JOIN sqlite_master s ON s.type = 'index' AND s.name = v.column2 ");
    script.sql("WHERE s.tbl_name <> v.column1 COLLATE NOCASE LIMIT 1");
    match script.sqlite(connection).await?.first() {
        None => Ok(()),
        Some(row) => Err(DbError::renamed(row.try_get(0)?, row.try_get(1)?).into()),
    }
}

/// What has the name is a table, with more than half of the columns; a repair may be of the others.
async fn there(connection: &mut SqliteConnection, own: &Own) -> Result<(), Failure> {
    let names = own.shapes.keys().map(|table| vec![table.as_str()]);
    let mut script = values(
        "SELECT v.column1, (SELECT type FROM sqlite_master WHERE name = v.column1 COLLATE NOCASE AND type IN ('table', 'view')), \
         (SELECT json_group_array(name) FROM pragma_table_xinfo(v.column1)) FROM (VALUES ",
        names,
    );
    for row in script.sql(") v").sqlite(connection).await? {
        let (name, kind, there): (&str, Option<&str>, &str) =
            (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
        let Some(known) = Ident::parse(name).ok().and_then(|name| own.shapes.get(&name)) else {
            continue;
        };
        let wanted: Vec<_> = known.columns.keys().collect();
        let there: Vec<String> = serde_json::from_str(there).unwrap_or_default();
        let has = |column: &&&Ident| there.iter().any(|name| name.eq_ignore_ascii_case(column.as_str()));
        let left = wanted.iter().filter(has).count();
        let found = match kind {
            None => {
                format!("the table \"{name}\" is not there: somebody dropped it, or gave it another name")
            }
            Some("table") if left * 2 > wanted.len() || !own.as_recorded && left > 0 => {
                if own.as_recorded && !is_in_order(&wanted, &there) {
                    exchanged(connection, known).await?;
                }
                continue;
            }
            Some("table") => format!(
                "what is called \"{name}\" has {left} of the {} columns of the table \"{name}\": somebody put something else in its place",
                wanted.len()
            ),
            Some(other) => format!(
                "what is called \"{name}\" is a {other} now: somebody put it in the place of the table"
            ),
        };
        return Err(DbError::Drifted(found).into());
    }
    Ok(())
}

/// Whether the columns that are there still are in the order in which they were.
fn is_in_order(wanted: &[&Ident], there: &[String]) -> bool {
    let place = |column: &&Ident| there.iter().position(|name| name.eq_ignore_ascii_case(column.as_str()));
    wanted.iter().filter_map(place).is_sorted()
}

/// Columns that are in another order have names of one another, or were made anew: what they are tells.
async fn exchanged(connection: &mut SqliteConnection, known: &Table) -> Result<(), Failure> {
    let found = inspect_sqlite_table(connection, &known.name, &BTreeSet::new()).await?.schema;
    let traded = found.table(&known.name).and_then(|found| drift::traded(known, found));
    match traded {
        None => Ok(()),
        Some((column, now)) => {
            Err(DbError::exchanged(known.name.as_str(), column.as_str(), now.as_str()).into())
        }
    }
}

/// A query over rows of texts.
fn values<'t>(head: &'static str, rows: impl Iterator<Item = Vec<&'t str>>) -> Script {
    let mut script = Script::of(Dialect::Sqlite, head);
    for (index, row) in rows.enumerate() {
        script.sql(if index > 0 { ", (" } else { "(" }).texts(row).sql(")");
    }
    script
}
