//! Findings that a repair leaves as they are, each with what stands against it.

use std::collections::BTreeSet;

use super::obstacle::{Obstacle, Others};
use super::{Drift, Finding, Need, Part, State, Stranger, part, repair};
use crate::ddl::{Dialect, postgres_type_name};
use crate::field_type::FieldType;
use crate::ident::Ident;
use crate::intent::{Intent, IntentError};
use crate::model::Model;
use crate::schema::{Column, Schema, Unread};

/// A finding that a repair leaves as it is.
#[derive(Debug, Clone, PartialEq)]
pub struct Unrepaired {
    /// What is found.
    pub finding: Finding,
    /// What stands against its repair.
    pub hindrance: Hindrance,
}

/// What stands against a repair.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Hindrance {
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
    /// Something that is no table has the table's name.
    InTheWay,
    /// Tables of nobody look just like it, and one of them may be it.
    Choice(Vec<Ident>),
    /// Something of others has the name of what would repair it.
    Met(Obstacle),
    /// Its table waits for room, or in another schema.
    Waits,
    /// It is there, on a column of a type that the model has no word for.
    Hidden,
    /// No intent can say what would repair it.
    NoWord,
}

impl Drift {
    /// What stands against the repair of a finding, once `done` led to the model.
    pub(super) fn hindrance(
        &self,
        finding: &Finding,
        model: &Model,
        done: &[Intent],
        others: &Others<'_>,
    ) -> Hindrance {
        match () {
            () if self.waits_too(finding) => Hindrance::Waits,
            () if self.is_hidden(finding) => Hindrance::Hidden,
            () if finding.waits_for_room() || finding.is_replaced() => {
                hindrance(finding, self.called_for(), model, done)
            }
            () if finding.part == Part::Table && self.waits_for_choice(&finding.table).is_some() => {
                let like = self.waits_for_choice(&finding.table).unwrap_or_default();
                Hindrance::Choice(like.to_vec())
            }
            () => match others.meets(finding, model) {
                Some(obstacle) => Hindrance::Met(obstacle),
                None => hindrance(finding, self.called_for(), model, done),
            },
        }
    }

    /// Whether nothing is done about a finding, whatever could be: its table is not there by its name, or may be another, or
    /// what seems to be missing is there.
    pub(super) fn is_held_up(&self, finding: &Finding) -> bool {
        let table = &finding.table;
        self.in_place_of(table).is_some() || self.waits_for_choice(table).is_some() || self.is_hidden(finding)
    }

    /// Gives a finding what is known of the same one: who moved, and what its repair needs.
    pub(super) fn as_known(&self, finding: &mut Finding) {
        let same = |known: &&Finding| known.table == finding.table && known.id() == finding.id();
        if let Some(known) = self.findings.iter().find(same) {
            finding.moved = known.moved;
            finding.needs.clone_from(&known.needs);
        }
    }

    /// What converts a column by hand whose values the host cannot convert (PostgreSQL). A text takes whatever is there.
    pub(super) fn converted(&self, finding: &Finding, there: &Schema) -> Option<Need> {
        let Part::Type(name) = &finding.part else { return None };
        let column = |schema: &Schema| schema.table(&finding.table)?.column(name).cloned();
        let (found, wanted) = (column(there)?, column(&self.wanted)?);
        let is_asked = self.dialect == Dialect::Postgres && repair::is_impossible(&found, &wanted.ty);
        let ty = postgres_type_name(&wanted.ty);
        let is_text =
            matches!(wanted.ty, FieldType::Text | FieldType::String { .. } | FieldType::Enum { .. });
        let using = if is_text || found.is_far() { "" } else { " USING …" };
        is_asked.then(|| Need::Convert(format!("TYPE {ty}{using}")))
    }

    /// Whether an intent has a table refer to one that is not in its place, whatever the model says.
    pub(super) fn refers_to_waiting(&self, intent: &Intent) -> bool {
        matches!(intent, Intent::AddForeignKey(key) if self.is_waiting(&key.to))
    }

    /// Whether a foreign key is missing that refers to such a table.
    fn waits_too(&self, finding: &Finding) -> bool {
        let Part::ForeignKey(columns) = &finding.part else { return false };
        let keys = self.wanted.table(&finding.table).map(|table| &table.foreign_keys);
        keys.into_iter().flatten().any(|key| key.columns == *columns && self.is_waiting(&key.table))
    }

    fn is_waiting(&self, table: &Ident) -> bool {
        let is_table = |finding: &&Finding| finding.part == Part::Table;
        let is_so =
            |finding: &&Finding| is_table(finding) && finding.waits_for_room() || finding.is_replaced();
        self.findings.iter().filter(is_so).any(|finding| finding.table == *table)
    }

    /// Whether what seems to be missing is there, on a column of a type that the model has no word for.
    pub(super) fn is_hidden(&self, finding: &Finding) -> bool {
        let Some(known) = self.recorded.table(&finding.table) else { return false };
        let table = self.origin(&finding.table).unwrap_or_else(|| finding.table.clone());
        let there = self.found.table(&table);
        let is_far =
            |column: &Ident| there.and_then(|table| table.column(column)).is_some_and(Column::is_far);
        let columns: Vec<_> = match &finding.part {
            Part::Unique(columns) | Part::ForeignKey(columns) => columns.clone(),
            Part::Index(text) => {
                let index = known.indexes.iter().find(|index| part::shape(index) == *text);
                index.into_iter().flat_map(|index| index.shape.columns()).collect()
            }
            Part::PrimaryKey => known.primary_key.clone(),
            _ => Vec::new(),
        };
        finding.state() == State::Missing
            && columns.iter().any(is_far)
            && part::called(&finding.part, known).is_some_and(|name| {
                let is_it = |s: &Stranger| s.table == table.as_str() && s.name == name.as_str();
                self.strangers.iter().any(is_it)
            })
    }
}

/// What stands against the repair of a finding, once `done` led to the model.
fn hindrance(finding: &Finding, called_for: (&Schema, &Schema), model: &Model, done: &[Intent]) -> Hindrance {
    let found = model.schema();
    if finding.waits_for_room() {
        return Hindrance::Waits;
    }
    if finding.is_replaced() {
        return Hindrance::InTheWay;
    }
    let intents = repair::intents(&[finding], called_for, found, &BTreeSet::new());
    let mut trial = model.clone();
    for intent in &intents {
        if repair::is_hopeless(intent, found) {
            return Hindrance::NoCounterpart;
        }
        if repair::waits_for_values(intent, done) {
            return Hindrance::NoValues;
        }
        match intent.apply(&mut trial) {
            Ok(()) => {}
            Err(_) if is_counted(finding, found) => return Hindrance::Counted,
            Err(IntentError::InPrimaryKey { .. }) => return Hindrance::Key,
            Err(error) => return Hindrance::Refused(error),
        }
    }
    Hindrance::NoWord
}

fn is_counted(finding: &Finding, found: &Schema) -> bool {
    let column = finding.part.column().and_then(|name| found.table(&finding.table)?.column(name));
    column.is_some_and(crate::schema::Column::is_counted) || finding.found.as_deref() == Some(Unread::COUNTED)
}
