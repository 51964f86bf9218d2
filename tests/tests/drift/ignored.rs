//! Findings that somebody decided to leave as they are.

use hookwright::outcome::Status;
use hookwright_tests::scenario::Dialect;
use hookwright_tests::world::{TestHost, runtime};
use serde_json::json;

use super::bench::{ALLOWED, Bench, told};

/// The id of the finding of a code.
async fn id(bench: &Bench, code: &str) -> String {
    let drift = bench.drift().await;
    let found = drift.findings.iter().find(|finding| finding.code() == code);
    found.unwrap_or_else(|| panic!("no {code}: {:?}", told(&drift.findings))).id()
}

#[test]
fn what_is_ignored_is_no_drift_and_no_repair_touches_it() {
    for dialect in [Dialect::Postgres, Dialect::Sqlite] {
        runtime().block_on(async {
            let bench = Bench::new(&TestHost::start().await, "acme", dialect).await;
            let (host, org) = (bench.world.host(), bench.world.org());
            bench.hand("DROP INDEX invoice_tag_idx").await;
            bench.hand("CREATE INDEX byhand ON invoice (note)").await;
            let missing = id(&bench, "drift/missing-index").await;
            let ignored = host.ignore(org, &missing, "built anew at night", Some("ann")).await.unwrap();
            assert_eq!(
                (ignored.actor.as_deref(), ignored.reason.as_str()),
                (Some("ann"), "built anew at night")
            );
            let extra = id(&bench, "drift/extra-index").await;
            host.ignore(org, &extra, "the reports need it", None).await.unwrap();
            let drift = bench.drift().await;
            assert!(drift.is_in_step() && drift.findings.is_empty(), "{:?}", told(&drift.findings));
            assert_eq!(drift.ignored.len(), 2);
            bench.hand("ALTER TABLE invoice RENAME note TO remark").await;
            let all = json!({"id": "all", "type": "schema.sync", "extras": true});
            assert_eq!(bench.send(&all, ALLOWED).await.status, Status::Applied);
            let drift = bench.drift().await;
            assert_eq!(told(&drift.findings), Vec::<String>::new());
            assert_eq!(drift.ignored.len(), 2, "a repair of other things touched what is ignored");
            host.heed(org, &missing).await.unwrap();
            host.heed(org, &extra).await.unwrap();
            assert_eq!(bench.drift().await.findings.len(), 2);
            let usual = json!({"id": "usual", "type": "schema.sync"});
            assert_eq!(bench.send(&usual, ALLOWED).await.status, Status::Applied);
            let left = bench.drift().await;
            assert!(left.is_in_step() && left.findings.len() == 1, "{:?}", told(&left.findings));
        });
    }
}

#[test]
fn what_changes_again_is_a_new_finding() {
    runtime().block_on(async {
        let bench = Bench::new(&TestHost::start().await, "acme", Dialect::Postgres).await;
        let (host, org) = (bench.world.host(), bench.world.org());
        bench.hand("ALTER TABLE invoice ALTER status SET DEFAULT 'paid'").await;
        let id = id(&bench, "drift/default").await;
        host.ignore(org, &id, "as agreed", None).await.unwrap();
        assert!(bench.drift().await.is_in_step());
        bench.hand("ALTER TABLE invoice ALTER status SET DEFAULT 'sent'").await;
        assert_eq!(told(&bench.drift().await.findings), ["drift/default invoice.status"]);
        bench.hand("ALTER TABLE invoice ALTER status SET DEFAULT 'paid'").await;
        assert!(bench.drift().await.is_in_step());
    });
}

#[test]
fn what_changes_would_fail_on_is_not_ignored() {
    runtime().block_on(async {
        let bench = Bench::new(&TestHost::start().await, "acme", Dialect::Postgres).await;
        let (host, org) = (bench.world.host(), bench.world.org());
        bench.hand("ALTER TABLE invoice RENAME note TO remark").await;
        let renamed = id(&bench, "drift/renamed-column").await;
        let error = host.ignore(org, &renamed, "why not", None).await.expect_err("refused");
        assert_eq!(error.code, "drift/not-ignorable");
        let error = host.ignore(org, "f-0000000000", "why not", None).await.expect_err("refused");
        assert_eq!(error.code, "drift/not-found");
        let error = host.ignore(org, &renamed, "  ", None).await.expect_err("refused");
        assert_eq!(error.code, "request/invalid");
    });
}

#[test]
fn what_is_gone_is_told_and_holds_again_if_it_comes_back() {
    runtime().block_on(async {
        let bench = Bench::new(&TestHost::start().await, "acme", Dialect::Sqlite).await;
        let (host, org) = (bench.world.host(), bench.world.org());
        let gone = || async {
            let (drift, ignored) = (bench.drift().await, host.ignored(org).await.unwrap());
            ignored.into_iter().map(|ignored| ignored.beside(&drift).gone).collect::<Vec<_>>()
        };
        bench.hand("ALTER TABLE account ADD theirs varchar(7)").await;
        let id = id(&bench, "drift/extra-column").await;
        host.ignore(org, &id, "needed", None).await.unwrap();
        assert_eq!(gone().await, [Some(false)]);
        bench.hand("ALTER TABLE account DROP COLUMN theirs").await;
        assert_eq!(gone().await, [Some(true)]);
        host.plugin_disable(org, "schema-sync").await.unwrap();
        assert_eq!(gone().await, [None], "not all can be compared");
        host.plugin_enable(org, "schema-sync").await.unwrap();
        bench.hand("ALTER TABLE account ADD theirs varchar(7)").await;
        assert_eq!((gone().await, bench.drift().await.is_in_step()), (vec![Some(false)], true));
        bench.hand("ALTER TABLE account DROP COLUMN theirs").await;
        host.heed(org, &id).await.unwrap();
        assert_eq!(gone().await, []);
    });
}
