//! What of one large table's change is done aside, as the planner of its transaction asks it: what need not be done
//! there, and what takes its place there.

use std::collections::{BTreeMap, BTreeSet};

use super::delta::Kept;
use super::obstacle::Obstacle;
use crate::ddl::postgres::Postgres;
use crate::ddl::{Checking, Statement};
use crate::ident::Ident;
use crate::model::Fill;
use crate::online::OnlineStep;
use crate::schema::{Column, Index, Unique};

/// What of one table's change is done aside.
#[derive(Default)]
pub(super) struct Aside<'a> {
    pub prepare: Vec<OnlineStep>,
    pub finish: Vec<OnlineStep>,
    pub obstacles: Vec<Obstacle>,
    /// Columns that are made before.
    pub(super) made: BTreeSet<Ident>,
    /// Columns that take the place of others.
    pub(super) swaps: Vec<Swap<'a>>,
    /// Indexes that are built before: by the name of what they will be.
    pub(super) built: BTreeMap<Ident, Ident>,
    /// Constraints that are added and validated before: by the name they will have.
    pub(super) added: BTreeMap<Ident, Ident>,
    /// Constraints that are validated afterwards.
    pub(super) later: BTreeSet<Ident>,
    /// Constraints that were there, unvalidated, and are validated before: by the names they will have.
    pub(super) validated: BTreeSet<Ident>,
    /// Columns that a validated check says have values: with the check's name.
    pub(super) required: BTreeMap<Ident, Ident>,
    /// Indexes that are dropped afterwards.
    pub(super) dropping: BTreeSet<Ident>,
    pub(super) filled: Vec<&'a Fill>,
}

/// A column made beside the one whose place it takes.
pub(super) struct Swap<'a> {
    pub now: &'a Column,
    pub passing: Ident,
    /// Whether the old column, which has its new name by then, goes; else it is buried under another.
    pub drops: bool,
}

impl<'a> Aside<'a> {
    pub fn makes(&self, column: &Ident) -> bool {
        self.made.contains(column) || self.swaps(column)
    }

    pub fn swaps(&self, column: &Ident) -> bool {
        self.swaps.iter().any(|s| s.now.name == *column)
    }

    pub fn builds(&self, name: &Ident) -> Option<&Ident> {
        self.built.get(name)
    }

    pub fn adds(&self, constraint: &Ident) -> bool {
        self.added.contains_key(constraint)
    }

    pub fn validates(&self, constraint: &Ident) -> bool {
        self.validated.contains(constraint)
    }

    pub fn fills(&self, fill: &Fill) -> bool {
        self.filled.iter().any(|f| std::ptr::eq(*f, fill))
    }

    /// The check that says a column has values.
    pub fn requires(&self, column: &Ident) -> Option<&Ident> {
        self.required.get(column)
    }

    pub fn drops_later(&self, index: &Index) -> bool {
        self.dropping.contains(&index.name)
    }

    pub fn checking(&self, constraint: &Ident) -> Checking {
        if self.later.contains(constraint) { Checking::Later } else { Checking::Now }
    }

    /// Unique constraints that come, or come anew with a column that takes another's place.
    pub fn uniques(&self, kept: &Kept<'a>) -> Vec<&'a Unique> {
        let again = |u: &&Unique| self.touches(&u.columns.iter().cloned().collect());
        kept.after.uniques.iter().filter(|u| !kept.moved.uniques.contains(u) || again(u)).collect()
    }

    pub fn touches(&self, columns: &BTreeSet<Ident>) -> bool {
        self.swaps.iter().any(|s| columns.contains(&s.now.name))
    }

    /// The new columns take the places of the old ones, with what was made for them.
    pub fn swap(&self, sql: Postgres, kept: &Kept) -> Vec<Statement> {
        let table = &kept.after.name;
        let mut out = Vec::new();
        for swap in &self.swaps {
            out.extend(sql.drop_keeper(&kept.before.name, table, &swap.passing));
            let keys = kept.moved.foreign_keys.iter().filter(|k| k.columns.contains(&swap.now.name));
            let old = sql.drop_column(table, &swap.now.name, keys.map(|k| &k.table));
            out.extend(swap.drops.then_some(old));
            out.push(sql.rename_column(table, &swap.passing, &swap.now.name));
            if swap.now.default.is_some() {
                out.push(sql.set_default(table, swap.now));
            }
            if let Some(check) = self.requires(&swap.now.name) {
                out.push(sql.set_nullable(table, swap.now, true));
                out.push(sql.drop_constraint(table, check, None));
            }
            if swap.drops && swap.now.comment.is_some() {
                out.push(sql.comment(table, Some(&swap.now.name), swap.now.comment.as_deref()));
            }
        }
        let renamed = |(name, passing): &(&Ident, &Ident)| name != passing;
        for (name, passing) in self.added.iter().filter(renamed) {
            out.push(sql.rename_constraint(table, passing, name));
        }
        let is_index = |name: &Ident| kept.after.indexes.iter().any(|i| i.name == *name);
        for (name, passing) in self.built.iter().filter(renamed).filter(|(name, _)| is_index(name)) {
            out.push(sql.rename_index(table, passing, name));
        }
        out
    }
}
