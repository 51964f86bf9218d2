//! Somebody else holds a lock: it is waited for, and who holds it is named when it is given up.

use hookwright::config::Config;
use hookwright::error::Error;
use hookwright::outcome::Status;
use hookwright_tests::locks::TableLock;
use serde_json::{Value as Json, json};

use crate::rig::{Org, Rig, add_field};

fn few_attempts(config: &mut Config) {
    config.retry.lock_attempts = 3;
    config.database.lock_timeout_ms = 30;
}

async fn hold(rig: &Rig, org: &Org) -> TableLock {
    let url = rig.database.url();
    let separator = if url.contains('?') { '&' } else { '?' };
    let named = format!("{url}{separator}application_name=nightly-report");
    TableLock::hold(&named, org.name.as_str(), "invoice").await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lock_that_is_given_back_is_waited_for() {
    let rig = Rig::with(|config| config.database.lock_timeout_ms = 30).await;
    let org = rig.org().await;
    let event = add_field("e-1", "rank");
    let lock = hold(&rig, &org).await;
    let (outcome, ()) = tokio::join!(rig.submit(&org, &event), async {
        let first = lock.waiting_since().await;
        lock.wait_for_another(&first).await;
        lock.release().await;
    });
    let outcome = outcome.unwrap();
    assert!(outcome.status == Status::Applied && outcome.attempts > 1, "{outcome:?}");
    rig.applied_once(&org, &event, 2).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lock_that_is_kept_is_given_up_with_its_holder() {
    given_up(&add_field("e-1", "rank")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lock_in_the_way_of_a_probe_is_given_up_with_its_holder() {
    let changes = json!({"nullable": false});
    given_up(&json!({"id": "e-1", "type": "field.update", "entity": "invoice", "field": "note", "changes": changes})).await;
}

async fn given_up(event: &Json) {
    let rig = Rig::with(few_attempts).await;
    let org = rig.org().await;
    let lock = hold(&rig, &org).await;
    let error = rig.submit(&org, event).await.unwrap_err();
    names(&error, &lock);
    assert_eq!(org.witness.look().await.events, ["first"]);
    lock.release().await;
    assert_eq!(rig.submit(&org, event).await.unwrap().status, Status::Applied);
    rig.applied_once(&org, event, 2).await;
}

fn names(error: &Error, lock: &TableLock) {
    assert!(error.code == "db/blocked" && error.entry.retryable, "{error:?}");
    let holder = format!("session {} ", lock.pid());
    assert!(error.message.contains(&holder) && error.message.contains("nightly-report"), "{error}");
}
