//! Faults while a change is held, approved or rejected: it is decided once, whole, or waits still.

use hookwright::api::{ApproveOptions, HeldPart, RejectOptions, SubmitOptions};
use hookwright::error::Result;
use hookwright::host::Host;
use hookwright::outcome::{Outcome, Status};
use hookwright_core::ident::OrgName;
use hookwright_tests::locks::{TableLock, terminate, wait_until_gone};
use hookwright_tests::org::change;
use hookwright_tests::postgres::TestDatabase;
use hookwright_tests::proxy::{Cut, Seen};
use serde_json::{Value as Json, json};

use crate::killed::Site;
use crate::rig::{Org, Rig, cuts};

/// Deletes a field with its column, after renaming another.
fn drop_note() -> Json {
    json!([
        {"id": "e-1", "type": "field.update", "entity": "invoice", "field": "amount", "changes": {"name": "total"}},
        {"id": "e-2", "type": "field.delete", "actor": "ann", "entity": "invoice", "field": "note", "dropColumn": true}])
}

async fn hold(host: &Host, org: &OrgName) -> Result<Outcome> {
    host.submit(org, change(&drop_note()), SubmitOptions::default()).await
}

async fn held(host: &Host, org: &OrgName) -> String {
    let outcome = hold(host, org).await.unwrap();
    assert_eq!(outcome.status, Status::Held);
    outcome.change.unwrap()
}

async fn approve(host: &Host, org: &OrgName, id: &str) -> Result<Outcome> {
    let options =
        ApproveOptions { allow_destructive: true, plan_hash: None, actor: Some("bob".into()), until: None };
    host.approve(org, id, options).await
}

async fn waiting(host: &Host, org: &OrgName) -> usize {
    host.held(org, HeldPart { before: None, limit: 9 }).await.unwrap().len()
}

/// One thing that is done with the connection cut somewhere.
#[derive(Clone, Copy, Debug)]
enum Deed {
    Hold,
    Approve,
    Reject,
}

async fn everywhere(deed: Deed) {
    let rig = Rig::new().await;
    let seen = once(&rig, deed, None).await.to_the_last_answer();
    let cuts = cuts(&seen);
    eprintln!("{deed:?}: {} cuts of {seen}", cuts.len());
    for cut in cuts {
        let again = once(&rig, deed, Some(cut)).await;
        assert!(again.cut, "{deed:?}: {cut:?} of {again}");
    }
}

async fn once(rig: &Rig, deed: Deed, cut: Option<Cut>) -> Seen {
    let org = rig.org().await;
    let id = match deed {
        Deed::Hold => String::new(),
        Deed::Approve | Deed::Reject => held(&rig.host, &org.name).await,
    };
    if !id.is_empty() {
        // so that the connection knows the statements, as it does each time but the first
        rig.host.change(&org.name, &id).await.unwrap();
    }
    rig.parked().await;
    match cut {
        Some(cut) => rig.proxy.arm(cut),
        None => rig.proxy.watch(),
    }
    let told = match deed {
        Deed::Hold => hold(&rig.host, &org.name).await,
        Deed::Approve => approve(&rig.host, &org.name, &id).await,
        Deed::Reject => rig.host.reject(&org.name, &id, RejectOptions::default()).await,
    };
    let seen = rig.proxy.disarm();
    let outcome = told.unwrap_or_else(|error| panic!("{deed:?}: {cut:?} of {seen}: {error:?}"));
    match deed {
        Deed::Hold => is_held_once(rig, &org, &outcome).await,
        Deed::Approve => {
            assert_eq!((outcome.status, outcome.change.as_deref()), (Status::Applied, Some(id.as_str())));
            rig.applied_once(&org, &drop_note(), 2).await;
            assert_eq!(waiting(&rig.host, &org.name).await, 0);
        }
        Deed::Reject => {
            assert_eq!(outcome.status, Status::Rejected, "{cut:?}");
            assert_eq!(org.witness.look().await.events, ["first"]);
            assert_eq!(hold(&rig.host, &org.name).await.unwrap().status, Status::Rejected);
        }
    }
    seen
}

async fn is_held_once(rig: &Rig, org: &Org, outcome: &Outcome) {
    assert_eq!(outcome.status, Status::Held);
    assert_eq!(org.witness.look().await.events, ["first"]);
    assert_eq!(waiting(&rig.host, &org.name).await, 1);
    assert_eq!(hold(&rig.host, &org.name).await.unwrap().change, outcome.change);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_is_held_once_wherever_its_connection_is_cut() {
    everywhere(Deed::Hold).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_approval_makes_it_once_wherever_its_connection_is_cut() {
    everywhere(Deed::Approve).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rejection_is_told_once_wherever_its_connection_is_cut() {
    everywhere(Deed::Reject).await;
}

/// A process that approves, killed while its batch waits for a lock; whether the batch goes on without it.
async fn killed(goes_on: bool) {
    let database = TestDatabase::create().await;
    let site = Site::new(database.url()).await;
    let id = held(&site.host, &site.org).await;
    let lock = TableLock::hold(database.url(), "acme", "invoice").await;
    let process = site.run(&["approve", &id, "--org", "acme", "--allow-destructive", "--as", "bob"]);
    let victim = lock.wait_for_victim().await;
    process.kill();
    if !goes_on {
        assert!(terminate(database.url(), victim).await);
        wait_until_gone(database.url(), victim).await;
    }
    lock.release().await;
    wait_until_gone(database.url(), victim).await;
    let applied = site.in_step().await.events.len() == 3;
    let shown = site.host.change(&site.org, &id).await.unwrap();
    assert_eq!(shown.status, if applied { Status::Applied } else { Status::Held });
    assert!(goes_on || !applied);
    match approve(&site.host, &site.org, &id).await {
        Ok(outcome) => assert!(!applied && outcome.status == Status::Applied, "{outcome:?}"),
        Err(error) => assert!(applied && error.code == "change/decided", "{error:?}"),
    }
    assert_eq!(site.in_step().await.events, ["first", "e-1", "e-2"]);
    assert_eq!(waiting(&site.host, &site.org).await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_approval_that_outlives_its_host_is_whole() {
    killed(true).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_approval_that_ends_with_its_host_leaves_it_held() {
    killed(false).await;
}
