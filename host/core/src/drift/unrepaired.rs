//! Findings that a repair leaves as they are, each with what stands against it.

use super::{Finding, repair};
use crate::intent::{Intent, IntentError};
use crate::model::Model;
use crate::schema::{Schema, Unread};

/// A finding that a repair leaves as it is.
#[derive(Debug, Clone, PartialEq)]
pub struct Unrepaired {
    /// What is found.
    pub finding: Finding,
    /// What stands against its repair.
    pub obstacle: Obstacle,
}

/// What stands against a repair.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Obstacle {
    /// Its column is made by the same repair, and rows have no values for it yet.
    NoValues,
    /// The database counts the column by itself.
    Counted,
    /// The column is in the primary key, which differs, too, and is not in the scope.
    Key,
    /// No value of the type that is there has a counterpart in the one that is called for.
    NoCounterpart,
    /// The model does not allow what would repair it.
    Refused(IntentError),
    /// No intent can say what would repair it.
    NoWord,
}

/// What stands against the repair of a finding, once `done` led to the model.
pub(super) fn obstacle(finding: &Finding, wanted: &Schema, model: &Model, done: &[Intent]) -> Obstacle {
    let found = model.schema();
    let intents = repair::intents(&[finding], wanted, found);
    let mut trial = model.clone();
    for intent in &intents {
        if repair::is_hopeless(intent, found) {
            return Obstacle::NoCounterpart;
        }
        if repair::waits_for_values(intent, done) {
            return Obstacle::NoValues;
        }
        match intent.apply(&mut trial) {
            Ok(()) => {}
            Err(_) if is_counted(finding, found) => return Obstacle::Counted,
            Err(IntentError::InPrimaryKey { .. }) => return Obstacle::Key,
            Err(error) => return Obstacle::Refused(error),
        }
    }
    Obstacle::NoWord
}

fn is_counted(finding: &Finding, found: &Schema) -> bool {
    let column = finding.part.column().and_then(|name| found.table(&finding.table)?.column(name));
    column.is_some_and(crate::schema::Column::is_counted) || finding.found.as_deref() == Some(Unread::COUNTED)
}
