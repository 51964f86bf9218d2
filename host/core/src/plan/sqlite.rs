//! The order of SQLite's statements, and the choice between `ALTER TABLE` and a rebuild.

use super::Plan;
use super::delta::{Delta, Kept, Named};
use super::renames::in_order;
use crate::ddl::sqlite::Sqlite;
use crate::ddl::{Statement, Step};
use crate::ident::{Ident, OrgName};
use crate::model::{Fill, FillValue};
use crate::schema::{Column, ForeignKey, Table, names};

pub(super) fn plan(org: &OrgName, delta: &Delta) -> Plan {
    let mut planner = Planner { sql: Sqlite { org }, delta, out: Vec::new() };
    delta.kept.iter().for_each(|kept| planner.drop_indexes(kept));
    planner.rename_tables(delta);
    delta.kept.iter().for_each(|kept| planner.alter(kept));
    for table in &delta.dropped {
        planner.push(planner.sql.drop_table(&table.name));
    }
    for table in &delta.created {
        planner.push(planner.sql.create_table(table));
        planner.extend(planner.sql.indexes(table));
    }
    let rebuilds = planner.out.iter().any(|step| matches!(step, Step::Rebuild(_)));
    let names = |kept: &Kept| (kept.before.name.clone(), kept.after.name.clone());
    let renamed = delta.kept.iter().map(names).filter(|(before, after)| before != after).collect();
    let foreign_keys_off = rebuilds || !delta.dropped.is_empty();
    Plan { steps: planner.out, foreign_keys_off, renamed, ..Plan::default() }
}

struct Planner<'a> {
    sql: Sqlite<'a>,
    delta: &'a Delta<'a>,
    out: Vec<Step>,
}

impl Planner<'_> {
    fn push(&mut self, statement: Statement) {
        self.out.push(Step::Statement(statement));
    }

    fn extend(&mut self, statements: impl IntoIterator<Item = Statement>) {
        self.out.extend(statements.into_iter().map(Step::Statement));
    }

    /// Indexes that go, or get another name: SQLite cannot rename one.
    fn drop_indexes(&mut self, kept: &Kept) {
        let gone = kept.gone.uniques.iter().copied().chain(kept.gone.indexes.iter().map(|i| &i.name));
        let renamed: Vec<_> = renamed_indexes(kept).into_iter().map(|(from, _)| from).collect();
        let statements = gone.chain(&renamed).map(|name| self.sql.drop_index(&kept.before.name, name));
        let statements: Vec<_> = statements.collect();
        self.extend(statements);
    }

    /// A table whose name another one takes steps aside first; dropped ones too, for they go later.
    fn rename_tables(&mut self, delta: &Delta) {
        let moved = delta.kept.iter().filter(|k| k.before.name != k.after.name);
        let renames: Vec<_> = moved.map(|k| (k.before.name.clone(), k.after.name.clone())).collect();
        let dropped = delta.dropped.iter().map(|t| t.name.clone());
        let aside =
            dropped.filter(|name| renames.iter().any(|(_, to)| to.collides(name))).collect::<Vec<_>>();
        for name in &aside {
            self.push(self.sql.drop_table(name));
        }
        let taken = renames.iter().map(|(from, _)| from.clone()).collect::<Vec<_>>();
        for (from, to) in in_order(renames, taken.into_iter()) {
            self.rename_table(&from, &to);
        }
    }

    /// SQLite refuses a table its own name in another case: that goes by a passing name.
    fn rename_table(&mut self, from: &Ident, to: &Ident) {
        match from.collides(to) {
            true => {
                let way = names::moving(from, |_| false);
                self.push(self.sql.rename_table(from, &way));
                self.push(self.sql.rename_table(&way, to));
            }
            false => self.push(self.sql.rename_table(from, to)),
        }
    }

    fn alter(&mut self, kept: &Kept) {
        let renamed = self.rename_columns(kept);
        let (into_new, into_old): (Vec<&Fill>, Vec<&Fill>) =
            kept.fills.iter().copied().partition(|f| kept.moved.column(&f.column).is_none());
        let sql = self.sql;
        self.extend(into_old.iter().map(|fill| sql.fill(kept.after, fill)).collect::<Vec<_>>());
        if native(kept) {
            self.alter_natively(kept);
            self.extend(into_new.iter().map(|fill| sql.fill(kept.after, fill)).collect::<Vec<_>>());
            return;
        }
        let names: Vec<_> = kept.columns_kept().map(|(_, now)| now.name.clone()).collect();
        let rebuild = sql.rebuild(&renamed, kept.after, &names, &into_new);
        self.out.push(Step::Rebuild(Box::new(rebuild)));
    }

    /// Renames natively, so that views, triggers and other tables' references follow; gives the table as it then is.
    fn rename_columns(&mut self, kept: &Kept) -> Table {
        let mut renames = kept.renamed.clone();
        let mut doomed = kept.dropped.clone();
        for (index, name) in doomed.iter_mut().enumerate() {
            if kept.renamed.iter().any(|(_, to)| to.collides(name)) {
                let aside = Ident::from_parts(format!("hookwright_gone_{index}"));
                renames.push((name.clone(), aside.clone()));
                *name = aside;
            }
        }
        let taken: Vec<_> = renames.iter().map(|(from, _)| from.clone()).collect();
        for (from, to) in in_order(renames, taken.into_iter()) {
            self.push(self.sql.rename_column(&kept.after.name, &from, &to));
        }
        self.as_found(kept, &doomed)
    }

    /// The table once renames are done: columns and constraints that go are still there.
    fn as_found(&self, kept: &Kept, doomed: &[Ident]) -> Table {
        let mut table = kept.moved.clone();
        for (before, name) in kept.dropped.iter().zip(doomed) {
            if let Some(column) = kept.before.column(before) {
                table.columns.insert(name.clone(), Column { name: name.clone(), ..column.clone() });
            }
        }
        let now = |name: &Ident| {
            let renamed = kept.renamed.iter().find(|(from, _)| from == name).map(|(_, to)| to.clone());
            let gone = kept.dropped.iter().position(|d| d == name).map(|i| doomed[i].clone());
            renamed.or(gone).unwrap_or_else(|| name.clone())
        };
        for key in &kept.gone.foreign_keys {
            let columns = key.columns.iter().map(now).collect();
            let (to, target) = self.target_now(key);
            let target =
                if key.table == kept.before.name { key.target.iter().map(now).collect() } else { target };
            table.foreign_keys.push(ForeignKey { columns, table: to, target, ..(*key).clone() });
        }
        for check in &kept.gone.checks {
            let mut check = (*check).clone();
            for column in check.expression.columns() {
                check.expression = check.expression.renamed(&column, &now(&column));
            }
            table.checks.push(check);
        }
        if kept.gone.primary_key.is_some() {
            table.primary_key = kept.before.primary_key.iter().map(now).collect();
        }
        table.sort();
        table
    }

    /// What a foreign key refers to, by the names after all renames: SQLite has it follow them.
    fn target_now(&self, key: &ForeignKey) -> (Ident, Vec<Ident>) {
        let Some(kept) = self.delta.kept.iter().find(|k| k.before.name == key.table) else {
            return (key.table.clone(), key.target.clone());
        };
        let now = |name: &Ident| {
            let renamed = kept.renamed.iter().find(|(from, _)| from == name);
            renamed.map_or_else(|| name.clone(), |(_, to)| to.clone())
        };
        (kept.after.name.clone(), key.target.iter().map(now).collect())
    }

    fn alter_natively(&mut self, kept: &Kept) {
        let (sql, table) = (self.sql, &kept.after.name);
        let dropped: Vec<_> = kept.dropped.iter().map(|column| sql.drop_column(table, column)).collect();
        self.extend(dropped);
        let added = kept.added.iter().map(|c| sql.add_column(kept.after, c, own_key(kept, &c.name)));
        self.extend(added.collect::<Vec<_>>());
        let renamed = renamed_indexes(kept);
        let again = |name: &Ident| renamed.iter().any(|(_, to)| to == name);
        let uniques = kept.after.uniques.iter().filter(|u| !kept.moved.uniques.contains(u) || again(&u.name));
        self.extend(uniques.map(|u| sql.create_unique(kept.after, u)).collect::<Vec<_>>());
        let indexes = kept.after.indexes.iter().filter(|i| !kept.moved.indexes.contains(i) || again(&i.name));
        self.extend(indexes.map(|i| sql.create(kept.after, i)).collect::<Vec<_>>());
    }
}

/// Indexes, unique constraints among them, that get another name.
fn renamed_indexes(kept: &Kept) -> Vec<(Ident, Ident)> {
    let is_index = |name: &Ident| {
        kept.after.indexes.iter().any(|i| i.name == *name)
            || kept.after.uniques.iter().any(|u| u.name == *name)
    };
    let renamed = kept.renamed_objects().into_iter();
    renamed.filter(|(_, _, to)| is_index(to)).map(|(_, from, to)| (from, to)).collect()
}

/// Whether a foreign key or check gets another name, which stands in the table's definition. A primary
/// key has none here.
fn renames_constraint(kept: &Kept) -> bool {
    let keys = &kept.after.foreign_keys;
    let named = |name: &Ident| {
        keys.iter().any(|k| k.name == *name) || kept.after.checks.iter().any(|c| c.name == *name)
    };
    kept.renamed_objects().iter().any(|(kind, _, to)| *kind == Named::Constraint && named(to))
}

/// The new foreign key on a column alone.
fn own_key<'a>(kept: &Kept<'a>, column: &Ident) -> Option<&'a ForeignKey> {
    kept.new_foreign_keys().find(|key| key.columns == [column.clone()])
}

/// Whether `ALTER TABLE` and indexes are enough.
fn native(kept: &Kept) -> bool {
    let same = kept.columns_kept().all(|(was, now)| {
        was.same_type(now)
            && was.nullable == now.nullable
            && was.same_default(now)
            && was.generated == now.generated
    });
    let converted = kept.fills.iter().any(|f| matches!(f.value, FillValue::Converted { .. }));
    let keys_come_with_columns = kept
        .new_foreign_keys()
        .all(|key| matches!(key.columns.as_slice(), [one] if kept.added.iter().any(|c| c.name == *one)));
    let addable = kept.added.iter().all(|column| addable(column, own_key(kept, &column.name).is_some()));
    let collides = kept.dropped.iter().any(|name| kept.renamed.iter().any(|(_, to)| to.collides(name)));
    same && !converted
        && !renames_constraint(kept)
        && keys_come_with_columns
        && addable
        && !collides
        && kept.new_checks().next().is_none()
        && kept.gone.foreign_keys.is_empty()
        && kept.gone.checks.is_empty()
        && kept.gone.primary_key.is_none()
        && kept.moved.primary_key == kept.after.primary_key
}

/// SQLite adds a column with a constant default; NOT NULL only with one, and a reference only without.
fn addable(column: &Column, refers: bool) -> bool {
    let constant = crate::ddl::is_constant(column.default.as_ref());
    let filled = column.nullable || column.default.is_some();
    constant && filled && column.generated.is_none() && !(refers && column.default.is_some())
}
