//! Tables that somebody moved into another schema of the database.

use std::collections::BTreeMap;

use hookwright_core::drift::Away;
use hookwright_core::ident::Ident;
use hookwright_core::schema::Table;

use super::{DbError, OrgDb, Pool};

/// Tables by their names, with the names of what is indexed on each, in schemas that are no organisation's.
const LOOK: &str = "SELECT c.relname::text, n.nspname::text, \
    ARRAY(SELECT x.relname::text FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid WHERE i.indrelid = c.oid) \
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
    WHERE c.relkind = 'r' AND c.relname = ANY($1) AND n.nspname NOT LIKE 'pg\\_%' \
    AND n.nspname NOT IN (SELECT org FROM hookwright.org)";

impl OrgDb {
    /// Where recorded tables are that are not in the organisation's schema. A table of another schema is taken for one of
    /// them by the names of its key and indexes, which go along.
    ///
    /// # Errors
    /// What the database says.
    pub(crate) async fn elsewhere(&self, lost: &[&Table]) -> Result<Vec<Away>, DbError> {
        let Pool::Postgres(pool) = self.pool() else { return Ok(Vec::new()) };
        let names: Vec<_> = lost.iter().map(|table| table.name.as_str().to_owned()).collect();
        let ask = || async {
            let mut lent = pool.acquire().await?;
            let rows = sqlx::query_as(LOOK).bind(names.clone()).fetch_all(&mut *lent).await;
            lent.answered(rows)
        };
        let rows: Vec<(String, String, Vec<String>)> = reading!(self, ask())?;
        let known: BTreeMap<&str, &Table> = lost.iter().map(|table| (table.name.as_str(), *table)).collect();
        let mut away = Vec::new();
        for (name, schema, marks) in rows {
            let is_it =
                |table: &&Table| marks.iter().any(|mark| own(table).any(|name| name.as_str() == mark));
            if let Some(table) = known.get(name.as_str()).filter(|table| is_it(table)) {
                away.push(Away { table: table.name.clone(), schema, called: table.name.clone() });
            }
        }
        Ok(away)
    }
}

/// The names of what is indexed on a table.
fn own(table: &Table) -> impl Iterator<Item = Ident> + '_ {
    let uniques = table.uniques.iter().map(|unique| unique.name.clone());
    let indexes = table.indexes.iter().map(|index| index.name.clone());
    uniques.chain(indexes).chain([table.key_name()])
}
