//! Rejecting: the change can never run, whoever sends its events again.

use hookwright::outcome::Status;
use hookwright_tests::on_both;
use hookwright_tests::scenario::Mode;

use crate::bench::{ALLOWED, Bench, PLAIN, codes, drop_note, id};

on_both! { Bench::new =>
    it_is_final
    its_events_get_the_decision_as_their_answer
}

async fn it_is_final(bench: &Bench) {
    let held = bench.held(&drop_note("e-1")).await;
    let rejected = bench.reject(&id(&held), "it's \\ read").await.unwrap();
    let decision = rejected.decision.clone().unwrap();
    assert_eq!((rejected.status, decision.approved), (Status::Rejected, false));
    assert_eq!((decision.by.as_deref(), decision.note.as_deref()), (Some("bob"), Some("it's \\ read")));
    assert!(decision.at.is_some());
    assert_eq!(bench.waiting().await, []);
    let shown = bench.show(&id(&held)).await;
    assert_eq!((shown.status, shown.decision), (Status::Rejected, rejected.decision));
    let error = bench.approve(&id(&held), true, "eve").await.unwrap_err();
    assert!(error.code == "change/decided" && error.message.contains("rejected by \"bob\""), "{error:?}");
    assert_eq!(bench.reject(&id(&held), "again").await.unwrap_err().code, "change/decided");
    assert_eq!(bench.ledger().await.len(), 1);
}

async fn its_events_get_the_decision_as_their_answer(bench: &Bench) {
    let held = bench.held(&drop_note("e-1")).await;
    bench.reject(&id(&held), "no").await.unwrap();
    for mode in [PLAIN, ALLOWED, Mode { dry_run: true, ..ALLOWED }] {
        let told = bench.send(&drop_note("e-1"), mode).await.unwrap();
        assert_eq!((told.status, told.change.clone()), (Status::Rejected, held.change.clone()));
        assert_eq!(codes(&told), ["change/decided"]);
        assert!(told.reasons[0].message.ends_with(": no"), "{:?}", told.reasons);
    }
    assert_eq!(bench.ledger().await.len(), 1);
    let anew = bench.send(&drop_note("e-2"), ALLOWED).await.unwrap();
    assert_eq!(anew.status, Status::Applied);
}
