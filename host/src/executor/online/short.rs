//! A step in one transaction together with the journal's note that it is done: done once, whatever breaks.

use hookwright_core::ddl::{Dialect, Statement};

use super::{Stopped, Work};
use crate::db::gate::Script;
use crate::db::{DbError, Fault, Pool, StepRow, fault};
use crate::executor::blocked;
use crate::executor::postgres::detect_deadlocks;
use crate::executor::retry::Tries;

/// How long statements may wait and take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Patience {
    /// They lock users out while they wait: not for long.
    Short,
    /// Nobody waits for them.
    Long,
}

/// Runs the statements of a step, and notes it as done.
pub(super) async fn run(
    work: &Work<'_>,
    row: &StepRow,
    statements: &[Statement],
    patience: Patience,
) -> Result<(), Stopped> {
    let mut script = begin(work, patience);
    claim(work, row, &mut script);
    for statement in statements {
        script.statement(statement);
    }
    note(work, row, "state = 'done', ended_at = now(), error = NULL", &mut script);
    script.sql("COMMIT");
    match attempts(work, &script, row.step.table(), patience).await? {
        Sent::Done | Sent::Before => Ok(()),
    }
}

/// Runs the statements that take a step back, and notes it as undone.
pub(super) async fn undo(work: &Work<'_>, row: &StepRow, statements: &[Statement]) -> Result<(), Stopped> {
    let mut script = begin(work, Patience::Short);
    claim_as(work, row, "undo_claim", &mut script);
    for statement in statements {
        script.statement(statement);
    }
    note(work, row, "state = 'undone', ended_at = now()", &mut script);
    script.sql("COMMIT");
    attempts(work, &script, row.step.table(), Patience::Short).await.map(drop)
}

/// Whether a transaction was committed now, or the step was done before.
pub(super) enum Sent {
    Done,
    Before,
}

pub(super) fn begin(work: &Work<'_>, patience: Patience) -> Script {
    let options = work.db.options();
    let mut script = Script::new(Dialect::Postgres);
    script
        .sql("BEGIN ISOLATION LEVEL READ COMMITTED;\nSET LOCAL search_path = '';\nSET LOCAL lock_timeout = ");
    match patience {
        Patience::Short => {
            script.integer(i64::from(options.lock_timeout_ms)).sql(";\nSET LOCAL statement_timeout = ");
            script.integer(i64::from(options.statement_timeout_ms)).sql(";\n");
            detect_deadlocks(options, &mut script);
        }
        Patience::Long => {
            script.sql("0;\nSET LOCAL statement_timeout = 0;\n");
        }
    }
    script
}

/// Stops the transaction if another host has the change, if it is taken back, or if the step is done.
pub(super) fn claim(work: &Work<'_>, row: &StepRow, script: &mut Script) {
    claim_as(work, row, "step_claim", script);
}

fn claim_as(work: &Work<'_>, row: &StepRow, claim: &'static str, script: &mut Script) {
    script
        .sql("SELECT hookwright.")
        .sql(claim)
        .sql("(")
        .text(work.org().as_str())
        .sql(", ")
        .text(work.change);
    script.sql(", ").integer(i64::from(row.number)).sql(", ").text(work.lease.host()).sql(");\n");
}

/// Sets something of the step's row.
pub(super) fn note(work: &Work<'_>, row: &StepRow, what: &'static str, script: &mut Script) {
    script.sql("UPDATE hookwright.step SET ").sql(what);
    of(work, row, script);
}

pub(super) fn of(work: &Work<'_>, row: &StepRow, script: &mut Script) {
    script.sql(" WHERE org = ").text(work.org().as_str()).sql(" AND change_id = ").text(work.change);
    script.sql(" AND number = ").integer(i64::from(row.number)).sql(";\n");
}

/// Sends a transaction until it is committed, or trying again cannot help. If its connection breaks it is sent again:
/// the claim finds out if it was committed.
pub(super) async fn attempts(
    work: &Work<'_>,
    script: &Script,
    table: &hookwright_core::ident::Ident,
    patience: Patience,
) -> Result<Sent, Stopped> {
    let mut tries = Tries::new(work.retry);
    loop {
        let error = match send(work, script, patience).await {
            Ok(_) => return Ok(Sent::Done),
            Err(error) => error,
        };
        let gave_up = match fault(&error) {
            Fault::Done => return Ok(Sent::Before),
            Fault::Taken => return Err(Stopped::Taken),
            Fault::Undoing => return Err(Stopped::Cancelled),
            Fault::Locked | Fault::Busy => match tries.after_lock().await {
                Some(()) => None,
                None => Some(blocked(work.db, std::slice::from_ref(table), tries.locks()).await),
            },
            Fault::Lost | Fault::Unreachable | Fault::Refused => {
                work.db.drop_idle().await;
                tries.after_trouble().await.is_none().then(|| work.db.explain(error))
            }
            Fault::Transient => tries.after_trouble().await.is_none().then(|| work.db.refused(error)),
            _ => Some(work.db.refused(error)),
        };
        if let Some(error) = gave_up {
            return Err(Stopped::Failed(error));
        }
    }
}

/// Sends a transaction once; its rows are of all its statements.
pub(super) async fn send(
    work: &Work<'_>,
    script: &Script,
    patience: Patience,
) -> sqlx::Result<Vec<sqlx::postgres::PgRow>> {
    let Pool::Postgres(pool) = work.db.pool() else { return Ok(Vec::new()) };
    let mut connection = match patience {
        Patience::Short => pool.insist().await?,
        Patience::Long => pool.alone().await?,
    };
    let sent = script.postgres(&mut connection).await;
    if let Err(error) = &sent {
        let lost = fault(error) == Fault::Lost;
        let rolled_back =
            !lost && Script::of(Dialect::Postgres, "ROLLBACK").postgres(&mut connection).await.is_ok();
        if !rolled_back {
            connection.close().await;
        }
    }
    sent
}

/// A read or a note that belongs to no step's transaction.
pub(super) async fn plainly(work: &Work<'_>, script: &Script) -> Result<Vec<sqlx::postgres::PgRow>, DbError> {
    send(work, script, Patience::Short).await.map_err(|e| work.db.explain(e))
}
