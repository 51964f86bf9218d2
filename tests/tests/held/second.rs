//! Where the policy wants a second actor, nobody who had a part in asking can approve.

use hookwright::api::ApproveOptions;
use hookwright::outcome::{Outcome, Status};
use hookwright_tests::on_both;
use hookwright_tests::scenario::Dialect;
use serde_json::{Value as Json, json};

use crate::bench::{ALLOWED, Bench, codes, drop_note, id};

const DESTRUCTIVE: &str = "[approvals]\ndestructive = \"second-actor\"\n";
const CONFIRMATION: &str = "[approvals]\nconfirmation = \"second-actor\"\n";

/// Renames the field `note`: needs a confirmation.
fn rename_note(id: &str) -> Json {
    json!({"id": id, "type": "field.update", "entity": "invoice", "field": "note", "changes": {"name": "remark"}})
}

async fn nameless(bench: &Bench, id: &str) -> Outcome {
    let options = ApproveOptions { allow_destructive: true, plan_hash: None, actor: None, until: None };
    bench.world.host().approve(bench.world.org(), id, options).await.unwrap()
}

async fn another_has_to_approve(dialect: Dialect) {
    let bench = Bench::with_policy(dialect, Some(DESTRUCTIVE)).await;
    let held = bench.send_as(&drop_note("e-1"), "token:crm").await;
    assert_eq!((held.status, codes(&held)), (Status::Held, vec!["policy/second-actor"]));
    let told = &held.reasons[0];
    assert!(told.message.contains("\"ann\", \"token:crm\""), "{told:?}");
    assert!(told.help.contains(&format!("hookwright approve {} --org acme --allow-destructive", id(&held))));
    // Consent does not help, whoever sends it.
    for sender in ["token:crm", "token:other"] {
        let again = bench.send_as(&drop_note("e-1"), sender).await;
        assert_eq!((again.status, &again.change), (Status::Held, &held.change));
    }
    for asker in ["ann", "token:crm"] {
        let refused = bench.approve(&id(&held), true, asker).await.unwrap();
        assert_eq!((refused.status, codes(&refused)), (Status::Held, vec!["policy/second-actor"]));
        assert!(refused.reasons[0].message.contains("cannot approve it too"), "{refused:?}");
    }
    assert_eq!(codes(&nameless(&bench, &id(&held)).await), ["policy/second-actor"]);
    let meek = bench.approve(&id(&held), false, "bob").await.unwrap();
    assert_eq!(codes(&meek), ["policy/drop-column"]);
    let made = bench.approve(&id(&held), true, "bob").await.unwrap();
    assert_eq!((made.status, made.actor.as_deref()), (Status::Applied, Some("ann")));
    assert_eq!(bench.show(&id(&held)).await.decision.unwrap().by.as_deref(), Some("bob"));
}

async fn each_verdict_by_its_own_setting(dialect: Dialect) {
    let bench = Bench::with_policy(dialect, Some(DESTRUCTIVE)).await;
    bench.applied(&rename_note("e-1")).await;
    let bench = Bench::with_policy(dialect, Some(CONFIRMATION)).await;
    let held = bench.send_as(&rename_note("e-1"), "token:crm").await;
    assert_eq!(codes(&held), ["policy/second-actor"]);
    // Leave to destroy confirms too.
    let held = bench.send_as(&drop_note("e-2"), "token:crm").await;
    assert_eq!(codes(&held), ["policy/second-actor"]);
    let harmless = json!({"id": "e-3", "type": "field.create", "entity": "invoice", "field": {"name": "a", "type": "Int"}});
    bench.applied(&harmless).await;
}

async fn nobody_is_not_another(dialect: Dialect) {
    let bench = Bench::with_policy(dialect, Some(CONFIRMATION)).await;
    let held = bench.send(&rename_note("e-1"), ALLOWED).await.unwrap();
    assert_eq!((held.status, codes(&held)), (Status::Held, vec!["policy/second-actor"]));
    let refused = bench.approve(&id(&held), true, "bob").await.unwrap();
    assert_eq!((refused.status, codes(&refused)), (Status::Held, vec!["policy/second-actor"]));
    let told = &refused.reasons[0];
    assert!(told.message.contains("nobody is named who asked"), "{told:?}");
    assert!(told.help.starts_with(&format!("hookwright reject {} --org acme", id(&held))), "{told:?}");
    bench.reject(&id(&held), "without a name").await.unwrap();
}

on_both! { another_has_to_approve each_verdict_by_its_own_setting nobody_is_not_another }
