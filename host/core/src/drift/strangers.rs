//! What others put on the host's tables, or in their place, and the model has no word for: told, and never touched.

use std::sync::Arc;

use super::{Drift, Finding, Moved, Need, Part, World};
use crate::ident::{Ident, quoted};
use crate::intent::{Intent, list};
use crate::schema::{ForeignKey, Table};

/// Something of others that the model has no word for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stranger {
    /// The table that it is on; of a relation, its own name.
    pub table: String,
    /// What it is.
    pub kind: StrangerKind,
    /// Its name.
    pub name: String,
    /// What there is to know of it, in words.
    pub is: String,
    /// What makes a table of the host's of it again, if something does.
    pub needs: Option<Need>,
}

/// What a stranger is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum StrangerKind {
    /// What has a table's name, and is no table that the host can use.
    Relation,
    /// A column whose name no field can have, or that is computed in a way the model cannot say.
    Column,
    /// A constraint.
    Constraint,
    /// A constraint without a name that it could go by.
    Clause,
    /// A foreign key beside another one on the same columns.
    ForeignKey,
    /// An index.
    Index,
}

impl StrangerKind {
    /// In a word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Relation => "relation",
            Self::Column => "column",
            Self::Constraint | Self::Clause => "constraint",
            Self::ForeignKey => "foreign-key",
            Self::Index => "index",
        }
    }
}

impl Drift {
    /// What is found of strangers on the host's tables, by the names that these shall have.
    pub(super) fn strange(&self, strangers: &[Stranger]) -> Vec<Finding> {
        let finding = |stranger: &Stranger| {
            let Stranger { table, kind, name, is, .. } = stranger;
            let table = Ident::parse(table).ok().filter(|table| self.found.tables.contains_key(table))?;
            // One of ours on a table that is elsewhere is taken for what the record says.
            let is_ours = |key: &ForeignKey| *kind == StrangerKind::Constraint && key.name.as_str() == name;
            if self.found.table(&table)?.foreign_keys.iter().any(is_ours) {
                return None;
            }
            let back = self.renames.iter().find_map(|intent| match intent {
                Intent::RenameTable(rename) if rename.table == table => Some(rename.to.clone()),
                _ => None,
            });
            Some(Finding {
                table: back.unwrap_or(table),
                part: Part::Stranger(*kind, name.clone()),
                wanted: None,
                recorded: None,
                found: Some(is.clone()),
                renamed: None,
                called: None,
                moved: Moved::Hands,
                adoptable: false,
                needs: None,
            })
        };
        strangers.iter().filter(|s| s.kind != StrangerKind::Relation).filter_map(finding).collect()
    }

    /// Says of tables that are missing what has their name now.
    pub(super) fn replaced(&self, findings: &mut [Finding]) {
        let missing = |f: &&mut Finding| f.part == Part::Table && f.found.is_none() && f.renamed.is_none();
        for finding in findings.iter_mut().filter(missing) {
            finding.found = self.in_place_of(&finding.table).map(|stranger| stranger.is.clone());
        }
    }

    /// What has a table's name, and is none.
    pub(super) fn in_place_of(&self, table: &Ident) -> Option<&Stranger> {
        let is_there = |s: &&Stranger| s.kind == StrangerKind::Relation && s.name == table.as_str();
        self.strangers.iter().find(is_there).filter(|_| !self.found.tables.contains_key(table))
    }
}

/// Whether something that is no table of the host's has a name.
pub(super) fn is_taken(world: &World<'_>, name: &Ident) -> bool {
    let has = |s: &Stranger| s.kind == StrangerKind::Relation && s.name == name.as_str();
    !world.found.tables.contains_key(name) && world.strangers.iter().any(has)
}

/// A table with one foreign key on the same columns: the one that the record has, or else the first. The others are
/// strangers, since the host knows a foreign key by its columns.
pub(super) fn alone(found: &Arc<Table>, recorded: &Table, strangers: &mut Vec<Stranger>) -> Arc<Table> {
    let known = |key: &ForeignKey| recorded.foreign_keys.iter().any(|known| known.name == key.name);
    let before = |at: usize, key: &ForeignKey| {
        let others = found.foreign_keys.iter().enumerate().filter(|(_, k)| k.columns == key.columns);
        let first = others.min_by_key(|(place, other)| (!known(other), *place));
        first.is_some_and(|(place, _)| place != at)
    };
    let keys = found.foreign_keys.iter().enumerate();
    let seconds: Vec<_> = keys.filter(|(at, key)| before(*at, key)).map(|(at, _)| at).collect();
    if seconds.is_empty() {
        return found.clone();
    }
    let mut table = Table::clone(found);
    for at in seconds.into_iter().rev() {
        let key = table.foreign_keys.remove(at);
        strangers.push(Stranger {
            table: table.name.as_str().to_owned(),
            kind: StrangerKind::ForeignKey,
            name: key.name.as_str().to_owned(),
            is: format!(
                "({}) refers to {} ({}), beside another one on the same columns",
                list(&key.columns),
                quoted(key.table.as_str()),
                list(&key.target)
            ),
            needs: None,
        });
    }
    Arc::new(table)
}
