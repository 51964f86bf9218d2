//! Statements as they are printed: they end what they are printed for, whatever schemas a session searches.

use hookwright::outcome::Status;
use hookwright_tests::scenario::{Dialect, Mode};
use serde_json::{Value as Json, json};

use super::bench::{ALLOWED, BOTH, Bench, sync, told};
use super::twins::{after, plain};

async fn in_step(bench: &Bench) {
    assert_eq!(told(&bench.drift().await.findings), Vec::<String>::new());
}

/// A field of `invoice` or `account`.
fn field(id: &str, entity: &str) -> Json {
    json!({"id": id, "type": "field.create", "entity": entity, "field": {"name": "more", "type": "Text"}})
}

/// The statement that ends a finding, which others may be told beside.
fn statement(repair: &str) -> &str {
    let by_hand = repair.strip_prefix("by hand: ").expect("something for people");
    by_hand.rsplit("; or ").next().expect("a statement")
}

#[test]
fn what_the_host_has_no_word_for_is_ended_by_what_is_printed() {
    let deeds = [
        "ALTER TABLE account ADD CONSTRAINT mine EXCLUDE USING btree (name WITH =)",
        "ALTER TABLE invoice ADD CONSTRAINT mine FOREIGN KEY (account) REFERENCES account (id)",
        "CREATE UNIQUE INDEX mine ON account (name DESC)",
        "ALTER TABLE account ADD \"Full \"\"Name\" text",
    ];
    for deed in deeds {
        after(&[Dialect::Postgres], plain, deed, async |bench| {
            let findings = bench.drift().await.findings;
            let [finding] = findings.as_slice() else { panic!("{findings:#?}") };
            bench.paste(statement(&bench.told(finding).repair)).await;
            in_step(bench).await;
        });
    }
}

/// The names that come to mind first are taken.
#[test]
fn what_has_the_name_of_a_table_is_moved_away_by_what_is_printed() {
    let aside = "ALTER TABLE invoice RENAME TO invoice_rows";
    let view = "CREATE VIEW invoice AS SELECT * FROM invoice_rows";
    for put in [view.to_owned(), format!("CREATE TABLE invoice_other (x INT); {view}")] {
        after(&BOTH, plain, "", async |bench| {
            let rows = bench.rows().await.unwrap();
            bench.hand(&format!("{aside}; {put}")).await;
            let findings = bench.drift().await.findings;
            assert_eq!(told(&findings), ["drift/replaced-table invoice"]);
            let outcome = bench.send(&sync(), ALLOWED).await;
            let repair = bench.told(&findings[0]).repair;
            assert_eq!(outcome.status, Status::Rejected, "{outcome:#?}");
            assert!(outcome.reasons[0].help.contains(&repair), "{outcome:#?}");
            bench.paste(&repair).await;
            bench.event(&sync()).await;
            in_step(bench).await;
            assert_eq!(bench.rows().await.unwrap(), rows);
        });
    }
}

/// Whatever refers to it goes on referring to it.
#[test]
fn a_table_that_is_none_of_its_own_any_more_is_told_and_comes_back() {
    let deeds = [
        (
            "CREATE TYPE made AS (id uuid, name varchar(80)); ALTER TABLE account OF made",
            "it is made of a type",
        ),
        (
            "CREATE TABLE \"The whole\" (LIKE account) PARTITION BY LIST (name); ALTER TABLE \"The whole\" ATTACH PARTITION account DEFAULT",
            "it is a part of a partitioned table",
        ),
    ];
    for (deed, is) in deeds {
        after(&[Dialect::Postgres], plain, "", async |bench| {
            let rows = bench.rows().await.unwrap();
            bench.hand(deed).await;
            let findings = bench.drift().await.findings;
            assert_eq!(told(&findings), ["drift/replaced-table account"]);
            let finding = bench.told(&findings[0]);
            assert!(finding.message.contains(is) && finding.adopt.is_none(), "{finding:?}");

            let outcome = bench.send(&sync(), ALLOWED).await;
            assert_eq!((outcome.status, outcome.reasons.len()), (Status::Rejected, 1), "{outcome:#?}");
            assert!(outcome.reasons[0].help.contains(&finding.repair), "{outcome:#?}");
            let planned = bench.send(&field("f", "account"), Mode { dry_run: true, ..ALLOWED }).await;
            assert_eq!(planned.status, Status::Held, "{planned:#?}");
            let error = bench.refused(&field("f", "account")).await;
            for (code, help) in
                [(&planned.reasons[0].code, &planned.reasons[0].help), (&error.code, &error.help)]
            {
                assert_eq!(code, "drift/replaced-table", "{error}");
                assert!(help.contains(&finding.repair), "{help}");
            }
            bench.event(&field("other", "invoice")).await;

            bench.paste(&finding.repair).await;
            in_step(bench).await;
            assert_eq!(bench.rows().await.unwrap(), rows);
            bench.event(&field("f", "account")).await;
        });
    }
}

#[test]
fn values_that_a_column_needs_are_filled_in_as_printed() {
    after(&BOTH, plain, "ALTER TABLE account DROP COLUMN name", async |bench| {
        let outcome = bench.send(&sync(), ALLOWED).await;
        let next = outcome.left[0].next.clone().unwrap();
        let fill = next.strip_prefix("fill it: ").and_then(|next| next.split_once("; then: ")).unwrap().0;
        bench.paste(&fill.replace('…', "'again'")).await;
        bench.event(&json!({"id": "rest", "type": "schema.sync"})).await;
        in_step(bench).await;
    });
}

#[test]
fn an_adoption_that_takes_nothing_in_names_the_repair_of_what_was_asked_for() {
    after(&BOTH, plain, "DROP INDEX invoice_tag_idx", async |bench| {
        let adopt = json!({"id": "a", "type": "schema.adopt", "entity": "invoice"});
        let error = bench.refused(&adopt).await;
        assert_eq!(error.code, "drift/not-adopted");
        assert!(error.help.ends_with("hookwright sync --org acme --entity invoice"), "{}", error.help);
    });
}
