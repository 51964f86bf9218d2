//! The connection is cut at every protocol message of a change, and of all that comes before the first one.

use hookwright::outcome::Status;
use hookwright_tests::proxy::{Cut, Seen};

use crate::rig::{Rig, cuts, invoice, places, rich};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_is_whole_wherever_its_connection_is_cut() {
    let rig = Rig::new().await;
    let seen = change(&rig, None).await.to_the_last_answer();
    assert!(seen.to_string().ends_with("<C <Z"), "{seen}");
    let cuts = cuts(&seen);
    eprintln!("{} cuts of {seen}", cuts.len());
    for cut in cuts {
        let again = change(&rig, Some(cut)).await;
        assert!(again.cut, "{cut:?} of {again}");
    }
}

/// One change of a warm organisation. A single cut is never seen by the sender.
async fn change(rig: &Rig, cut: Option<Cut>) -> Seen {
    let org = rig.org().await;
    match cut {
        Some(cut) => rig.proxy.arm(cut),
        None => rig.proxy.watch(),
    }
    let outcome = rig.submit(&org, &rich()).await;
    let seen = rig.proxy.disarm();
    let outcome = outcome.unwrap_or_else(|error| panic!("{cut:?} of {seen}: {error:?}"));
    assert_eq!(outcome.status, Status::Applied, "{cut:?}");
    assert!(outcome.committed_at.is_some() && outcome.attempts <= 2, "{cut:?}: {outcome:?}");
    rig.applied_once(&org, &rich(), 2).await;
    seen
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_organisation_begins_whole_wherever_its_connection_is_cut() {
    let rig = Rig::new().await;
    // the bookkeeping, which organisations share, is there: its making is a test of its own
    rig.org().await;
    let seen = beginning(&rig, None).await.to_the_last_answer();
    assert!(seen.to_string().starts_with(">^ <R"), "{seen}");
    let cuts = places(&seen);
    eprintln!("{} cuts of {seen}", cuts.len());
    for cut in cuts {
        let again = beginning(&rig, Some(cut)).await;
        assert!(again.cut, "{cut:?} of {again}");
    }
}

/// Connecting, preparing, the first look and the first change of an organisation with a pool of its own.
async fn beginning(rig: &Rig, cut: Option<Cut>) -> Seen {
    let mut org = rig.unknown();
    let separator = if org.url.contains('?') { '&' } else { '?' };
    org.url = format!("{}{separator}application_name={}", org.url, org.name);
    match cut {
        Some(cut) => rig.proxy.arm(cut),
        None => rig.proxy.watch(),
    }
    let added = rig.add(&org).await;
    let outcome = rig.submit(&org, &invoice()).await;
    let seen = rig.proxy.disarm();
    added.unwrap_or_else(|error| panic!("{cut:?} of {seen}: {error:?}"));
    let outcome = outcome.unwrap_or_else(|error| panic!("{cut:?} of {seen}: {error:?}"));
    assert_eq!(outcome.status, Status::Applied, "{cut:?}");
    rig.applied_once(&org, &invoice(), 1).await;
    rig.proxy.cut_now();
    seen
}
