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
                if dialect == Dialect::Postgres || kind == "table" {
                    bench.hand(aside).await;
                    bench.event(&sync()).await;
                    assert_eq!(told(&bench.drift().await.findings), Vec::<String>::new());
                }
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
