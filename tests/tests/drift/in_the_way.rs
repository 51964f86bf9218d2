//! Somebody's index that has the name of one that is to be made.

use hookwright::outcome::Status;
use hookwright_tests::scenario::Mode;
use hookwright_tests::world::{TestHost, runtime};
use serde_json::json;

use super::bench::{ALLOWED, BOTH, Bench, sync, told};

#[test]
fn an_index_in_the_way_is_named_with_what_to_do() {
    for dialect in BOTH {
        for theirs in ["(note)", "(note DESC)"] {
            runtime().block_on(async {
                let bench = Bench::new(&TestHost::start().await, "acme", dialect).await;
                bench.hand("DROP INDEX invoice_tag_idx").await;
                bench.hand(&format!("CREATE INDEX invoice_tag_idx ON invoice {theirs}")).await;
                let planned = bench.send(&sync(), Mode { dry_run: true, ..ALLOWED }).await;
                assert_eq!(planned.status, Status::Held, "{:#?}", planned.reasons);
                let reason = &planned.reasons[0];
                assert_eq!(reason.code, "drift/index-in-the-way");
                assert!(
                    reason.message.contains("\"invoice_tag_idx\" on \"invoice\" (btree (tag))"),
                    "{reason:?}"
                );
                assert!(reason.help.contains("INDEX"), "{reason:?}");
                let error =
                    bench.world.send(&sync().to_string(), ALLOWED).await.expect_err("it is in the way");
                assert_eq!(
                    (error.code.as_str(), &error.message),
                    ("drift/index-in-the-way", &reason.message)
                );
                if theirs == "(note)" {
                    assert!(
                        reason.help.ends_with("hookwright sync --org acme --entity invoice --extras"),
                        "{reason:?}"
                    );
                    let all =
                        json!({"id": "all", "type": "schema.sync", "entity": "invoice", "extras": true});
                    let outcome = bench.send(&all, ALLOWED).await;
                    assert_eq!(outcome.status, Status::Applied, "{:#?}", outcome.reasons);
                    assert_eq!(told(&bench.drift().await.findings), Vec::<String>::new());
                }
            });
        }
    }
}
