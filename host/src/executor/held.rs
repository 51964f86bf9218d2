//! What is written of a held change: that it waits, that its plan moved, that it was decided on.
//!
//! Like every write to an organisation's database it goes through a claim, so what is decided by two at once is
//! decided by one. Held changes leave the revision as it is.

use hookwright_core::ddl::Dialect;
use hookwright_core::ident::OrgName;

use super::work::LedgerEvent;
use crate::db::gate::Script;

/// A change to hold, or a held one whose plan moved.
#[derive(Debug)]
pub struct Hold {
    /// The organisation.
    pub org: OrgName,
    /// The revision it was worked out on.
    pub revision: i64,
    /// What hands had last touched of the rows then.
    pub touched: i64,
    /// Its id, which the ledger will have too.
    pub id: String,
    /// Whether it is held already: then its plan, verdict and outcome are replaced.
    pub known: bool,
    /// Who asked.
    pub actor: Option<String>,
    /// Who sent it, as the host knows.
    pub sender: Option<String>,
    /// What it belongs to, for the asker.
    pub correlation_id: Option<String>,
    /// Its events, in order.
    pub events: Vec<LedgerEvent>,
    /// Tells its plan from any other.
    pub plan_hash: String,
    /// The strictest verdict of its intents.
    pub verdict: &'static str,
    /// What lists show of it.
    pub summary_json: String,
    /// Its outcome.
    pub outcome_json: String,
}

/// A decision against a held change.
#[derive(Debug)]
pub struct Rejection {
    /// The organisation.
    pub org: OrgName,
    /// The held change.
    pub id: String,
    /// Who decides.
    pub by: Option<String>,
    /// Why.
    pub note: Option<String>,
}

/// The names of the tables, and the time now, which are all that differs between the databases.
struct Names {
    held: &'static str,
    event: &'static str,
    now: &'static str,
    created_at: &'static str,
    decided_at: &'static str,
}

const POSTGRES: Names = Names {
    held: "hookwright.held",
    event: "hookwright.held_event",
    now: "pg_catalog.now()",
    created_at: "to_char(created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')",
    decided_at: "to_char(decided_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')",
};

const SQLITE: Names = Names {
    held: "hookwright_held",
    event: "hookwright_held_event",
    now: "strftime('%Y-%m-%dT%H:%M:%fZ', 'now')",
    created_at: "created_at",
    decided_at: "decided_at",
};

fn names(dialect: Dialect) -> Names {
    if dialect == Dialect::Postgres { POSTGRES } else { SQLITE }
}

/// Holds a change, or replaces the plan of a held one; gives the time since when it is held.
pub(super) fn hold(dialect: Dialect, hold: &Hold) -> Script {
    let mut script = Script::new(dialect);
    match hold.known {
        true => replace(&mut script, &names(dialect), hold),
        false => insert(&mut script, &names(dialect), hold),
    }
    script
}

fn insert(script: &mut Script, names: &Names, hold: &Hold) {
    let org = hold.org.as_str();
    script.sql("INSERT INTO ").sql(names.event).sql(" (org, event_id, held_id) VALUES ");
    for (index, event) in hold.events.iter().enumerate() {
        script.sql(if index == 0 { "(" } else { ", (" }).texts([org, &event.id, &hold.id]).sql(")");
    }
    script.sql(";\nINSERT INTO ").sql(names.held);
    script.sql(" (org, id, events, plan_hash, verdict, summary, outcome, actor, sender, correlation_id, revision) VALUES (");
    script.texts([
        org,
        &hold.id,
        &events(&hold.events),
        &hold.plan_hash,
        hold.verdict,
        &hold.summary_json,
        &hold.outcome_json,
    ]);
    for text in [&hold.actor, &hold.sender, &hold.correlation_id] {
        script.sql(", ").text_or_null(text.as_deref());
    }
    script.sql(", ").integer(hold.revision).sql(") RETURNING ").sql(names.created_at).sql(";\n");
}

fn replace(script: &mut Script, names: &Names, hold: &Hold) {
    script.sql("UPDATE ").sql(names.held).sql(" SET plan_hash = ").text(&hold.plan_hash);
    script.sql(", revision = ").integer(hold.revision).sql(", verdict = ").text(hold.verdict);
    script.sql(", summary = ").text(&hold.summary_json).sql(", outcome = ").text(&hold.outcome_json);
    of(script, &hold.org, &hold.id).sql(" RETURNING ").sql(names.created_at).sql(";\n");
}

/// Settles a held change that is approved: part of the transaction that makes it.
pub(super) fn approved(script: &mut Script, org: &OrgName, id: &str, by: Option<&str>, attempt: &str) {
    let names = names(script.dialect());
    decide(script, &names, "'approved'", by, None);
    script.sql(", attempt = ").text(attempt);
    of(script, org, id).sql(";\n");
}

/// Rejects a held or staged change; gives the time of the decision.
pub(super) fn reject(dialect: Dialect, rejection: &Rejection) -> Script {
    let Rejection { org, id, by, note } = rejection;
    let mut script = Script::new(dialect);
    // What has steps is taken back: the host that has its lease finds it so.
    decide(
        &mut script,
        &names(dialect),
        "CASE status WHEN 'staged' THEN 'undoing' ELSE 'rejected' END",
        by.as_deref(),
        note.as_deref(),
    );
    if dialect == Dialect::Postgres {
        script.sql(", reasons = NULL");
    }
    of(&mut script, org, id).sql(" RETURNING ").sql(names(dialect).decided_at).sql(";\n");
    script
}

fn decide(script: &mut Script, names: &Names, status: &'static str, by: Option<&str>, note: Option<&str>) {
    script.sql("UPDATE ").sql(names.held).sql(" SET status = ").sql(status);
    script.sql(", decided_at = ").sql(names.now).sql(", decided_by = ").text_or_null(by);
    script.sql(", note = ").text_or_null(note);
}

/// The claim made sure that it waits.
fn of<'a>(script: &'a mut Script, org: &OrgName, id: &str) -> &'a mut Script {
    script
        .sql(" WHERE org = ")
        .text(org.as_str())
        .sql(" AND id = ")
        .text(id)
        .sql(" AND status IN ('held', 'staged')")
}

/// The events as one JSON array. Their bodies are JSON already.
fn events(events: &[LedgerEvent]) -> String {
    let text = |text: &str| serde_json::Value::from(text).to_string();
    let one = |e: &LedgerEvent| {
        format!("{{\"id\":{},\"digest\":{},\"body\":{}}}", text(&e.id), text(&e.digest), e.body_json)
    };
    format!("[{}]", events.iter().map(one).collect::<Vec<_>>().join(","))
}
