//! What a plan's transaction goes through while the users of a table wait for its locks.

use std::collections::{BTreeMap, BTreeSet};

use super::{Plan, Sizes};
use crate::ddl::{Dialect, Extent, LockLevel, Statement, Step};
use crate::ident::Ident;
use crate::model::Model;

/// Whom a plan's transaction keeps waiting, of the users of tables that were there before, by their names of before:
/// how much of each is gone through meanwhile, and which large ones are locked.
#[derive(Debug, Default)]
pub(crate) struct Waits {
    extents: BTreeMap<Ident, Extent>,
    large: BTreeSet<Ident>,
}

impl Waits {
    /// What the plan of a model comes to.
    pub fn of(plan: &Plan, model: &Model, dialect: Dialect, sizes: &Sizes) -> Self {
        let locked = plan.strongly_locked().into_iter().filter_map(|table| before(model, table));
        let large = locked.filter(|table| sizes.is_large(table)).collect();
        let mut waits = Self { extents: BTreeMap::new(), large };
        let mut held = BTreeMap::new();
        for step in &plan.steps {
            let rebuilt = matches!(step, Step::Rebuild(_));
            for statement in step.statements() {
                let Some(table) = statement.table().and_then(|t| before(model, t)) else { continue };
                let waiting = dialect == Dialect::Sqlite || blocks(&mut held, model, statement, &table);
                let extent = if rebuilt { Extent::Rewrite } else { statement.extent() };
                if waiting && extent != Extent::Nothing {
                    let known = waits.extents.entry(table).or_default();
                    *known = extent.max(*known);
                }
            }
        }
        waits
    }

    /// How much of a table a plan goes through, whether anybody waits for it or not.
    pub fn at_all(plan: &Plan, model: &Model, table: &Ident) -> Extent {
        let rebuilt =
            |step: &Step| if matches!(step, Step::Rebuild(_)) { Extent::Rewrite } else { Extent::Nothing };
        let own = |s: &&Statement| s.table().and_then(|t| before(model, t)).as_ref() == Some(table);
        let extents = plan.steps.iter().flat_map(|step| {
            step.statements().filter(own).map(move |s| s.extent().max(rebuilt(step))).collect::<Vec<_>>()
        });
        extents.max().unwrap_or_default()
    }

    /// Of one table.
    pub fn extent(&self, table: &Ident) -> Extent {
        self.extents.get(table).copied().unwrap_or_default()
    }

    /// The large tables that are locked against their readers or writers.
    pub fn large(&self) -> &BTreeSet<Ident> {
        &self.large
    }
}

/// Notes the locks of a statement; whether readers or writers of its table wait while it runs.
fn blocks(
    held: &mut BTreeMap<Ident, LockLevel>,
    model: &Model,
    statement: &Statement,
    table: &Ident,
) -> bool {
    for lock in statement.locks() {
        if let Some(locked) = before(model, &lock.table) {
            let known = held.entry(locked).or_insert(lock.level);
            *known = lock.level.max(*known);
        }
    }
    held.get(table).is_some_and(|level| level.blocks())
}

/// A table's name before the change; none if the change makes it.
fn before(model: &Model, table: &Ident) -> Option<Ident> {
    let there =
        |name: &Ident| model.base().tables.contains_key(name) || model.base().buried.contains_key(name);
    model.origin(table).or_else(|| Some(table.clone()).filter(|t| there(t)))
}
