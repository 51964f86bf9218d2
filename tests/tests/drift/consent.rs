//! What a repair may do, and what it leaves until it is asked for, allowed, or possible.

use hookwright::outcome::Status;
use hookwright_tests::scenario::Mode;
use hookwright_tests::world::{TestHost, runtime};
use serde_json::json;

use super::bench::{ALLOWED, BOTH, Bench, sync, told};
use super::hands::named;

const CONFIRMED: Mode = Mode { allow_destructive: false, ..ALLOWED };

#[test]
fn what_rows_stand_against_waits_for_the_rows() {
    for dialect in BOTH {
        runtime().block_on(async {
            let bench = Bench::new(&TestHost::start().await, "acme", dialect).await;
            bench.done(named("required no more")).await;
            bench.done(named("a unique constraint gone")).await;
            bench
                .hand("INSERT INTO account (id, name) VALUES ('00000000-0000-0000-0000-000000000009', NULL)")
                .await;
            bench.hand("UPDATE invoice SET no = 1 WHERE tag = 't2'").await;
            let found = ["drift/missing-unique invoice.no", "drift/nullability account.name"];
            let before = bench.rows().await.unwrap();
            let held = bench.send(&sync(), ALLOWED).await;
            assert_eq!(held.status, Status::Held, "{held:#?}");
            for code in ["policy/add-unique", "policy/set-not-null"] {
                assert!(held.reasons.iter().any(|reason| reason.code == code), "{code}: {:#?}", held.reasons);
            }
            assert_eq!(bench.rows().await.unwrap(), before);
            assert_eq!(told(&bench.drift().await.findings), found, "{dialect:?}");
            bench.hand("DELETE FROM account WHERE name IS NULL").await;
            bench.hand("UPDATE invoice SET no = 2 WHERE tag = 't2'").await;
            let again = json!({"id": "again", "type": "schema.sync"});
            let done = bench.send(&again, CONFIRMED).await;
            assert_eq!(done.status, Status::Applied, "{:#?}", done.reasons);
            assert!(bench.drift().await.findings.is_empty());
        });
    }
}

#[test]
fn what_others_added_goes_if_it_is_asked_for_and_allowed() {
    for dialect in BOTH {
        runtime().block_on(async {
            let bench = Bench::new(&TestHost::start().await, "acme", dialect).await;
            let before = bench.rows().await.unwrap();
            bench.done(named("a column added")).await;
            bench.hand("UPDATE invoice SET extra = no").await;
            let values = || async { bench.world.rows("SELECT no, extra FROM invoice ORDER BY no").await };
            let theirs = values().await.unwrap();
            let usual = bench.send(&sync(), ALLOWED).await;
            assert!(usual.status == Status::Applied && usual.statements.is_empty(), "{usual:#?}");
            let held = json!({"id": "held", "type": "schema.sync", "extras": true});
            let held = bench.send(&held, CONFIRMED).await;
            assert_eq!((held.status, held.reasons[0].code.as_str()), (Status::Held, "policy/drop-column"));
            assert_eq!(values().await.unwrap(), theirs);
            let allowed = json!({"id": "allowed", "type": "schema.sync", "extras": true});
            let done = bench.send(&allowed, ALLOWED).await;
            assert_eq!(done.status, Status::Applied, "{:#?}", done.reasons);
            assert!(values().await.is_err() && bench.drift().await.findings.is_empty());
            assert_eq!(bench.rows().await.unwrap(), before);
        });
    }
}

#[test]
fn an_index_with_the_name_of_ours_makes_room_if_extras_may_go() {
    for dialect in BOTH {
        runtime().block_on(async {
            let bench = Bench::new(&TestHost::start().await, "acme", dialect).await;
            bench.hand("DROP INDEX invoice_tag_idx; CREATE INDEX invoice_tag_idx ON invoice (note)").await;
            let found =
                ["drift/extra-index invoice (btree (note))", "drift/missing-index invoice (btree (tag))"];
            assert_eq!(told(&bench.drift().await.findings), found, "{dialect:?}");
            let refused = bench.send(&sync(), ALLOWED).await;
            assert_eq!((refused.status, refused.left.len()), (Status::Rejected, 1), "{refused:#?}");
            assert_eq!(told(&bench.drift().await.findings), found, "{dialect:?}");
            let all = json!({"id": "all", "type": "schema.sync", "extras": true});
            let done = bench.send(&all, CONFIRMED).await;
            assert_eq!(done.status, Status::Applied, "{:#?}", done.reasons);
            assert!(bench.drift().await.findings.is_empty());
        });
    }
}

#[test]
fn what_keeps_all_values_needs_no_leave_to_destroy() {
    let deeds = ["required now", "an index gone", "another default", "a column renamed", "a table renamed"];
    for dialect in BOTH {
        runtime().block_on(async {
            for deed in deeds {
                let bench = Bench::new(&TestHost::start().await, "acme", dialect).await;
                let before = bench.rows().await.unwrap();
                bench.done(named(deed)).await;
                let done = bench.send(&sync(), CONFIRMED).await;
                assert_eq!(done.status, Status::Applied, "{dialect:?}: {deed}: {:#?}", done.reasons);
                assert!(bench.drift().await.findings.is_empty(), "{dialect:?}: {deed}");
                assert_eq!(bench.rows().await.unwrap(), before, "{dialect:?}: {deed}");
            }
        });
    }
}

#[test]
fn a_repair_of_one_thing_leaves_the_others() {
    for dialect in BOTH {
        runtime().block_on(async {
            let bench = Bench::new(&TestHost::start().await, "acme", dialect).await;
            bench.done(named("required now")).await;
            bench.done(named("required no more")).await;
            let repair = |id: &str, part: serde_json::Value| {
                let mut event = json!({"id": id, "type": "schema.sync"});
                event.as_object_mut().unwrap().extend(part.as_object().unwrap().clone());
                event
            };
            let other = repair("no", json!({"entity": "invoice", "field": "no"}));
            assert!(bench.send(&other, ALLOWED).await.statements.is_empty());
            bench.event(&repair("account", json!({"entity": "account"}))).await;
            assert_eq!(told(&bench.drift().await.findings), ["drift/nullability invoice.note"]);
            bench.event(&repair("note", json!({"entity": "invoice", "field": "note"}))).await;
            assert!(bench.drift().await.findings.is_empty());
        });
    }
}

#[test]
fn what_is_nowhere_is_refused() {
    runtime().block_on(async {
        let bench = Bench::new(&TestHost::start().await, "acme", BOTH[1]).await;
        for kind in ["schema.sync", "schema.adopt"] {
            for part in [json!({"entity": "invoicee"}), json!({"entity": "invoice", "field": "nota"})] {
                let mut event = json!({"id": "x", "type": kind});
                event.as_object_mut().unwrap().extend(part.as_object().unwrap().clone());
                let error = bench.world.send(&event.to_string(), ALLOWED).await.expect_err("refused");
                assert_eq!(error.code, "metadata/not-found", "{event}");
            }
        }
    });
}
