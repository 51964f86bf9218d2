//! Who holds locks on the organisation's tables for longer than a change waits for them, or the file of SQLite.

use std::collections::BTreeMap;

use super::{Check, Patient};
use crate::db::Blocker;
use crate::error::Result;
use crate::trouble::{Fix, Trouble};

/// The name that a host gives to its sessions.
const OURS: &str = "hookwright";
/// A host's own transactions are idle for moments at most.
const STUCK_S: i64 = 60;

pub(super) async fn check(patient: &Patient<'_>) -> Result<Check> {
    if let Some(trouble) = patient.tenant.db().locked().await {
        return Ok(Check::new("sessions", "somebody has the file locked").with([trouble]));
    }
    let snapshot = patient.tenant.snapshot().await?;
    let tables: Vec<_> = snapshot.schema.tables.keys().cloned().collect();
    let mut sessions: BTreeMap<i32, Vec<Blocker>> = BTreeMap::new();
    for blocker in patient.tenant.db().holders(&tables).await? {
        sessions.entry(blocker.pid).or_default().push(blocker);
    }
    let said = match sessions.len() {
        0 => "nobody holds a table".to_owned(),
        1 => "one session holds tables".to_owned(),
        count => format!("{count} sessions hold tables"),
    };
    Ok(Check::new("sessions", said).with(sessions.into_values().map(|held| trouble(&held))))
}

fn trouble(held: &[Blocker]) -> Trouble {
    let Blocker { pid, role, application, state, seconds, seen, .. } = &held[0];
    let mut tables: Vec<_> = held.iter().map(|b| format!("\"{}\"", b.table)).collect();
    tables.dedup();
    let since = if *seen { format!(" for {seconds} s") } else { String::new() };
    let idle = state.starts_with("idle in transaction");
    let what = if idle { "idle in a transaction" } else { "in a transaction" };
    let found = format!(
        "session {pid} of \"{role}\" ({application}) is {what}{since}, and holds locks on {}",
        tables.join(", ")
    );
    let end = format!("SELECT pg_terminate_backend({pid})");
    match (idle, idle && application == OURS && *seconds >= STUCK_S) {
        (_, true) => {
            let means = "a host died or hangs in the middle of a change; nothing of that change is committed";
            Trouble::broken("db/stuck-session", found, means)
                .next(format!("end it: hookwright doctor --fix, or {end}"))
                .fixed_by(Fix::EndSession { pid: *pid })
        }
        (true, false) => {
            let means = "its program forgot to commit or roll back: changes of these tables wait for it, and then fail with db/blocked";
            let next = format!(
                "have the program end its transaction, or end it: {end}; against others of its kind: ALTER ROLE \"{role}\" SET idle_in_transaction_session_timeout = '60s'"
            );
            Trouble::warning("db/idle-in-transaction", found, means).next(next)
        }
        (false, false) => {
            let means = "it works; a change that needs a strong lock waits for it, and others queue behind the change";
            Trouble::note("db/long-transaction", found, means)
                .next(format!("wait until it is done, or end it: {end}"))
        }
    }
}
