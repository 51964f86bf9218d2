//! Plugins and metadata that call for something else than they did.

use hookwright_core::drift::Moved;
use hookwright_tests::scenario::{Dialect, Mode};
use hookwright_tests::world::{TestHost, runtime};
use serde_json::json;

use super::bench::{ALLOWED, BOTH, Bench, sync, told};
use hookwright::api::PluginOptions;
use hookwright::host_trial::Trial;
use hookwright::outcome::Status;
use hookwright_tests::plugin_path;

#[test]
fn a_field_that_was_deleted_and_kept_is_told() {
    for dialect in [Dialect::Postgres, Dialect::Sqlite] {
        runtime().block_on(async {
            let bench = Bench::new(&TestHost::start().await, "acme", dialect).await;
            bench
                .event(&json!({"id": "d", "type": "field.delete", "entity": "invoice", "field": "note"}))
                .await;
            let drift = bench.drift().await;
            assert_eq!(told(&drift.findings), ["drift/extra-column invoice.note"]);
            assert_eq!(drift.findings[0].moved, Moved::Metadata);
            let outcome = bench.send(&sync(), ALLOWED).await;
            assert_eq!(outcome.status, Status::Applied, "{:#?}", outcome.reasons);
            assert!(bench.drift().await.findings.is_empty());
            let restored = json!({"id": "r", "type": "schema.sync", "entity": "invoice"});
            assert_eq!(bench.send(&restored, ALLOWED).await.statements.len(), 0);
        });
    }
}

#[test]
fn an_entity_that_was_deleted_and_kept_is_told() {
    for dialect in BOTH {
        runtime().block_on(async {
            let bench = Bench::new(&TestHost::start().await, "acme", dialect).await;
            bench.event(&json!({"id": "d", "type": "entity.delete", "entity": "invoice"})).await;
            let drift = bench.drift().await;
            assert_eq!(told(&drift.findings), ["drift/extra-table invoice"]);
            assert_eq!(drift.findings[0].moved, Moved::Metadata);
            let confirmed = Mode { allow_destructive: false, ..ALLOWED };
            assert_eq!(bench.send(&sync(), confirmed).await.status, Status::Held);
            assert_eq!(bench.rows().await.expect("rows").len(), 10, "nothing is lost until that is allowed");
            let allowed = json!({"id": "all", "type": "schema.sync"});
            let outcome = bench.send(&allowed, ALLOWED).await;
            assert_eq!(outcome.status, Status::Applied, "{:#?}", outcome.reasons);
            assert!(bench.drift().await.findings.is_empty());
        });
    }
}

#[test]
fn a_plugin_that_comes_or_goes_is_told() {
    runtime().block_on(async {
        let bench = Bench::new(&TestHost::start().await, "acme", Dialect::Postgres).await;
        let (host, org) = (bench.world.host(), bench.world.org());
        for (bound, found) in [(false, "drift/extra-index"), (true, "drift/missing-index")] {
            match bound {
                false => host.plugin_disable(org, "index-advisor").await.expect("disabled"),
                true => host.plugin_enable(org, "index-advisor").await.expect("enabled"),
            }
            let drift = bench.drift().await;
            let both = ["account", "tag"].map(|column| format!("{found} invoice (btree ({column}))"));
            assert_eq!(told(&drift.findings), both);
            assert!(drift.findings.iter().all(|f| f.moved == Moved::Plugins), "{:?}", drift.findings);
            let event = json!({"id": format!("s-{bound}"), "type": "schema.sync"});
            assert_eq!(bench.send(&event, ALLOWED).await.status, Status::Applied);
            assert!(bench.drift().await.findings.is_empty());
            bench.world.derives().await.expect("derived");
        }
    });
}

#[test]
fn dev_repairs_what_only_loosens_and_prod_nothing() {
    let left = [
        "drift/default invoice.status",
        "drift/missing-index invoice (btree (tag))",
        "drift/nullability account.name",
        "drift/nullability invoice.note",
        "drift/type account.name",
    ];
    for (policy, left) in [("mode = \"dev\"", &[left[0], left[2]][..]), ("mode = \"prod\"", &left[..])] {
        runtime().block_on(async {
            let home = TestHost::with_policy(Some(policy)).await;
            let bench = Bench::new(&home, "acme", Dialect::Postgres).await;
            let deeds = "ALTER TABLE invoice ALTER note SET NOT NULL; ALTER TABLE account ALTER name TYPE varchar(40); DROP INDEX invoice_tag_idx;
                ALTER TABLE account ALTER name DROP NOT NULL; ALTER TABLE invoice ALTER status DROP DEFAULT";
            bench.hand(deeds).await;
            bench.world.host().drift_watch().round(true).await;
            assert_eq!(told(&bench.drift().await.findings), left);
            bench.world.host().drift_watch().round(true).await;
            assert_eq!(told(&bench.drift().await.findings), left);
        });
    }
}

#[test]
fn a_trial_binds_nothing_and_says_what_would_be_needed() {
    runtime().block_on(async {
        let bench = Bench::new(&TestHost::start().await, "acme", Dialect::Postgres).await;
        let (host, org) = (bench.world.host(), bench.world.org());
        let component = std::fs::read(plugin_path("index-advisor")).expect("the component");
        let trials = [
            (Trial::Without("index-advisor".to_owned()), 2),
            (Trial::Install { component, options: Box::default() }, 0),
            (Trial::Enable("index-advisor".to_owned()), 0),
        ];
        for (trial, intents) in trials {
            let told = format!("{trial:?}").chars().take(40).collect::<String>();
            let outcome = host.plugin_trial(org, trial).await.unwrap_or_else(|e| panic!("{told}: {e}"));
            assert_eq!((outcome.status, outcome.intents.len()), (Status::Planned, intents), "{told}");
            assert!(bench.drift().await.findings.is_empty(), "{told} left something");
        }
        let missing =
            host.plugin_trial(org, Trial::Without("nobody".to_owned())).await.expect_err("not there");
        assert_eq!(missing.code, "plugin/not-found");
    });
}

#[test]
fn columns_of_a_plugin_that_is_gone_are_not_taken_for_fields() {
    for dialect in BOTH {
        runtime().block_on(async {
            let bench = Bench::new(&TestHost::start().await, "acme", dialect).await;
            let (host, org) = (bench.world.host(), bench.world.org());
            let component = std::fs::read(plugin_path("standard-columns")).expect("the component");
            host.plugin_install(org, component, PluginOptions::default()).await.expect("installed");
            assert_eq!(bench.send(&sync(), ALLOWED).await.status, Status::Applied);
            bench
                .event(&json!({"id": "d", "type": "field.delete", "entity": "invoice", "field": "note"}))
                .await;
            host.plugin_remove(org, "standard-columns").await.expect("removed");
            let drift = bench.drift().await;
            assert!(drift.findings.len() > 2, "{:?}", told(&drift.findings));
            for finding in drift.findings {
                let moved = if finding.place() == "invoice.note" { Moved::Metadata } else { Moved::Plugins };
                assert_eq!(finding.moved, moved, "{}", finding.place());
            }
        });
    }
}

#[test]
fn what_stands_on_nothing_any_more_is_a_finding() {
    for dialect in BOTH {
        runtime().block_on(async {
            let bench = Bench::new(&TestHost::start().await, "acme", dialect).await;
            let (host, org) = (bench.world.host(), bench.world.org());
            host.plugin_disable(org, "schema-sync").await.expect("disabled");
            let drift = bench.drift().await;
            assert!(!drift.is_in_step());
            assert_eq!(told(&drift.findings), ["drift/extra-table account", "drift/extra-table invoice"]);
            assert!(drift.findings.iter().all(|f| f.moved == Moved::Plugins), "{:?}", drift.findings);
            let unfit: Vec<_> = drift.unfit.iter().map(|u| (u.plugin.as_str(), u.table.as_str())).collect();
            assert_eq!(unfit, [("index-advisor", "invoice")]);
            let examined = host.examine(org, false).await.expect("examined");
            let schema = examined.checks.iter().find(|check| check.check == "schema").expect("a check");
            assert_eq!(schema.troubles[0].code, "drift/not-compared");
            let refused =
                bench.world.send(&sync().to_string(), ALLOWED).await.expect_err("nothing is repaired");
            assert_eq!(refused.entry.code, "intent/invalid", "{refused}");
            assert_eq!(bench.rows().await.expect("rows").len(), 10);
            host.plugin_enable(org, "schema-sync").await.expect("enabled");
            assert!(bench.drift().await.is_in_step());
        });
    }
}
