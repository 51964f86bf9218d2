//! Approving: the change is worked out anew, and runs if it is what was held.

use hookwright::api::ApproveOptions;
use hookwright::outcome::Status;
use hookwright_tests::on_both;
use serde_json::json;

use crate::bench::{Bench, PLAIN, codes, drop_note, id};

on_both! { Bench::new =>
    it_runs_under_its_own_id
    it_needs_the_consent_that_its_verdict_needs
    a_plan_that_moved_is_to_be_approved_anew
    another_plan_than_the_one_named_does_not_run
    rows_that_stand_against_it_are_examined_again
    what_cannot_be_any_more_stays_held
    what_is_not_held_cannot_be_approved
}

async fn it_runs_under_its_own_id(bench: &Bench) {
    let held = bench.held(&drop_note("e-1")).await;
    let change = id(&held);
    let made = bench.approve(&change, true, "bob").await.unwrap();
    assert_eq!(
        (made.status, made.change.as_deref(), made.revision),
        (Status::Applied, Some(change.as_str()), 2)
    );
    assert_eq!((made.actor.as_deref(), &made.plan_hash), (Some("ann"), &held.plan_hash));
    let shown = bench.show(&change).await;
    assert_eq!((shown.status, &shown.held_since), (Status::Applied, &held.held_since));
    assert_eq!(
        (shown.decision.clone().unwrap().by.as_deref(), &shown.decision),
        (Some("bob"), &made.decision)
    );
    assert_eq!((bench.waiting().await.len(), bench.ledger().await.len()), (0, 2));
    assert_eq!(bench.ledger().await[0].change, change);
    let error = bench.approve(&change, true, "eve").await.unwrap_err();
    assert!(error.code == "change/decided" && error.message.contains("approved by \"bob\""), "{error:?}");
    assert_eq!(bench.reject(&change, "late").await.unwrap_err().code, "change/decided");
    let again = bench.send(&drop_note("e-1"), PLAIN).await.unwrap();
    assert_eq!(again.status, Status::Replayed);
}

async fn it_needs_the_consent_that_its_verdict_needs(bench: &Bench) {
    let held = bench.held(&drop_note("e-1")).await;
    let still = bench.approve(&id(&held), false, "bob").await.unwrap();
    assert_eq!((still.status, codes(&still)), (Status::Held, codes(&held)));
    let command = format!("approve it: hookwright approve {} --org acme --allow-destructive", id(&held));
    assert_eq!(still.reasons[0].help, command);
    assert_eq!(bench.approve(&id(&held), true, "bob").await.unwrap().status, Status::Applied);
}

async fn a_plan_that_moved_is_to_be_approved_anew(bench: &Bench) {
    let delete = json!({"id": "e-1", "type": "entity.delete", "entity": "invoice", "dropTable": true});
    let held = bench.held(&delete).await;
    bench
        .applied(&json!({"id": "e-2", "type": "entity.create", "entity": {"name": "line", "fields": [
        {"name": "id", "type": "Uuid", "nullable": false, "primaryKey": true},
        {"name": "invoice", "type": "Uuid", "references": {"table": "invoice", "column": "id"}}]}}))
        .await;
    let moved = bench.approve(&id(&held), true, "bob").await.unwrap();
    assert_eq!((moved.status, moved.change.clone()), (Status::Held, held.change.clone()));
    assert_eq!(codes(&moved)[0], "policy/plan-moved");
    let (new, told) = (moved.plan_hash.clone().unwrap(), &moved.reasons[0]);
    assert!(moved.plan_hash != held.plan_hash && told.help.ends_with(&format!("--plan {new}")), "{told:?}");
    assert!(told.message.contains("now: ") && told.message.contains(&new), "{told:?}");
    assert_eq!(bench.ledger().await.len(), 2);
    let waiting = bench.waiting().await;
    assert_eq!((waiting.len(), waiting[0].held.clone().unwrap().plan_hash), (1, new));
    let made = bench.approve(&id(&held), true, "bob").await.unwrap();
    assert_eq!((made.status, made.plan_hash, made.revision), (Status::Applied, moved.plan_hash, 3));
    bench.world.in_step().await.unwrap();
}

async fn another_plan_than_the_one_named_does_not_run(bench: &Bench) {
    let held = bench.held(&drop_note("e-1")).await;
    let named = |hash: &str| {
        let options = ApproveOptions {
            allow_destructive: true,
            plan_hash: Some(hash.to_owned()),
            actor: None,
            until: None,
        };
        let (host, org, change) = (bench.world.host().clone(), bench.world.org().clone(), id(&held));
        async move { host.approve(&org, &change, options).await }
    };
    let other = named(&"0".repeat(64)).await.unwrap();
    assert_eq!((other.status, codes(&other)), (Status::Held, vec!["policy/plan-moved"]));
    assert_eq!(named("0123").await.unwrap_err().code, "request/invalid");
    let made = named(held.plan_hash.as_deref().unwrap()).await.unwrap();
    assert_eq!((made.status, made.decision.unwrap().by), (Status::Applied, None));
}

async fn rows_that_stand_against_it_are_examined_again(bench: &Bench) {
    bench
        .world
        .sql("INSERT INTO invoice (id) VALUES ('123e4567-e89b-12d3-a456-426614174000')")
        .await
        .unwrap();
    let required = json!({"id": "e-1", "type": "field.update", "entity": "invoice", "field": "note",
        "changes": {"nullable": false}});
    let held = bench.held(&required).await;
    let still = bench.approve(&id(&held), true, "bob").await.unwrap();
    assert_eq!((still.status, codes(&still)), (Status::Held, vec!["policy/set-not-null"]));
    assert_eq!(still.reasons, held.reasons);
    bench.world.sql("UPDATE invoice SET note = 'x'").await.unwrap();
    assert_eq!(bench.approve(&id(&held), false, "bob").await.unwrap().status, Status::Applied);
    bench.world.in_step().await.unwrap();
}

async fn what_cannot_be_any_more_stays_held(bench: &Bench) {
    let held = bench.held(&drop_note("e-1")).await;
    bench.applied(&json!({"id": "e-2", "type": "field.delete", "entity": "invoice", "field": "note"})).await;
    let error = bench.approve(&id(&held), true, "bob").await.unwrap_err();
    assert_eq!(error.code, "metadata/not-found");
    let (change, by) = (id(&held), bench.ledger().await[0].change.clone());
    let begins = format!("the held change {change} cannot be made any more: ");
    let since = format!("; since it was held, {by} was made (field.delete of \"invoice.note\")");
    assert!(error.message.starts_with(&begins) && error.message.ends_with(&since), "{error}");
    assert!(error.help.contains(&format!("hookwright reject {change} --org acme;")), "{}", error.help);
    assert_eq!(bench.waiting().await.len(), 1);
    assert_eq!(bench.reject(&id(&held), "gone already").await.unwrap().status, Status::Rejected);
}

async fn what_is_not_held_cannot_be_approved(bench: &Bench) {
    let applied = bench.ledger().await[0].change.clone();
    let error = bench.approve(&applied, true, "bob").await.unwrap_err();
    assert!(error.code == "change/decided" && error.message.contains("never held"), "{error:?}");
    for none in ["c-0", "it's", "a\0b", ""] {
        assert_eq!(bench.approve(none, true, "bob").await.unwrap_err().code, "change/not-found");
        assert_eq!(bench.reject(none, "no").await.unwrap_err().code, "change/not-found");
    }
    let held = bench.held(&drop_note("e-1")).await;
    assert_eq!(bench.approve(&id(&held), true, "").await.unwrap_err().code, "request/invalid");
}
