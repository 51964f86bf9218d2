//! Somebody's index, table or view that has the name of what is to be made, or that holds in place what is to change.

use hookwright::outcome::Status;
use hookwright_tests::scenario::{Dialect, Mode};
use hookwright_tests::world::{TestHost, runtime};
use serde_json::json;
use sqlx::{Connection, Executor, PgConnection};

use super::bench::{ALLOWED, BOTH, Bench, sync, told};

#[test]
fn an_index_in_the_way_is_named_with_what_to_do() {
    for dialect in BOTH {
        for theirs in ["(note)", "(note DESC)"] {
            runtime().block_on(async {
                let bench = Bench::new(&TestHost::start().await, "acme", dialect).await;
                bench.hand("DROP INDEX invoice_tag_idx").await;
                bench.hand(&format!("CREATE INDEX invoice_tag_idx ON invoice {theirs}")).await;
                let planned = bench.send(&sync(), Mode { dry_run: true, ..ALLOWED }).await;
                assert_eq!(planned.status, Status::Held, "{:#?}", planned.reasons);
                let reason = &planned.reasons[0];
                assert_eq!(reason.code, "drift/index-in-the-way");
                assert!(
                    reason.message.contains("\"invoice_tag_idx\" on \"invoice\" (btree (tag))"),
                    "{reason:?}"
                );
                assert!(reason.help.contains("INDEX"), "{reason:?}");
                let error =
                    bench.world.send(&sync().to_string(), ALLOWED).await.expect_err("it is in the way");
                assert_eq!(
                    (error.code.as_str(), &error.message),
                    ("drift/index-in-the-way", &reason.message)
                );
                if theirs == "(note)" {
                    assert!(
                        reason.help.ends_with("hookwright sync --org acme --entity invoice --extras"),
                        "{reason:?}"
                    );
                    let all =
                        json!({"id": "all", "type": "schema.sync", "entity": "invoice", "extras": true});
                    let outcome = bench.send(&all, ALLOWED).await;
                    assert_eq!(outcome.status, Status::Applied, "{:#?}", outcome.reasons);
                    assert_eq!(told(&bench.drift().await.findings), Vec::<String>::new());
                }
            });
        }
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
                let error = bench.refused(&sync()).await;
                assert_eq!(error.code, "drift/index-in-the-way", "{error}");
                assert!(error.message.contains(&format!("there is a {kind} of that name")), "{error}");
                let aside = error.help.split_once("by hand: ").expect("a statement").1;
                bench.paste(aside).await;
                bench.event(&sync()).await;
                assert_eq!(told(&bench.drift().await.findings), Vec::<String>::new());
            });
        }
    }
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
