//! What the database costs alone: the same facts by set queries, without a model.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use sqlx::{PgConnection, Row};

/// Columns, constraints and indexes as the database prints them.
const DEFINITIONS: [&str; 3] = [
    "SELECT c.relname::text, concat_ws(' ', a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, pg_get_expr(d.adbin, d.adrelid)) \
     FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped \
     LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum \
     WHERE c.relkind = 'r' AND c.relnamespace = 'acme'::regnamespace ORDER BY 1, a.attnum",
    "SELECT c.relname::text, concat_ws(' ', k.conname, pg_get_constraintdef(k.oid)) FROM pg_class c JOIN pg_constraint k ON k.conrelid = c.oid \
     WHERE c.relkind = 'r' AND c.relnamespace = 'acme'::regnamespace ORDER BY 1, 2",
    "SELECT c.relname::text, pg_get_indexdef(i.indexrelid) FROM pg_class c JOIN pg_index i ON i.indrelid = c.oid \
     WHERE c.relkind = 'r' AND c.relnamespace = 'acme'::regnamespace ORDER BY 1, 2",
];

/// The same as the catalogue has them.
const RAW: [&str; 3] = [
    "SELECT a.attrelid::int8, a.attnum, a.attname::text, a.atttypid::int8, a.atttypmod, a.attnotnull, a.atthasdef \
     FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped \
     WHERE c.relkind = 'r' AND c.relnamespace = 'acme'::regnamespace",
    "SELECT k.conrelid::int8, k.conname::text, k.contype::text, k.conkey, k.confrelid::int8, k.confkey, k.confdeltype::text \
     FROM pg_constraint k WHERE k.connamespace = 'acme'::regnamespace",
    "SELECT i.indrelid::int8, x.relname::text, i.indisunique, i.indkey::text, i.indisvalid FROM pg_class x JOIN pg_index i ON i.indexrelid = x.oid \
     WHERE x.relkind = 'i' AND x.relnamespace = 'acme'::regnamespace",
];

const TRANSACTIONS: &str = "SELECT c.oid::int8, c.xmin::text::int8, max(a.xmin::text::int8) FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid \
     WHERE c.relkind = 'r' AND c.relnamespace = 'acme'::regnamespace GROUP BY 1, c.xmin";

/// A hash of each table's definition.
pub async fn definitions(session: &mut PgConnection) -> sqlx::Result<HashMap<String, u64>> {
    let mut tables: HashMap<String, DefaultHasher> = HashMap::new();
    for query in DEFINITIONS {
        for row in sqlx::raw_sql(query).fetch_all(&mut *session).await? {
            let (table, text): (&str, &str) = (row.try_get(0)?, row.try_get(1)?);
            match tables.get_mut(table) {
                Some(hash) => text.hash(hash),
                None => {
                    let mut hash = DefaultHasher::new();
                    text.hash(&mut hash);
                    tables.insert(table.to_owned(), hash);
                }
            }
        }
    }
    Ok(tables.into_iter().map(|(table, hash)| (table, hash.finish())).collect())
}

/// How many tables are other than they were.
pub async fn differing(session: &mut PgConnection, known: &HashMap<String, u64>) -> sqlx::Result<usize> {
    let found = definitions(session).await?;
    Ok(found.iter().filter(|(table, hash)| known.get(*table) != Some(hash)).count())
}

/// How many rows of the catalogue there are, fetched.
pub async fn raw(session: &mut PgConnection) -> sqlx::Result<usize> {
    let mut rows = 0;
    for query in RAW {
        rows += sqlx::raw_sql(query).fetch_all(&mut *session).await?.len();
    }
    Ok(rows)
}

/// The highest transaction of each table.
pub async fn transactions(session: &mut PgConnection) -> sqlx::Result<usize> {
    Ok(sqlx::raw_sql(TRANSACTIONS).fetch_all(session).await?.len())
}
