//! An organisation with rows, and what is asked of its drift.

use std::sync::Arc;

use hookwright::api::Page;
use hookwright::outcome::{Outcome, Status};
use hookwright_core::ddl;
use hookwright_core::drift::{Drift, Finding};
use hookwright_tests::place::Place;
use hookwright_tests::scenario::{Dialect, Mode};
use hookwright_tests::world::{TestHost, World};
use serde_json::{Value as Json, json};

use super::deed::{Deed, Sqlite};
use super::hands;

pub const ALLOWED: Mode =
    Mode { confirm: true, allow_destructive: true, dry_run: false, batch: false, approve: false };

pub const BOTH: [Dialect; 2] = [Dialect::Postgres, Dialect::Sqlite];

/// Rows of `invoice`, every column that the events made.
const ROWS: &str = "SELECT id, no, amount, note, at, account, status, tag FROM invoice ORDER BY no";

pub struct Bench {
    pub world: World,
}

impl Bench {
    pub async fn new(home: &Arc<TestHost>, org: &str, dialect: Dialect) -> Self {
        Self::at(home, org, Place::create(dialect).await).await
    }

    /// Beside others of the same database, if it is PostgreSQL's.
    pub async fn at(home: &Arc<TestHost>, org: &str, place: Place) -> Self {
        let plugins = ["schema-sync", "index-advisor"].map(str::to_owned);
        let world = World::at(home, org, place, &plugins).await;
        let dialect = world.dialect();
        let bench = Self { world };
        bench.event(&events()).await;
        let id = |n: u32| format!("'00000000-0000-0000-0000-{n:012}'");
        for n in 1..=5 {
            let account = format!("INSERT INTO account (id, name) VALUES ({}, 'account {n}')", id(n));
            bench.hand(&account).await;
            let at = if dialect == Dialect::Sqlite {
                "'2024-01-31T13:45:00Z'"
            } else {
                "'2024-01-31 13:45:00+00'"
            };
            let invoice = format!(
                "INSERT INTO invoice (id, no, amount, note, at, account, status, tag) VALUES ({}, {n}, '{n}.50', 'n{n}', {at}, {}, 'sent', 't{n}')",
                id(10 + n),
                id(n)
            );
            bench.hand(&invoice).await;
        }
        bench
    }

    /// A bench for each deed that can be done there, beside one another where the database takes that.
    pub async fn for_deeds(dialect: Dialect) -> Vec<(Self, &'static Deed)> {
        let home = TestHost::start().await;
        let shared = Place::create(dialect).await;
        let mut benches = Vec::new();
        for (number, deed) in hands::all().enumerate() {
            if let Some(place) = deed.place(&shared).await {
                benches.push((Self::at(&home, &format!("o{number}"), place).await, deed));
            }
        }
        benches
    }

    /// Somebody changes the database.
    pub async fn hand(&self, sql: &str) {
        self.world.sql(sql).await.unwrap_or_else(|e| panic!("{e}"));
    }

    /// Somebody pastes what is printed, in a session that does not search the organisation's schema.
    pub async fn paste(&self, statement: &str) {
        let elsewhere = match self.world.dialect() {
            Dialect::Postgres => "SET search_path = public; ",
            Dialect::Sqlite => "",
        };
        self.hand(&format!("{elsewhere}{statement}")).await;
    }

    /// A finding as it is told.
    pub fn told(&self, finding: &Finding) -> hookwright::drift::Finding {
        let dialect = match self.world.dialect() {
            Dialect::Postgres => ddl::Dialect::Postgres,
            Dialect::Sqlite => ddl::Dialect::Sqlite,
        };
        hookwright::drift::Finding::of(self.world.org(), dialect, finding)
    }

    /// Somebody does one of the deeds.
    pub async fn done(&self, deed: &Deed) {
        match (self.world.dialect(), &deed.sqlite) {
            (Dialect::Postgres, _) => self.hand(deed.postgres).await,
            (_, Sqlite::Sql(sql)) => self.hand(sql).await,
            (_, Sqlite::Remake(table, words)) => self.remake(table, words).await,
            (_, Sqlite::Not) => {}
        }
    }

    /// Sends events, which must be applied.
    pub async fn event(&self, json: &Json) {
        let outcome = self.send(json, ALLOWED).await;
        assert_eq!(outcome.status, Status::Applied, "{json}: {:#?}", outcome.reasons);
    }

    pub async fn send(&self, json: &Json, mode: Mode) -> Outcome {
        self.world.send(&json.to_string(), mode).await.unwrap_or_else(|e| panic!("{json}: {e}; {}", e.help))
    }

    /// Sends an event, which must be an error.
    pub async fn refused(&self, json: &Json) -> hookwright::error::Error {
        match self.world.send(&json.to_string(), ALLOWED).await {
            Ok(outcome) => panic!("{json}: {outcome:#?}"),
            Err(error) => error,
        }
    }

    /// How many changes the ledger has.
    pub async fn changes(&self) -> usize {
        self.world
            .host()
            .changes(self.world.org(), Page { before: None, limit: 100 })
            .await
            .expect("changes")
            .len()
    }

    pub async fn drift(&self) -> Drift {
        self.world.host().drift(self.world.org()).await.unwrap_or_else(|e| panic!("{e}"))
    }

    /// The rows, as texts.
    pub async fn rows(&self) -> Result<Vec<String>, String> {
        let mut rows = self.world.rows(ROWS).await?;
        rows.extend(self.world.rows("SELECT id, name FROM account ORDER BY id").await?);
        Ok(rows)
    }

    /// Makes a table of an SQLite file anew, as somebody would by hand, with some words of its definition replaced.
    pub async fn remake(&self, table: &str, words: &[(&str, &str)]) {
        let rows = |sql: String| async move { self.world.rows(&sql).await.expect("rows") };
        let old = rows(format!("SELECT sql FROM sqlite_master WHERE name = '{table}'")).await.concat();
        let indexes = rows(format!(
            "SELECT sql FROM sqlite_master WHERE tbl_name = '{table}' AND type = 'index' AND sql IS NOT NULL"
        ))
        .await;
        let mut new = old.replacen(&format!("\"{table}\""), "\"remade\"", 1);
        for (from, to) in words {
            assert!(new.contains(from), "\"{from}\" is not in {new}");
            new = new.replace(from, to);
        }
        let indexes = indexes.join(";\n");
        self.hand(&format!(
            "PRAGMA foreign_keys = OFF; PRAGMA legacy_alter_table = ON; BEGIN; {new};
            INSERT INTO remade SELECT * FROM {table}; DROP TABLE {table}; ALTER TABLE remade RENAME TO {table}; {indexes}; COMMIT;
            PRAGMA legacy_alter_table = OFF"
        ))
        .await;
    }
}

impl Deed {
    /// Where it is done: beside others on PostgreSQL, in a file of its own on SQLite. None if it cannot be done there.
    pub async fn place(&self, shared: &Place) -> Option<Place> {
        match shared {
            Place::Postgres(database) => {
                (!self.postgres.is_empty()).then(|| Place::Postgres(database.clone()))
            }
            Place::Sqlite(_) if matches!(self.sqlite, Sqlite::Not) => None,
            Place::Sqlite(_) => Some(Place::create(Dialect::Sqlite).await),
        }
    }
}

/// Code and place of each finding: `drift/type invoice.no`.
pub fn told(findings: &[Finding]) -> Vec<String> {
    let mut told: Vec<_> = findings.iter().map(|f| format!("{} {}", f.code(), f.place())).collect();
    told.sort();
    told
}

pub fn sync() -> Json {
    json!({"id": "sync", "type": "schema.sync"})
}

/// What makes the two entities.
pub fn events() -> Json {
    let id = json!({"name": "id", "type": "Uuid", "nullable": false, "primaryKey": true});
    json!([
        {"id": "e-1", "type": "entity.create", "entity": {"name": "account", "fields": [
            id, {"name": "name", "type": "String", "length": 80, "nullable": false}]}},
        {"id": "e-2", "type": "entity.create", "entity": {"name": "invoice", "comment": "what is owed", "fields": [
            id, {"name": "no", "type": "Int", "unique": true},
            {"name": "amount", "type": "Decimal", "precision": 12, "scale": 2, "default": 0},
            {"name": "note", "type": "Text", "comment": "for people"}, {"name": "at", "type": "DateTime"},
            {"name": "account", "type": "Uuid", "references": {"table": "account", "column": "id", "onDelete": "SET NULL"}},
            {"name": "status", "type": "Enum", "values": ["draft", "sent", "paid"], "default": "draft"},
            {"name": "tag", "type": "String", "length": 20, "indexed": true}]}},
    ])
}
