//! A step that fails for good: what was done is taken back, and nothing has changed.

use hookwright::outcome::Status;
use hookwright_tests::world::runtime;
use serde_json::json;

use crate::bench::Bench;

/// Rows that stand against the change come after it was judged: with the row that stages it.
pub const TOO_LATE: &str = "\
    CREATE FUNCTION public.late() RETURNS trigger LANGUAGE plpgsql AS \
        $$ BEGIN EXECUTE format('UPDATE %1$I.invoice SET number = NULL WHERE id = 1; \
           UPDATE %1$I.invoice SET note = ''x'' WHERE id = 2; \
           UPDATE %1$I.invoice SET owner = 1, number = 5 WHERE id = 6', NEW.org); RETURN NEW; END $$; \
    CREATE TRIGGER late AFTER INSERT ON hookwright.journal FOR EACH ROW EXECUTE FUNCTION public.late()";

async fn fails(changes: serde_json::Value, field: &str, code: &str) {
    let bench = Bench::new().await;
    let (before, _) = bench.world.physical().await;
    let metadata = bench.number("SELECT revision FROM hookwright.org").await;
    bench.world.sql(TOO_LATE).await.unwrap();
    let event =
        json!({"id": "x", "type": "field.update", "entity": "invoice", "field": field, "changes": changes});
    let outcome = bench.staged(&event).await;
    assert_eq!(outcome.status, Status::RolledBack, "{outcome:#?}");
    assert_eq!(outcome.reasons[0].code, code, "{:?}", outcome.reasons);
    assert!(outcome.steps.iter().all(|s| s.state == "undone"), "{:#?}", outcome.steps);
    bench.is_tidy().await;
    assert_eq!(bench.world.physical().await.0, before);
    assert_eq!(bench.number("SELECT revision FROM hookwright.org").await, metadata);
    assert_eq!(
        bench
            .world
            .host()
            .change(bench.world.org(), outcome.change.as_deref().unwrap())
            .await
            .unwrap()
            .status,
        Status::RolledBack
    );
    // Once the rows allow it, the same event is made.
    bench
        .world
        .sql("DROP FUNCTION public.late CASCADE; UPDATE invoice SET number = id, note = id::text")
        .await
        .unwrap();
    assert_eq!(bench.staged(&event).await.status, Status::Applied);
    bench.is_tidy().await;
}

#[test]
fn a_value_that_is_missing() {
    runtime().block_on(fails(json!({"nullable": false}), "number", "db/constraint"));
}

#[test]
fn values_that_are_not_unique() {
    runtime().block_on(fails(json!({"unique": true}), "number", "db/constraint"));
}

#[test]
fn a_value_that_has_no_counterpart() {
    runtime().block_on(fails(json!({"type": "Int"}), "note", "db/constraint"));
}
