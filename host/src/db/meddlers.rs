//! Triggers and rules of others that take part when the host writes rows (PostgreSQL): they could write something else, or
//! keep it from being written.

use std::collections::BTreeSet;

use hookwright_core::ident::Ident;

use super::{DbError, OrgDb, Pool};

/// What runs before an update of a table, or in its place: enabled, and made by somebody else than the host, whose triggers
/// begin so (`schema::names`).
const MEDDLERS: &str = "SELECT c.relname::text, 'trigger', t.tgname::text FROM pg_catalog.pg_trigger t \
    JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
    WHERE n.nspname = $1 AND c.relname = ANY ($2) AND NOT t.tgisinternal AND t.tgenabled IN ('O', 'A') \
    AND left(t.tgname::text, 15) <> 'zzz_hookwright_' \
    AND t.tgtype & 2 <> 0 AND t.tgtype & 16 <> 0 \
    UNION ALL SELECT c.relname::text, 'rule', r.rulename::text FROM pg_catalog.pg_rewrite r \
    JOIN pg_catalog.pg_class c ON c.oid = r.ev_class JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
    WHERE n.nspname = $1 AND c.relname = ANY ($2) AND r.ev_enabled IN ('O', 'A') AND r.ev_type = '2' ORDER BY 1, 2, 3";

impl OrgDb {
    /// What stands against writing rows of these tables.
    ///
    /// # Errors
    /// What the database says.
    pub async fn meddlers(&self, written: &BTreeSet<Ident>) -> Result<Vec<DbError>, DbError> {
        let Pool::Postgres(pool) = self.pool() else { return Ok(Vec::new()) };
        let tables: Vec<_> = written.iter().map(Ident::as_str).collect();
        if tables.is_empty() {
            return Ok(Vec::new());
        }
        let ask = || async {
            let mut lent = pool.acquire().await?;
            let query = sqlx::query_as::<_, (String, String, String)>(MEDDLERS);
            let rows = query.bind(self.org().as_str()).bind(&tables).fetch_all(&mut *lent).await;
            lent.answered(rows)
        };
        let found = reading!(self, ask())?;
        Ok(found.into_iter().map(|(table, kind, name)| meddler(&table, &kind, &name)).collect())
    }
}

fn meddler(table: &str, kind: &str, name: &str) -> DbError {
    DbError::InTheWay {
        message: format!(
            "the change writes rows of the table \"{table}\", and the {kind} \"{name}\" there decides what is written"
        ),
        help: "have its owner disable it (ALTER TABLE … DISABLE TRIGGER, or DISABLE RULE), send the change again, then enable it",
    }
}
