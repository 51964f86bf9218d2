//! Each pattern to its end, with rows, and with somebody who writes meanwhile.

use hookwright::outcome::Status;
use hookwright_tests::world::runtime;
use serde_json::{Value as Json, json};

use crate::bench::{Bench, Boundary, ROWS, Trap};

fn update(field: &str, changes: Json) -> Json {
    json!({"id": "x", "type": "field.update", "entity": "invoice", "field": field, "changes": changes})
}

/// Makes a change in steps; gives the bench, for what must hold afterwards.
async fn made(event: Json, steps: &[&str]) -> Bench {
    let bench = Bench::new().await;
    let outcome = bench.staged(&event).await;
    assert_eq!(outcome.status, Status::Applied, "{:#?}", outcome.reasons);
    let titles: Vec<_> = outcome.steps.iter().map(|s| s.title.as_str()).collect();
    assert_eq!(titles, steps);
    assert!(outcome.steps.iter().all(|s| s.state == "done"), "{:#?}", outcome.steps);
    assert_eq!(bench.number("SELECT count(*) FROM invoice").await, ROWS);
    bench.is_tidy().await;
    let again = bench.send(&event).await;
    assert_eq!(again.status, Status::Replayed);
    bench
}

#[test]
fn a_required_field() {
    runtime().block_on(async {
        let steps = ["add check, unvalidated", "validate"];
        let bench = made(update("number", json!({"nullable": false})), &steps).await;
        bench.world.sql("INSERT INTO invoice (id) VALUES (0)").await.unwrap_err();
    });
}

#[test]
fn unique_values() {
    runtime().block_on(async {
        let bench = made(update("number", json!({"unique": true})), &["build index"]).await;
        bench.world.sql("INSERT INTO invoice (id, number) VALUES (0, 1)").await.unwrap_err();
    });
}

#[test]
fn another_type_of_every_value() {
    runtime().block_on(async {
        let steps = ["add the column that takes its place", "fill in batches"];
        let bench = made(update("number", json!({"type": "BigInt"})), &steps).await;
        assert_eq!(bench.number("SELECT count(*) FROM invoice WHERE number = id").await, ROWS);
        bench.world.sql("INSERT INTO invoice (id, number) VALUES (0, 5000000000)").await.unwrap();
    });
}

#[test]
fn another_type_under_a_unique_constraint() {
    runtime().block_on(async {
        let steps = ["add the column that takes its place", "fill in batches", "build index"];
        let bench = made(update("note", json!({"type": "Int"})), &steps).await;
        assert_eq!(bench.number("SELECT sum(note) FROM invoice").await, ROWS * (ROWS + 1) / 2);
        bench.world.sql("INSERT INTO invoice (id, note) VALUES (0, 1)").await.unwrap_err();
    });
}

#[test]
fn a_reference_with_its_index() {
    runtime().block_on(async {
        let reference = json!({"references": {"table": "account", "column": "id", "onDelete": "RESTRICT"}});
        let steps = ["add foreign key, unvalidated", "validate", "build index"];
        let bench = made(update("owner", reference), &steps).await;
        bench.world.sql("UPDATE invoice SET owner = 99 WHERE id = 1").await.unwrap_err();
    });
}

#[test]
fn a_new_field_that_is_indexed() {
    runtime().block_on(async {
        let event = json!({"id": "x", "type": "field.create", "entity": "invoice",
            "field": {"name": "kind", "type": "Enum", "values": ["a", "b"], "default": "a", "indexed": true}});
        let steps = ["add column", "add check, unvalidated", "validate", "build index"];
        let bench = made(event, &steps).await;
        assert_eq!(bench.number("SELECT count(*) FROM invoice WHERE kind = 'a'").await, ROWS);
    });
}

/// Writers go on between any two steps, and what they write is converted too.
#[test]
fn rows_that_come_meanwhile_are_converted() {
    runtime().block_on(async {
        let bench = Bench::new().await;
        let trap = Trap::set(&bench.url(), Boundary::Done(1)).await;
        let first = bench.send(&update("number", json!({"type": "BigInt"}))).await;
        trap.caught().await;
        bench.world.sql("INSERT INTO invoice (id, number) VALUES (0, 7); UPDATE invoice SET number = -1 WHERE id = 3000").await.unwrap();
        trap.open().await;
        assert_eq!(bench.follow(&first).await.status, Status::Applied);
        assert_eq!(bench.number("SELECT number FROM invoice WHERE id = 0").await, 7);
        assert_eq!(bench.number("SELECT number FROM invoice WHERE id = 3000").await, -1);
        bench.is_tidy().await;
    });
}

/// What a trigger of the table's owner makes of a row is what is converted, not what the writer sent.
#[test]
fn what_other_triggers_write_is_converted() {
    runtime().block_on(async {
        let bench = Bench::new().await;
        let trigger = "CREATE FUNCTION positive() RETURNS trigger LANGUAGE plpgsql AS \
            $$ BEGIN NEW.number := abs(NEW.number); RETURN NEW; END $$; \
            CREATE TRIGGER zz BEFORE INSERT OR UPDATE ON invoice FOR EACH ROW EXECUTE FUNCTION positive()";
        bench.world.sql(trigger).await.unwrap();
        let trap = Trap::set(&bench.url(), Boundary::Done(1)).await;
        let first = bench.send(&update("number", json!({"type": "BigInt"}))).await;
        trap.caught().await;
        let written =
            "INSERT INTO invoice (id, number) VALUES (0, -7); UPDATE invoice SET number = -8 WHERE id = 3000";
        bench.world.sql(written).await.unwrap();
        trap.open().await;
        assert_eq!(bench.follow(&first).await.status, Status::Applied);
        assert_eq!(bench.number("SELECT number FROM invoice WHERE id = 0").await, 7);
        assert_eq!(bench.number("SELECT number FROM invoice WHERE id = 3000").await, 8);
        bench.is_tidy().await;
    });
}

/// A change of another table is made while steps are under way.
#[test]
fn other_changes_do_not_wait() {
    runtime().block_on(async {
        let bench = Bench::new().await;
        let trap = Trap::set(&bench.url(), Boundary::Done(0)).await;
        let first = bench.send(&update("number", json!({"unique": true}))).await;
        trap.caught().await;
        let other = json!({"id": "y", "type": "field.create", "entity": "account", "field": {"name": "name", "type": "Text"}});
        assert_eq!(bench.send(&other).await.status, Status::Applied);
        let same = bench.send(&update("number", json!({"unique": true}))).await;
        assert_eq!((same.status, &same.change), (Status::Staged, &first.change));
        trap.open().await;
        assert_eq!(bench.follow(&first).await.status, Status::Applied);
        bench.is_tidy().await;
    });
}
