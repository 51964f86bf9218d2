//! What is done beside a large table's users before a change is committed, and after it.
//!
//! Everything here goes by the names before the change, since it runs before any of them changes.

use std::collections::BTreeSet;

use super::Sizes;
use super::aside::{Aside, Swap};
use super::delta::{Delta, Kept};
use super::obstacle::Obstacle;
use super::postgres::takes_long;
use crate::conversion::Using;
use crate::field_type::FieldType;
use crate::ident::Ident;
use crate::model::{Fill, FillValue};
use crate::online::OnlineStep;
use crate::schema::{Check, Column, ForeignKey, Index, IndexShape, names};

/// What of a kept table's change is to be done aside: nothing, unless the table is large.
pub(super) fn aside<'a>(kept: &Kept<'a>, delta: &Delta<'a>, sizes: &Sizes) -> Aside<'a> {
    let mut aside = Aside::default();
    if sizes.is_large(&kept.before.name) {
        Planner { kept, delta, aside: &mut aside }.plan();
    }
    aside
}

struct Planner<'p, 'a> {
    kept: &'p Kept<'a>,
    delta: &'p Delta<'a>,
    aside: &'p mut Aside<'a>,
}

impl<'a> Planner<'_, 'a> {
    fn plan(&mut self) {
        if self.kept.before.unlogged && !self.kept.after.unlogged {
            self.aside.obstacles.push(Obstacle::Unlogged { table: self.table() });
        }
        self.find_swaps();
        self.make_columns();
        self.fill();
        self.tighten();
        self.build();
        self.drop_indexes();
    }

    /// One whose name another gets, or that would be built anew for a column's new type, goes with the change itself.
    fn drop_indexes(&mut self) {
        let kept = self.kept;
        let retyped = kept.columns_kept().filter(|(was, now)| !was.same_type(now));
        let retyped: BTreeSet<_> = retyped.map(|(_, now)| self.original(&now.name)).collect();
        for index in &kept.gone.indexes {
            let columns = index.shape.columns();
            let taken = kept.after.indexes.iter().any(|i| i.name == index.name);
            if taken || !columns.is_disjoint(&retyped) {
                continue;
            }
            self.aside.dropping.insert(index.name.clone());
            // With a column that goes, its indexes go.
            if !kept.dropped.iter().any(|column| columns.contains(column)) {
                let (table, index) = (kept.after.name.clone(), (*index).clone());
                self.aside.finish.push(OnlineStep::DropIndex { table, index });
            }
        }
    }

    fn table(&self) -> Ident {
        self.kept.before.name.clone()
    }

    fn find_swaps(&mut self) {
        let lossless = self.kept.columns_kept().filter(|(was, now)| takes_long(self.kept, was, now));
        let lossless: Vec<_> = lossless.map(|(was, now)| (self.before(&was.name), now, None, true)).collect();
        let lossy = self.kept.fills.iter().filter_map(|fill| match &fill.value {
            FillValue::Converted { from, using, .. } => {
                let now = self.kept.added.iter().find(|c| c.name == fill.column)?;
                Some((self.before(from), *now, self.using_before(using.as_ref()), false))
            }
            FillValue::Literal(_) | FillValue::Expression(_) => None,
        });
        let lossy: Vec<_> = lossy.collect();
        for (from, now, using, drops) in lossless.into_iter().chain(lossy) {
            let Some(old) = self.kept.before.physical().columns.get(&from).cloned() else { continue };
            self.refuse_if_held(&old);
            let passing = names::passing(&now.name);
            let value = FillValue::Converted { from: old.name, was: old.ty, using };
            let fill = Fill { table: self.table(), column: passing.clone(), value, only: None };
            let column =
                Column { name: passing.clone(), nullable: true, default: None, comment: None, ..now.clone() };
            self.aside.prepare.push(OnlineStep::AddShadow { column: column.clone(), fill: fill.clone() });
            self.aside.prepare.push(OnlineStep::Fill { column, fill, to: Vec::new() });
            self.aside.swaps.push(Swap { now, passing, drops });
        }
        let filled = self.kept.fills.iter().filter(|f| matches!(f.value, FillValue::Converted { .. }));
        self.aside.filled.extend(filled);
    }

    /// A conversion, by the names before the change.
    fn using_before(&self, using: Option<&Using>) -> Option<Using> {
        Some(match using? {
            Using::Expression(e) => Using::Expression(e.clone().mapped(&|name: &Ident| self.before(name))),
            Using::Named(named) => Using::Named(*named),
        })
    }

    /// A column that others hold on to cannot be exchanged beside its users.
    fn refuse_if_held(&mut self, old: &Column) {
        if self.kept.before.primary_key.contains(&old.name) {
            self.aside.obstacles.push(Obstacle::KeyColumn { table: self.table(), column: old.name.clone() });
        }
        let tables = self.delta.kept.iter().map(|k| k.before);
        let target = |k: &&ForeignKey| k.table == self.kept.before.name && k.target.contains(&old.name);
        let referring = tables.filter(|t| t.foreign_keys.iter().any(|k| target(&k))).map(|t| t.name.clone());
        let referring: Vec<_> = referring.collect();
        if !referring.is_empty() {
            let (table, column) = (self.table(), old.name.clone());
            self.aside.obstacles.push(Obstacle::Referenced { table, column, by: referring });
        }
    }

    /// Columns that something is built on, or whose values are to be checked, come before.
    fn make_columns(&mut self) {
        let kept = self.kept;
        for column in kept.added.iter().filter(|c| !self.aside.swaps.iter().any(|s| s.now.name == c.name)) {
            let name = &column.name;
            if column.generated.is_some() {
                self.aside.obstacles.push(Obstacle::Generated { table: self.table(), column: name.clone() });
                continue;
            }
            let used = kept.fills(name)
                || kept.fills.iter().any(|fill| fill.reads(name))
                || kept.new_indexes().any(|i| i.shape.columns().contains(name))
                || kept.new_uniques().any(|u| u.columns.contains(name))
                || kept.new_checks().any(|c| c.expression.columns().contains(name))
                || kept.new_foreign_keys().any(|k| k.columns.contains(name))
                || kept.new_primary_key().is_some_and(|key| key.contains(name))
                || matches!(column.ty, FieldType::Enum { .. });
            if !used {
                continue;
            }
            if kept.before.colliding_column(name).is_some() {
                let (table, column) = (self.table(), name.clone());
                self.aside.obstacles.push(Obstacle::NameInUse { table, column });
                continue;
            }
            let open = column.nullable || column.default.is_none();
            let column = Column { nullable: open, ..(*column).clone() };
            self.aside.made.insert(name.clone());
            self.aside.prepare.push(OnlineStep::AddColumn { table: self.table(), column });
        }
    }

    fn fill(&mut self) {
        let kept = self.kept;
        for fill in kept.fills.iter().filter(|f| !matches!(f.value, FillValue::Converted { .. })) {
            let Some(column) = kept.after.column(&fill.column) else { continue };
            let before = |name: &Ident| self.before(name);
            let value = match &fill.value {
                FillValue::Expression(e) => FillValue::Expression(e.clone().mapped(&before)),
                other => other.clone(),
            };
            let only = fill.only.as_ref().map(|e| e.clone().mapped(&before));
            let fill_before = Fill { table: self.table(), column: self.before(&fill.column), value, only };
            let column = Column { name: fill_before.column.clone(), ..column.clone() };
            let keys = kept.before.foreign_keys.iter().filter(|k| k.columns.contains(&column.name));
            let to = keys.map(|k| k.table.clone()).collect();
            self.aside.prepare.push(OnlineStep::Fill { column, fill: fill_before, to });
            self.aside.filled.push(fill);
        }
    }

    /// Conditions are added unchecked, which takes a moment, and checked then, which blocks nobody.
    fn tighten(&mut self) {
        let kept = self.kept;
        let required: Vec<_> = kept.after.columns.values().filter(|c| self.to_require(c)).collect();
        for column in required {
            let before = self.before(&column.name);
            self.aside.required.insert(column.name.clone(), names::required_check(&before));
            self.aside.prepare.push(OnlineStep::Require { table: self.table(), column: before.clone() });
            // Rows that came without a value between the first filling and the check.
            let fill =
                |step: &&OnlineStep| matches!(step, OnlineStep::Fill { fill, .. } if fill.column == before);
            let again = self.aside.prepare.iter().rfind(fill).cloned();
            let made_up = |step: &OnlineStep| {
                !self
                    .aside
                    .swaps
                    .iter()
                    .any(|s| matches!(step, OnlineStep::Fill { fill, .. } if fill.column == s.passing))
            };
            let again = again.filter(made_up);
            self.aside.prepare.extend(again);
            let (table, constraint) = (self.table(), names::required_check(&before));
            self.aside.prepare.push(OnlineStep::Validate { table, constraint, to: None });
        }
        let made = kept.after.columns.values().filter(|c| self.aside.makes(&c.name));
        let enums: Vec<_> = made.filter_map(|c| Some((c, c.ty.values()?))).collect();
        for (column, values) in enums {
            let before = self.before(&column.name);
            let name = names::values_check(&before);
            let (table, values) = (self.table(), values.to_vec());
            self.aside.added.insert(names::values_check(&column.name), name.clone());
            self.add(OnlineStep::AddValues { table, column: before, values }, name, None);
        }
        let changed =
            kept.columns_kept().filter(|(was, now)| !was.same_type(now) && now.ty.values().is_some());
        for (_, now) in changed.filter(|(was, now)| !takes_long(kept, was, now)).collect::<Vec<_>>() {
            self.check_later(names::values_check(&now.name), None);
        }
        let checks = kept.after.checks.iter().filter(|c| self.is_new_check(c)).collect::<Vec<_>>();
        for check in checks {
            let expression = check.expression.clone().mapped(&|c| self.before(c));
            let name = self.name(&check.name, &check.expression.columns());
            self.aside.added.insert(check.name.clone(), name.clone());
            let check = Check::new(name.clone(), expression);
            self.add(OnlineStep::AddCheck { table: self.table(), check }, name, None);
        }
        let keys = kept.after.foreign_keys.iter().filter(|k| self.is_new_key(k)).collect::<Vec<_>>();
        keys.into_iter().for_each(|key| self.refer(key));
        for (constraint, name, to) in &kept.validated {
            let (table, constraint, to) = (self.table(), constraint.clone(), to.clone());
            self.aside.validated.insert(name.clone());
            self.aside.prepare.push(OnlineStep::Validate { table, constraint, to });
        }
    }

    fn refer(&mut self, key: &ForeignKey) {
        if !self.target_stays(key) {
            self.check_later(key.name.clone(), Some(key.table.clone()));
            return;
        }
        let name = self.name(&key.name, &key.columns.iter().cloned().collect());
        self.aside.added.insert(key.name.clone(), name.clone());
        let columns = key.columns.iter().map(|c| self.before(c)).collect();
        let key = ForeignKey { name: name.clone(), columns, ..key.clone() };
        let to = Some(key.table.clone());
        self.add(OnlineStep::AddForeignKey { table: self.table(), key }, name, to);
    }

    /// A constraint that can be added only with the change itself: unchecked then, and checked afterwards.
    fn check_later(&mut self, constraint: Ident, to: Option<Ident>) {
        self.aside.later.insert(constraint.clone());
        let table = self.kept.after.name.clone();
        self.aside.finish.push(OnlineStep::Validate { table, constraint, to });
    }

    fn add(&mut self, step: OnlineStep, constraint: Ident, to: Option<Ident>) {
        let table = self.table();
        self.aside.prepare.extend([step, OnlineStep::Validate { table, constraint, to }]);
    }

    fn build(&mut self) {
        let kept = self.kept;
        if let Some(columns) = kept.new_primary_key() {
            self.build_index(&kept.after.key_name(), IndexShape::on(columns, true));
        }
        for unique in self.aside.uniques(kept) {
            self.build_index(&unique.name, IndexShape::on(&unique.columns, true));
        }
        let new = |i: &&Index| !kept.moved.indexes.contains(i) || self.aside.touches(&i.shape.columns());
        let indexes = kept.after.indexes.iter().filter(new).collect::<Vec<_>>();
        for index in indexes {
            self.build_index(&index.name, index.shape.clone());
        }
    }

    fn build_index(&mut self, name: &Ident, shape: IndexShape) {
        let passing = self.name(name, &shape.columns());
        self.aside.built.insert(name.clone(), passing.clone());
        let index = Index::new(passing, shape.mapped(&|c| self.before(c)));
        self.aside.prepare.push(OnlineStep::BuildIndex { table: self.table(), index });
    }

    /// The name of something until the change: its own, unless what it replaces still has that.
    fn name(&self, name: &Ident, columns: &BTreeSet<Ident>) -> Ident {
        let before = self.kept.before;
        let uniques = before.uniques.iter().map(|u| &u.name);
        let own = uniques.chain(before.indexes.iter().map(|i| &i.name));
        let own = own
            .chain(before.checks.iter().map(|c| &c.name))
            .chain(before.foreign_keys.iter().map(|k| &k.name));
        let taken = own.into_iter().any(|n| n == name) || before.key_name() == *name;
        match taken || self.aside.touches(columns) {
            true => names::passing(name),
            false => name.clone(),
        }
    }

    /// A column's name until the change.
    fn before(&self, name: &Ident) -> Ident {
        if let Some(swap) = self.aside.swaps.iter().find(|s| s.now.name == *name) {
            return swap.passing.clone();
        }
        self.original(name)
    }

    /// What a column of afterwards was called before.
    fn original(&self, name: &Ident) -> Ident {
        let renamed = self.kept.renamed.iter().find(|(_, to)| to == name);
        renamed.map_or_else(|| name.clone(), |(from, _)| from.clone())
    }

    fn to_require(&self, column: &Column) -> bool {
        if column.nullable || column.generated.is_some() {
            return false;
        }
        if self.aside.swaps.iter().any(|s| s.now.name == column.name) {
            return true;
        }
        match self.kept.moved.column(&column.name) {
            Some(was) => was.nullable,
            None => self.aside.made.contains(&column.name) && column.default.is_none(),
        }
    }

    fn is_new_check(&self, check: &Check) -> bool {
        let stays = self.kept.check_names.iter().any(|(_, name)| *name == check.name);
        !stays || self.aside.touches(&check.expression.columns())
    }

    fn is_new_key(&self, key: &ForeignKey) -> bool {
        let touched = key.columns.iter().cloned().collect();
        !self.kept.moved.foreign_keys.contains(key) || self.aside.touches(&touched)
    }

    /// Whether what a foreign key refers to is there already, and stays as it is called.
    fn target_stays(&self, key: &ForeignKey) -> bool {
        if self.delta.created.iter().any(|t| t.name == key.table) {
            return false;
        }
        let changed = self.delta.kept.iter().find(|k| k.after.name == key.table);
        changed.is_none_or(|k| {
            k.before.name == key.table
                && k.renamed.is_empty()
                && k.before.is_key(&key.target)
                && !k.loses_key(&key.target)
        })
    }
}
