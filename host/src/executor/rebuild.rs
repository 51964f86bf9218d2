//! The rebuild of a SQLite table: what the model does not know of it is found first, and made again afterwards.

use std::sync::Arc;

use hookwright_core::ddl::Dialect;
use hookwright_core::schema::{Schema, Table};
use sqlx::sqlite::SqliteConnection;

use super::Failure;
use super::job::RebuildPart;
use crate::db::gate::Script;
use crate::db::{DbError, ForeignKind, Inspected, inspect_sqlite_table, without_comments};

/// Rebuilds, within a transaction that runs with foreign keys off.
pub(super) async fn run(connection: &mut SqliteConnection, part: &RebuildPart) -> Result<(), Failure> {
    let found = inspect_sqlite_table(connection, &part.before.name).await?;
    let own = own_indexes(&found, &part.before)?;
    let kept = kept(connection, &part.before, &own).await?;
    part.swap.sqlite(connection).await?;
    if !part.indexes.is_empty() {
        part.indexes.sqlite(connection).await?;
    }
    if !kept.is_empty() {
        kept.sqlite(connection).await?;
    }
    Ok(())
}

/// Triggers, and indexes that are not the model's: the dropped table takes them along.
async fn kept(connection: &mut SqliteConnection, table: &Table, own: &[String]) -> sqlx::Result<Script> {
    let query = "SELECT name, sql FROM sqlite_master WHERE type IN ('index', 'trigger') AND sql IS NOT NULL \
        AND tbl_name = ? COLLATE NOCASE ORDER BY type, rowid";
    let rows: Vec<(String, String)> =
        sqlx::query_as(query).bind(table.name.as_str()).fetch_all(connection).await?;
    let mut script = Script::new(Dialect::Sqlite);
    for (_, sql) in rows.iter().filter(|(name, _)| !own.contains(name)) {
        script.stored(sql);
    }
    Ok(script)
}

/// The names of the model's indexes as they are found; an error if the table is not what the model says.
fn own_indexes(found: &Inspected, before: &Table) -> Result<Vec<String>, DbError> {
    let drifted = |what: String| DbError::Drifted(format!("the table \"{}\" {what}", before.name.as_str()));
    let Some(table) = found.schema.table(&before.name) else {
        return Err(drifted("is not there, or not as Hookwright makes tables".to_owned()));
    };
    let harmless = [ForeignKind::Index, ForeignKind::Trigger];
    if let Some(foreign) = found.foreign.iter().find(|f| !harmless.contains(&f.kind)) {
        return Err(drifted(format!(
            "has something that would be lost: {} ({})",
            foreign.name, foreign.reason
        )));
    }
    let uniques = table.uniques.iter().filter(|u| before.uniques.contains(u)).map(|u| &u.name);
    let indexes = table.indexes.iter().filter(|i| before.indexes.contains(i)).map(|i| &i.name);
    let own = uniques.chain(indexes).map(|name| name.as_str().to_owned()).collect();
    let mut comparable = table.clone();
    comparable.uniques.retain(|u| before.uniques.contains(u));
    comparable.indexes.retain(|i| before.indexes.contains(i));
    match difference(&bare(&comparable), &bare(before)) {
        Some(what) => Err(drifted(format!("is not what the model says: {what}"))),
        None => Ok(own),
    }
}

fn bare(table: &Table) -> Table {
    let mut schema = Schema::default();
    schema.insert(table.clone());
    let bare = without_comments(&schema).tables.into_values().next().map(Arc::unwrap_or_clone);
    let mut bare = bare.unwrap_or_else(|| table.clone());
    bare.sort();
    bare
}

/// The first thing in which two tables differ, in words.
fn difference(found: &Table, wanted: &Table) -> Option<String> {
    if found == wanted {
        return None;
    }
    let name = |n: &hookwright_core::ident::Ident| n.as_str().to_owned();
    if let Some(extra) = found.columns.keys().find(|c| !wanted.columns.contains_key(*c)) {
        return Some(format!("it has the column \"{}\" that Hookwright did not make", name(extra)));
    }
    if let Some(missing) = wanted.columns.keys().find(|c| !found.columns.contains_key(*c)) {
        return Some(format!("the column \"{}\" is missing", name(missing)));
    }
    let differs = found.columns.values().find(|c| wanted.columns.get(&c.name) != Some(c));
    if let Some(column) = differs {
        let is = column.ty.describe();
        let wants = wanted.columns.get(&column.name).map(|c| c.ty.describe()).unwrap_or_default();
        let more = if is == wants { ", with another default or nullability" } else { "" };
        return Some(format!("the column \"{}\" is {is}, the model has {wants}{more}", name(&column.name)));
    }
    Some("its keys, constraints or indexes differ".to_owned())
}
