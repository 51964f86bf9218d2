//! Changes made of intents alone, as a plugin may ask for them: constraints, partial indexes and the like, to which no
//! event leads with the embedded plugin.
//!
//! For the tests of restores and rollbacks. They are committed through the executor, with what undoes them.

use std::sync::Arc;

use hookwright::db::{DbOptions, OrgDb, Pools};
use hookwright::executor::{
    Executed, LedgerEvent, RetryPolicy, Rows, TableRow, TombstoneRow, TombstoneRows, Work, execute,
};
use hookwright_core::event::Consent;
use hookwright_core::intent::Intent;
use hookwright_core::plan::Sizes;
use hookwright_core::policy::{Answers, Decision, Draft, Review, review};
use hookwright_core::schema::Schema;
use serde_json::Value as Json;

use crate::world::World;

/// Makes a change of intents, with every consent; gives its id.
///
/// # Panics
/// If it is refused.
pub async fn change(world: &World, id: &str, intents: &[Json]) -> String {
    try_change(world, id, intents).await.unwrap_or_else(|why| panic!("{why}"))
}

/// As [`change`].
///
/// # Errors
/// Why it is refused, by the policy or by the executor.
///
/// # Panics
/// If an intent is none.
pub async fn try_change(world: &World, id: &str, intents: &[Json]) -> Result<String, String> {
    let db = OrgDb::connect(world.org(), &world.url(), &DbOptions::default(), &Pools::default())
        .expect("an address");
    let snapshot = db.snapshot().await.expect("a snapshot");
    let base = snapshot.schema.clone();
    let mut draft = Draft::new(world.org().clone(), db.dialect(), Arc::default(), base);
    for intent in intents {
        let intent: Intent = serde_json::from_value(intent.clone()).expect("an intent");
        draft.propose(&"test".into(), intent).map_err(|e| e.to_string())?;
    }
    let consent = Consent { confirm: true, allow_destructive: true, dry_run: false };
    let reviewed = review(draft, &Answers::new(), &Sizes::default(), consent);
    let Decision::Execute(plan) = &reviewed.decision else { return Err(format!("{:?}", reviewed.decision)) };
    let change_id = format!("c-{id}");
    let work = Work {
        org: world.org().clone(),
        revision: snapshot.revision,
        touched: snapshot.touched,
        previous: snapshot.change.clone(),
        change_id: change_id.clone(),
        actor: None,
        correlation_id: None,
        events: vec![LedgerEvent { id: id.to_owned(), digest: "d".to_owned(), body_json: "{}".to_owned() }],
        plan,
        rows: Rows::default(),
        tables: tables(&reviewed.schema),
        as_recorded: true,
        gone_tables: snapshot
            .schema
            .physical()
            .tables
            .keys()
            .filter(|n| !stays(&reviewed.schema, n))
            .cloned()
            .collect(),
        tombstones: tombstones(&reviewed),
        kept: hookwright::db::Kept::default(),
        undo_json: serde_json::to_string(&reviewed.undo).expect("JSON"),
        rolls_back: Vec::new(),
        summary_json: r#"{"events":[],"statements":0}"#.to_owned(),
        outcome_json: "{}".to_owned(),
        approval: None,
        until: None,
        finish: Vec::new(),
    };
    let executed = execute(&db, work, &RetryPolicy::default()).await;
    db.close().await;
    match executed.map_err(|e| e.to_string())? {
        Executed::Applied(_) => Ok(change_id),
        other => Err(format!("{other:?}")),
    }
}

fn stays(schema: &Schema, name: &hookwright_core::ident::Ident) -> bool {
    schema.tables.contains_key(name) || schema.buried.contains_key(name)
}

fn tables(schema: &Schema) -> Vec<TableRow> {
    let tables = schema.tables.values().map(|t| TableRow::of(t).expect("JSON"));
    tables.chain(schema.buried.iter().map(|(name, t)| TableRow::buried(name, t).expect("JSON"))).collect()
}

fn tombstones(reviewed: &Review) -> TombstoneRows {
    let found = reviewed.tombstones.clone();
    let new = found.new.into_iter().map(|(place, _)| TombstoneRow { place, memory_json: None }).collect();
    TombstoneRows { new, moved: found.moved, gone: found.gone }
}
