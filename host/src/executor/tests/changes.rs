//! What holds on either database: exactly once, all or nothing, the ledger's reads.

use hookwright_core::ddl::Dialect;
use hookwright_core::metadata::{Entity, Field, StableId};
use hookwright_core::spec::FieldSpec;
use serde_json::json;

use super::{add, column, create, on_both, ty};
use crate::db::{BOOKKEEPING_VERSION, ChangePage, DbError, DbOptions, OrgDb, Pools};
use crate::executor::testing::{Bench, ident, org};
use crate::executor::{EntityRow, Executed, FieldRow, RetryPolicy, execute};

on_both! {
    a_change_is_made_once => made_once
    a_moved_organisation_is_left_alone => moved
    a_failing_statement_leaves_nothing => nothing_left
    rows_of_metadata_come_and_go => metadata
    hosts_that_meet_change_one_after_the_other => meet
    what_is_already_there_is_told => already_there
    a_dropped_caller_leaves_no_half => dropped_caller
    hosts_that_meet_at_a_new_database_set_it_up => set_up_at_once
}

async fn made_once(dialect: Dialect) {
    let mut bench = Bench::new(dialect).await;
    bench.change(&[create("invoice", &[])]).await;
    let (plan, schema) = bench.plan(&[add("invoice", column("note", ty("Text"), true))]);
    let mut work = bench.work(&plan, &schema);
    work.events[0].id = "e-1".into();
    let executed = execute(&bench.db, work, &bench.retry).await.expect("answered");
    assert_eq!(executed, Executed::AlreadyApplied { change_id: "c-1".into() });
    bench.in_step().await;

    let page = bench.db.changes(ChangePage { before: None, limit: 10 }).await.expect("listed");
    let [row] = page.as_slice() else { panic!("{page:?}") };
    assert_eq!((row.id.as_str(), row.revision, row.actor.as_deref()), ("c-1", 1, Some("it's \\ me")));
    assert_eq!(row.summary, r#"{"s":"it's \\ \u0000"}"#);
    assert!(row.committed_at.parse::<jiff::Timestamp>().is_ok(), "{row:?}");
    let record = bench.db.change("c-1").await.expect("read").expect("there");
    assert_eq!(record.outcome, r#"{"o":1}"#);
    let event = bench.db.seen(["e-1"]).await.expect("read").events.remove(0);
    assert_eq!((event.change_id.as_str(), event.digest.as_str()), ("c-1", "d"));
    assert_eq!(bench.db.events_of("c-1").await.expect("read"), [event]);
    assert_eq!(bench.db.change("c-2").await.expect("read"), None);
    let before = ChangePage { before: Some(1), limit: 10 };
    assert_eq!(bench.db.changes(before).await.expect("listed"), []);
}

async fn moved(dialect: Dialect) {
    let mut bench = Bench::new(dialect).await;
    let (plan, schema) = bench.plan(&[create("invoice", &[])]);
    let mut work = bench.work(&plan, &schema);
    work.revision = 7;
    let executed = execute(&bench.db, work, &bench.retry).await.expect("answered");
    assert_eq!(executed, Executed::RevisionMoved);
    bench.in_step().await;
}

async fn nothing_left(dialect: Dialect) {
    let mut bench = Bench::new(dialect).await;
    bench.change(&[create("invoice", &[column("note", ty("Text"), true)])]).await;
    match dialect {
        Dialect::Postgres => {
            bench.sql(r#"INSERT INTO "acme-corp".invoice VALUES ('1', 'x'), ('2', 'x')"#).await
        }
        Dialect::Sqlite => bench.sql("INSERT INTO invoice VALUES ('1', 'x'), ('2', 'x')").await,
    }
    let unique = json!({"intent": "add-unique", "table": "invoice", "columns": ["note"]});
    let error = bench.try_change(&[create("other", &[]), unique]).await.expect_err("refused");
    assert!(matches!(error, DbError::Constraint { .. }), "{error:?}");
    bench.in_step().await;
    bench.change(&[create("other", &[])]).await;
}

async fn metadata(dialect: Dialect) {
    let mut bench = Bench::new(dialect).await;
    let spec = |name: &str| -> FieldSpec {
        serde_json::from_value(json!({"name": name, "type": "Text"})).expect("a spec")
    };
    let field = |name: &str| Field { id: StableId::derive("e", &["invoice", name]), spec: spec(name) };
    let id = StableId::derive("e", &["invoice"]);
    let fields = vec![field("b"), field("a")];
    let entity =
        Entity { id: id.clone(), name: ident("invoice"), label: Some("It's".into()), comment: None, fields };
    let (plan, schema) = bench.plan(&[create("invoice", &[])]);
    let mut work = bench.work(&plan, &schema);
    work.rows.entities.push(EntityRow::of(&entity));
    let rows = entity.fields.iter().enumerate().map(|(i, f)| FieldRow::of(&id, i, f).expect("JSON"));
    work.rows.fields.extend(rows);
    execute(&bench.db, work, &bench.retry).await.expect("executed");
    let snapshot = bench.db.snapshot().await.expect("read");
    assert_eq!(snapshot.metadata.entity(&entity.name), Some(&entity));
    assert_eq!(bench.db.point().await.expect("read").revision, 1);

    bench.revision = 1;
    let mut work = bench.work(&plan, &schema);
    let empty = Bench::new(dialect).await.plan(&[]).0;
    work.plan = &empty;
    work.rows.gone_entities.push(id);
    work.rows.gone_fields.extend(entity.fields.iter().map(|f| f.id.clone()));
    execute(&bench.db, work, &bench.retry).await.expect("executed");
    assert!(bench.db.snapshot().await.expect("read").metadata.entities.is_empty());
}

/// Two handles as two hosts have them: each with a queue of its own.
async fn meet(dialect: Dialect) {
    let mut bench = Bench::new(dialect).await;
    bench.retry.lock_attempts = 100;
    let other =
        OrgDb::connect(&org(), &bench.url, bench.db.options(), &Pools::default()).expect("an address");
    let (plan, schema) = bench.plan(&[create("invoice", &[])]);
    let (one, two) = (bench.work(&plan, &schema), bench.work(&plan, &schema));
    let (one, two) = tokio::join!(execute(&bench.db, one, &bench.retry), execute(&other, two, &bench.retry));
    let (one, two) = (one.expect("answered"), two.expect("answered"));
    let moved = [&one, &two].into_iter().filter(|e| **e == Executed::RevisionMoved).count();
    assert_eq!(moved, 1, "{one:?} {two:?}");
    assert_eq!(bench.db.point().await.expect("read").revision, 1);
}

async fn already_there(dialect: Dialect) {
    let mut bench = Bench::new(dialect).await;
    match dialect {
        Dialect::Postgres => bench.sql(r#"CREATE TABLE "acme-corp".invoice (x integer)"#).await,
        Dialect::Sqlite => bench.sql("CREATE TABLE invoice (x INTEGER)").await,
    }
    let error = bench.try_change(&[create("invoice", &[])]).await.expect_err("refused");
    assert!(matches!(error, DbError::NameTaken(_)), "{error:?}");
    assert_eq!(bench.db.point().await.expect("read").revision, 0);
}

async fn dropped_caller(dialect: Dialect) {
    let mut bench = Bench::new(dialect).await;
    let (plan, schema) = bench.plan(&[create("invoice", &[])]);
    let work = bench.work(&plan, &schema);
    let caller = execute(&bench.db, work, &bench.retry);
    tokio::time::timeout(std::time::Duration::from_micros(1), caller).await.ok();
    for _ in 0..500 {
        if bench.db.point().await.expect("read").revision == 1 {
            bench.schema = schema;
            bench.revision = 1;
            bench.in_step().await;
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("the change was not finished");
}

/// Hosts that meet at a new database, each with connections of its own; in rounds, since they seldom meet closely.
async fn set_up_at_once(dialect: Dialect) {
    let bench = Bench::new(dialect).await;
    let rounds = if dialect == Dialect::Postgres { 3 } else { 20 };
    for round in 0..rounds {
        let url = match dialect {
            Dialect::Postgres => crate::executor::testing::fresh_postgres().await,
            Dialect::Sqlite => bench.url.replace("org.db", &format!("deep/er/{round}.db")),
        };
        let hosts: Vec<_> = (0..8).map(|_| host(&url)).collect();
        let started = hosts.iter().cloned().map(|db| {
            tokio::spawn(async move {
                if dialect == Dialect::Sqlite {
                    db.create_database().await?;
                }
                db.prepare(&RetryPolicy::default()).await
            })
        });
        for host in started.collect::<Vec<_>>() {
            host.await.expect("joined").unwrap_or_else(|e| panic!("round {round}: {e:?}"));
        }
        hosts[0].prepare(&RetryPolicy::default()).await.expect("prepared again");
        let report = hosts[1].check().await.expect("checked");
        assert_eq!(
            (report.bookkeeping, report.exists, report.problems.len()),
            (Some(BOOKKEEPING_VERSION), true, 0)
        );
    }
}

fn host(url: &str) -> OrgDb {
    OrgDb::connect(&org(), url, &DbOptions::default(), &Pools::default()).expect("an address")
}
