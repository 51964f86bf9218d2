//! Dry runs beside changes of the same organisation: answered for the moment they began at, and never starved.

use std::sync::atomic::{AtomicBool, Ordering};

use hookwright::api::SubmitOptions;
use hookwright::error::Result;
use hookwright::outcome::{Outcome, Status};
use hookwright_core::ident::OrgName;
use hookwright_tests::locks::TableLock;
use hookwright_tests::org::change;
use hookwright_tests::postgres::TestDatabase;
use serde_json::{Value as Json, json};

use crate::rig::{Rig, add_field};

async fn dry(rig: &Rig, org: &OrgName, event: &Json) -> Result<Outcome> {
    let options = SubmitOptions { dry_run: true, confirm: true, ..SubmitOptions::default() };
    rig.host.submit(org, change(event), options).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dry_run_is_answered_for_the_moment_it_began_at() {
    let rig = Rig::new(|config| {
        config.database.lock_timeout_ms = 60_000;
        config.database.probe_timeout_ms = 60_000;
    })
    .await;
    let database = TestDatabase::create().await;
    let org = rig.org("acme", database.url()).await;
    rig.applies(&org, "note").await;
    let lock = TableLock::hold(database.url(), "acme", "invoice").await;
    let event = json!({"id": "dry", "type": "field.update", "entity": "invoice", "field": "note", "changes": {"nullable": false}});
    let asked = async { dry(&rig, &org, &event).await.unwrap() };
    let changed = async {
        // The dry run has its view, and asks about the rows.
        lock.wait_for_victim().await;
        let other = json!({"id": "other", "type": "entity.create", "entity": {"name": "account", "fields": [
            {"name": "id", "type": "Uuid", "nullable": false, "primaryKey": true}]}});
        let outcome = rig.submit(&org, &other).await.unwrap();
        assert_eq!(outcome.status, Status::Applied);
        lock.release().await;
        outcome.revision
    };
    let (asked, revision) = tokio::join!(asked, changed);
    assert_eq!((asked.status, asked.revision), (Status::Planned, revision - 1), "{asked:?}");
    assert_eq!(dry(&rig, &org, &event).await.unwrap().revision, revision);
}

/// Changes go on for as long as it takes until all dry runs are answered.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_of_changes_starves_no_dry_run() {
    let rig = Rig::new(|_| ()).await;
    let file = rig.directory.path().join("acme.db");
    let org = rig.org("acme", &format!("sqlite:{}", file.display())).await;
    let answered = AtomicBool::new(false);
    let changes = async {
        for number in 0.. {
            if answered.load(Ordering::SeqCst) {
                break;
            }
            rig.applies(&org, &format!("f{number}")).await;
        }
    };
    let dry_runs = async {
        let sync = json!({"id": "sync", "type": "schema.sync"});
        for event in [add_field("dry"), sync, json!({"id": "purge", "type": "tombstones.purge"})] {
            let outcome = dry(&rig, &org, &event).await.unwrap();
            assert_eq!(outcome.status, Status::Planned, "{outcome:?}");
            assert!(
                outcome.intents.len() <= 1,
                "nothing that the others made is taken for drift: {outcome:?}"
            );
        }
        rig.host.drift(&org).await.unwrap();
        answered.store(true, Ordering::SeqCst);
    };
    tokio::join!(changes, dry_runs);
}
