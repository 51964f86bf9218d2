//! What is recorded of a change that is held, and how it is found again.

use hookwright::api::HeldPart;
use hookwright::outcome::Status;
use hookwright_tests::on_both;
use hookwright_tests::scenario::Mode;
use serde_json::json;

use crate::bench::{ALLOWED, Bench, PLAIN, drop_note, id};

on_both! { Bench::new =>
    it_is_recorded_once
    another_event_of_the_id_is_refused
    nothing_else_is_recorded
    what_is_sent_again_with_consent_is_made_and_settled
    lists_go_in_pages
}

async fn it_is_recorded_once(bench: &Bench) {
    let held = bench.held(&drop_note("e-1")).await;
    let change = id(&held);
    assert!(
        held.reasons[0].help.contains(&format!("hookwright approve {change} --org acme --allow-destructive"))
    );
    let again = bench.held(&drop_note("e-1")).await;
    assert_eq!((id(&again), &again.plan_hash), (change.clone(), &held.plan_hash));
    assert_eq!(again.held_since, held.held_since);
    let [waiting] = &bench.waiting().await[..] else { panic!("not one") };
    assert_eq!(
        (&waiting.change, waiting.status, waiting.actor.as_deref()),
        (&change, Status::Held, Some("ann"))
    );
    assert_eq!((waiting.events[0].id.as_str(), waiting.statements), ("e-1", held.statements.len()));
    let told = waiting.held.clone().unwrap();
    assert_eq!((told.verdict.as_str(), Some(told.plan_hash)), ("destructive", held.plan_hash.clone()));
    assert_eq!(Some(told.since), held.held_since);
    assert!((0..60).contains(&told.seconds));
    let shown = bench.show(&change).await;
    assert_eq!((shown.status, &shown.reasons, shown.decision), (Status::Held, &held.reasons, None));
    assert_eq!((bench.ledger().await.len(), held.revision), (1, 1));
    bench.world.in_step().await.unwrap();
}

async fn another_event_of_the_id_is_refused(bench: &Bench) {
    let change = id(&bench.held(&drop_note("e-1")).await);
    let other = json!({"id": "e-1", "type": "field.create", "entity": "invoice", "field": {"name": "a", "type": "Int"}});
    let error = bench.send(&other, ALLOWED).await.unwrap_err();
    assert!(error.code == "event/id-reused" && error.message.contains(&change), "{error:?}");
    let harmless = json!({"id": "e-2", "type": "field.create", "entity": "invoice", "field": {"name": "a", "type": "Int"}});
    let error = bench.send(&json!([drop_note("e-1"), harmless]), ALLOWED).await.unwrap_err();
    assert!(error.code == "event/id-reused" && error.message.contains("other events"), "{error:?}");
    assert_eq!((bench.waiting().await.len(), bench.ledger().await.len()), (1, 1));
}

async fn nothing_else_is_recorded(bench: &Bench) {
    let dry = bench.send(&drop_note("e-1"), Mode { dry_run: true, ..PLAIN }).await.unwrap();
    assert_eq!((dry.status, &dry.change), (Status::Held, &None));
    assert!(dry.plan_hash.is_some());
    let none = json!({"id": "e-2", "type": "entity.create", "entity": {"name": "empty"}});
    let refused = bench.send(&none, PLAIN).await.unwrap();
    assert_eq!((refused.status, &refused.change), (Status::Rejected, &None));
    assert_eq!(bench.waiting().await, []);
    let held = bench.held(&drop_note("e-1")).await;
    assert_eq!(held.plan_hash, dry.plan_hash);
}

async fn what_is_sent_again_with_consent_is_made_and_settled(bench: &Bench) {
    let change = id(&bench.held(&drop_note("e-1")).await);
    let made = bench.send(&drop_note("e-1"), ALLOWED).await.unwrap();
    assert_eq!((made.status, made.change.as_deref()), (Status::Applied, Some(change.as_str())));
    assert_eq!(bench.waiting().await, []);
    let shown = bench.show(&change).await;
    let decision = shown.decision.unwrap();
    assert_eq!(
        (shown.status, decision.approved, decision.by.as_deref()),
        (Status::Applied, true, Some("ann"))
    );
    assert_eq!(decision.at, made.committed_at);
    assert_eq!(bench.send(&drop_note("e-1"), PLAIN).await.unwrap().status, Status::Replayed);
    bench.world.in_step().await.unwrap();
}

async fn lists_go_in_pages(bench: &Bench) {
    let mut made = Vec::new();
    for number in 0..5 {
        made.push(id(&bench.held(&drop_note(&format!("e-{number}"))).await));
    }
    made.reverse();
    let (mut before, mut seen) = (None, Vec::new());
    loop {
        let page = bench.world.host().held(bench.world.org(), HeldPart { before, limit: 2 }).await.unwrap();
        seen.extend(page.iter().map(|c| c.change.clone()));
        before = seen.last().cloned();
        if page.len() < 2 {
            break;
        }
    }
    assert_eq!(seen, made);
}
