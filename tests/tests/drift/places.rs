//! Tables that hands put in one another's places: told by the names on them, and put back with their rows.

use serde_json::json;

use super::bench::{ALLOWED, sync, told};
use super::twins::{SHIFT, SWAP, each, have_their_rows, in_step, mails, postgres};

#[test]
fn two_that_changed_places_are_put_back() {
    for scope in [json!({}), json!({"entity": "lead"})] {
        each(SWAP, async |bench| {
            let findings = bench.drift().await.findings;
            assert_eq!(told(&findings), ["drift/renamed-table lead", "drift/renamed-table partner"]);
            assert!(findings.iter().all(|finding| !finding.adoptable), "{findings:#?}");
            let mut event = sync();
            event.as_object_mut().unwrap().extend(scope.as_object().unwrap().clone());
            bench.event(&event).await;
            in_step(bench).await;
            have_their_rows(bench).await;
        });
    }
}

#[test]
fn those_with_other_names_and_in_other_places_are_told_apart() {
    for deed in [SHIFT, "ALTER TABLE lead RENAME TO one; ALTER TABLE partner RENAME TO two"] {
        each(deed, async |bench| {
            let findings = told(&bench.drift().await.findings);
            assert_eq!(findings, ["drift/renamed-table lead", "drift/renamed-table partner"]);
            bench.event(&sync()).await;
            in_step(bench).await;
            have_their_rows(bench).await;
        });
    }
}

/// Names that differ in case alone, which no field can have, go on for no longer than others.
#[test]
fn columns_whose_names_no_field_can_have_are_compared() {
    let deed = "ALTER TABLE lead RENAME notes TO \"Notes2\"; ALTER TABLE lead ADD \"NOTES\" int";
    postgres(deed, async |bench| {
        let findings = told(&bench.drift().await.findings);
        assert!(findings.iter().any(|finding| finding.ends_with(" lead.notes")), "{findings:?}");
    });
}

#[test]
fn one_that_was_changed_besides_is_found_by_the_names_on_it() {
    each("ALTER TABLE lead RENAME TO prospect; ALTER TABLE prospect ADD zz int", async |bench| {
        let findings = told(&bench.drift().await.findings);
        assert!(findings.contains(&"drift/renamed-table lead".to_owned()), "{findings:?}");
        bench.event(&json!({"id": "sync", "type": "schema.sync", "entity": "lead"})).await;
        assert!(mails(bench, "lead").await.contains("lead"));
    });
}

#[test]
fn places_are_given_back_for_one_entity_alone() {
    each(SHIFT, async |bench| {
        bench.event(&json!({"id": "sync", "type": "schema.sync", "entity": "lead"})).await;
        assert!(mails(bench, "lead").await.contains("lead"));
        bench.event(&json!({"id": "rest", "type": "schema.sync"})).await;
        in_step(bench).await;
        assert!(mails(bench, "partner").await.contains("partner"));
    });
}

/// The record has the names of the hands then, and the metadata theirs: the rows are where they were.
#[test]
fn a_rolled_back_repair_or_adoption_leaves_a_name_to_be_given_back() {
    for kind in ["schema.sync", "schema.adopt"] {
        each("ALTER TABLE lead RENAME mail TO post; ALTER TABLE partner RENAME TO mate", async |bench| {
            let done = bench.send(&json!({"id": "done", "type": kind}), ALLOWED).await;
            let change = done.change.expect("a change");
            bench.event(&json!({"id": "back", "type": "change.rollback", "change": change})).await;
            let findings = told(&bench.drift().await.findings);
            for renamed in ["drift/renamed-column lead.mail", "drift/renamed-table partner"] {
                assert!(findings.contains(&renamed.to_owned()), "{kind}: {findings:?}");
            }
            bench.event(&sync()).await;
            in_step(bench).await;
            have_their_rows(bench).await;
        });
    }
}
