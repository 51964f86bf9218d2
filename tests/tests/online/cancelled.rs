//! A staged change that somebody decides against, or whose index somebody drops: nothing of it is committed or left.

use hookwright::api::{ApproveOptions, HeldPart, RejectOptions};
use hookwright::outcome::{Outcome, Status};
use hookwright_tests::world::runtime;
use serde_json::{Value as Json, json};

use crate::bench::{Bench, Boundary, Trap};

fn event() -> Json {
    let changes = json!({"nullable": false, "unique": true});
    json!({"id": "x", "type": "field.update", "entity": "invoice", "field": "number", "changes": changes})
}

async fn reject(bench: &Bench, id: &str) -> Outcome {
    let options = RejectOptions { reason: Some("not now".into()), actor: Some("bob".into()) };
    bench.world.host().reject(bench.world.org(), id, options).await.unwrap()
}

/// Rejects the change while one of its steps is under way.
async fn cancelled_at(step: i32) {
    let bench = Bench::new().await;
    let before = bench.world.physical().await.0;
    let trap = Trap::set(&bench.url(), Boundary::Done(step)).await;
    let first = bench.send(&event()).await;
    let id = first.change.clone().unwrap();
    trap.caught().await;
    let rejected = reject(&bench, &id).await;
    assert!(rejected.is_under_way(), "{rejected:#?}");
    let part = HeldPart { before: None, limit: 9 };
    let listed = bench.world.host().held(bench.world.org(), part).await.unwrap();
    assert_eq!((listed.len(), &listed[0].change, listed[0].status), (1, &id, Status::Staged));
    trap.open().await;
    let outcome = bench.follow(&first).await;
    assert_eq!(outcome.status, Status::RolledBack, "{outcome:#?}");
    assert_eq!(outcome.reasons[0].code, "change/decided");
    assert!(outcome.reasons[0].message.contains("rejected by \"bob\""), "{}", outcome.reasons[0].message);
    let decision = outcome.decision.as_ref().unwrap();
    assert_eq!((decision.approved, decision.note.as_deref()), (false, Some("not now")));
    bench.is_tidy().await;
    assert_eq!(bench.world.physical().await.0, before);
    let approved = bench.world.host().approve(bench.world.org(), &id, ApproveOptions::default()).await;
    assert_eq!(approved.unwrap_err().code, "change/decided");
    for _ in 0..2 {
        let again = bench.send(&event()).await;
        assert_eq!((again.status, again.change.as_deref()), (Status::RolledBack, Some(id.as_str())));
        assert_eq!((again.reasons[0].code.as_str(), &again.decision), ("change/decided", &outcome.decision));
        assert!(again.reasons[0].message.ends_with(": not now"), "{:?}", again.reasons);
        assert!(again.reasons[0].help.contains("new event"), "{:?}", again.reasons);
    }
    assert_eq!(bench.world.physical().await.0, before);
    let mut anew = event();
    anew["id"] = "x-2".into();
    assert_eq!(bench.staged(&anew).await.status, Status::Applied, "as a new event it is made");
    bench.is_tidy().await;
}

#[test]
fn at_its_first_step() {
    runtime().block_on(cancelled_at(0));
}

#[test]
fn at_its_last_step() {
    runtime().block_on(cancelled_at(2));
}

#[test]
fn an_index_that_is_dropped_before_the_commit() {
    runtime().block_on(async {
        let bench = Bench::new().await;
        let before = bench.world.physical().await.0;
        let drop = "CREATE FUNCTION public.drops() RETURNS trigger LANGUAGE plpgsql AS \
            $$ BEGIN EXECUTE format('DROP INDEX %I.invoice_status_idx', NEW.org); RETURN NEW; END $$; \
            CREATE TRIGGER drops AFTER UPDATE ON hookwright.step FOR EACH ROW WHEN (NEW.state = 'done') \
            EXECUTE FUNCTION public.drops()";
        bench.world.sql(drop).await.unwrap();
        let indexed = json!({"id": "y", "type": "field.update", "entity": "invoice", "field": "status", "changes": {"indexed": true}});
        let outcome = bench.staged(&indexed).await;
        assert_eq!(outcome.status, Status::RolledBack, "{outcome:#?}");
        assert!(outcome.reasons[0].message.contains("not there any more"), "{:?}", outcome.reasons);
        assert_eq!(bench.world.physical().await.0, before);
        bench.is_tidy().await;
    });
}
