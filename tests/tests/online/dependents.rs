//! What others made on a column holds its type in place: it is named before anything runs.

use hookwright::outcome::Status;
use hookwright_tests::world::runtime;
use serde_json::json;

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
