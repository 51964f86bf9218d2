//! A host that stood still while others went on: whatever it does then, it undoes and commits nothing of theirs.

use hookwright_core::ddl::Dialect;
use hookwright_core::online::OnlineStep;
use serde_json::{Value as Json, json};

use super::{column, create, held::a_hold, ty};
use crate::db::{HeldRow, Phase};
use crate::executor::online::{Lease, Staging, Stopped, Work, give_up, json as kept, rolled_back, stage};
use crate::executor::testing::{Bench, org};
use crate::executor::{Approved, Executed, Own, Rejection, execute, reject};

const CHANGE: &str = "c-1";
const STOLEN: &str = "UPDATE hookwright.journal SET lease_by = 'another'";
const COLUMN: &str = "SELECT count(*) FROM pg_attribute WHERE attname = 'total' AND attrelid = '\"acme-corp\".invoice'::regclass";
const INDEX: &str = "SELECT count(*) FROM pg_class WHERE relname = 'invoice_number'";

fn steps() -> Vec<OnlineStep> {
    let index = json!({"name": "invoice_number", "keys": [{"column": "number"}], "unique": false});
    [
        json!({"step": "add-column", "table": "invoice", "column": column("total", ty("Int"), true)}),
        json!({"step": "build-index", "table": "invoice", "index": index}),
    ]
    .map(|step| serde_json::from_value(step).expect("a step"))
    .to_vec()
}

/// A table, and a change of it that is staged with a new column and an index.
async fn staged() -> Bench {
    let mut bench = Bench::new(Dialect::Postgres).await;
    bench.change(&[create("invoice", &[column("number", ty("Int"), true)])]).await;
    let staging = Staging {
        hold: crate::executor::Hold { revision: 1, ..a_hold(CHANGE, "e-9") },
        consent_json: "{}".into(),
        by: Some("alice".into()),
        steps: steps().iter().map(|step| kept(step).expect("JSON")).collect(),
        own: Own::default(),
    };
    let executed = stage(&bench.db, &staging, &bench.retry).await.expect("staged");
    assert!(matches!(executed, Executed::Applied(_)), "{executed:?}");
    bench
}

async fn lease(bench: &Bench) -> Lease {
    Lease::take(&bench.db, CHANGE).await.expect("answered").expect("free")
}

fn work<'a>(bench: &'a Bench, lease: &'a Lease) -> Work<'a> {
    Work { db: &bench.db, change: CHANGE, lease, retry: &bench.retry, batch_rows: 100 }
}

async fn row(bench: &Bench) -> HeldRow {
    bench.db.held(CHANGE).await.expect("read").expect("there")
}

async fn made(bench: &Bench) -> (i64, i64) {
    (bench.number(COLUMN).await, bench.number(INDEX).await)
}

#[tokio::test]
async fn it_takes_nothing_back() {
    let bench = staged().await;
    let first = lease(&bench).await;
    let stalled = work(&bench, &first);
    stalled.run(Phase::Prepare).await.expect("done");
    give_up(&stalled, "[]").await.expect("given up");
    bench.sql(STOLEN).await;
    assert!(matches!(stalled.undo().await, Err(Stopped::Taken)));
    assert_eq!(made(&bench).await, (1, 1));
    assert!(matches!(rolled_back(&stalled, "{}").await, Err(Stopped::Taken)));
    assert_eq!(row(&bench).await.status, "undoing");

    bench.sql("UPDATE hookwright.journal SET lease_by = NULL, lease_until = NULL").await;
    let second = lease(&bench).await;
    let other = work(&bench, &second);
    other.undo().await.expect("undone");
    assert_eq!(made(&bench).await, (0, 0));
    let outcome = r#"{"org":"acme-corp","status":"rolled-back","events":["e-9"],"revision":1,"hooks":[],"intents":[],"statements":[],"attempts":0,"durationUs":0}"#;
    rolled_back(&other, outcome).await.expect("rolled back");
    assert_eq!(row(&bench).await.status, "rolled-back");
    assert!(matches!(stalled.undo().await, Ok(())), "nothing is left to undo");
    bench.in_step().await;
}

#[tokio::test]
async fn it_does_no_step_of_a_change_that_another_has() {
    let bench = staged().await;
    let first = lease(&bench).await;
    bench.sql(STOLEN).await;
    assert!(matches!(work(&bench, &first).run(Phase::Prepare).await, Err(Stopped::Taken)));
    assert!(matches!(give_up(&work(&bench, &first), "[]").await, Err(Stopped::Taken)));
    assert_eq!((made(&bench).await, row(&bench).await.status.as_str()), ((0, 0), "staged"));
}

#[tokio::test]
async fn it_commits_nothing_that_is_taken_back() {
    let mut bench = staged().await;
    let first = lease(&bench).await;
    give_up(&work(&bench, &first), "[]").await.expect("given up");
    let (plan, schema) = bench.plan(&[super::add("invoice", column("total", ty("Int"), true))]);
    let mut late = bench.work(&plan, &schema);
    (late.change_id, late.events[0].id) = (CHANGE.into(), "e-9".into());
    late.approval = Some(Approved { by: None });
    let executed = execute(&bench.db, late, &bench.retry).await.expect("answered");
    assert_eq!(executed, Executed::Held { held_id: CHANGE.into() });
    bench.in_step().await;
}

/// An index whose build begins when others have undone the change already: they could not see it.
#[tokio::test]
async fn it_drops_the_index_that_it_built_too_late() {
    let bench = staged().await;
    bench
        .sql(
            "CREATE FUNCTION public.meanwhile() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN \
             UPDATE hookwright.held SET status = 'rolled-back'; DELETE FROM hookwright.journal; END $$; \
             CREATE EVENT TRIGGER meanwhile ON ddl_command_start WHEN TAG IN ('CREATE INDEX') \
             EXECUTE FUNCTION public.meanwhile()",
        )
        .await;
    let first = lease(&bench).await;
    assert!(matches!(work(&bench, &first).run(Phase::Prepare).await, Err(Stopped::Taken)));
    assert_eq!(bench.number(INDEX).await, 0);
}

#[tokio::test]
async fn a_renewed_lease_lasts_through_a_step() {
    let bench = staged().await;
    let first = lease(&bench).await;
    let mut session = bench.session().await;
    // As a step that is under way holds the row.
    let step = "BEGIN; SELECT FROM hookwright.journal FOR SHARE";
    sqlx::raw_sql(step).execute(&mut session).await.expect("locked");
    assert!(first.still_ours(&bench.db, CHANGE).await.expect("answered"));
    assert!(Lease::take(&bench.db, CHANGE).await.expect("answered").is_none());
}

#[tokio::test]
async fn a_decision_against_it_ends_a_staged_change() {
    let bench = staged().await;
    let first = lease(&bench).await;
    let rejection =
        Rejection { org: org(), id: CHANGE.into(), by: Some("bob".into()), note: Some("not now".into()) };
    let executed = reject(&bench.db, &rejection, &bench.retry).await.expect("answered");
    assert!(matches!(executed, Executed::Applied(_)), "{executed:?}");
    let rejected = row(&bench).await;
    assert_eq!((rejected.status.as_str(), rejected.decided_by.as_deref()), ("undoing", Some("bob")));
    let running = work(&bench, &first);
    assert!(matches!(running.run(Phase::Prepare).await, Err(Stopped::Cancelled)));
    let reasons: Json = json!([]);
    give_up(&running, &reasons.to_string()).await.expect("given up");
    assert_eq!(row(&bench).await.reasons, None, "the decision stays the reason");
    let again = reject(&bench.db, &rejection, &bench.retry).await.expect("answered");
    assert_eq!(again, Executed::Held { held_id: CHANGE.into() });
}
