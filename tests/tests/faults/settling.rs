//! The connection is lost during a change, and then again while the ledger is asked what became of it.

use hookwright::outcome::Status;
use hookwright_tests::proxy::{Cut, Seen};

use crate::rig::{Rig, add_field, places};

/// Both cuts fall in one change: the first in its batch, the second anywhere after.
async fn change(rig: &Rig, cuts: &[Cut]) -> Seen {
    let org = rig.org().await;
    let event = add_field("e-1", "rank");
    rig.proxy.arm_each(cuts);
    let outcome = rig.submit(&org, &event).await;
    let seen = rig.proxy.disarm();
    let outcome = outcome.unwrap_or_else(|error| panic!("{cuts:?} of {seen}: {error:?}"));
    assert_eq!(outcome.status, Status::Applied, "{cuts:?}");
    rig.applied_once(&org, &event, 2).await;
    seen.to_the_last_answer()
}

async fn cut_twice(rig: &Rig, first: Cut) {
    let (before, seen) = (change(rig, &[]).await, change(rig, &[first]).await);
    assert!(seen.client > before.client && seen.cut, "{first:?}: {before}, {seen}");
    let (client, server) = passed(&before, first);
    let later = |cut: &Cut| match *cut {
        Cut::BeforeClientMessage(n) | Cut::AfterClientMessage(n) => n > client,
        Cut::BeforeServerMessage(n) | Cut::AfterServerMessage(n) => n > server,
    };
    let cuts: Vec<_> = places(&seen).into_iter().filter(later).collect();
    eprintln!("{} second cuts of {seen}", cuts.len());
    for second in cuts {
        let again = change(rig, &[first, second]).await;
        assert!(again.cut, "{first:?} and {second:?} of {again}");
    }
}

/// How many messages of either side are judged by the time of the first cut.
fn passed(before: &Seen, first: Cut) -> (usize, usize) {
    match first {
        Cut::BeforeClientMessage(n) | Cut::AfterClientMessage(n) => (n, 0),
        Cut::BeforeServerMessage(n) | Cut::AfterServerMessage(n) => (before.client, n),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_uncommitted_change_is_made_once_although_the_connection_breaks_twice() {
    let rig = Rig::new().await;
    cut_twice(&rig, Cut::BeforeClientMessage(1)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_committed_change_is_found_although_the_connection_breaks_twice() {
    let rig = Rig::new().await;
    let last = change(&rig, &[]).await.server;
    cut_twice(&rig, Cut::BeforeServerMessage(last)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_nobody_answers_the_outcome_is_unknown_and_is_told_afterwards() {
    let rig = Rig::with(|config| {
        config.retry.settle_ms = 100;
        // the circuit has tests of its own
        config.database.circuit_failures = u32::MAX;
    })
    .await;
    let last = change(&rig, &[]).await.server;
    let cases = [
        (Cut::BeforeClientMessage(1), &[Status::Applied][..]),
        // the batch runs while its sender is gone
        (Cut::AfterClientMessage(1), &[Status::Applied, Status::Replayed]),
        (Cut::BeforeServerMessage(last - 1), &[Status::Replayed]),
        (Cut::BeforeServerMessage(last), &[Status::Replayed]),
    ];
    for (cut, possible) in cases {
        let org = rig.org().await;
        let event = add_field("e-1", "rank");
        rig.proxy.arm_outage(cut);
        let error = rig.submit(&org, &event).await.unwrap_err();
        assert_eq!(error.code, "db/unknown-outcome", "{cut:?}: {error:?}");
        assert!(rig.proxy.disarm().cut);
        let outcome = rig.submit(&org, &event).await.unwrap();
        assert!(possible.contains(&outcome.status), "{cut:?}: {:?}", outcome.status);
        rig.applied_once(&org, &event, 2).await;
    }
}
