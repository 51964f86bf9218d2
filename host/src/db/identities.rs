//! What recorded tables and columns are called now: what the record noted of PostgreSQL's numbers (see version 8 of the
//! bookkeeping), beside those that are there.

use std::collections::BTreeMap;

use hookwright_core::drift::Identity;
use hookwright_core::ident::Ident;

use super::inspect::Numbers;
use super::{DbError, Inspected, OrgDb, Pool};

/// What was noted of tables that are there still, with where they are. What was noted in another database says nothing.
const NOTED: &str = "SELECT m.name, m.relation::int8, m.columns, c.relname::text, n.nspname::text FROM hookwright.model m \
    JOIN pg_catalog.pg_class c ON c.oid = m.relation AND c.relkind = 'r' \
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
    WHERE m.org = $1 AND m.home = 'hookwright.model'::pg_catalog.regclass";

type Noted = (String, i64, Option<Vec<Option<String>>>, String, String);

impl OrgDb {
    /// As [`OrgDb::inspect`] of all tables, with what those of the record are called now.
    ///
    /// # Errors
    /// What the database says.
    pub(crate) async fn inspect_known(&self) -> Result<Inspected, DbError> {
        let (mut found, noted) = tokio::try_join!(self.inspect(None), self.noted())?;
        found.identities =
            noted.iter().filter_map(|noted| identity(noted, self.org().as_str(), &found.numbers)).collect();
        Ok(found)
    }

    async fn noted(&self) -> Result<Vec<Noted>, DbError> {
        let Pool::Postgres(pool) = self.pool() else { return Ok(Vec::new()) };
        let read = || async {
            let mut lent = pool.acquire().await?;
            let rows = sqlx::query_as(NOTED).bind(self.org().as_str()).fetch_all(&mut *lent).await;
            lent.answered(rows)
        };
        reading!(self, read())
    }
}

/// Where a table is, by its recorded name; none if it came or went between the looks.
fn identity(
    (name, id, columns, called, schema): &Noted,
    org: &str,
    there: &Numbers,
) -> Option<(Ident, Identity)> {
    let away = (schema != org).then(|| schema.clone());
    let called = match &away {
        Some(_) => Ident::parse(called).ok()?,
        None => there.tables.get(id)?.clone(),
    };
    let moved = columns.iter().flatten().zip(1..).filter_map(|(was, number)| {
        let (was, now) = (was.as_ref()?, there.columns.get(&(*id, number))?);
        (was != now.as_str()).then(|| Some((Ident::parse(was).ok()?, now.clone()))).flatten()
    });
    let columns: BTreeMap<_, _> = moved.collect();
    Some((Ident::parse(name).ok()?, Identity { called, away, columns }))
}
