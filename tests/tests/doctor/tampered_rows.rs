//! Rows of held changes, tombstones and the ledger that hands edited: whoever meets one, and the doctor, says which row it is,
//! what is wrong with it, and what to do.

use hookwright::api::{ApproveOptions, HeldPart, Page, SubmitOptions};
use hookwright::error::Error;
use hookwright::host::Host;
use hookwright::outcome::Status;
use hookwright_core::event::Change;
use hookwright_tests::on_both;
use hookwright_tests::scenario::{Dialect, Mode};
use hookwright_tests::world::{TestHost, World};
use serde_json::{Value as Json, json};

use super::cause::trouble;

on_both! {
    rows_that_no_host_writes_are_told
}

/// Who meets the row.
#[derive(Clone, Copy)]
enum Meets {
    Approving,
    /// Whoever lists the ledger; the others are shown.
    Listing,
    Showing,
    RollingBack,
    Restoring,
    /// The doctor alone.
    Nobody,
}

/// What hands do to a row, the table it is in, what is wrong with it then, and who meets it.
const HANDS: [(&str, &str, &str, Meets); 13] = [
    (
        "UPDATE hookwright.held SET status = 'maybe'",
        "held",
        "its status is \"maybe\", wanted held, ",
        Meets::Approving,
    ),
    (
        "UPDATE hookwright.held SET verdict = ''",
        "held",
        "its verdict is \"\", wanted safe, ",
        Meets::Approving,
    ),
    (
        "UPDATE hookwright.held SET revision = -5",
        "held",
        "its revision is \"-5\", wanted 0 or more",
        Meets::Approving,
    ),
    ("UPDATE hookwright.held SET events = '{}'", "held", "its events does not parse: ", Meets::Approving),
    (
        "UPDATE hookwright.held SET events = '[{\"id\": \"x\", \"digest\": \"x\", \"body\": {}}]'",
        "held",
        "its events are not valid: ",
        Meets::Approving,
    ),
    (
        "UPDATE hookwright.held SET outcome = '{}'",
        "held",
        "its outcome does not parse: missing field",
        Meets::Approving,
    ),
    ("UPDATE hookwright.held SET summary = '[]'", "held", "its summary does not parse: ", Meets::Approving),
    (
        "UPDATE hookwright.change SET status = 'perhaps'",
        "change",
        "its status is \"perhaps\", wanted applied",
        Meets::Nobody,
    ),
    (
        "UPDATE hookwright.change SET summary = '{}'",
        "change",
        "its summary does not parse: missing field",
        Meets::Listing,
    ),
    (
        "UPDATE hookwright.change SET outcome = '7'",
        "change",
        "its outcome does not parse: invalid type",
        Meets::Showing,
    ),
    (
        "UPDATE hookwright.change SET undo = '{\"intents\": 7}'",
        "change",
        "its undo does not parse: invalid type",
        Meets::RollingBack,
    ),
    (
        "UPDATE hookwright.tombstone SET memory = '{\"field\": 7}'",
        "tombstone",
        "its memory does not parse: ",
        Meets::Restoring,
    ),
    (
        "UPDATE hookwright.tombstone SET table_name = 'elsewhere'",
        "tombstone",
        "the model has nothing that was dropped there",
        Meets::Nobody,
    ),
];

async fn send(world: &World, event: &Json, allow: bool) -> (Status, String) {
    let mode = Mode { confirm: allow, allow_destructive: allow, ..Mode::default() };
    let outcome = world.send(&event.to_string(), mode).await.unwrap_or_else(|e| panic!("{e}"));
    (outcome.status, outcome.change.unwrap())
}

/// An organisation with a change, a tombstone, and a change that is held; the last two by their ids.
async fn world(dialect: Dialect) -> (World, String, String) {
    let home = TestHost::start().await;
    let world = World::add(&home, "acme", dialect, &["schema-sync".to_owned()]).await;
    let fields = json!([{"name": "id", "type": "Int", "nullable": false, "primaryKey": true},
        {"name": "note", "type": "Text"}, {"name": "word", "type": "Text"}]);
    send(
        &world,
        &json!({"id": "e-1", "type": "entity.create", "entity": {"name": "invoice", "fields": fields}}),
        true,
    )
    .await;
    let drop = |id: &str, field: &str| json!({"id": id, "type": "field.delete", "entity": "invoice", "field": field, "dropColumn": true});
    let (status, dropped) = send(&world, &drop("e-2", "note"), true).await;
    assert_eq!(status, Status::Applied);
    let (status, held) = send(&world, &drop("e-3", "word"), false).await;
    assert_eq!(status, Status::Held);
    (world, dropped, held)
}

async fn met(host: &Host, world: &World, meets: Meets, dropped: &str, held: &str) -> Option<Error> {
    let org = world.org();
    let sent = async |event: Json| {
        host.submit(org, Change::from_json(event).unwrap(), SubmitOptions::default()).await.map(drop)
    };
    let answer = match meets {
        Meets::Nobody | Meets::Listing => return None,
        Meets::Approving => {
            let options =
                ApproveOptions { allow_destructive: true, plan_hash: None, actor: None, until: None };
            host.approve(org, held, options).await.map(drop)
        }
        Meets::Showing => host.change(org, dropped).await.map(drop),
        Meets::RollingBack => sent(json!({"id": "e-8", "type": "change.rollback", "change": dropped})).await,
        Meets::Restoring => {
            sent(json!({"id": "e-8", "type": "field.restore", "entity": "invoice", "field": "note"})).await
        }
    };
    Some(answer.expect_err("the row cannot be used"))
}

async fn rows_that_no_host_writes_are_told(dialect: Dialect) {
    for (hand, table, what, meets) in HANDS {
        let (world, dropped, held) = world(dialect).await;
        let (named, sql) = match dialect {
            Dialect::Postgres => (
                format!("hookwright.{table}"),
                format!("ALTER TABLE hookwright.held DROP CONSTRAINT held_status_check; {hand}"),
            ),
            Dialect::Sqlite => (
                format!("hookwright_{table}"),
                format!(
                    "PRAGMA ignore_check_constraints = ON; {}",
                    hand.replace("hookwright.", "hookwright_")
                ),
            ),
        };
        let of = if table == "change" { format!(" WHERE id = '{dropped}'") } else { String::new() };
        world.sql(&format!("{sql}{of}")).await.unwrap();
        let host = Host::start(world.host().config().clone()).await.unwrap();
        let examined = host.examine(world.org(), false).await.unwrap();
        assert!(!examined.well, "{hand}");
        let found = trouble(&examined, "db/bookkeeping").clone();
        let key = match table {
            "held" => &held,
            "change" => &dropped,
            _ => "",
        };
        let begins = format!("the row \"{key}");
        assert!(found.found.starts_with(&begins) && found.found.contains(&named), "{hand}: {found:?}");
        assert!(found.found.contains(what), "{hand}: {found:?}");
        assert!(found.next.starts_with("put the row back from a backup"), "{hand}: {found:?}");
        if let Some(error) = met(&host, &world, meets, &dropped, &held).await {
            assert_eq!(error.code, "db/bookkeeping", "{hand}: {error}");
            assert!(error.message.contains(what) && error.message.contains(&named), "{hand}: {error}");
        }
        listed(&host, &world, (hand, what, meets), (&dropped, &held)).await;
    }
}

/// A list shows such a row as one that cannot be read, and the others as ever.
async fn listed(host: &Host, world: &World, (hand, what, meets): (&str, &str, Meets), ids: (&str, &str)) {
    let changes = host.changes(world.org(), Page { before: None, limit: 9 }).await.unwrap();
    assert_eq!(changes.len(), 2, "{hand}");
    let held = host.held(world.org(), HeldPart { before: None, limit: 9 }).await.unwrap();
    // One whose status is none of those that wait is not among them.
    assert_eq!(held.len(), usize::from(!hand.contains("status = 'maybe'")), "{hand}");
    for change in changes.iter().chain(&held) {
        let is_it = match meets {
            Meets::Listing => change.change == ids.0,
            Meets::Approving => change.change == ids.1,
            _ => false,
        };
        match &change.unreadable {
            Some(wrong) => assert!(is_it && wrong.contains(what), "{hand}: {change:?}"),
            None => assert!(!is_it && !change.events.is_empty(), "{hand}: {change:?}"),
        }
    }
}
