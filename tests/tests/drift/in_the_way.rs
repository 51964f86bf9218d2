//! Somebody's index, table or view that has the name of what is to be made, or that holds in place what is to change.

use hookwright::drift::Finding;
use hookwright::outcome::Status;
use hookwright_core::drift;
use hookwright_tests::scenario::{Dialect, Mode};
use hookwright_tests::world::{TestHost, runtime};
use serde_json::{Value as Json, json};
use sqlx::{Connection, Executor, PgConnection};

use super::bench::{ALLOWED, BOTH, Bench, sync, told};

/// A repair does the rest, and leaves the one thing with what is in its way.
async fn left(bench: &Bench, event: &Json) -> Finding {
    let planned = bench.send(event, Mode { dry_run: true, ..ALLOWED }).await;
    let outcome = bench.send(event, ALLOWED).await;
    assert_eq!(planned.status, Status::Planned, "{:#?}", planned.reasons);
    assert_eq!(outcome.status, Status::Applied, "{:#?}", outcome.reasons);
    assert_eq!(planned.left, outcome.left);
    let [left] = outcome.left.as_slice() else { panic!("{:#?}", outcome.left) };
    assert_eq!(bench.drift().await.findings.iter().filter(|f| f.wanted.is_some()).count(), 1);
    left.clone()
}

/// The statement that is printed for people.
fn by_hand(left: &Finding) -> String {
    let next = left.next.as_deref().unwrap_or_default();
    let (_, rest) = next.split_once("by hand").unwrap_or_else(|| panic!("{left:#?}"));
    let statement = rest.split_once(": ").map_or(rest, |(_, statement)| statement);
    statement.split_once("; then: ").map_or(statement, |(statement, _)| statement).to_owned()
}

/// What is in the way of one thing, the rest repaired; and, once it made room, of nothing.
async fn around(bench: &Bench, in_the_way: &str) {
    bench
        .hand("ALTER TABLE account ADD COLUMN way text; ALTER TABLE account RENAME COLUMN name TO called")
        .await;
    let left = left(bench, &sync()).await;
    assert!(left.hindrance.as_deref().is_some_and(|said| said.contains(in_the_way)), "{left:#?}");
    assert_eq!(left.moved, "hands", "{left:#?}");
    bench.paste(&by_hand(&left)).await;
    bench.event(&json!({"id": "rest", "type": "schema.sync"})).await;
    let findings = bench.drift().await.findings;
    assert!(findings.iter().all(drift::Finding::is_foreign), "{:?}", told(&findings));
}

#[test]
fn an_index_in_the_way_is_named_and_the_rest_is_repaired() {
    for dialect in BOTH {
        for theirs in ["(note)", "(note DESC)"] {
            runtime().block_on(async {
                let bench = Bench::new(&TestHost::start().await, "acme", dialect).await;
                bench.hand("DROP INDEX invoice_tag_idx").await;
                bench.hand(&format!("CREATE INDEX invoice_tag_idx ON invoice {theirs}")).await;
                around(&bench, "there is an index \"invoice_tag_idx\" on \"invoice\"").await;
            });
        }
    }
}

#[test]
fn what_is_all_that_there_is_to_repair_is_refused_with_what_to_do() {
    for dialect in BOTH {
        runtime().block_on(async {
            let bench = Bench::new(&TestHost::start().await, "acme", dialect).await;
            bench.hand("DROP INDEX invoice_tag_idx; CREATE INDEX invoice_tag_idx ON invoice (note)").await;
            let outcome = bench.send(&sync(), ALLOWED).await;
            assert_eq!(outcome.status, Status::Rejected, "{outcome:#?}");
            let reason = &outcome.reasons[0];
            assert_eq!(reason.code, "drift/not-repaired");
            assert!(reason.message.contains("(btree (note)) already"), "{reason:?}");
            let drop = "hookwright sync --org acme --entity invoice --extras";
            assert!(reason.help.contains("INDEX") && reason.help.ends_with(drop), "{reason:?}");
            let all = json!({"id": "all", "type": "schema.sync", "entity": "invoice", "extras": true});
            bench.event(&all).await;
            assert_eq!(told(&bench.drift().await.findings), Vec::<String>::new());
        });
    }
}

#[test]
fn a_table_or_view_in_the_way_of_an_index_is_named() {
    for dialect in BOTH {
        for (kind, made) in [
            ("table", "CREATE TABLE invoice_tag_idx (x INT)"),
            ("view", "CREATE VIEW invoice_tag_idx AS SELECT 1 AS x"),
        ] {
            runtime().block_on(async {
                let bench = Bench::new(&TestHost::start().await, "acme", dialect).await;
                bench.hand(&format!("DROP INDEX invoice_tag_idx; {made}")).await;
                around(&bench, &format!("there is a {kind} \"invoice_tag_idx\"")).await;
            });
        }
    }
}

/// Names of constraints are a table's own, on PostgreSQL.
#[test]
fn a_constraint_in_the_way_is_named() {
    let deed = "ALTER TABLE invoice DROP CONSTRAINT invoice_account_fkey; \
        ALTER TABLE invoice ADD CONSTRAINT invoice_account_fkey CHECK (no > 0)";
    runtime().block_on(async {
        let bench = Bench::new(&TestHost::start().await, "acme", Dialect::Postgres).await;
        bench.hand(deed).await;
        around(&bench, "there is a constraint").await;
    });
}

/// The check of an `Enum` that somebody wrote in other words is no obstacle to it.
#[test]
fn the_check_of_an_enum_takes_the_place_of_one_of_its_name() {
    let deed = "ALTER TABLE invoice DROP CONSTRAINT status_values; \
        ALTER TABLE invoice ADD CONSTRAINT status_values CHECK (status = 'draft' OR status = 'sent' OR status = 'paid')";
    runtime().block_on(async {
        let bench = Bench::new(&TestHost::start().await, "acme", Dialect::Postgres).await;
        bench.hand(deed).await;
        bench.event(&sync()).await;
        assert_eq!(told(&bench.drift().await.findings), Vec::<String>::new());
    });
}

/// The key of a table that is gone, on what somebody made of it.
#[test]
fn the_key_of_another_table_in_the_way_of_a_whole_one_is_named() {
    runtime().block_on(async {
        let bench = Bench::new(&TestHost::start().await, "acme", Dialect::Postgres).await;
        bench.hand("CREATE TABLE theirs (x int); ALTER TABLE theirs ADD CONSTRAINT invoice_pkey2 PRIMARY KEY (x); \
            DROP TABLE invoice; ALTER TABLE theirs RENAME CONSTRAINT invoice_pkey2 TO invoice_pkey; DROP INDEX IF EXISTS nothing").await;
        around(&bench, "there is an index \"invoice_pkey\" on \"theirs\" (unique btree (x)) already").await;
    });
}

#[test]
fn a_view_on_a_column_that_hands_changed_is_named_before_anything_runs() {
    runtime().block_on(async {
        let bench = Bench::new(&TestHost::start().await, "acme", Dialect::Postgres).await;
        bench
            .hand("ALTER TABLE invoice ALTER no TYPE smallint; CREATE VIEW numbers AS SELECT no FROM invoice")
            .await;
        let planned = bench.send(&sync(), Mode { dry_run: true, ..ALLOWED }).await;
        assert_eq!(planned.status, Status::Held, "{:#?}", planned.reasons);
        assert_eq!(planned.reasons[0].code, "policy/dependents");
        assert!(planned.reasons[0].message.contains("numbers"), "{:#?}", planned.reasons);
    });
}

/// What is there cannot even be read then.
#[test]
fn who_has_a_table_to_itself_is_named() {
    runtime().block_on(async {
        let bench = Bench::new(&TestHost::start().await, "acme", Dialect::Postgres).await;
        let mut other = PgConnection::connect(&bench.world.url()).await.unwrap();
        let lock =
            "SET application_name = 'crm-app'; BEGIN; LOCK TABLE acme.invoice IN ACCESS EXCLUSIVE MODE";
        other.execute(lock).await.unwrap();
        let error = bench.world.host().drift(bench.world.org()).await.expect_err("it is held");
        assert_eq!(error.code, "db/blocked", "{error}");
        assert!(error.message.contains("crm-app") && error.message.contains("\"invoice\""), "{error}");
        other.execute("ROLLBACK").await.unwrap();
        assert_eq!(told(&bench.drift().await.findings), Vec::<String>::new());
    });
}

/// While it is kept they follow it, so they hold nothing up; once it is purged they would stand in the way.
#[test]
fn who_uses_what_is_dropped_is_named() {
    let postgres =
        "CREATE VIEW numbers AS SELECT no FROM invoice; CREATE VIEW notes AS SELECT note FROM invoice;
        CREATE TABLE theirs (invoice uuid REFERENCES invoice (id), no int REFERENCES invoice (no));
        CREATE FUNCTION said() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.note := 1; RETURN NEW; END';
        CREATE TRIGGER mine BEFORE INSERT ON invoice FOR EACH ROW EXECUTE FUNCTION said();
        CREATE FUNCTION sum_of() RETURNS bigint LANGUAGE sql AS 'SELECT sum(no) FROM acme.invoice';
        CREATE INDEX mine_idx ON invoice (note) WHERE no > 3";
    let sqlite = "CREATE VIEW numbers AS SELECT no FROM invoice; CREATE VIEW notes AS SELECT \"note\" FROM invoice;
        CREATE VIEW \"all\" AS SELECT * FROM account;
        CREATE TRIGGER mine AFTER INSERT ON invoice BEGIN UPDATE invoice SET note = 'x' WHERE id = NEW.id; END";
    let cases: [(_, _, &[&str], &[&str]); 2] = [
        (
            Dialect::Postgres,
            postgres,
            &["view notes", "mine_idx", "function said (by its text)"],
            &["view numbers", "view notes", "theirs", "trigger mine", "function sum_of (by its text)"],
        ),
        (
            Dialect::Sqlite,
            sqlite,
            &["view notes", "trigger mine"],
            &["view numbers", "view notes", "trigger mine"],
        ),
    ];
    for (dialect, made, of_column, of_table) in cases {
        runtime().block_on(async {
            let bench = Bench::new(&TestHost::start().await, "acme", dialect).await;
            bench.hand(made).await;
            let field = json!({"id": "f", "type": "field.delete", "entity": "invoice", "field": "note", "dropColumn": true});
            let entity = json!({"id": "e", "type": "entity.delete", "entity": "invoice", "dropTable": true});
            for (event, named, kind) in [(field, of_column, "drop-column"), (entity, of_table, "drop-table")] {
                let planned = bench.send(&event, Mode { dry_run: true, ..ALLOWED }).await;
                let outcome = bench.send(&event, ALLOWED).await;
                assert_eq!(outcome.status, Status::Applied, "{:#?}", outcome.reasons);
                for outcome in [planned, outcome] {
                    let dropped = outcome.intents.iter().find(|i| i.intent.kind().as_str() == kind).unwrap();
                    let note = dropped.notes.iter().find(|note| note.code == "policy/used-by-others");
                    let said = note.map(|note| note.message.clone()).unwrap_or_default();
                    assert!(named.iter().all(|name| said.contains(name)), "{dialect:?} {kind}: {said}");
                    assert!(!said.contains("hookwright"), "{said}");
                    assert_eq!(said.contains("numbers"), kind == "drop-table", "{said}");
                }
            }
        });
    }
}

/// It is validated where it stands: the rows are named before, and the next try finds them mended.
#[test]
fn rows_that_break_what_is_not_validated_are_named() {
    let cases = [
        (
            "ALTER TABLE invoice DROP CONSTRAINT status_values; UPDATE invoice SET status = 'lost' WHERE no = 3;
            ALTER TABLE invoice ADD CONSTRAINT status_values CHECK (status IN ('draft', 'sent', 'paid')) NOT VALID",
            "lost",
            "UPDATE invoice SET status = 'paid' WHERE status = 'lost'",
        ),
        (
            "ALTER TABLE invoice DROP CONSTRAINT invoice_account_fkey; UPDATE invoice SET account = '00000000-0000-0000-0000-000000000099' WHERE no = 3;
            ALTER TABLE invoice ADD CONSTRAINT invoice_account_fkey FOREIGN KEY (account) REFERENCES account (id) ON DELETE SET NULL NOT VALID",
            "00000000-0000-0000-0000-000000000099",
            "UPDATE invoice SET account = NULL WHERE no = 3",
        ),
    ];
    for (made, named, mended) in cases {
        runtime().block_on(async {
            let bench = Bench::new(&TestHost::start().await, "acme", Dialect::Postgres).await;
            bench.hand(made).await;
            let planned = bench.send(&sync(), Mode { dry_run: true, ..ALLOWED }).await;
            assert_eq!(planned.status, Status::Held, "{planned:#?}");
            assert!(
                planned.reasons.iter().any(|reason| reason.message.contains(named)),
                "{:#?}",
                planned.reasons
            );
            bench.hand(mended).await;
            let outcome = bench.send(&sync(), ALLOWED).await;
            let sql: Vec<_> = outcome.statements.iter().map(|s| s.sql.as_str()).collect();
            assert!(matches!(sql.as_slice(), [one] if one.contains("VALIDATE CONSTRAINT")), "{sql:#?}");
            assert_eq!(told(&bench.drift().await.findings), Vec::<String>::new());
        });
    }
}
