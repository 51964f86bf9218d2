//! SQLite: columns of types that the model has no word for are found, left alone, and taken along when their table is made
//! anew.

use hookwright::outcome::Status;
use hookwright_tests::scenario::{Dialect, Mode};
use hookwright_tests::world::{TestHost, runtime};
use serde_json::{Value as Json, json};

use super::bench::{ALLOWED, Bench, sync, told};

/// Has the table made anew, since SQLite cannot say it otherwise.
fn required() -> Json {
    json!({"id": "required", "type": "field.update", "entity": "invoice", "field": "no", "changes": {"nullable": false}})
}

async fn bench() -> Bench {
    Bench::new(&TestHost::start().await, "acme", Dialect::Sqlite).await
}

#[test]
fn an_extra_column_is_told_with_its_type_and_stays_when_its_table_is_made_anew() {
    runtime().block_on(async {
        let bench = bench().await;
        bench
            .hand(
                "ALTER TABLE invoice ADD price DECIMAL(10, 2) COLLATE NOCASE; ALTER TABLE invoice ADD made datetime;
                ALTER TABLE invoice ADD size varchar(200) NOT NULL DEFAULT 'it''s' CHECK (size <> '');
                ALTER TABLE invoice ADD twice AS (no * 2); ALTER TABLE invoice ADD owner INT REFERENCES account (id);
                CREATE INDEX by_size ON invoice (size); UPDATE invoice SET price = no + 0.25, made = '2024-01-01', size = 's' || no",
            )
            .await;
        let extras = ["made", "owner", "price", "size", "twice"];
        let drift = bench.drift().await;
        let found = told(&drift.findings);
        for extra in extras {
            assert!(found.contains(&format!("drift/extra-column invoice.{extra}")), "{found:?}");
        }
        let said: Vec<_> =
            drift.findings.iter().map(|f| bench.told(f).message).collect();
        for text in ["invoice.price\" (DECIMAL(10, 2) COLLATE NOCASE", "invoice.size\" (varchar(200), NOT NULL"] {
            assert!(said.iter().any(|message| message.contains(text)), "{said:#?}");
        }
        let rows = "SELECT id, no, price, made, size, twice, owner FROM invoice ORDER BY no";
        let before = bench.world.rows(rows).await.expect("rows");
        for ignored in [false, true] {
            for finding in bench.drift().await.findings.iter().filter(|_| ignored) {
                bench.world.host().ignore(bench.world.org(), &finding.id(), "theirs", None).await.expect("ignored");
            }
            let mut event = required();
            event["id"] = format!("e-{ignored}").into();
            event["changes"]["nullable"] = ignored.into();
            bench.event(&event).await;
            assert_eq!(bench.world.rows(rows).await.expect("rows"), before, "ignored: {ignored}");
            let sql = bench.world.rows("SELECT sql FROM sqlite_master WHERE tbl_name = 'invoice'").await.expect("text").concat();
            for text in ["price DECIMAL(10, 2) COLLATE NOCASE", "twice AS (no * 2)", "owner INT REFERENCES account (id)",
                "size varchar(200) NOT NULL DEFAULT 'it''s' CHECK (size <> '')", "by_size"] {
                assert!(sql.contains(text), "{text} is not in {sql}");
            }
        }
        let drift = bench.drift().await;
        assert!(drift.is_in_step() && drift.findings.is_empty(), "{:?}", told(&drift.findings));
    });
}

#[test]
fn what_cannot_be_taken_along_is_named() {
    for (words, named) in [
        ((", PRIMARY KEY", ", code varchar(9) UNIQUE, PRIMARY KEY"), "code varchar(9) UNIQUE"),
        ((", PRIMARY KEY", ", theirs INTEGER, PRIMARY KEY"), ""),
    ] {
        runtime().block_on(async {
            let bench = bench().await;
            let old = bench.world.rows("SELECT sql FROM sqlite_master WHERE name = 'account'").await.expect("text").concat();
            let new = old.replacen("\"account\"", "\"remade\"", 1).replace(words.0, words.1);
            bench
                .hand(&format!(
                    "PRAGMA foreign_keys = OFF; PRAGMA legacy_alter_table = ON; {new}; INSERT INTO remade (id, name) SELECT id, name FROM account;
                    DROP TABLE account; ALTER TABLE remade RENAME TO account; PRAGMA legacy_alter_table = OFF"
                ))
                .await;
            let event = json!({"id": "e", "type": "field.update", "entity": "account", "field": "name", "changes": {"nullable": true}});
            let planned = bench.send(&event, Mode { dry_run: true, ..ALLOWED }).await;
            let lost = planned.reasons.iter().any(|reason| reason.code == "db/would-be-lost");
            assert_eq!(lost, !named.is_empty(), "{:#?}", planned.reasons);
            let done = bench.world.send(&event.to_string(), ALLOWED).await;
            match (named, done) {
                ("", done) => assert_eq!(done.expect("taken along").status, Status::Applied),
                (_, Ok(outcome)) => panic!("{outcome:#?}"),
                (named, Err(error)) => {
                    assert_eq!(error.code, "db/would-be-lost");
                    assert!(error.message.contains(named), "{error}");
                }
            }
        });
    }
}

#[test]
fn a_field_whose_type_hands_changed_is_repaired_or_left() {
    runtime().block_on(async {
        let bench = bench().await;
        let before = bench.rows().await.expect("rows");
        bench.remake("invoice", &[("\"note\" TEXT", "\"note\" varchar(30)")]).await;
        assert_eq!(told(&bench.drift().await.findings), ["drift/type invoice.note"]);
        bench.event(&required()).await;
        assert_eq!(
            told(&bench.drift().await.findings),
            ["drift/type invoice.note"],
            "another change leaves it"
        );
        assert_eq!(bench.rows().await.expect("rows"), before);
        let outcome = bench.send(&sync(), ALLOWED).await;
        assert_eq!(outcome.status, Status::Applied, "{:#?}", outcome.reasons);
        assert_eq!(told(&bench.drift().await.findings), Vec::<String>::new());
        assert_eq!(bench.rows().await.expect("rows"), before);
        bench.world.in_step().await.expect("in step");
    });
}

#[test]
fn an_extra_column_that_goes_can_be_taken_along_too() {
    runtime().block_on(async {
        let bench = bench().await;
        bench.hand("ALTER TABLE invoice ADD size varchar(200) DEFAULT 'x'").await;
        let all = json!({"id": "all", "type": "schema.sync", "extras": true});
        assert_eq!(bench.send(&all, ALLOWED).await.status, Status::Applied);
        assert_eq!(told(&bench.drift().await.findings), Vec::<String>::new());
        bench.event(&required()).await;
        let kept = "SELECT count(*) FROM pragma_table_info('invoice') WHERE name LIKE 'hookwright%' AND type = 'varchar(200)'";
        assert_eq!(bench.world.rows(kept).await.expect("rows"), ["1"]);
        assert_eq!(told(&bench.drift().await.findings), Vec::<String>::new());
    });
}

#[test]
fn a_type_whose_values_would_change_is_not_converted_without_consent() {
    let tables = [
        (Dialect::Postgres, "CREATE TABLE legacy (id uuid PRIMARY KEY, n numeric)", "1e-20"),
        (Dialect::Sqlite, "CREATE TABLE legacy (id integer PRIMARY KEY, n MONEY)", "0.30000000000000004"),
    ];
    for (dialect, table, value) in tables {
        runtime().block_on(async {
            let bench = Bench::new(&TestHost::start().await, "acme", dialect).await;
            let id = if dialect == Dialect::Postgres { "gen_random_uuid()" } else { "1" };
            bench.hand(&format!("{table}; INSERT INTO legacy VALUES ({id}, {value})")).await;
            bench.event(&json!({"id": "a", "type": "schema.adopt", "entity": "legacy"})).await;
            let before = bench.world.rows("SELECT n FROM legacy").await.unwrap();
            let confirmed = Mode { allow_destructive: false, ..ALLOWED };
            let repair = json!({"id": "s", "type": "schema.sync", "entity": "legacy"});
            let outcome = bench.send(&repair, confirmed).await;
            assert_eq!(outcome.status, Status::Held, "{outcome:#?}");
            assert_eq!(bench.world.rows("SELECT n FROM legacy").await.unwrap(), before);
        });
    }
}

#[test]
fn a_default_that_the_database_works_out_is_left_alone() {
    runtime().block_on(async {
        let bench = Bench::new(&TestHost::start().await, "acme", Dialect::Postgres).await;
        bench.hand("CREATE TABLE legacy (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), n int)").await;
        bench.event(&json!({"id": "a", "type": "schema.adopt", "entity": "legacy"})).await;
        let outcome =
            bench.send(&json!({"id": "s", "type": "schema.sync", "entity": "legacy"}), ALLOWED).await;
        assert!(outcome.statements.is_empty(), "{:#?}", outcome.statements);
        bench.hand("INSERT INTO legacy (n) VALUES (1)").await;
    });
}

#[test]
fn a_type_that_nothing_is_near_is_told_and_left_to_people() {
    runtime().block_on(async {
        let bench = Bench::new(&TestHost::start().await, "acme", Dialect::Postgres).await;
        bench
            .hand(
                "CREATE TYPE mood AS ENUM ('good'); ALTER TABLE invoice ALTER amount DROP DEFAULT, ALTER amount TYPE money,
                ALTER note TYPE mood USING NULL; ALTER TABLE account ADD seen inet UNIQUE, ADD tags text[] NOT NULL DEFAULT '{}'",
            )
            .await;
        let drift = bench.drift().await;
        let said: Vec<_> =
            drift.findings.iter().map(|f| bench.told(f).message).collect();
        for text in ["the type of \"invoice.amount\" is money", "the type of \"invoice.note\" is mood", "\"account.seen\"", "\"account.tags\" (text[]"] {
            assert!(said.iter().any(|message| message.contains(text)), "{text}: {said:#?}");
        }
        let rows = "SELECT amount, note, at, status FROM invoice ORDER BY no";
        let before = bench.world.rows(rows).await.unwrap();
        let amount = json!({"id": "s", "type": "schema.sync", "entity": "invoice", "field": "amount"});
        let refused = bench.world.send(&amount.to_string(), ALLOWED).await.unwrap_err().to_string();
        assert!(refused.contains("has the type \"money\"") && refused.contains("ALTER TABLE"), "{refused}");
        assert_eq!(bench.world.rows(rows).await.unwrap(), before);
        bench.hand("ALTER TABLE invoice ALTER amount TYPE numeric(14, 2)").await;
        let note = json!({"id": "n", "type": "schema.sync", "entity": "invoice"});
        assert_eq!(bench.send(&note, ALLOWED).await.status, Status::Applied);
        let left = [
            "drift/extra-column account.seen",
            "drift/extra-column account.tags",
            "drift/extra-constraint account (account_seen_key)",
        ];
        let adopt = json!({"id": "a", "type": "schema.adopt", "entity": "account"});
        bench.send(&adopt, ALLOWED).await;
        assert_eq!(told(&bench.drift().await.findings), left);
    });
}

#[test]
fn a_plan_shows_what_a_table_that_is_made_anew_takes_along() {
    runtime().block_on(async {
        let bench = bench().await;
        bench
            .hand(
                "ALTER TABLE invoice ADD price DECIMAL(10, 2) COLLATE NOCASE; CREATE INDEX by_price ON invoice (price DESC);
                CREATE TRIGGER mine AFTER INSERT ON invoice BEGIN DELETE FROM account WHERE name = 'never'; END",
            )
            .await;
        let planned = bench.send(&required(), Mode { dry_run: true, ..ALLOWED }).await;
        let sql: Vec<_> = planned.statements.iter().map(|s| s.sql.as_str()).collect();
        let at = |text: &str| sql.iter().position(|sql| sql.contains(text)).unwrap_or_else(|| panic!("{text}: {sql:#?}"));
        let (column, copy) = (at("ADD COLUMN price DECIMAL(10, 2) COLLATE NOCASE"), at("INSERT INTO"));
        assert!(column < copy && sql[copy].contains("\"price\""), "{sql:#?}");
        assert!(at("CREATE INDEX by_price") > copy && at("CREATE TRIGGER mine") > copy, "{sql:#?}");
        bench.event(&required()).await;
    });
}
