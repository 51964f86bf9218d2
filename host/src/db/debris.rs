//! What steps of a change left in a schema of PostgreSQL when hands deleted their rows: nobody goes on with them, and nobody
//! takes them back. They are known by the names that steps alone give.

use hookwright_core::ddl::Dialect;
use hookwright_core::ident::quoted;
use hookwright_core::schema::names;

use super::gate::Script;
use super::{DbError, Inspected, OrgDb, Pool};
use crate::trouble::{Fix, Trouble};

/// Things that are named; the others are counted.
const MOST: usize = 6;

/// Something that a step made: what it is, the table it is on, and its name.
pub(crate) type Thing = (String, String, String);

/// All of them, in the order in which they can go; none while any change of the organisation has steps left.
const FOUND: &str = r"
WITH n AS (SELECT oid FROM pg_catalog.pg_namespace WHERE nspname = $1),
t AS (SELECT c.oid, c.relname::text AS name FROM pg_catalog.pg_class c WHERE c.relnamespace = (SELECT oid FROM n) AND c.relkind IN ('r', 'p'))
SELECT f.kind, f.of, f.name FROM (
    SELECT 1 AS nth, 'trigger' AS kind, t.name AS of, g.tgname::text AS name FROM pg_catalog.pg_trigger g JOIN t ON t.oid = g.tgrelid
        WHERE NOT g.tgisinternal AND g.tgname ~ '^zzz_hookwright_(inserts|updates)_'
    UNION ALL SELECT 2, 'function', '', p.proname::text FROM pg_catalog.pg_proc p
        WHERE p.pronamespace = (SELECT oid FROM n) AND p.proname ~ '^hookwright_keep_' AND p.pronargs = 0
    UNION ALL SELECT 3, 'constraint', t.name, k.conname::text FROM pg_catalog.pg_constraint k JOIN t ON t.oid = k.conrelid
        WHERE k.conname ~ '^hookwright_(required|new)_'
    UNION ALL SELECT 4, 'index', t.name, x.relname::text FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid
        JOIN t ON t.oid = i.indrelid WHERE x.relname ~ '^hookwright_new_'
        AND NOT EXISTS (SELECT FROM pg_catalog.pg_constraint k WHERE k.conindid = x.oid)
    UNION ALL SELECT 5, 'column', t.name, a.attname::text FROM pg_catalog.pg_attribute a JOIN t ON t.oid = a.attrelid
        WHERE a.attnum > 0 AND NOT a.attisdropped AND a.attname ~ '^hookwright_new_'
) f WHERE NOT EXISTS (SELECT FROM hookwright.journal j WHERE j.org = $1) ORDER BY f.nth, f.of, f.name";

impl Inspected {
    /// Without what steps make beside the tables: it is neither the model's nor anybody else's.
    #[must_use]
    pub fn without_debris(mut self) -> Self {
        let is_ours = |name: &str| names::is_of_step(name);
        let with: Vec<_> = self
            .schema
            .tables
            .values()
            .filter(|table| {
                table.columns.keys().any(|name| is_ours(name.as_str()))
                    || table.checks.iter().any(|check| is_ours(check.name.as_str()))
            })
            .map(|table| table.name.clone())
            .collect();
        for name in with {
            let Some(table) = self.schema.table_mut(&name) else { continue };
            table.columns.retain(|name, _| !is_ours(name.as_str()));
            table.checks.retain(|check| !is_ours(check.name.as_str()));
        }
        self.foreign.retain(|foreign| !is_ours(&foreign.name));
        self
    }
}

impl OrgDb {
    /// That there is some.
    ///
    /// # Errors
    /// What the database says.
    pub(crate) async fn debris_told(&self) -> Result<Option<Trouble>, DbError> {
        let found = self.debris().await?;
        if found.is_empty() {
            return Ok(None);
        }
        let each = found.iter().take(MOST).map(|(kind, of, name)| match of.as_str() {
            "" => format!("the {kind} {}", quoted(name)),
            of => format!("the {kind} {} of {}", quoted(name), quoted(of)),
        });
        let each = each.collect::<Vec<_>>().join(", ");
        let more = found.len().saturating_sub(MOST);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        let org = self.org();
        let found = format!("steps of a change of the organisation \"{org}\" left {each}{more}");
        let means = "their rows in the bookkeeping were deleted by hand, so nobody goes on with them or takes them back: each write to the table is made twice, and a part that is dropped by itself may have writes fail";
        let next = format!(
            "have all of it taken away, which takes no row and no value of a field: hookwright doctor --org {org} --fix"
        );
        Ok(Some(Trouble::warning("change/debris", found, means).next(next).fixed_by(Fix::Clear)))
    }

    /// What there is, in the order in which it can go.
    ///
    /// # Errors
    /// What the database says.
    pub(crate) async fn debris(&self) -> Result<Vec<Thing>, DbError> {
        let Pool::Postgres(pool) = self.pool() else { return Ok(Vec::new()) };
        let ask = || async {
            let mut lent = pool.acquire().await?;
            let found =
                sqlx::query_as::<_, Thing>(FOUND).bind(self.org().as_str()).fetch_all(&mut *lent).await;
            lent.answered(found)
        };
        reading!(self, ask())
    }

    /// What takes such things away.
    pub(crate) fn clearing(&self, things: &[Thing]) -> Script {
        let mut script = Script::new(Dialect::Postgres);
        for (kind, of, name) in things {
            match kind.as_str() {
                "trigger" => {
                    script.sql("DROP TRIGGER IF EXISTS ").identifier(name).sql(" ON ");
                    script.schema(self.org()).sql(".").identifier(of)
                }
                "function" => {
                    script.sql("DROP FUNCTION IF EXISTS ").schema(self.org()).sql(".");
                    script.identifier(name).sql("()")
                }
                "index" => script.sql("DROP INDEX IF EXISTS ").schema(self.org()).sql(".").identifier(name),
                kind => {
                    script.sql("ALTER TABLE ").schema(self.org()).sql(".").identifier(of);
                    let drop = if kind == "column" {
                        " DROP COLUMN IF EXISTS "
                    } else {
                        " DROP CONSTRAINT IF EXISTS "
                    };
                    script.sql(drop).identifier(name)
                }
            };
            script.sql(";\n");
        }
        script
    }
}
