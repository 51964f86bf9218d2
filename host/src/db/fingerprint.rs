//! Whether anything changed: a fingerprint of an organisation's physical schema and revision, for those who look often.
//!
//! PostgreSQL notes in every row of its catalogue which transaction wrote it (`xmin`), so counts and sums of these say
//! what no look at the tables themselves would say cheaper. SQLite counts changes of its schema by itself.

use std::collections::{BTreeMap, HashMap};

use hookwright_core::ident::OrgName;
use sqlx::{Postgres, Sqlite};

use super::{Connections, DbError, OrgDb, Pool, sqlite};

/// What moves whenever the schema or the revision does; it says nothing else, and may move without cause.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Fingerprint {
    revision: Option<i64>,
    /// By the part of the catalogue: how much there is of it, and what its transactions come to.
    parts: BTreeMap<i32, (i64, i64)>,
}

/// By namespace: relations, columns of tables, indexes that are not valid (all others show among the relations),
/// constraints, comments, foreign keys that are switched off. A default that changes rewrites its column's row. An age grows with every transaction, so it is
/// taken from the age of a transaction that is always the first; modulo 2^32, as the numbers of transactions are.
const POSTGRES: &str = "\
    WITH ns AS MATERIALIZED (SELECT oid, nspname FROM pg_catalog.pg_namespace WHERE nspname = ANY($1)), \
    seen (ns, part, n, ages) AS ( \
    SELECT c.relnamespace, 1, count(*), sum(age(c.xmin)) FROM pg_catalog.pg_class c \
    WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'i') AND c.relnamespace = ANY(ARRAY(SELECT oid FROM ns)) GROUP BY 1 \
    UNION ALL SELECT c.relnamespace, 2, count(*), sum(age(a.xmin)) FROM pg_catalog.pg_attribute a \
    JOIN pg_catalog.pg_class c ON c.oid = a.attrelid \
    WHERE a.attnum > 0 AND c.relkind = 'r' AND c.relnamespace = ANY(ARRAY(SELECT oid FROM ns)) GROUP BY 1 \
    UNION ALL SELECT c.relnamespace, 3, count(*), sum(age(i.xmin)) FROM pg_catalog.pg_index i \
    JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid \
    WHERE NOT i.indisvalid AND c.relnamespace = ANY(ARRAY(SELECT oid FROM ns)) GROUP BY 1 \
    UNION ALL SELECT c.connamespace, 4, count(*), sum(age(c.xmin)) FROM pg_catalog.pg_constraint c \
    WHERE c.conrelid <> 0 AND c.connamespace = ANY(ARRAY(SELECT oid FROM ns)) GROUP BY 1 \
    UNION ALL SELECT c.relnamespace, 5, count(*), sum(age(d.xmin)) FROM pg_catalog.pg_description d \
    JOIN pg_catalog.pg_class c ON c.oid = d.objoid \
    WHERE d.classoid = 'pg_catalog.pg_class'::regclass AND c.relnamespace = ANY(ARRAY(SELECT oid FROM ns)) GROUP BY 1 \
    UNION ALL SELECT c.relnamespace, 6, count(*), sum(age(t.xmin)) FROM pg_catalog.pg_trigger t \
    JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid \
    WHERE t.tgconstraint <> 0 AND t.tgenabled IN ('D', 'R') AND c.relnamespace = ANY(ARRAY(SELECT oid FROM ns)) GROUP BY 1) \
    SELECT ns.nspname::text, o.revision, coalesce(s.part, 0), coalesce(s.n, 0), \
    coalesce((s.n * age('3'::xid) - s.ages) & 4294967295, 0) \
    FROM ns LEFT JOIN seen s ON s.ns = ns.oid LEFT JOIN hookwright.org o ON o.org = ns.nspname";

const SQLITE: &str =
    "SELECT (SELECT revision FROM hookwright_org WHERE org = ?), schema_version FROM pragma_schema_version";

impl OrgDb {
    /// The fingerprints of organisations in this database, in one round trip. One that is not there has none.
    ///
    /// # Errors
    /// What the database says.
    pub async fn fingerprints(&self, orgs: &[OrgName]) -> Result<HashMap<OrgName, Fingerprint>, DbError> {
        let read = || async {
            match self.pool() {
                Pool::Postgres(pool) => of_schemas(pool, orgs).await,
                Pool::Sqlite(pool) => {
                    Ok(HashMap::from([(self.org().clone(), of_file(pool, self.org()).await?)]))
                }
            }
        };
        reading!(self, read())
    }

    /// The fingerprint of this organisation.
    ///
    /// # Errors
    /// What the database says.
    pub async fn fingerprint(&self) -> Result<Fingerprint, DbError> {
        let mut all = self.fingerprints(std::slice::from_ref(self.org())).await?;
        Ok(all.remove(self.org()).unwrap_or_default())
    }
}

type Row = (String, Option<i64>, i32, i64, i64);

async fn of_schemas(
    pool: &Connections<Postgres>,
    orgs: &[OrgName],
) -> sqlx::Result<HashMap<OrgName, Fingerprint>> {
    let names: Vec<_> = orgs.iter().map(OrgName::as_str).collect();
    let mut connection = pool.acquire().await?;
    let rows = sqlx::query_as::<_, Row>(POSTGRES).bind(names).fetch_all(&mut *connection).await?;
    let mut found: HashMap<OrgName, Fingerprint> = HashMap::new();
    for (name, revision, part, count, sum) in rows {
        let Ok(org) = OrgName::parse(&name) else { continue };
        let fingerprint = found.entry(org).or_default();
        fingerprint.revision = revision;
        fingerprint.parts.insert(part, (count, sum));
    }
    Ok(found)
}

async fn of_file(pool: &Connections<Sqlite>, org: &OrgName) -> sqlx::Result<Fingerprint> {
    let mut connection = pool.acquire().await?;
    let (revision, version) = sqlx::query_as::<_, (Option<i64>, i64)>(SQLITE)
        .bind(org.as_str())
        .fetch_one(&mut *connection)
        .await?;
    let file = identity(&tokio::fs::metadata(sqlite::path(pool)).await?);
    Ok(Fingerprint { revision, parts: BTreeMap::from([(0, (version, 0)), (1, file)]) })
}

/// What tells a file from another one of its name.
#[cfg(unix)]
fn identity(file: &std::fs::Metadata) -> (i64, i64) {
    use std::os::unix::fs::MetadataExt;
    (file.dev().cast_signed(), file.ino().cast_signed())
}

#[cfg(not(unix))]
fn identity(_: &std::fs::Metadata) -> (i64, i64) {
    (0, 0)
}
