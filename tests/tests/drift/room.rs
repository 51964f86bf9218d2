//! What cannot be put back before somebody makes room, or can be only together with something else.

use hookwright_tests::scenario::Dialect;
use hookwright_tests::world::TestHost;
use serde_json::json;

use super::bench::{ALLOWED, BOTH, Bench, sync, told};
use super::twins::{after, each, in_step, mails, postgres};

/// The repair that is printed for the first finding on an entity.
async fn printed(bench: &Bench, entity: &str) -> String {
    let drift = bench.drift().await;
    let finding = drift.findings.iter().find(|f| f.table.as_str() == entity).expect("a finding");
    bench.told(finding).repair
}

/// One of somebody's has the name: nothing is done about either, and the rest is repaired.
#[test]
fn a_table_whose_name_was_given_to_another_waits_for_room() {
    for other in ["CREATE TABLE lead (x int)", "CREATE TABLE lead AS SELECT * FROM old"] {
        each(&format!("ALTER TABLE lead RENAME TO old; {other}"), async |bench| {
            assert_eq!(told(&bench.drift().await.findings), ["drift/renamed-table lead"]);
            let error = bench.refused(&sync()).await;
            assert_eq!(error.code, "drift/renamed-table", "{error}");
            assert!(error.message.contains("another table has its name"), "{error}");
            bench.hand("ALTER TABLE partner RENAME COLUMN mail TO post").await;
            let done = bench.send(&json!({"id": "rest", "type": "schema.sync"}), ALLOWED).await;
            let left: Vec<_> = done.left.iter().map(|f| f.code.as_str()).collect();
            assert_eq!(left, ["drift/renamed-table"]);
            assert!(mails(bench, "partner").await.contains("partner"));
            bench.paste(&error.help).await;
            bench.event(&json!({"id": "last", "type": "schema.sync"})).await;
            in_step(bench).await;
            assert!(mails(bench, "lead").await.contains("lead"));
        });
    }
}

#[test]
fn a_table_in_another_schema_is_named_and_no_empty_one_is_made() {
    // Alone; one that others refer to; one whose name another has by now.
    let deeds = [("lead", ""), ("account", ""), ("lead", "CREATE TABLE lead (x int)")];
    for (table, then) in deeds {
        let deed = format!("CREATE SCHEMA away; ALTER TABLE {table} SET SCHEMA away; {then}");
        postgres("", async |bench| {
            let before = bench.rows().await.unwrap();
            bench.hand(&deed).await;
            assert_eq!(told(&bench.drift().await.findings), [format!("drift/moved-table {table}")]);
            let error = bench.refused(&sync()).await;
            assert_eq!(error.code, "drift/moved-table", "{error}");
            bench.hand(&format!("DROP TABLE IF EXISTS {table}")).await;
            bench.paste(&error.help).await;
            in_step(bench).await;
            assert!(mails(bench, "lead").await.contains("lead"));
            assert_eq!(bench.rows().await.unwrap(), before);
        });
    }
}

#[test]
fn names_that_circle_over_tables_and_kinds_are_given_back() {
    let deeds = [
        "ALTER INDEX lead_mail_idx RENAME TO way; ALTER INDEX partner_mail_idx RENAME TO lead_mail_idx; ALTER INDEX way RENAME TO partner_mail_idx",
        "ALTER INDEX lead_mail_idx RENAME TO way; ALTER INDEX lead_pkey RENAME TO lead_mail_idx; ALTER INDEX way RENAME TO lead_pkey",
        "ALTER INDEX lead_pkey RENAME TO way; ALTER INDEX partner_mail_idx RENAME TO lead_pkey; ALTER INDEX way RENAME TO partner_mail_idx",
    ];
    for deed in deeds {
        postgres(deed, async |bench| {
            let findings = told(&bench.drift().await.findings);
            assert_eq!(findings.len(), 2, "{findings:?}");
            let is_across = deed.contains("partner");
            let org = bench.world.org();
            assert_eq!(printed(bench, "lead").await == format!("hookwright sync --org {org}"), is_across);
            bench.event(&sync()).await;
            in_step(bench).await;
        });
    }
}

#[test]
fn a_unique_constraint_in_the_place_of_the_key_makes_room_for_it() {
    let unique = |column: &str| {
        format!(
            "ALTER TABLE lead DROP CONSTRAINT lead_pkey; ALTER TABLE lead ADD CONSTRAINT lead_pkey UNIQUE ({column})"
        )
    };
    postgres(&unique("id"), async |bench| {
        assert_eq!(told(&bench.drift().await.findings), ["drift/primary-key lead"]);
        bench.event(&sync()).await;
        in_step(bench).await;
        // On other columns it is somebody's, and is named.
        bench.hand(&unique("mail")).await;
        let outcome = bench.send(&json!({"id": "again", "type": "schema.sync"}), ALLOWED).await;
        let said = outcome.left.iter().filter_map(|left| left.hindrance.as_deref());
        let said: Vec<_> = said.filter(|said| said.contains("there is an index \"lead_pkey\"")).collect();
        assert_eq!(said.len(), 1, "{outcome:#?}");
    });
}

/// Names of constraints stay when their table is called otherwise.
#[test]
fn a_unique_index_with_the_older_name_of_a_constraint_makes_room_for_it() {
    let make = async |dialect| Bench::new(&TestHost::start().await, "acme", dialect).await;
    after(&[Dialect::Postgres], make, "", async |bench| {
        bench.event(&json!({"id": "n", "type": "entity.update", "entity": "invoice", "changes": {"name": "bill"}})).await;
        bench
            .hand("ALTER TABLE bill DROP CONSTRAINT invoice_no_key; CREATE UNIQUE INDEX invoice_no_key ON bill (no)")
            .await;
        assert_eq!(told(&bench.drift().await.findings), ["drift/unique bill.no"]);
        bench.event(&sync()).await;
        in_step(bench).await;
    });
}

/// A key and what refers to it cannot be of two types at any time.
#[test]
fn types_of_a_key_and_of_its_references_change_together() {
    postgres("", async |bench| {
        let refer = json!({"id": "r-1", "type": "field.create", "entity": "lead", "field":
            {"name": "partner", "type": "Uuid", "references": {"table": "partner", "column": "id", "onDelete": "CASCADE"}}});
        bench.event(&refer).await;
        bench.hand("UPDATE lead SET partner = (SELECT id FROM partner)").await;
        bench
            .hand(
                "ALTER TABLE lead DROP CONSTRAINT lead_partner_fkey; ALTER TABLE partner ALTER id TYPE text; \
                 ALTER TABLE lead ALTER partner TYPE text; \
                 ALTER TABLE lead ADD CONSTRAINT lead_partner_fkey FOREIGN KEY (partner) REFERENCES partner ON DELETE CASCADE",
            )
            .await;
        let findings = told(&bench.drift().await.findings);
        assert_eq!(findings, ["drift/type lead.partner", "drift/type partner.id"]);
        assert_eq!(printed(bench, "lead").await, format!("hookwright sync --org {}", bench.world.org()));
        let error = bench.refused(&json!({"id": "alone", "type": "schema.sync", "entity": "lead"})).await;
        assert_eq!(error.code, "drift/not-alone", "{error}");
        bench.event(&sync()).await;
        in_step(bench).await;
        let same = bench.world.rows("SELECT l.mail FROM lead l JOIN partner p ON p.id = l.partner").await;
        assert_eq!(same.expect("rows").len(), 1);
    });
}

#[test]
fn each_printed_repair_of_two_columns_does_what_it_says() {
    let make = async |dialect| Bench::new(&TestHost::start().await, "acme", dialect).await;
    after(&BOTH, make, "", async |bench| {
        let dialect = bench.world.dialect();
        match dialect {
            Dialect::Postgres => {
                bench.hand("ALTER TABLE invoice ALTER tag TYPE varchar(30); ALTER TABLE invoice ALTER no TYPE bigint").await;
            }
            Dialect::Sqlite => {
                bench
                    .remake(
                        "invoice",
                        &[("<= 20", "<= 30"), (" CHECK (\"no\" BETWEEN -2147483648 AND 2147483647)", "")],
                    )
                    .await;
            }
        }
        let drift = bench.drift().await;
        assert_eq!(drift.findings.len(), 2, "{:#?}", drift.findings);
        for n in 0..2 {
            let Some(finding) = bench.drift().await.findings.first().cloned() else { break };
            let told = bench.told(&finding);
            let is_alone = told.repair.contains(" --field ");
            assert_eq!(is_alone, dialect == Dialect::Postgres, "{}", told.repair);
            if !is_alone {
                let column = finding.part.column().expect("a column").as_str();
                let alone =
                    json!({"id": "alone", "type": "schema.sync", "entity": "invoice", "field": column});
                assert_eq!(bench.refused(&alone).await.code, "drift/not-alone");
            }
            let field = finding.part.column().filter(|_| is_alone).map(|c| c.as_str());
            let id = format!("one-{n}");
            bench.event(&json!({"id": id, "type": "schema.sync", "entity": "invoice", "field": field})).await;
        }
        in_step(bench).await;
    });
}
