//! The order of PostgreSQL's statements: what goes first makes room for what comes later.

use super::Plan;
use super::delta::{Delta, Kept};
use super::renames::in_order;
use crate::ddl::postgres::Postgres;
use crate::ddl::{Statement, Step};
use crate::field_type::FieldType;
use crate::ident::{Ident, OrgName};
use crate::schema::{Column, ForeignKey, Table, names};

pub(super) fn plan(org: &OrgName, delta: &Delta) -> Plan {
    let mut planner = Planner { sql: Postgres { org }, out: Vec::new(), late: Vec::new() };
    planner.drop_references(delta);
    delta.kept.iter().for_each(|kept| planner.drop_constraints(kept));
    for table in &delta.dropped {
        planner.out.push(planner.sql.drop_table(&table.name));
    }
    planner.rename_tables(delta);
    delta.kept.iter().for_each(|kept| planner.alter(kept));
    planner.create_tables(delta);
    for kept in &delta.kept {
        let keys = kept.new_foreign_keys().map(|key| planner.sql.add_foreign_key(&kept.after.name, key));
        planner.late.extend(keys);
    }
    planner.out.append(&mut planner.late);
    planner.indexes_and_comments(delta);
    Plan { steps: planner.out.into_iter().map(Step::Statement).collect(), foreign_keys_off: false }
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
            self.out.extend(mutual.map(|k| self.sql.drop_constraint(&table.name, &k.name)));
        }
        for kept in &delta.kept {
            let gone = kept.gone.foreign_keys.iter();
            self.out.extend(gone.map(|k| self.sql.drop_constraint(&kept.before.name, &k.name)));
        }
    }

    fn drop_constraints(&mut self, kept: &Kept) {
        let (sql, table) = (self.sql, &kept.before.name);
        let constraints = kept.gone.checks.iter().map(|c| &c.name).chain(kept.gone.uniques.iter().copied());
        self.out.extend(constraints.map(|name| sql.drop_constraint(table, name)));
        self.out.extend(kept.gone.indexes.iter().map(|index| sql.drop_index(table, index)));
    }

    fn rename_tables(&mut self, delta: &Delta) {
        let moved = delta.kept.iter().filter(|k| k.before.name != k.after.name);
        let renames = moved.map(|k| (k.before.name.clone(), k.after.name.clone())).collect::<Vec<_>>();
        let taken = renames.iter().map(|(from, _)| from.clone()).collect::<Vec<_>>();
        for (from, to) in in_order(renames, taken.into_iter()) {
            self.out.push(self.sql.rename_table(&from, &to));
        }
    }

    fn alter(&mut self, kept: &Kept) {
        let (sql, table) = (self.sql, &kept.after.name);
        self.out.extend(kept.dropped.iter().map(|column| sql.drop_column(table, column)));
        self.rename_columns(kept);
        self.out.extend(kept.added.iter().map(|column| sql.add_column(table, column)));
        for (was, now) in kept.columns_kept() {
            self.alter_column(table, was, now);
        }
        let new_uniques = kept.after.uniques.iter().filter(|u| !kept.moved.uniques.contains(u));
        self.out.extend(new_uniques.map(|unique| sql.add_unique(table, unique)));
        self.out.extend(kept.new_checks().map(|check| sql.add_check(kept.after, check)));
    }

    fn rename_columns(&mut self, kept: &Kept) {
        let taken = kept.renamed.iter().map(|(from, _)| from.clone());
        for (from, to) in in_order(kept.renamed.clone(), taken) {
            self.out.push(self.sql.rename_column(&kept.after.name, &from, &to));
        }
        for (from, to) in &kept.renamed {
            let is_enum = kept.moved.column(to).is_some_and(|c| matches!(c.ty, FieldType::Enum { .. }));
            if is_enum {
                let (from, to) = (names::values_check(from), names::values_check(to));
                self.out.push(self.sql.rename_constraint(&kept.after.name, &from, &to));
            }
        }
    }

    fn alter_column(&mut self, table: &Ident, was: &Column, now: &Column) {
        let sql = self.sql;
        if was.ty != now.ty {
            self.change_type(table, was, now);
        } else if was.default != now.default {
            self.out.push(sql.set_default(table, now));
        }
        if was.nullable != now.nullable {
            self.out.push(sql.set_nullable(table, now));
        }
        if was.comment != now.comment {
            self.out.push(sql.comment(table, Some(&now.name), now.comment.as_deref()));
        }
    }

    /// An Enum is text with a check, so only the check changes between two of them.
    fn change_type(&mut self, table: &Ident, was: &Column, now: &Column) {
        let (sql, name) = (self.sql, &now.name);
        if matches!(was.ty, FieldType::Enum { .. }) {
            self.out.push(sql.drop_constraint(table, &names::values_check(name)));
        }
        let text = |ty: &FieldType| matches!(ty, FieldType::Enum { .. } | FieldType::Text);
        match text(&was.ty) && text(&now.ty) {
            true if was.default != now.default => self.out.push(sql.set_default(table, now)),
            true => {}
            false => self.out.push(sql.change_type(table, was, now)),
        }
        if let FieldType::Enum { values } = &now.ty {
            self.out.push(sql.add_values(table, name, values));
        }
    }

    /// Each with the foreign keys whose targets are there by then; the others follow when all tables are.
    fn create_tables(&mut self, delta: &Delta) {
        let mut coming: Vec<&Ident> = delta.created.iter().map(|t| &t.name).collect();
        for table in &delta.created {
            let there = |key: &&ForeignKey| key.table == table.name || !coming.contains(&&key.table);
            let (now, later): (Vec<_>, Vec<_>) = table.foreign_keys.iter().partition(there);
            self.out.push(self.sql.create_table(table, &now));
            self.late.extend(later.into_iter().map(|key| self.sql.add_foreign_key(&table.name, key)));
            coming.retain(|name| **name != table.name);
        }
    }

    fn indexes_and_comments(&mut self, delta: &Delta) {
        let sql = self.sql;
        for table in &delta.created {
            self.out.extend(table.indexes.iter().map(|index| sql.create_index(&table.name, index)));
            self.comments(table, table.columns.values(), table.comment.is_some());
        }
        for kept in &delta.kept {
            let new = kept.after.indexes.iter().filter(|i| !kept.moved.indexes.contains(i));
            self.out.extend(new.map(|index| sql.create_index(&kept.after.name, index)));
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
