//! The rebuild of a SQLite table: what the model does not know of it is found first, and made again afterwards.

use std::collections::BTreeSet;
use std::sync::Arc;

use hookwright_core::ddl::{Dialect, Rebuild, Statement, TableOption, probe};
use hookwright_core::ident::{Ident, quoted};
use hookwright_core::schema::{Check, ForeignKey, Schema, Table};
use sqlx::Row;
use sqlx::sqlite::SqliteConnection;

use super::carried::Taken;
use super::job::RebuildPart;
use super::{Failure, carried};
use crate::counted::counted;
use crate::db::gate::Script;
use crate::db::{
    About, DbError, Foreign, ForeignKind, Inspected, OrgDb, Pool, inspect_sqlite_table, without_comments,
};

/// What the model does not know of a table that is made anew.
struct Beside {
    /// Columns that are taken along.
    carried: Vec<Taken>,
    /// What it is besides.
    options: Vec<TableOption>,
    /// Texts of triggers, and of indexes that are not the model's.
    kept: Vec<String>,
}

/// What a rebuild comes to on the table as it is, statement by statement; what there is no [`Statement`] for is a text.
pub(crate) struct Rebuilt {
    /// Makes the new table.
    pub create: Statement,
    /// Makes the columns that are taken along: the name of each, and what makes it.
    pub columns: Vec<(Ident, String)>,
    /// Fills it, and puts it in the place of the old one.
    pub rest: Vec<Statement>,
    /// Makes triggers and indexes of others again.
    pub kept: Vec<String>,
}

/// What a rebuild would do now. Nothing is changed.
///
/// # Errors
/// What would be lost, or what the database says.
pub(crate) async fn preview(db: &OrgDb, rebuild: &Rebuild) -> Result<Option<Rebuilt>, DbError> {
    let Pool::Sqlite(pool) = db.pool() else { return Ok(None) };
    let look = async {
        let mut connection = pool.acquire().await?;
        beside(&mut connection, rebuild).await
    };
    let Beside { carried, options, kept } = match look.await {
        Ok(beside) => beside,
        Err(Failure::Found(error)) => return Err(error),
        Err(Failure::Sql(_, error)) => return Err(db.explain(error)),
    };
    let columns: Vec<_> = carried.iter().map(|column| column.carried.clone()).collect();
    let (create, rest) = rebuild.carrying(db.org(), &columns, &options);
    let columns = carried.iter().map(|column| (column.carried.name.clone(), column.addition(rebuild)));
    Ok(Some(Rebuilt { create, columns: columns.collect(), rest, kept }))
}

async fn beside(connection: &mut SqliteConnection, rebuild: &Rebuild) -> Result<Beside, Failure> {
    let before = &rebuild.before;
    let found = inspect_sqlite_table(connection, &before.name, &BTreeSet::new()).await?;
    let carried = carried::columns(connection, rebuild, &found).await?;
    let without: BTreeSet<_> = carried.iter().map(|column| column.carried.name.clone()).collect();
    let found = match without.is_empty() {
        true => found,
        false => inspect_sqlite_table(connection, &before.name, &without).await?,
    };
    let own = own_indexes(&found, before, &without)?;
    let options = carried::options(rebuild, &found)?;
    Ok(Beside { carried, options, kept: kept(connection, before, &own).await? })
}

/// Rebuilds, within a transaction that runs with foreign keys off.
pub(super) async fn run(connection: &mut SqliteConnection, part: &RebuildPart) -> Result<(), Failure> {
    let Beside { carried, options, kept } = beside(connection, &part.rebuild).await?;
    fits(connection, part).await?;
    match carried.is_empty() && options.is_empty() {
        true => part.swap.sqlite(connection).await?,
        false => carried::swap(part, &carried, &options).sqlite(connection).await?,
    };
    if !part.indexes.is_empty() {
        part.indexes.sqlite(connection).await?;
    }
    let mut script = Script::new(Dialect::Sqlite);
    for sql in &kept {
        script.stored(sql);
    }
    if !script.is_empty() {
        script.sqlite(connection).await?;
    }
    Ok(())
}

/// Whether all values that are converted have a counterpart, now that nobody writes any more.
async fn fits(connection: &mut SqliteConnection, part: &RebuildPart) -> Result<(), Failure> {
    let mut schema = Schema::default();
    schema.insert(part.rebuild.before.clone());
    for (column, doubt) in part.rebuild.doubts() {
        let mut script = Script::new(Dialect::Sqlite);
        script.statement(&probe(&doubt, Dialect::Sqlite, &part.org, &schema));
        let rows = script.sqlite(connection).await?;
        let (failing, sample): (i64, Option<String>) = match rows.first() {
            Some(row) => (row.try_get(1)?, row.try_get(2)?),
            None => continue,
        };
        if failing > 0 {
            let table = &part.rebuild.before.name;
            let examples: Vec<String> = serde_json::from_str(&sample.unwrap_or_default()).unwrap_or_default();
            let examples: Vec<_> = examples.iter().map(|text| quoted(text)).collect();
            let message = format!(
                "{} of \"{}\" in the table \"{}\" does not fit its new type, such as {}: it came after the look at the rows",
                counted(failing, "value"),
                column.as_str(),
                table.as_str(),
                examples.join(", ")
            );
            let on = About::Columns {
                table: part.rebuild.after.name.as_str().to_owned(),
                names: vec![column.as_str().to_owned()],
            };
            return Err(Failure::Found(DbError::Constraint { message, on: Some(on), rows: Some(None) }));
        }
    }
    Ok(())
}

/// Triggers, and indexes that are not the model's: the dropped table takes them along.
async fn kept(connection: &mut SqliteConnection, table: &Table, own: &[String]) -> sqlx::Result<Vec<String>> {
    let query = "SELECT name, sql FROM sqlite_master WHERE type IN ('index', 'trigger') AND sql IS NOT NULL \
        AND tbl_name = ? COLLATE NOCASE ORDER BY type, rowid";
    let rows: Vec<(String, String)> =
        sqlx::query_as(query).bind(table.name.as_str()).fetch_all(connection).await?;
    Ok(rows.into_iter().filter(|(name, _)| !own.contains(name)).map(|(_, sql)| sql).collect())
}

/// The names of the model's indexes as they are found; an error if the table, without what is carried, is not what the
/// model says.
fn own_indexes(found: &Inspected, before: &Table, without: &BTreeSet<Ident>) -> Result<Vec<String>, DbError> {
    let drifted = |what: String| DbError::Drifted(format!("the table \"{}\" {what}", before.name.as_str()));
    let Some(table) = found.schema.table(&before.name) else {
        return Err(drifted("is not there, or not as Hookwright makes tables".to_owned()));
    };
    let is_harmless = |foreign: &&Foreign| match foreign.kind {
        ForeignKind::Index | ForeignKind::Trigger => true,
        ForeignKind::Option => TableOption::parse(&foreign.name).is_some(),
        _ => false,
    };
    if let Some(foreign) = found.foreign.iter().find(|foreign| !is_harmless(foreign)) {
        let table = before.name.as_str().to_owned();
        let message = format!(
            "the table \"{table}\" has to be made anew, and what somebody added to it would be lost: {} ({})",
            foreign.name, foreign.reason
        );
        return Err(DbError::WouldBeLost { table, message });
    }
    let uniques = table.uniques.iter().filter(|u| before.uniques.contains(u)).map(|u| &u.name);
    let indexes = table.indexes.iter().filter(|i| before.indexes.contains(i)).map(|i| &i.name);
    let own = uniques.chain(indexes).map(|name| name.as_str().to_owned()).collect();
    let mut comparable = table.clone();
    comparable.uniques.retain(|u| before.uniques.contains(u));
    comparable.indexes.retain(|i| before.indexes.contains(i));
    let mut wanted = bare(before);
    wanted.columns.retain(|name, _| !without.contains(name));
    match difference(&bare(&comparable), &wanted) {
        Some(what) => Err(drifted(format!("is not what the model says: {what}"))),
        None => Ok(own),
    }
}

fn bare(table: &Table) -> Table {
    let mut schema = Schema::default();
    schema.insert(table.clone());
    let bare = without_comments(&schema).tables.remove(&table.name).map(Arc::unwrap_or_clone);
    let mut bare = bare.unwrap_or_else(|| table.clone());
    bare.sort();
    bare
}

/// The first thing in which two tables differ, in words.
fn difference(found: &Table, wanted: &Table) -> Option<String> {
    if found == wanted {
        return None;
    }
    let name = |n: &Ident| n.as_str().to_owned();
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
    let others = |check: &&Check| !wanted.checks.contains(check);
    if let Some(check) = found.checks.iter().find(others) {
        return Some(format!("it has the check \"{}\" that Hookwright did not make", name(&check.name)));
    }
    let others = |key: &&ForeignKey| !wanted.foreign_keys.contains(key);
    if let Some(key) = found.foreign_keys.iter().find(others) {
        let columns = key.columns.iter().map(name).collect::<Vec<_>>().join(", ");
        return Some(format!("it has a foreign key on ({columns}) that Hookwright did not make"));
    }
    let same = |of: &Table, key: &ForeignKey| of.foreign_keys.iter().filter(|other| *other == key).count();
    let again = |key: &&ForeignKey| same(found, key) > same(wanted, key);
    if let Some(key) = found.foreign_keys.iter().find(again) {
        let columns = key.columns.iter().map(name).collect::<Vec<_>>().join(", ");
        return Some(format!("it has a second foreign key on ({columns}) that Hookwright did not make"));
    }
    Some("its keys, constraints or indexes differ".to_owned())
}
