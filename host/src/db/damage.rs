//! What of the bookkeeping is not there, or may not be used: looked into when a read or a change was refused, and by
//! `doctor`. Only the catalogues are read.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use sqlx::postgres::Postgres;
use sqlx::{Row, Sqlite};

use super::backup::Missing;
use super::bookkeeping::{FUNCTIONS, POSTGRES_TABLES, SQLITE_TABLES, Tables};
use super::lent::Lent;
use super::{BOOKKEEPING_VERSION, Connections, DbError, OrgDb, Pool, postgres, sqlite};
use crate::trouble::Trouble;

/// How often, and after how long, a connection is asked for that another part of the host uses.
const TRIES: u32 = 20;
const PAUSE: Duration = Duration::from_millis(50);

/// A table of the schema `hookwright`: its name, its columns, and the privileges that the host's role lacks on it.
type Found = BTreeMap<String, (BTreeSet<String>, Vec<String>)>;

const POSTGRES: &str = "SELECT c.relname::text, a.attname::text, \
    ARRAY(SELECT p FROM unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE']) p WHERE NOT has_table_privilege(c.oid, p)) \
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
    JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped \
    WHERE n.nspname = 'hookwright' AND c.relkind IN ('r', 'p')";

const POSTGRES_FUNCTIONS: &str = "SELECT p.proname::text, bool_and(has_function_privilege(p.oid, 'EXECUTE')) \
    FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace \
    WHERE n.nspname = 'hookwright' GROUP BY 1";

const WHO: &str = "SELECT current_user::text, has_schema_privilege(oid, 'USAGE') FROM pg_catalog.pg_namespace WHERE nspname = 'hookwright'";

const SQLITE: &str = "SELECT m.name, c.name FROM sqlite_master m JOIN pragma_table_info(m.name) c \
    WHERE m.type = 'table' AND m.name LIKE 'hookwright#_%' ESCAPE '#'";

impl OrgDb {
    /// What is missing of the bookkeeping. None if it is whole, of another version, or not there at all.
    pub(crate) async fn damage(&self) -> Option<DbError> {
        match self.pool() {
            Pool::Postgres(pool) => self.of_postgres(pool).await,
            Pool::Sqlite(pool) => self.of_sqlite(pool).await,
        }
        .unwrap_or_default()
    }

    async fn of_postgres(&self, pool: &Connections<Postgres>) -> sqlx::Result<Option<DbError>> {
        let mut lent = patiently(pool).await?;
        let mut found = Found::new();
        for row in sqlx::query(POSTGRES).fetch_all(&mut *lent).await? {
            let (columns, lacking) = found.entry(row.try_get(0)?).or_default();
            columns.insert(row.try_get(1)?);
            *lacking = row.try_get(2)?;
        }
        let functions = sqlx::query_as::<_, (String, bool)>(POSTGRES_FUNCTIONS);
        let functions = functions.fetch_all(&mut *lent).await?;
        if !POSTGRES_TABLES.iter().any(|(table, _)| found.contains_key(*table)) {
            return Ok(None);
        }
        let (role, may_use): (String, bool) = sqlx::query_as(WHO).fetch_one(&mut *lent).await?;
        let denied = denied(&found, &functions, &role);
        if !may_use {
            return Ok(Some(both(postgres::no_usage(&role), denied)));
        }
        if denied.is_some() {
            return Ok(denied);
        }
        let version = match found.get("meta") {
            Some((columns, _)) if columns.contains("version") => postgres::version(&mut lent).await?,
            _ => Some(BOOKKEEPING_VERSION),
        };
        let there: BTreeSet<_> = functions.iter().map(|(name, _)| name.as_str()).collect();
        let mut missing = lacking(POSTGRES_TABLES, "hookwright.", &found);
        let functions = FUNCTIONS.iter().filter(|name| !there.contains(**name));
        missing.extend(functions.map(|name| Missing::Function(format!("hookwright.{name}"))));
        Ok(self.told_of(version, &missing))
    }

    async fn of_sqlite(&self, pool: &Connections<Sqlite>) -> sqlx::Result<Option<DbError>> {
        let mut connection = patiently(pool).await?;
        let mut found = Found::new();
        for (table, column) in
            sqlx::query_as::<_, (String, String)>(SQLITE).fetch_all(&mut *connection).await?
        {
            let name = table.trim_start_matches("hookwright_").to_owned();
            found.entry(name).or_default().0.insert(column);
        }
        if found.is_empty() {
            return Ok(None);
        }
        let version = match found.get("meta") {
            Some((columns, _)) if columns.contains("version") => sqlite::version(&mut connection).await?,
            _ => Some(BOOKKEEPING_VERSION),
        };
        Ok(self.told_of(version, &lacking(SQLITE_TABLES, "hookwright_", &found)))
    }

    /// That something is missing, if the version is this host's: another one is made of other things.
    fn told_of(&self, version: Option<i64>, missing: &[Missing]) -> Option<DbError> {
        if missing.is_empty() || version.is_some_and(|version| version != BOOKKEEPING_VERSION) {
            return None;
        }
        let org = self.org();
        let each: Vec<_> = missing.iter().map(ToString::to_string).collect();
        let found = format!("the bookkeeping of the organisation \"{org}\" lacks {}", each.join(", "));
        let means = self.without(missing);
        let trouble = Trouble::broken("db/bookkeeping", found, means)
            .next(format!("{}; then: hookwright doctor --org {org}", self.put_back(missing)));
        Some(DbError::Unusable(Box::new(trouble)))
    }
}

/// Of the ledger: without it, what was done could be done again.
const LEDGER: [&str; 2] = ["change", "event"];

/// What most changes do without, and what does not work then. Tried, by dropping each.
const POSTGRES_PARTS: [(&str, &str); 10] = [
    ("hand", "which rows hands edit is not noted any more, and whoever tries to edit them is refused"),
    ("held", HELD),
    ("step", STEPS),
    ("tombstone", TOMBSTONES),
    ("detect_after", STEPS),
    ("index_claim", STEPS),
    ("lease_claim", STEPS),
    ("step_claim", STEPS),
    ("undo_claim", STEPS),
    ("settle", "what became of a change whose connection broke is not found out"),
];
/// The same of SQLite, whose statements are made ready with all tables that its triggers and claims name.
const SQLITE_PARTS: [(&str, &str); 1] = [("tombstone", TOMBSTONES)];

const HELD: &str =
    "what the policy holds cannot be held, approved or rejected, and what is in steps does not go on";
const STEPS: &str = "changes of large tables, which are made in steps, are not made";
const TOMBSTONES: &str = "what drops something is not done, and nothing that was dropped can be restored";

impl OrgDb {
    /// What that means: what works without it, and what does not.
    fn without(&self, missing: &[Missing]) -> String {
        let (prefix, parts) = match self.pool() {
            Pool::Postgres(_) => ("hookwright.", &POSTGRES_PARTS[..]),
            Pool::Sqlite(_) => ("hookwright_", &SQLITE_PARTS[..]),
        };
        let bare = |missing: &Missing| missing.restored().trim_start_matches(prefix).to_owned();
        let names: Vec<_> = missing.iter().map(bare).collect();
        let lost: Option<Vec<_>> = names
            .iter()
            .map(|name| parts.iter().find(|(part, _)| part == name).map(|(_, lost)| *lost))
            .collect();
        match lost {
            Some(mut lost) => {
                lost.dedup();
                format!(
                    "it was dropped by hand or by another program; changes that do not need it are made as before, but {}",
                    lost.join("; ")
                )
            }
            None if names.iter().any(|name| LEDGER.contains(&name.as_str())) => {
                "it was dropped by hand or by another program, and with it what is known of the changes that were made: events that are sent again would be made twice, so nothing is done".to_owned()
            }
            None => "it was dropped by hand or by another program; nothing is done, since a change could not be recorded".to_owned(),
        }
    }
}

/// A connection, though all are in use at the moment and the server has no more: the host's own come back.
async fn patiently<DB: sqlx::Database>(pool: &Connections<DB>) -> sqlx::Result<Lent<DB>> {
    let mut tried = pool.acquire().await;
    for _ in 0..TRIES {
        if tried.is_ok() {
            break;
        }
        tokio::time::sleep(PAUSE).await;
        if pool.home.idle() > 0 {
            tried = pool.acquire().await;
        }
    }
    tried
}

/// Two refusals as one.
fn both(one: DbError, other: Option<DbError>) -> DbError {
    match (one, other) {
        (DbError::Denied { message, grant }, Some(DbError::Denied { message: also, grant: too })) => {
            DbError::Denied { message: format!("{message}; {also}"), grant: format!("{grant}; {too}") }
        }
        (one, _) => one,
    }
}

/// The privileges that the host's role lacks, with the `GRANT`.
fn denied(found: &Found, functions: &[(String, bool)], role: &str) -> Option<DbError> {
    let known = |name: &str| POSTGRES_TABLES.iter().any(|(table, _)| *table == name);
    let tables: Vec<_> = found
        .iter()
        .filter(|(name, (_, lacking))| known(name) && !lacking.is_empty())
        .map(|(name, (_, lacking))| (format!("hookwright.{name}"), lacking))
        .collect();
    if !tables.is_empty() {
        let all = tables.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(", ");
        let is_lacking =
            |privilege: &&str| tables.iter().any(|(_, lacking)| lacking.iter().any(|l| l == privilege));
        let lacking: Vec<_> =
            ["SELECT", "INSERT", "UPDATE", "DELETE"].into_iter().filter(is_lacking).collect();
        let lacking = lacking.join(", ");
        let what = if tables.len() == 1 { "table" } else { "tables" };
        return Some(DbError::Denied {
            message: format!("the role \"{role}\" lacks {lacking} on the {what} {all} of the bookkeeping"),
            grant: format!("GRANT {lacking} ON TABLE {all} TO \"{role}\""),
        });
    }
    let (name, _) = functions.iter().find(|(name, may)| FUNCTIONS.contains(&name.as_str()) && !may)?;
    Some(DbError::Denied {
        message: format!(
            "the role \"{role}\" may not call the function hookwright.{name} of the bookkeeping"
        ),
        grant: format!("GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA hookwright TO \"{role}\""),
    })
}

/// Tables that are not there, and columns of those that are.
fn lacking(wanted: Tables, prefix: &str, found: &Found) -> Vec<Missing> {
    let mut missing = Vec::new();
    for (table, columns) in wanted {
        match found.get(*table) {
            None => missing.push(Missing::Table(format!("{prefix}{table}"))),
            Some((there, _)) => {
                let gone = columns.split(' ').filter(|column| !there.contains(*column));
                missing.extend(gone.map(|column| Missing::Column {
                    table: format!("{prefix}{table}"),
                    name: column.to_owned(),
                }));
            }
        }
    }
    missing
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::{DbOptions, Pools};
    use crate::executor::RetryPolicy;
    use crate::executor::testing::{fresh_postgres, org};

    /// What the migrations make is what is asked for, and nothing less is taken for whole.
    #[tokio::test]
    async fn the_shape_is_what_the_migrations_make() {
        let directory = tempfile::tempdir().expect("a directory");
        let file = format!("sqlite://{}", directory.path().join("org.db").display());
        for url in [fresh_postgres().await, file] {
            let db =
                OrgDb::connect(&org(), &url, &DbOptions::default(), &Pools::default()).expect("an address");
            db.prepare(&RetryPolicy::default()).await.expect("prepared");
            assert!(db.damage().await.is_none(), "{url}");
            let made: BTreeSet<String> = match db.pool() {
                Pool::Postgres(pool) => {
                    let rows = sqlx::query_as::<_, (String, String, Vec<String>)>(POSTGRES);
                    let rows = rows.fetch_all(&mut *pool.acquire().await.expect("lent")).await.expect("read");
                    rows.into_iter().map(|(table, column, _)| format!("{table}.{column}")).collect()
                }
                Pool::Sqlite(pool) => {
                    let rows = sqlx::query_as::<_, (String, String)>(SQLITE);
                    let rows = rows.fetch_all(&mut *pool.acquire().await.expect("lent")).await.expect("read");
                    rows.iter().map(|(t, c)| format!("{}.{c}", t.trim_start_matches("hookwright_"))).collect()
                }
            };
            let tables = match db.pool() {
                Pool::Postgres(_) => POSTGRES_TABLES,
                Pool::Sqlite(_) => SQLITE_TABLES,
            };
            let wanted = tables.iter().flat_map(|(t, all)| all.split(' ').map(move |c| format!("{t}.{c}")));
            assert_eq!(made, wanted.collect(), "{url}");
        }
    }
}
