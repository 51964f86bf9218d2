//! Runs the journalled steps of a change, each in transactions of its own that keep nobody waiting longer than the
//! lock timeout. Any host goes on with them: who is at it holds a lease.
//!
//! The pipeline calls it, outside the organisation's turn: other changes go on meanwhile.

mod batches;
mod calm;
mod index;
mod journal;
mod lease;
mod short;

pub(crate) use calm::calm;
pub(in crate::executor) use journal::committed;
pub use journal::{Staging, stage};
pub(crate) use journal::{clear, forgotten, give_up, json, rolled_back, waits};
pub use lease::Lease;

use hookwright_core::ident::OrgName;
use hookwright_core::online::Run;

use super::RetryPolicy;
use crate::db::{DbError, OrgDb, Phase, StepRow, StepState};

/// A change whose steps are run: where, and by whom.
pub(crate) struct Work<'a> {
    pub db: &'a OrgDb,
    pub change: &'a str,
    pub lease: &'a Lease,
    pub retry: &'a RetryPolicy,
    /// Rows that a batch is meant to have.
    pub batch_rows: u32,
}

/// Why a step did not come to its end.
#[derive(Debug)]
pub(crate) enum Stopped {
    /// Another host has taken the change over: it goes on.
    Taken,
    /// Somebody decided against the change: it is to be taken back.
    Cancelled,
    /// It failed, and trying again did not help.
    Failed(DbError),
}

impl From<DbError> for Stopped {
    fn from(error: DbError) -> Self {
        Self::Failed(error)
    }
}

impl Work<'_> {
    fn org(&self) -> &OrgName {
        self.db.org()
    }

    /// Runs the steps of a phase that are not done yet, in order.
    pub async fn run(&self, phase: Phase) -> Result<(), Stopped> {
        for row in self.db.steps(self.change).await? {
            if row.phase == phase && matches!(row.state, StepState::Pending | StepState::Begun) {
                tracing::info!(org = %self.org(), change = self.change, step = row.number, table = row.step.table().as_str(), "{}", row.step.title());
                if let Err(stopped) = self.step(&row).await {
                    self.note(&row, &stopped).await;
                    return Err(stopped);
                }
            }
        }
        Ok(())
    }

    async fn step(&self, row: &StepRow) -> Result<(), Stopped> {
        match row.step.run(self.org()) {
            Run::Short(statements) => short::run(self, row, &statements, short::Patience::Short).await,
            Run::Long(statement) => short::run(self, row, &[statement], short::Patience::Long).await,
            Run::Index { run, name, clean } => index::build(self, row, &run, &name, &clean).await,
            Run::Outside(statement) => index::outside(self, row, &statement).await,
            Run::Batches(batches) => batches::run(self, row, &batches).await,
        }
    }

    /// Takes back what was done, newest first. Safe to repeat.
    pub async fn undo(&self) -> Result<(), Stopped> {
        let mut rows = self.db.steps(self.change).await?;
        rows.retain(|row| row.phase == Phase::Prepare && row.state != StepState::Undone);
        for row in rows.iter().rev() {
            if let Run::Index { name, .. } = row.step.run(self.org()) {
                index::not_building(self, &name).await?;
            }
            // Of a step that was not begun there is nothing.
            let begun = row.state != StepState::Pending;
            let statements = if begun { row.step.undo(self.org()) } else { Vec::new() };
            short::undo(self, row, &statements).await?;
        }
        Ok(())
    }

    /// Keeps in the journal why a step failed.
    async fn note(&self, row: &StepRow, stopped: &Stopped) {
        if let Stopped::Failed(error) = stopped {
            tracing::warn!(org = %self.org(), change = self.change, step = row.number, %error, "a step failed");
            if let Err(error) = journal::failed(self, row, &error.to_string()).await {
                tracing::warn!(org = %self.org(), change = self.change, ?error, "the journal was not written");
            }
        }
    }
}
