//! The order of PostgreSQL's statements: what goes first makes room for what comes later.
//!
//! What would keep the users of a large table waiting is done by `postgres_online` beside this.

use super::aside::Aside;
use super::delta::{Delta, Kept, Named, by_reference};
use super::postgres_online;
use super::renames::in_order;
use super::{Plan, Sizes, order};
use crate::conversion::stored_anew;
use crate::ddl::postgres::Postgres;
use crate::ddl::{Checking, Statement, Step};
use crate::field_type::FieldType;
use crate::ident::{Ident, OrgName};
use crate::schema::{Column, ForeignKey, Table, names};

pub(super) fn plan(org: &OrgName, delta: &Delta, sizes: &Sizes) -> Plan {
    let mut planner = Planner { sql: Postgres { org }, out: Vec::new(), late: Vec::new() };
    let kept: Vec<_> = delta.kept.iter().map(|k| (k, postgres_online::aside(k, delta, sizes))).collect();
    planner.drop_references(delta);
    kept.iter().for_each(|(kept, aside)| planner.drop_constraints(kept, aside));
    for table in &delta.dropped {
        planner.out.push(planner.sql.drop_table(&table.name));
    }
    planner.rename_tables(delta);
    delta.kept.iter().for_each(|kept| planner.drop_columns(kept));
    planner.rename_objects(delta);
    planner.set_logged(delta);
    kept.iter().for_each(|(kept, aside)| planner.alter(delta, kept, aside));
    planner.create_tables(delta);
    kept.iter().for_each(|(kept, aside)| planner.fill_and_tighten(kept, aside));
    planner.out.append(&mut planner.late);
    for (kept, aside) in &kept {
        planner.references(delta, kept, aside);
    }
    planner.indexes_and_comments(delta, &kept);
    let steps = planner.out.into_iter().map(Step::Statement).collect();
    let mut plan = Plan { steps, ..Plan::default() };
    for (kept, aside) in kept {
        plan.order.extend(order::of(kept, &aside).map(|order| (kept.after.name.clone(), order)));
        plan.prepare.extend(aside.prepare);
        plan.finish.extend(aside.finish);
        plan.obstacles.extend(aside.obstacles);
    }
    plan
}

struct Planner<'a> {
    sql: Postgres<'a>,
    out: Vec<Statement>,
    /// Foreign keys, once every table is there.
    late: Vec<Statement>,
}

impl Planner<'_> {
    /// Foreign keys go before anything they hold in place. A dropped table's own go with it, unless two drop each other.
    fn drop_references(&mut self, delta: &Delta) {
        for table in &delta.dropped {
            let mutual = table.foreign_keys.iter().filter(|k| k.table != table.name);
            self.out.extend(mutual.map(|k| self.sql.drop_constraint(&table.name, &k.name, Some(&k.table))));
        }
        for kept in &delta.kept {
            let gone = kept.gone.foreign_keys.iter();
            self.out
                .extend(gone.map(|k| self.sql.drop_constraint(&kept.before.name, &k.name, Some(&k.table))));
        }
    }

    fn drop_constraints(&mut self, kept: &Kept, aside: &Aside) {
        let (sql, table) = (self.sql, &kept.before.name);
        let checks = kept.gone.checks.iter().map(|c| &c.name);
        let keys = kept.gone.primary_key.iter().chain(kept.gone.uniques.iter().copied());
        self.out.extend(checks.chain(keys).map(|name| sql.drop_constraint(table, name, None)));
        let at_once = kept.gone.indexes.iter().filter(|i| !aside.drops_later(i));
        self.out.extend(at_once.map(|index| sql.drop_index(table, &index.name)));
    }

    fn rename_tables(&mut self, delta: &Delta) {
        let moved = delta.kept.iter().filter(|k| k.before.name != k.after.name);
        let renames = moved.map(|k| (k.before.name.clone(), k.after.name.clone())).collect::<Vec<_>>();
        let taken = renames.iter().map(|(from, _)| from.clone()).collect::<Vec<_>>();
        for (from, to) in in_order(renames, taken.into_iter()) {
            self.out.push(self.sql.rename_table(&from, &to));
        }
    }

    /// An ordinary table may refer to none whose rows a crash takes.
    fn set_logged(&mut self, delta: &Delta) {
        let unlogged = delta.kept.iter().filter(|k| k.before.unlogged && !k.after.unlogged);
        let tables = by_reference(unlogged.map(|kept| kept.after).collect());
        self.out.extend(tables.into_iter().map(|table| self.sql.set_logged(&table.name)));
    }

    fn alter(&mut self, delta: &Delta, kept: &Kept, aside: &Aside) {
        let sql = self.sql;
        self.rename_columns(kept);
        self.out.extend(aside.swap(sql, kept));
        for column in kept.added.iter().filter(|c| !aside.makes(&c.name)) {
            // Rows get their values before they must have them.
            let empty = Column { nullable: true, ..(*column).clone() };
            let column = if column.default.is_none() && kept.fills(&column.name) { &empty } else { column };
            self.out.push(match own_key(delta, kept, column) {
                Some(key) => sql.add_referring_column(kept.after, column, key),
                None => sql.add_column(kept.after, column),
            });
        }
        for (was, now) in kept.columns_kept().filter(|(_, now)| !aside.makes(&now.name)) {
            self.alter_column(delta, kept, was, now);
        }
    }

    fn drop_columns(&mut self, kept: &Kept) {
        let dropped = kept.dropped.iter();
        self.out.extend(dropped.map(|column| self.sql.drop_column(&kept.after.name, column, [])));
    }

    /// Of all tables at once: an index may have the name that one of another table is to get.
    fn rename_objects(&mut self, delta: &Delta) {
        let of = |kept: &Kept| -> Vec<_> {
            let table = &kept.after.name;
            let renamed = kept.renamed_objects().into_iter();
            renamed.map(|(kind, from, to)| (table.clone(), kind, from, to)).collect()
        };
        let mut all: Vec<_> = delta.kept.iter().flat_map(of).collect();
        let pairs = all.iter().map(|(.., from, to)| (from.clone(), to.clone())).collect();
        let taken: Vec<_> = all.iter().map(|(.., from, _)| from.clone()).collect();
        for (from, to) in in_order(pairs, taken.into_iter()) {
            let last = all.iter().position(|(.., name, last)| *name == from && *last == to);
            let place = last.or_else(|| all.iter().position(|(.., name, _)| *name == from));
            let Some((table, kind, name, _)) = place.and_then(|place| all.get_mut(place)) else { continue };
            self.out.push(match kind {
                Named::Constraint => self.sql.rename_constraint(table, &from, &to),
                Named::Index => self.sql.rename_index(table, &from, &to),
            });
            *name = to;
        }
    }

    fn rename_columns(&mut self, kept: &Kept) {
        let taken = kept.renamed.iter().map(|(from, _)| from.clone());
        for (from, to) in in_order(kept.renamed.clone(), taken) {
            self.out.push(self.sql.rename_column(&kept.after.name, &from, &to));
        }
        let is_enum = |name: &Ident| {
            kept.moved.column(name).is_some_and(|column| matches!(column.ty, FieldType::Enum { .. }))
        };
        let check = |name: &Ident| names::values_check(name);
        let checks: Vec<_> = kept.renamed.iter().filter(|(_, to)| is_enum(to)).collect();
        let taken: Vec<_> = checks.iter().map(|(from, _)| check(from)).collect();
        let checks = checks.into_iter().map(|(from, to)| (check(from), check(to))).collect();
        for (from, to) in in_order(checks, taken.into_iter()) {
            self.out.push(self.sql.rename_constraint(&kept.after.name, &from, &to));
        }
    }

    fn alter_column(&mut self, delta: &Delta, kept: &Kept, was: &Column, now: &Column) {
        let (sql, table) = (self.sql, &kept.after.name);
        if !was.same_type(now) {
            self.change_type(kept, was, now, &delta.connected(kept, &now.name));
        } else if !was.same_default(now) {
            self.out.push(sql.set_default(table, now));
        }
        if now.nullable && !was.nullable {
            self.out.push(sql.set_nullable(table, now, false));
        }
        if was.comment != now.comment {
            self.out.push(sql.comment(table, Some(&now.name), now.comment.as_deref()));
        }
    }

    /// An Enum is text with a check, so only the check changes between two of them.
    fn change_type(&mut self, kept: &Kept, was: &Column, now: &Column, others: &[Ident]) {
        let (sql, name, table) = (self.sql, &now.name, &kept.moved);
        if matches!(was.ty, FieldType::Enum { .. }) {
            self.out.push(sql.drop_constraint(&table.name, &names::values_check(name), None));
        }
        match same_storage(was, now) {
            true if !was.same_default(now) => self.out.push(sql.set_default(&table.name, now)),
            true => {}
            false => self.out.push(sql.change_type(table, was, now, others)),
        }
    }

    /// What new values, types and conditions ask of the rows: checked in order, the cheapest first.
    fn fill_and_tighten(&mut self, kept: &Kept, aside: &Aside) {
        let (sql, table) = (self.sql, kept.after);
        let fills = kept.fills.iter().filter(|fill| !aside.fills(fill));
        self.out.extend(fills.map(|fill| sql.fill(table, fill)));
        for (was, now) in kept.columns_kept() {
            if let FieldType::Enum { values } = &now.ty
                && !was.same_type(now)
                && !aside.makes(&now.name)
            {
                let when = aside.checking(&names::values_check(&now.name));
                self.out.push(sql.add_values(&table.name, &now.name, values, when));
            }
        }
        let filled =
            kept.added.iter().copied().filter(|c| !c.nullable && c.default.is_none() && kept.fills(&c.name));
        let tightened =
            kept.columns_kept().filter(|(was, now)| was.nullable && !now.nullable).map(|(_, now)| now);
        for column in tightened.chain(filled).filter(|c| !aside.swaps(&c.name)) {
            let proof = aside.requires(&column.name);
            self.out.push(sql.set_nullable(&table.name, column, proof.is_some()));
            self.out.extend(proof.map(|check| sql.drop_constraint(&table.name, check, None)));
        }
        self.keys(kept, aside);
        let checks = kept.new_checks().filter(|c| !aside.adds(&c.name));
        self.out.extend(checks.map(|check| sql.add_check(table, check, Checking::Now)));
        let validated = kept.validated.iter().filter(|(_, name, _)| !aside.validates(name));
        self.out.extend(validated.map(|(_, name, to)| sql.validate(&table.name, name, to.as_ref())));
    }

    fn keys(&mut self, kept: &Kept, aside: &Aside) {
        let (sql, table) = (self.sql, &kept.after.name);
        if let Some(columns) = kept.new_primary_key() {
            let name = kept.after.key_name();
            self.out.push(match aside.builds(&name) {
                Some(index) => sql.add_primary_key_by(table, &name, index),
                None => sql.add_primary_key(table, &name, columns),
            });
        }
        for unique in aside.uniques(kept) {
            self.out.push(match aside.builds(&unique.name) {
                Some(index) => sql.add_unique_by(table, &unique.name, index),
                None => sql.add_unique(table, unique),
            });
        }
    }

    fn references(&mut self, delta: &Delta, kept: &Kept, aside: &Aside) {
        let came = |key: &ForeignKey| {
            let columns = kept.added.iter().filter(|c| !aside.makes(&c.name));
            columns.filter_map(|c| own_key(delta, kept, c)).any(|own| own.name == key.name)
        };
        for key in kept.new_foreign_keys().filter(|k| !aside.adds(&k.name) && !came(k)) {
            let when = aside.checking(&key.name);
            self.out.push(self.sql.add_foreign_key(&kept.after.name, key, when));
        }
    }

    /// Each with the foreign keys whose targets are there by then; the others follow when all tables are.
    fn create_tables(&mut self, delta: &Delta) {
        let mut coming: Vec<&Ident> = delta.created.iter().map(|t| &t.name).collect();
        for table in &delta.created {
            let there = |key: &&ForeignKey| {
                key.table == table.name || !(coming.contains(&&key.table) || new_key(delta, key))
            };
            let (now, later): (Vec<_>, Vec<_>) = table.foreign_keys.iter().partition(there);
            self.out.push(self.sql.create_table(table, &now));
            let add = |key: &ForeignKey| self.sql.add_foreign_key(&table.name, key, Checking::Now);
            self.late.extend(later.into_iter().map(add));
            coming.retain(|name| **name != table.name);
        }
    }

    fn indexes_and_comments(&mut self, delta: &Delta, kept: &[(&Kept, Aside)]) {
        let sql = self.sql;
        for table in &delta.created {
            self.out.extend(table.indexes.iter().map(|index| sql.create_index(table, index)));
            self.comments(table, table.columns.values(), table.comment.is_some());
        }
        for (kept, aside) in kept {
            let new = kept.new_indexes().filter(|i| aside.builds(&i.name).is_none());
            self.out.extend(new.map(|index| sql.create_index(kept.after, index)));
            self.comments(kept.after, kept.added.iter().copied(), kept.moved.comment != kept.after.comment);
        }
    }

    fn comments<'c>(&mut self, table: &Table, columns: impl Iterator<Item = &'c Column>, own: bool) {
        if own {
            self.out.push(self.sql.comment(&table.name, None, table.comment.as_deref()));
        }
        for column in columns.filter(|c| c.comment.is_some()) {
            self.out.push(self.sql.comment(&table.name, Some(&column.name), column.comment.as_deref()));
        }
    }
}

/// The reference that a new column can come with, since it is empty in every row and what it refers to is there already.
fn own_key<'a>(delta: &Delta, kept: &Kept<'a>, column: &Column) -> Option<&'a ForeignKey> {
    let given = column.default.is_some() || column.generated.is_some() || kept.fills(&column.name);
    if given || !column.nullable || matches!(column.ty, FieldType::Enum { .. }) {
        return None;
    }
    let there = |key: &&ForeignKey| {
        let made = delta.created.iter().any(|t| t.name == key.table);
        let changed = delta.kept.iter().find(|k| k.after.name == key.table);
        !made
            && changed.is_none_or(|k| {
                k.renamed.is_empty() && k.moved.is_key(&key.target) && k.keeps_types(&key.target)
            })
    };
    kept.new_foreign_keys().find(|key| key.columns == [column.name.clone()]).filter(there)
}

/// Whether what a foreign key refers to is a key only once a kept table was tightened.
fn new_key(delta: &Delta, key: &ForeignKey) -> bool {
    let target = delta.kept.iter().find(|k| k.after.name == key.table);
    target.is_some_and(|k| !k.moved.is_key(&key.target))
}

/// Whether both types are one to the database: an `Enum` is text with a check.
fn same_storage(was: &Column, now: &Column) -> bool {
    let is_text = |ty: &FieldType| matches!(ty, FieldType::Enum { .. } | FieldType::Text);
    let called = was.unread.as_ref().and_then(|unread| unread.ty.as_ref());
    called.is_none_or(|called| called.starts_with("Enum")) && is_text(&was.ty) && is_text(&now.ty)
}

/// Whether another type would mean going through every row of a large table while nobody can use it: to write it anew,
/// or because a check or an index is computed from the column, be it one that is made before.
pub(super) fn takes_long(kept: &Kept, was: &Column, now: &Column) -> bool {
    let altered = !was.same_type(now) && !same_storage(was, now);
    let computed = kept.moved.is_computed_from(&now.name) || kept.after.is_computed_from(&now.name);
    // Another collation leaves the rows as they are, and has what is ordered by it made anew.
    let by_other = match was.is_collated() {
        true => kept.moved.is_used(&now.name) || kept.after.is_used(&now.name),
        false => was.ty == now.ty || computed,
    };
    altered && (by_other || stored_anew(&was.ty, &now.ty) || (was.nullable && !now.nullable))
}
