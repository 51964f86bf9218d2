//! What cannot come back says why, and nothing is done.

use hookwright::outcome::Status;
use hookwright_tests::on_both;
use hookwright_tests::scenario::Mode;
use serde_json::json;

use crate::bench::{ALLOWED, Bench, PLAIN, drop_entity, drop_field, restore_entity, restore_field, rollback};

on_both! { Bench::new =>
    a_name_that_is_taken
    what_was_never_dropped
    a_change_that_was_built_upon
    a_change_that_is_not_made
    what_hands_changed_since
    a_name_that_hands_took
    what_nothing_undoes
    what_is_undone_already
}

async fn a_name_that_is_taken(bench: &Bench) {
    bench.applied(&drop_field("d-1", "account", "note")).await;
    bench.applied(&drop_entity("d-2", "line")).await;
    bench.applied(&json!({"id": "c-1", "type": "field.create", "entity": "account", "field": {"name": "Note", "type": "Int"}})).await;
    bench.applied(&json!({"id": "c-2", "type": "entity.create", "entity": {"name": "Line", "fields": [{"name": "id", "type": "Int", "nullable": false, "primaryKey": true}]}})).await;
    let before = bench.state().await;
    let field = bench.refused(&restore_field("r-1", "account", "note")).await;
    assert_eq!(field.code, "metadata/conflict");
    assert_eq!(
        field.message,
        "the dropped field \"account.note\" cannot come back: its name is taken by the field \"account.Note\""
    );
    let entity = bench.refused(&restore_entity("r-2", "line")).await;
    assert_eq!(
        entity.message,
        "the dropped entity \"line\" cannot come back: its name is taken by the entity \"Line\""
    );
    assert!(entity.help.contains("rename"), "{}", entity.help);
    bench.is_again(&before).await;
    bench.applied(&json!({"id": "n", "type": "field.update", "entity": "account", "field": "Note", "changes": {"name": "number"}})).await;
    bench.applied(&restore_field("r-3", "account", "note")).await;
}

async fn what_was_never_dropped(bench: &Bench) {
    for event in [
        restore_entity("r-1", "nothing"),
        restore_entity("r-2", "invoice"),
        restore_field("r-3", "invoice", "status"),
        restore_field("r-4", "nothing", "status"),
        json!({"id": "r-5", "type": "entity.purge", "entity": "invoice"}),
        json!({"id": "r-6", "type": "field.purge", "entity": "invoice", "field": "status"}),
        json!({"id": "r-7", "type": "entity.restore", "entity": "invoice", "kept": "hookwright_dropped_9_invoice"}),
    ] {
        assert_eq!(bench.refused(&event).await.code, "metadata/not-found", "{event}");
    }
}

async fn a_change_that_was_built_upon(bench: &Bench) {
    let created = json!({"id": "x", "type": "field.create", "entity": "invoice", "field": {"name": "due", "type": "Date"}});
    let id = bench.applied(&created).await;
    // Beside it, and of no account.
    bench.applied(&json!({"id": "y-1", "type": "field.create", "entity": "invoice", "field": {"name": "paid", "type": "Date"}})).await;
    let later = bench.applied(&json!({"id": "y-2", "type": "field.update", "entity": "invoice", "field": "due", "changes": {"comment": "at noon"}})).await;
    let before = bench.state().await;
    let error = bench.refused(&rollback("b-1", &id)).await;
    assert_eq!(error.code, "change/overtaken");
    assert_eq!(
        error.message,
        format!("the change {id} cannot be rolled back: {later} changed what it touched")
    );
    bench.is_again(&before).await;
    bench.rollback("b-2", &later).await;
    bench.rollback("b-3", &id).await;
    assert!(!bench.entities().await[1].fields.iter().any(|f| f.spec.name.as_str() == "due"));
}

async fn a_change_that_is_not_made(bench: &Bench) {
    assert_eq!(bench.refused(&rollback("b-1", "c-0")).await.code, "change/not-found");
    let held = bench.send(&drop_field("d", "account", "note"), PLAIN).await.unwrap();
    let error = bench.refused(&rollback("b-2", &held.change.unwrap())).await;
    assert!(error.code == "change/irreversible" && error.message.contains("is held"), "{error}");
}

/// The adoption took over what hands did, with no intent of its own.
async fn what_hands_changed_since(bench: &Bench) {
    let indexed = json!({"id": "x", "type": "field.update", "entity": "account", "field": "note", "changes": {"indexed": true}});
    let id = bench.applied(&indexed).await;
    bench.world.sql("DROP INDEX account_note_idx; ALTER TABLE account ADD COLUMN mine INT").await.unwrap();
    let adopt = json!({"id": "a", "type": "schema.adopt", "entity": "account", "extras": true});
    let adopted = bench.send(&adopt, ALLOWED).await.unwrap().change.unwrap();
    let error = bench.refused(&rollback("b", &id)).await;
    assert_eq!(error.code, "change/overtaken", "{error}");
    assert_eq!(
        error.message,
        format!("the change {id} cannot be rolled back: {adopted} changed what it touched")
    );
    assert!(error.help.contains(&format!("hookwright show {adopted} --org acme")), "{}", error.help);
}

/// Told before anything runs, and when it runs, in the same words; once it is free, all comes back.
async fn a_name_that_hands_took(bench: &Bench) {
    bench.applied(&drop_field("d-1", "account", "note")).await;
    bench.applied(&drop_entity("d-2", "line")).await;
    bench.world.sql("ALTER TABLE account ADD COLUMN note INT; CREATE TABLE line (x INT)").await.unwrap();
    for (event, name) in
        [(restore_field("r-1", "account", "note"), "note"), (restore_entity("r-2", "line"), "line")]
    {
        let planned = bench.send(&event, Mode { dry_run: true, ..ALLOWED }).await.unwrap();
        assert_eq!(planned.status, Status::Held, "{:#?}", planned.reasons);
        let [reason] = planned.reasons.as_slice() else { panic!("{:#?}", planned.reasons) };
        let error = bench.refused(&event).await;
        assert_eq!((error.code.as_str(), error.entry.code), ("db/name-taken", "db/name-taken"));
        assert_eq!((&reason.code, &reason.message, &reason.help), (&error.code, &error.message, &error.help));
        assert!(error.help.ends_with(&format!("TO \"{name}_other\"")), "{}", error.help);
        let statement = error.help.split_once("by hand: ").unwrap().1;
        bench.world.sql(statement).await.unwrap();
        let outcome = bench.send(&event, ALLOWED).await.unwrap();
        assert_eq!(outcome.status, Status::Applied, "{:?}", outcome.reasons);
    }
}

async fn what_nothing_undoes(bench: &Bench) {
    bench.applied(&drop_field("d", "account", "note")).await;
    let purged =
        bench.applied(&json!({"id": "p", "type": "field.purge", "entity": "account", "field": "note"})).await;
    let error = bench.refused(&rollback("b", &purged)).await;
    assert_eq!(error.code, "change/irreversible");
    assert!(
        error
            .message
            .ends_with("nothing undoes purge-column on \"account\": what is purged is gone for good"),
        "{error}"
    );
}

async fn what_is_undone_already(bench: &Bench) {
    let id = bench.applied(&drop_field("d", "account", "note")).await;
    let back = bench.rollback("b-1", &id).await;
    let error = bench.refused(&rollback("b-2", &id)).await;
    assert_eq!(
        (error.code.as_str(), error.message),
        ("change/undone", format!("the change {id} was rolled back already, by {back}"))
    );
    let twice = json!([rollback("b-3", &back), rollback("b-4", &back)]);
    assert_eq!(bench.send(&twice, ALLOWED).await.unwrap_err().code, "change/undone");
}
