//! What is written of held changes, on either database: once, in turn, or not at all.

use hookwright_core::ddl::Dialect;
use serde_json::json;

use super::{add, column, create, on_both, ty};
use crate::db::{HeldPage, HeldRow};
use crate::executor::testing::{Bench, org};
use crate::executor::{Approved, Executed, Hold, LedgerEvent, Rejection, execute, hold, reject};

on_both! {
    a_change_is_held_once => held_once
    a_plan_that_moved_replaces_the_one_before => replaced
    a_change_that_is_applied_is_not_held => applied_before
    an_approval_is_part_of_the_change => approved
    a_failed_change_leaves_it_held => failed
    a_rejection_is_final => rejected
}

pub(super) fn a_hold(id: &str, event: &str) -> Hold {
    let body = json!({"id": event, "type": "entity.delete", "entity": "invoice", "actor": "it's \\ é"});
    let outcome = json!({"org": "acme-corp", "status": "held", "events": [event], "revision": 0, "hooks": [],
        "intents": [], "statements": [], "attempts": 0, "durationUs": 0});
    let event = LedgerEvent { id: event.into(), digest: "d".into(), body_json: body.to_string() };
    Hold {
        org: org(),
        revision: 0,
        touched: 0,
        id: id.into(),
        known: false,
        actor: Some("it's \\ me".into()),
        sender: None,
        correlation_id: None,
        events: vec![event],
        plan_hash: "p-1".into(),
        verdict: "destructive",
        summary_json: r#"{"events":[],"statements":0}"#.into(),
        outcome_json: outcome.to_string(),
    }
}

async fn done(bench: &Bench, of: &Hold) -> Executed {
    hold(&bench.db, of, &bench.retry).await.expect("answered")
}

async fn row(bench: &Bench, id: &str) -> HeldRow {
    bench.db.held(id).await.expect("read").expect("there")
}

fn held(id: &str) -> Executed {
    Executed::Held { held_id: id.into() }
}

async fn held_once(dialect: Dialect) {
    let bench = Bench::new(dialect).await;
    let Executed::Applied(first) = done(&bench, &a_hold("c-1", "e-1")).await else { panic!("not held") };
    let kept = row(&bench, "c-1").await;
    assert_eq!((kept.status.as_str(), kept.created_at.as_str()), ("held", first.committed_at.as_str()));
    assert_eq!((kept.actor.as_deref(), kept.sender.as_deref()), (Some("it's \\ me"), None));
    let events: serde_json::Value = serde_json::from_str(&kept.events).expect("JSON");
    assert_eq!(
        events,
        json!([{"id": "e-1", "digest": "d", "body":
        {"id": "e-1", "type": "entity.delete", "entity": "invoice", "actor": "it's \\ é"}}])
    );
    assert!(kept.created_at.parse::<jiff::Timestamp>().is_ok() && kept.age_s < 60, "{kept:?}");
    assert_eq!(done(&bench, &a_hold("c-2", "e-1")).await, held("c-1"));
    let page = |before: Option<&str>| HeldPage { before: before.map(str::to_owned), limit: 9 };
    let mut listed = bench.db.held_changes(&page(None)).await.expect("read");
    // Between two reads a second may pass.
    listed.iter_mut().for_each(|row| row.age_s = kept.age_s);
    assert_eq!(listed, [kept]);
    assert_eq!(bench.db.held_changes(&page(Some("c-1"))).await.expect("read"), []);
    let late = Hold { revision: 7, ..a_hold("c-3", "e-3") };
    assert_eq!(done(&bench, &late).await, Executed::RevisionMoved);
    bench.in_step().await;
}

async fn replaced(dialect: Dialect) {
    let bench = Bench::new(dialect).await;
    done(&bench, &a_hold("c-1", "e-1")).await;
    let before = row(&bench, "c-1").await;
    let moved = Hold { known: true, plan_hash: "p-2".into(), verdict: "safe", ..a_hold("c-1", "e-1") };
    let Executed::Applied(again) = done(&bench, &moved).await else { panic!("not replaced") };
    let after = row(&bench, "c-1").await;
    assert_eq!((after.plan_hash.as_str(), after.verdict.as_str()), ("p-2", "safe"));
    assert_eq!((&after.created_at, &after.created_at), (&before.created_at, &again.committed_at));
}

async fn applied_before(dialect: Dialect) {
    let mut bench = Bench::new(dialect).await;
    bench.change(&[create("invoice", &[])]).await;
    let late = Hold { revision: 1, ..a_hold("c-9", "e-1") };
    assert_eq!(done(&bench, &late).await, Executed::AlreadyApplied { change_id: "c-1".into() });
    assert_eq!(bench.db.held("c-9").await.expect("read"), None);
}

async fn approved(dialect: Dialect) {
    let mut bench = Bench::new(dialect).await;
    done(&bench, &a_hold("c-1", "e-1")).await;
    let (plan, schema) = bench.plan(&[create("invoice", &[])]);
    let unsettled = bench.work(&plan, &schema);
    assert_eq!(execute(&bench.db, unsettled, &bench.retry).await.expect("answered"), held("c-1"));
    let mut work = bench.work(&plan, &schema);
    (work.change_id, work.events[0].id) = ("c-1".into(), "e-1".into());
    work.approval = Some(Approved { by: Some("bob".into()) });
    let Executed::Applied(made) = execute(&bench.db, work, &bench.retry).await.expect("answered") else {
        panic!("not applied")
    };
    (bench.schema, bench.revision) = (schema, 1);
    bench.in_step().await;
    let settled = row(&bench, "c-1").await;
    assert_eq!((settled.status.as_str(), settled.decided_by.as_deref()), ("approved", Some("bob")));
    let record = bench.db.change("c-1").await.expect("read").expect("in the ledger");
    assert_eq!(record.row.committed_at, made.committed_at);
    let page = HeldPage { before: None, limit: 9 };
    assert_eq!(bench.db.held_changes(&page).await.expect("read"), []);
    let by = Rejection { org: org(), id: "c-1".into(), by: None, note: None };
    assert_eq!(reject(&bench.db, &by, &bench.retry).await.expect("answered"), held("c-1"));
}

async fn failed(dialect: Dialect) {
    let mut bench = Bench::new(dialect).await;
    bench.change(&[create("invoice", &[])]).await;
    done(&bench, &Hold { revision: 1, ..a_hold("c-9", "e-9") }).await;
    match dialect {
        Dialect::Postgres => bench.sql(r#"ALTER TABLE "acme-corp".invoice ADD COLUMN note text"#).await,
        Dialect::Sqlite => bench.sql("ALTER TABLE invoice ADD COLUMN note TEXT").await,
    }
    let (plan, schema) = bench.plan(&[add("invoice", column("note", ty("Text"), true))]);
    let mut work = bench.work(&plan, &schema);
    (work.change_id, work.events[0].id) = ("c-9".into(), "e-9".into());
    work.approval = Some(Approved { by: None });
    execute(&bench.db, work, &bench.retry).await.expect_err("refused");
    assert!(row(&bench, "c-9").await.waits());
    assert_eq!(bench.db.change("c-9").await.expect("read"), None);
}

async fn rejected(dialect: Dialect) {
    let mut bench = Bench::new(dialect).await;
    done(&bench, &a_hold("c-9", "e-9")).await;
    bench.change(&[create("other", &[])]).await;
    let by = Rejection { org: org(), id: "c-9".into(), by: Some("bob".into()), note: Some("it's \\".into()) };
    // Whatever the revision is by now.
    let Executed::Applied(told) = reject(&bench.db, &by, &bench.retry).await.expect("answered") else {
        panic!("not rejected")
    };
    let kept = row(&bench, "c-9").await;
    assert_eq!((kept.status.as_str(), kept.note.as_deref()), ("rejected", Some("it's \\")));
    assert_eq!(kept.decided_at, Some(told.committed_at));
    assert_eq!(reject(&bench.db, &by, &bench.retry).await.expect("answered"), held("c-9"));
    let again = Hold { known: true, revision: 1, ..a_hold("c-9", "e-9") };
    assert_eq!(done(&bench, &again).await, held("c-9"));
    assert_eq!(done(&bench, &Hold { revision: 1, ..a_hold("c-8", "e-9") }).await, held("c-9"));
    let (plan, schema) = bench.plan(&[create("invoice", &[])]);
    let mut work = bench.work(&plan, &schema);
    work.events[0].id = "e-9".into();
    assert_eq!(execute(&bench.db, work, &bench.retry).await.expect("answered"), held("c-9"));
}
