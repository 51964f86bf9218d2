//! What others made on a column holds its type in place: it is named before anything runs.

use hookwright::outcome::Status;
use hookwright_tests::org::change;
use hookwright_tests::postgres::connect;
use hookwright_tests::world::runtime;
use serde_json::json;
use sqlx::{AssertSqlSafe, Executor};

use crate::bench::Bench;

#[test]
fn a_view_and_a_trigger_are_named() {
    runtime().block_on(async {
        let bench = Bench::new().await;
        let made = "CREATE VIEW totals AS SELECT id, number FROM invoice; \
            CREATE FUNCTION seen() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$; \
            CREATE TRIGGER watch BEFORE UPDATE OF number ON invoice FOR EACH ROW EXECUTE FUNCTION seen()";
        bench.world.sql(made).await.unwrap();
        let event = json!({"id": "x", "type": "field.update", "entity": "invoice", "field": "number", "changes": {"type": "BigInt"}});
        let held = bench.send(&event).await;
        assert_eq!(held.status, Status::Held, "{held:#?}");
        let reason = held.reasons.iter().find(|r| r.code == "policy/dependents").unwrap();
        assert!(reason.message.contains("\"view totals\""), "{}", reason.message);
        assert!(reason.message.contains("trigger watch on table"), "{}", reason.message);
        bench.world.sql("DROP VIEW totals; DROP TRIGGER watch ON invoice").await.unwrap();
        assert_eq!(bench.staged(&event).await.status, Status::Applied);
        bench.is_tidy().await;
    });
}

#[test]
fn what_would_go_with_the_old_column_is_named() {
    runtime().block_on(async {
        let bench = Bench::new().await;
        let made = "CREATE INDEX mine ON invoice (owner, number); ALTER TABLE invoice ADD CONSTRAINT sane CHECK (number < 1000000); \
            CREATE STATISTICS pair ON number, owner FROM invoice; GRANT SELECT (number) ON invoice TO PUBLIC";
        bench.world.sql(made).await.unwrap();
        let event = json!({"id": "x", "type": "field.update", "entity": "invoice", "field": "number", "changes": {"type": "BigInt"}});
        let held = bench.send(&event).await;
        let reason = held.reasons.iter().find(|r| r.code == "policy/goes-along").unwrap_or_else(|| panic!("{held:#?}"));
        for named in ["index ", "mine", "constraint sane on table", "statistics object", "privileges on the column number"] {
            assert!(reason.message.contains(named), "{named}: {}", reason.message);
        }
        let gone = "DROP INDEX mine; ALTER TABLE invoice DROP CONSTRAINT sane; DROP STATISTICS pair; REVOKE SELECT (number) ON invoice FROM PUBLIC";
        bench.world.sql(gone).await.unwrap();
        assert_eq!(bench.staged(&event).await.status, Status::Applied);
        bench.is_tidy().await;
    });
}

#[test]
fn a_table_under_way_is_left_alone() {
    runtime().block_on(async {
        let bench = Bench::new().await;
        // A reader holds up what needs the table for itself.
        let mut reader = connect(&bench.url()).await;
        let read = format!("BEGIN; SELECT 1 FROM \"{}\".invoice LIMIT 1", bench.world.org().as_str());
        reader.execute(sqlx::raw_sql(AssertSqlSafe(read))).await.unwrap();
        let event = json!({"id": "x", "type": "field.update", "entity": "invoice", "field": "number", "changes": {"type": "BigInt"}});
        let staged = bench.send(&event).await;
        assert_eq!(staged.status, Status::Staged, "{staged:#?}");
        let rename = json!({"id": "y", "type": "field.update", "entity": "invoice", "field": "number", "changes": {"name": "no"}});
        let (host, org) = (bench.world.host(), bench.world.org());
        let options = || hookwright::api::SubmitOptions { confirm: true, ..Default::default() };
        let refused = host.submit(org, change(&rename), options()).await.unwrap_err();
        assert_eq!(refused.code, "change/under-way");
        assert!(refused.help.contains(staged.change.as_deref().unwrap()), "{}", refused.help);
        reader.execute("ROLLBACK").await.unwrap();
        assert_eq!(bench.follow(&staged).await.status, Status::Applied);
        assert_eq!(host.submit(org, change(&rename), options()).await.unwrap().status, Status::Applied);
        bench.is_tidy().await;
    });
}
