//! Triggers and indexes of the bookkeeping that are not there any more: hands dropped them, or put a table back without them.
//! Nothing fails without them, so they are looked for; they are made again as the migrations made them. All organisations of
//! a database use the tables, so each part is a transaction of its own that waits for no lock longer than a change does.

use std::collections::BTreeSet;

use hookwright_core::ddl::Dialect;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions, Connection};
use tokio::sync::OnceCell;

use super::gate::Script;
use super::postgres::alone;
use super::{Connections, DbError, OrgDb, Pool, bookkeeping};
use crate::executor::{RetryPolicy, Tries, begin_immediate, settle_file};
use crate::trouble::{Fix, Trouble};

/// A trigger or an index.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Part {
    kind: String,
    name: String,
    table: String,
    /// What makes it.
    made: String,
}

impl Part {
    fn told(&self) -> String {
        format!("the {} \"{}\" of \"{}\"", self.kind, self.name, self.table)
    }
}

/// What came of making parts again.
#[derive(Debug, Default)]
pub(crate) struct PutBack {
    /// Those that are there again.
    pub made: Vec<String>,
    /// Those that are not, with what stands against each.
    pub left: Vec<(String, DbError)>,
}

/// An index of PostgreSQL's bookkeeping: its name, its table, and what makes it.
const INDEXES: [(&str, &str, &str); 4] = [
    ("field_entity", "field", "CREATE INDEX field_entity ON hookwright.field (org, entity_id, position)"),
    ("change_revision", "change", "CREATE UNIQUE INDEX change_revision ON hookwright.change (org, revision)"),
    (
        "held_open",
        "held",
        "CREATE INDEX held_open ON hookwright.held (org, id) WHERE status IN ('held', 'staged', 'undoing')",
    ),
    ("model_relation", "model", "CREATE INDEX model_relation ON hookwright.model (org, relation)"),
];

/// The tables whose rows hands are noted by, and which deeds are.
const NOTED: [(&str, &str); 5] = [
    ("entity", "INSERT OR UPDATE OR DELETE"),
    ("field", "INSERT OR UPDATE OR DELETE"),
    ("model", "INSERT OR UPDATE OR DELETE"),
    ("event", "DELETE"),
    ("change", "DELETE"),
];

/// Those that are there; a trigger that is switched off does not count.
const POSTGRES: &str = "SELECT 'trigger', t.tgname::text, c.relname::text, '' FROM pg_catalog.pg_trigger t \
    JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid WHERE c.relnamespace = to_regnamespace('hookwright') \
    AND NOT t.tgisinternal AND t.tgenabled IN ('O', 'A') UNION ALL \
    SELECT 'index', x.relname::text, c.relname::text, '' FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid \
    JOIN pg_catalog.pg_class c ON c.oid = i.indrelid WHERE x.relnamespace = to_regnamespace('hookwright') AND i.indisvalid UNION ALL \
    SELECT 'table', relname::text, relname::text, '' FROM pg_catalog.pg_class \
    WHERE relnamespace = to_regnamespace('hookwright') AND relkind = 'r'";

const SQLITE: &str = "SELECT type, name, tbl_name, coalesce(sql, '') FROM sqlite_master \
    WHERE tbl_name LIKE 'hookwright#_%' ESCAPE '#' AND sql IS NOT NULL";

type Row = (String, String, String, String);

/// What the migrations make of SQLite's bookkeeping.
static MADE: OnceCell<Vec<Part>> = OnceCell::const_new();

impl OrgDb {
    /// That some are not there, if so.
    ///
    /// # Errors
    /// What the database says.
    pub(crate) async fn parts_amiss(&self) -> Result<Option<Trouble>, DbError> {
        let missing = self.missing_parts().await?;
        if missing.is_empty() {
            return Ok(None);
        }
        let org = self.org();
        let prefix = if self.dialect() == Dialect::Postgres { "hookwright." } else { "" };
        let each: Vec<_> = missing
            .iter()
            .map(|Part { kind, name, table, .. }| format!("the {kind} \"{name}\" of {prefix}{table}"))
            .collect();
        let found = format!("the bookkeeping of the organisation \"{org}\" lacks {}", each.join(", "));
        let means = "it was dropped by hand, or its table was put back without it: what hands edit is not noted as it happens, or what is to be there once may be there twice; changes are made as before";
        let trouble = Trouble::warning("db/bookkeeping-parts", found, means);
        let next = format!("have it made again as it was: hookwright doctor --org {org} --fix");
        Ok(Some(trouble.next(next).fixed_by(Fix::PutBack)))
    }

    /// Makes them again, each by itself.
    ///
    /// # Errors
    /// What the database says when it is asked which are missing.
    pub(crate) async fn put_parts_back(&self, policy: &RetryPolicy) -> Result<PutBack, DbError> {
        let (mut done, gentle) = (PutBack::default(), policy.gentle());
        for part in self.missing_parts().await? {
            // Each attempt makes the table's users wait: who did not get one lock asks for the next less often.
            let policy = if done.left.is_empty() { policy } else { &gentle };
            match self.made(&part, policy).await {
                Ok(()) => done.made.push(part.told()),
                Err(error) => done.left.push((part.told(), error)),
            }
        }
        Ok(done)
    }

    /// Makes one, again while a lock is in the way.
    async fn made(&self, part: &Part, policy: &RetryPolicy) -> Result<(), DbError> {
        let (mut tries, script) = (Tries::new(policy), self.making(part));
        loop {
            let done = match self.pool() {
                Pool::Postgres(pool) => on_postgres(pool, &script).await,
                Pool::Sqlite(pool) => on_sqlite(pool, &script, self.options().lock_timeout_ms).await,
            };
            match done.map_err(|e| self.explain(e)) {
                Err(DbError::Blocked { .. }) => {}
                other => return other,
            }
            if tries.after_lock().await.is_none() {
                let blockers = self.holders_of_bookkeeping(&part.table).await.unwrap_or_default();
                let holders = self.holders_of_file();
                return Err(DbError::Blocked { tries: tries.locks(), blockers, holders });
            }
        }
    }

    async fn missing_parts(&self) -> Result<Vec<Part>, DbError> {
        let found = on_either!(self, Row, POSTGRES, SQLITE, [], fetch_all)?;
        let tables: BTreeSet<_> =
            found.iter().filter(|row| row.0 == "table").map(|row| row.1.clone()).collect();
        let mut all = match self.dialect() {
            Dialect::Postgres => made_of_postgres(),
            Dialect::Sqlite => {
                MADE.get_or_try_init(made_of_sqlite).await.map_err(|e| self.explain(e))?.clone()
            }
        };
        let is_there = |part: &Part| {
            found.iter().any(|(kind, name, table, made)| {
                *kind == part.kind
                    && *name == part.name
                    && *table == part.table
                    && (self.dialect() == Dialect::Postgres || *made == part.made)
            })
        };
        all.retain(|part| tables.contains(&part.table) && !is_there(part));
        Ok(all)
    }

    /// What makes it. One of the name that is another is dropped first.
    fn making(&self, Part { kind, name, table, made }: &Part) -> Script {
        let options = self.options();
        let mut script = Script::new(self.dialect());
        if self.dialect() == Dialect::Postgres {
            script = alone();
            script.sql("SET LOCAL lock_timeout = ").integer(i64::from(options.lock_timeout_ms));
            script.sql(";\nSET LOCAL statement_timeout = ");
            script.integer(i64::from(options.statement_timeout_ms)).sql(";\n");
        }
        match (self.dialect(), kind.as_str()) {
            (Dialect::Postgres, "trigger") => {
                // Dropped only if it is there: even `IF EXISTS` waits for all who read the table, making it does not.
                script.sql("DO $$ BEGIN IF EXISTS (SELECT FROM pg_catalog.pg_trigger WHERE tgrelid = ");
                script
                    .sql("to_regclass(")
                    .text(&format!("hookwright.{table}"))
                    .sql(") AND tgname = ")
                    .text(name);
                script.sql(") THEN DROP TRIGGER ").identifier(name).sql(" ON hookwright.").identifier(table);
                script.sql("; END IF; END $$")
            }
            (Dialect::Postgres, _) => script.sql("DROP INDEX IF EXISTS hookwright.").identifier(name),
            (Dialect::Sqlite, "trigger") => script.sql("DROP TRIGGER IF EXISTS ").identifier(name),
            (Dialect::Sqlite, _) => script.sql("DROP INDEX IF EXISTS ").identifier(name),
        };
        script.sql(";\n").stored(made);
        script
    }
}

/// As one transaction: the statements are sent together.
async fn on_postgres(pool: &Connections<sqlx::Postgres>, script: &Script) -> sqlx::Result<()> {
    let mut lent = pool.acquire().await?;
    let done = script.postgres(&mut lent).await;
    lent.answered(done).map(drop)
}

async fn on_sqlite(pool: &Connections<sqlx::Sqlite>, script: &Script, wait_ms: u32) -> sqlx::Result<()> {
    let mut connection = pool.acquire().await?;
    begin_immediate(&mut connection).await?;
    let mut done = script.sqlite(&mut connection).await.map(drop);
    if done.is_ok() {
        done = Script::of(Dialect::Sqlite, "COMMIT").sqlite(&mut connection).await.map(drop);
    }
    match &done {
        Ok(()) => settle_file(&mut connection, wait_ms).await,
        Err(_) => {
            if Script::of(Dialect::Sqlite, "ROLLBACK").sqlite(&mut connection).await.is_err() {
                connection.close().await;
            }
        }
    }
    done
}

fn made_of_postgres() -> Vec<Part> {
    let of = |kind: &str, name: &str, table: &str, made: String| {
        let (kind, name, table) = (kind.to_owned(), name.to_owned(), table.to_owned());
        Part { kind, name, table, made }
    };
    let indexes = INDEXES.iter().map(|(name, table, made)| of("index", name, table, (*made).to_owned()));
    let triggers = NOTED.iter().flat_map(|(table, deeds)| {
        let each = format!(
            "CREATE TRIGGER touch AFTER {deeds} ON hookwright.{table} FOR EACH ROW \
             WHEN (coalesce(current_setting('hookwright.claimed', true), '') = '') EXECUTE FUNCTION hookwright.touch()"
        );
        let all = format!(
            "CREATE TRIGGER touch_all AFTER TRUNCATE ON hookwright.{table} FOR EACH STATEMENT EXECUTE FUNCTION hookwright.touch()"
        );
        [of("trigger", "touch", table, each), of("trigger", "touch_all", table, all)]
    });
    indexes.chain(triggers).collect()
}

/// As the migrations make them, in a database of its own that nobody else sees.
async fn made_of_sqlite() -> sqlx::Result<Vec<Part>> {
    let mut connection: SqliteConnection = SqliteConnectOptions::new().in_memory(true).connect().await?;
    let mut script = Script::new(Dialect::Sqlite);
    for step in bookkeeping::SQLITE {
        script.sql(step);
    }
    script.sqlite(&mut connection).await?;
    let rows: Vec<Row> = sqlx::query_as(SQLITE).fetch_all(&mut connection).await?;
    connection.close().await?;
    let parts = rows.into_iter().filter(|(kind, ..)| kind != "table");
    Ok(parts.map(|(kind, name, table, made)| Part { kind, name, table, made }).collect())
}

#[cfg(test)]
mod tests {
    use sqlx::Row as _;

    use super::*;
    use crate::db::{DbOptions, Pools};
    use crate::executor::testing::{Bench, fresh_postgres, org};

    /// What is known here of PostgreSQL's is all that the migrations make, each is missed, and comes back.
    #[tokio::test]
    async fn the_parts_are_what_the_migrations_make() {
        let url = fresh_postgres().await;
        let db = OrgDb::connect(&org(), &url, &DbOptions::default(), &Pools::default()).expect("an address");
        db.prepare(&RetryPolicy::default()).await.expect("prepared");
        assert_eq!(db.missing_parts().await.expect("read"), []);
        let Pool::Postgres(pool) = db.pool() else { panic!("PostgreSQL") };
        let found: Vec<Row> = sqlx::query_as(POSTGRES)
            .fetch_all(&mut *pool.acquire().await.expect("lent"))
            .await
            .expect("read");
        let own = |row: &Row| row.0 != "table" && !row.1.ends_with("_pkey");
        let found: BTreeSet<_> = found.into_iter().filter(own).collect();
        let known =
            made_of_postgres().into_iter().map(|part| (part.kind, part.name, part.table, String::new()));
        assert_eq!(found, known.collect());
    }

    /// A reader of a table, such as a dump, holds nothing up; whoever writes it holds up the part of that table alone.
    #[tokio::test]
    async fn a_part_that_is_in_use_does_not_hold_up_the_others() {
        let bench = Bench::new(Dialect::Postgres).await;
        let mut hands = Script::of(Dialect::Postgres, "DROP TRIGGER touch ON hookwright.entity; ");
        hands.sql(
            "DROP TRIGGER touch ON hookwright.field; ALTER TABLE hookwright.model DISABLE TRIGGER touch",
        );
        hands.postgres(&mut bench.session().await).await.expect("dropped");
        let mut user = bench.session().await;
        let mut using = Script::of(Dialect::Postgres, "BEGIN; SELECT FROM hookwright.field; ");
        using.sql("LOCK TABLE hookwright.entity IN ROW EXCLUSIVE MODE; SELECT pg_backend_pid()");
        let rows = using.postgres(&mut user).await.expect("locked");
        let pid: i32 = rows.last().expect("a row").get_unchecked(0);
        let done = bench.db.put_parts_back(&bench.retry).await.expect("looked");
        assert_eq!(done.made, ["the trigger \"touch\" of \"field\"", "the trigger \"touch\" of \"model\""]);
        let [(of, DbError::Blocked { tries: 3, blockers, .. })] = done.left.as_slice() else {
            panic!("{done:?}")
        };
        assert_eq!(of, "the trigger \"touch\" of \"entity\"");
        assert!(blockers.iter().any(|blocker| blocker.pid == pid), "{blockers:?}");
        Script::of(Dialect::Postgres, "ROLLBACK").postgres(&mut user).await.expect("ended");
        let done = bench.db.put_parts_back(&bench.retry).await.expect("looked");
        assert_eq!((done.made.len(), done.left.len()), (1, 0));
        assert_eq!(bench.db.missing_parts().await.expect("read"), []);
    }
}
