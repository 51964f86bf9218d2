//! Reads of the journal: which changes have steps left, and how far each step is. PostgreSQL only: SQLite has none.

use hookwright_core::online::OnlineStep;

use super::{DbError, OrgDb, Pool};

/// What is being done with the steps of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JournalState {
    /// They are done before its transaction.
    Preparing,
    /// They are taken back.
    Undoing,
    /// Its transaction is committed, and some are left.
    Finishing,
}

/// When a step is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Before the change's transaction.
    Prepare,
    /// After it.
    Finish,
}

/// How far a step is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StepState {
    /// Nothing of it was done.
    Pending,
    /// Some of it may be done.
    Begun,
    /// It is done.
    Done,
    /// It was taken back.
    Undone,
}

/// A step in the journal.
#[derive(Debug, Clone, PartialEq)]
pub struct StepRow {
    /// Its number in the change, from 0.
    pub number: i32,
    /// When it is run.
    pub phase: Phase,
    /// What it is.
    pub step: OnlineStep,
    /// How far it is.
    pub state: StepState,
    /// Blocks of the table that are done in this pass.
    pub done: i64,
    /// Blocks that the pass has.
    pub total: i64,
    /// The pass over the table, from 0.
    pub pass: i32,
    /// Rows that this pass has filled so far.
    pub filled: i64,
    /// Why it failed, if it did.
    pub error: Option<String>,
}

type Columns = (i32, String, String, String, i64, i64, i32, i64, Option<String>);

impl OrgDb {
    /// Changes that have steps left, oldest first.
    ///
    /// # Errors
    /// What the database says.
    pub async fn unfinished(&self) -> Result<Vec<String>, DbError> {
        let Pool::Postgres(pool) = self.pool() else { return Ok(Vec::new()) };
        let read = || async {
            sqlx::query_scalar(
                "SELECT change_id FROM hookwright.journal WHERE org = $1 ORDER BY created_at, change_id",
            )
            .bind(self.org().as_str())
            .fetch_all(&mut *pool.acquire().await?)
            .await
        };
        reading!(self, read())
    }

    /// Changes that have steps left and no host at it, oldest first.
    ///
    /// # Errors
    /// What the database says.
    pub async fn abandoned(&self) -> Result<Vec<String>, DbError> {
        let Pool::Postgres(pool) = self.pool() else { return Ok(Vec::new()) };
        let read = || async {
            sqlx::query_scalar(
                "SELECT change_id FROM hookwright.journal WHERE org = $1 AND (lease_until IS NULL OR lease_until < now()) \
                 ORDER BY created_at, change_id",
            )
            .bind(self.org().as_str())
            .fetch_all(&mut *pool.acquire().await?)
            .await
        };
        reading!(self, read())
    }

    /// What is being done with the steps of a change; none if no steps are left.
    ///
    /// # Errors
    /// What the database says.
    pub async fn journal_state(&self, change: &str) -> Result<Option<JournalState>, DbError> {
        let Pool::Postgres(pool) = self.pool() else { return Ok(None) };
        let read = || async {
            sqlx::query_scalar::<_, String>(
                "SELECT state FROM hookwright.journal WHERE org = $1 AND change_id = $2",
            )
            .bind(self.org().as_str())
            .bind(change)
            .fetch_optional(&mut *pool.acquire().await?)
            .await
        };
        let Some(state) = reading!(self, read())? else { return Ok(None) };
        Ok(Some(match state.as_str() {
            "preparing" => JournalState::Preparing,
            "undoing" => JournalState::Undoing,
            "finishing" => JournalState::Finishing,
            _ => {
                let what = format!(
                    "its state is \"{}\", wanted preparing, undoing, finishing",
                    state.escape_default()
                );
                return Err(DbError::Unusable(Box::new(self.misshapen("journal", change, &what))));
            }
        }))
    }

    /// The steps of a change, in order.
    ///
    /// # Errors
    /// What the database says, or [`DbError::Bookkeeping`].
    pub async fn steps(&self, change: &str) -> Result<Vec<StepRow>, DbError> {
        let Pool::Postgres(pool) = self.pool() else { return Ok(Vec::new()) };
        let read = || async {
            sqlx::query_as::<_, Columns>(
                "SELECT number, phase, step::text, state, done, total, pass, filled, error \
                 FROM hookwright.step WHERE org = $1 AND change_id = $2 ORDER BY number",
            )
            .bind(self.org().as_str())
            .bind(change)
            .fetch_all(&mut *pool.acquire().await?)
            .await
        };
        let rows = reading!(self, read())?;
        let each = rows.into_iter().map(|row| {
            let key = format!("{change}, {}", row.0);
            step(row).map_err(|what| DbError::Unusable(Box::new(self.misshapen("step", &key, &what))))
        });
        each.collect()
    }
}

fn step(columns: Columns) -> Result<StepRow, String> {
    let (number, phase, json, state, done, total, pass, filled, error) = columns;
    let unreadable = |e| format!("its step does not parse: {e}");
    let unknown = |what: &str, found: &str, all: &str| {
        Err(format!("its {what} is \"{}\", wanted {all}", found.escape_default()))
    };
    Ok(StepRow {
        step: serde_json::from_str(&json).map_err(unreadable)?,
        phase: match phase.as_str() {
            "prepare" => Phase::Prepare,
            "finish" => Phase::Finish,
            other => return unknown("phase", other, "prepare, finish"),
        },
        state: match state.as_str() {
            "pending" => StepState::Pending,
            "begun" => StepState::Begun,
            "done" => StepState::Done,
            "undone" => StepState::Undone,
            other => return unknown("state", other, "pending, begun, done, undone"),
        },
        number,
        done,
        total,
        pass,
        filled,
        error,
    })
}
