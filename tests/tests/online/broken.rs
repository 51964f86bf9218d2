//! The connection is cut at each boundary of each pattern: the host finds out what was done, and the change comes to its end.

use hookwright::api::SubmitOptions;
use hookwright::outcome::{Outcome, Status};
use hookwright_tests::org;

use crate::bench::{Bench, Boundary, Trap};
use crate::change::{Pattern, of_each_pattern};

of_each_pattern!(cut_everywhere);

/// Cuts the connection at each boundary in turn.
async fn cut_everywhere(pattern: Pattern) {
    for boundary in boundaries(&planned(pattern).await) {
        let bench = prepared(pattern).await;
        let trap = Trap::set(&bench.url(), boundary).await;
        let first = bench.send_aside(&pattern.event());
        trap.end(trap.caught().await).await;
        trap.open().await;
        let outcome = bench.follow(&first.await.unwrap()).await;
        let settled = matches!(outcome.status, Status::Applied | Status::Replayed);
        assert!(settled, "cut at {boundary:?}: {:#?}", outcome.reasons);
        bench.is_tidy().await;
        assert_eq!(bench.send(&pattern.event()).await.status, Status::Replayed);
    }
}

/// Every boundary that a plan has: within each step's transaction, and within the change's own.
pub fn boundaries(plan: &Outcome) -> Vec<Boundary> {
    let of = |when: &'static str| plan.steps.iter().filter(move |step| step.when == when);
    let before = of("before").zip(0..).map(|(_, number)| Boundary::Done(number));
    let after = of("after").zip(1_000..).map(|(_, number)| Boundary::Done(number));
    before.chain([Boundary::Commit]).chain(after).collect()
}

async fn prepared(pattern: Pattern) -> Bench {
    let bench = Bench::new().await;
    if let Some(first) = pattern.before() {
        bench.staged(&first).await;
    }
    bench
}

async fn planned(pattern: Pattern) -> Outcome {
    let bench = prepared(pattern).await;
    let options =
        SubmitOptions { dry_run: true, confirm: true, allow_destructive: true, ..SubmitOptions::default() };
    let plan =
        bench.world.host().submit(bench.world.org(), org::change(&pattern.event()), options).await.unwrap();
    assert!(!plan.steps.is_empty(), "{plan:#?}");
    plan
}
