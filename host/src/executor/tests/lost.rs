//! Connections that break at the worst moments: what the ledger says counts, and each change is made once.

use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use hookwright_core::ddl::Dialect;
use sqlx::ConnectOptions;
use sqlx::postgres::{PgConnectOptions, PgSslMode};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::create;
use super::held::a_hold;
use crate::db::{DbError, OrgDb, Pools};
use crate::executor::testing::{Bench, org};
use crate::executor::{Approved, Executed, execute, hold};

/// Where the batch of a change is cut off.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Cut {
    /// It never reaches the server.
    Request,
    /// It is committed, but nobody hears of it.
    Answer,
}

/// Stands before the server; cuts as many batches as are left to cut.
async fn proxy(target: PgConnectOptions, cut: Cut, left: Arc<AtomicU32>) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let server =
                TcpStream::connect((target.get_host(), target.get_port())).await.expect("the server");
            tokio::spawn(relay(client, server, cut, left.clone()));
        }
    });
    port
}

async fn relay(
    mut client: TcpStream,
    mut server: TcpStream,
    cut: Cut,
    left: Arc<AtomicU32>,
) -> std::io::Result<()> {
    let (mut request, mut answer) = (vec![0; 65_536], vec![0; 65_536]);
    let mut swallowing = false;
    loop {
        tokio::select! {
            read = client.read(&mut request) => {
                let sent = &request[..read?];
                let batch = sent.windows(16).any(|w| w == b"hookwright.claim");
                if batch && left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |n| n.checked_sub(1)).is_ok() {
                    match cut {
                        Cut::Request => return Ok(()),
                        Cut::Answer => swallowing = true,
                    }
                }
                if sent.is_empty() {
                    return Ok(());
                }
                server.write_all(sent).await?;
            }
            read = server.read(&mut answer) => {
                let heard = &answer[..read?];
                // The message that ends an answer: ready, in no transaction or in one that failed.
                let ended = [b"Z\0\0\0\x05I", b"Z\0\0\0\x05E"].iter().any(|ready| heard.ends_with(*ready));
                if swallowing && ended || heard.is_empty() {
                    return Ok(());
                }
                if !swallowing {
                    client.write_all(heard).await?;
                }
            }
        }
    }
}

async fn through(bench: &Bench, cut: Cut, times: u32) -> OrgDb {
    let target = PgConnectOptions::from_str(&bench.url).expect("an address");
    let port = proxy(target.clone(), cut, Arc::new(AtomicU32::new(times))).await;
    let url = target.host("127.0.0.1").port(port).ssl_mode(PgSslMode::Disable).to_url_lossy().to_string();
    OrgDb::connect(&org(), &url, bench.db.options(), &Pools::default()).expect("an address")
}

async fn cut(cut: Cut, times: u32) -> (Bench, Result<Executed, DbError>) {
    let mut bench = Bench::new(Dialect::Postgres).await;
    let db = through(&bench, cut, times).await;
    let (plan, schema) = bench.plan(&[create("invoice", &[])]);
    let work = bench.work(&plan, &schema);
    let executed = execute(&db, work, &bench.retry).await;
    if let Ok(Executed::Applied(_)) = executed {
        (bench.schema, bench.revision) = (schema, 1);
    }
    bench.in_step().await;
    (bench, executed)
}

#[tokio::test]
async fn an_answer_that_is_lost_is_looked_up() {
    let (_, executed) = cut(Cut::Answer, 1).await;
    let Ok(Executed::Applied(applied)) = executed else { panic!("{executed:?}") };
    assert_eq!(applied.attempts, 1);
    assert!(!applied.committed_at.is_empty());
}

#[tokio::test]
async fn a_request_that_is_lost_is_sent_again() {
    let (_, executed) = cut(Cut::Request, 2).await;
    let Ok(Executed::Applied(applied)) = executed else { panic!("{executed:?}") };
    assert_eq!(applied.attempts, 3);
}

#[tokio::test]
async fn requests_that_stay_lost_change_nothing() {
    let (mut bench, executed) = cut(Cut::Request, 9).await;
    assert!(matches!(executed, Err(DbError::Unreachable { .. })), "{executed:?}");
    bench.change(&[create("invoice", &[])]).await;
}

/// The ledger has the change under the id that both hosts gave it.
#[tokio::test]
async fn an_approval_that_another_host_made_is_not_taken_for_ones_own() {
    let mut bench = Bench::new(Dialect::Postgres).await;
    hold(&bench.db, &a_hold("c-1", "e-1"), &bench.retry).await.expect("held");
    let other = through(&bench, Cut::Answer, 1).await;
    let (plan, schema) = bench.plan(&[create("invoice", &[])]);
    let mut both = [bench.work(&plan, &schema), bench.work(&plan, &schema)];
    for work in &mut both {
        (work.change_id, work.events[0].id) = ("c-1".into(), "e-1".into());
        work.approval = Some(Approved { by: None });
    }
    let [one, two] = both;
    let executed = execute(&bench.db, one, &bench.retry).await.expect("made");
    assert!(matches!(executed, Executed::Applied(_)), "{executed:?}");
    let executed = execute(&other, two, &bench.retry).await.expect("settled");
    assert_eq!(executed, Executed::AlreadyApplied { change_id: "c-1".into() });
}

#[tokio::test]
async fn what_cannot_be_settled_is_said_to_be_unknown() {
    let mut bench = Bench::new(Dialect::Postgres).await;
    bench.retry.settle_ms = 100;
    let db = through(&bench, Cut::Request, 1).await;
    let mut session = bench.session().await;
    // Somebody else holds the organisation's lock, so the ledger cannot be asked.
    sqlx::query("SELECT pg_advisory_lock($1)").bind(db.lock_key()).execute(&mut session).await.expect("held");
    let (plan, schema) = bench.plan(&[create("invoice", &[])]);
    let executed = execute(&db, bench.work(&plan, &schema), &bench.retry).await;
    let Err(error @ DbError::UnknownOutcome { .. }) = executed else { panic!("{executed:?}") };
    assert_eq!(error.code(), "db/unknown-outcome");
    let (said, help) = (error.to_string(), error.help().expect("advice"));
    assert!(
        said.starts_with("it is not known whether the change c-1 (event \"e-1\") was committed"),
        "{said}"
    );
    assert!(!said.contains("error returned from database"), "{said}");
    assert!(help.contains("send the same event again (event \"e-1\")"), "{help}");
}
