//! SQLite's statements, one function each, and the table rebuild.

use super::convert::Convert;
use super::{Carried, Dialect, Extent, Rebuild, Statement, TableOption, Writer, types};
use crate::conversion::{Conversion, conversion};
use crate::ident::{Ident, OrgName};
use crate::model::{Fill, FillValue};
use crate::policy::Probe;
use crate::schema::{Column, ForeignKey, Index, IndexShape, Table, Unique};

/// Writes statements for one organisation.
#[derive(Clone, Copy)]
pub(crate) struct Sqlite<'a> {
    pub org: &'a OrgName,
}

impl<'a> Sqlite<'a> {
    fn writer(self) -> Writer<'a> {
        Writer::new(Dialect::Sqlite, self.org)
    }

    pub fn create_table(self, table: &Table) -> Statement {
        self.create_as(&table.name, table, &[])
    }

    fn create_as(self, name: &Ident, table: &Table, options: &[TableOption]) -> Statement {
        let mut writer = self.writer();
        let counted = if options.contains(&TableOption::Autoincrement) { row_number(table) } else { None };
        writer.word("CREATE TABLE ").ident(name).word(" (");
        writer.list(table.columns.values(), |w, column| {
            w.definition(column, table, Dialect::Sqlite);
            if counted == Some(&column.name) {
                w.word(" PRIMARY KEY AUTOINCREMENT");
            }
        });
        if !table.primary_key.is_empty() && counted.is_none() {
            writer.word(", PRIMARY KEY ").idents(&table.primary_key);
        }
        for check in &table.checks {
            writer
                .word(", CONSTRAINT ")
                .ident(&check.name)
                .word(" CHECK (")
                .expr(&check.expression, table)
                .word(")");
        }
        for key in &table.foreign_keys {
            writer.word(", ").foreign_key(key);
        }
        writer.word(")");
        let after = options.iter().filter(|option| **option != TableOption::Autoincrement);
        for (index, option) in after.enumerate() {
            writer.word(if index > 0 { ", " } else { " " }).word(option.as_str());
        }
        writer.finish("CREATE TABLE", Some(&table.name))
    }

    pub fn drop_table(self, table: &Ident) -> Statement {
        let mut writer = self.writer();
        writer.word("DROP TABLE ").ident(table);
        writer.finish("DROP TABLE", Some(table))
    }

    pub fn rename_table(self, from: &Ident, to: &Ident) -> Statement {
        let mut writer = self.writer();
        writer.word("ALTER TABLE ").ident(from).word(" RENAME TO ").ident(to);
        writer.finish("RENAME TABLE", Some(from))
    }

    /// A column; `key` is a foreign key on it alone.
    pub fn add_column(self, table: &Table, column: &Column, key: Option<&ForeignKey>) -> Statement {
        let mut writer = self.writer();
        writer.word("ALTER TABLE ").ident(&table.name).word(" ADD COLUMN ");
        writer.definition(column, table, Dialect::Sqlite);
        if let Some(key) = key {
            writer.word(" ").referring(key);
        }
        writer.finish("ADD COLUMN", Some(&table.name))
    }

    pub fn drop_column(self, table: &Ident, column: &Ident) -> Statement {
        let mut writer = self.writer();
        writer.word("ALTER TABLE ").ident(table).word(" DROP COLUMN ").column(column);
        writer.finish("DROP COLUMN", Some(table)).goes_through(Extent::Rewrite)
    }

    pub fn rename_column(self, table: &Ident, from: &Ident, to: &Ident) -> Statement {
        let mut writer = self.writer();
        writer.word("ALTER TABLE ").ident(table).word(" RENAME COLUMN ").column(from).word(" TO ").column(to);
        writer.finish("RENAME COLUMN", Some(table))
    }

    /// An index. Of its methods SQLite has one, and it includes no columns: other ones are refused before.
    pub fn create_index(self, table: &Table, name: &Ident, shape: &IndexShape) -> Statement {
        let mut writer = self.writer();
        writer.word(if shape.unique { "CREATE UNIQUE INDEX " } else { "CREATE INDEX " });
        writer.ident(name).word(" ON ").ident(&table.name).word(" ").index_keys(shape, table);
        writer.index_predicate(shape, table);
        writer.finish("CREATE INDEX", Some(&table.name)).goes_through(Extent::Scan)
    }

    /// A unique constraint, which is a unique index here.
    pub fn create_unique(self, table: &Table, unique: &Unique) -> Statement {
        self.create_index(table, &unique.name, &IndexShape::on(&unique.columns, true))
    }

    pub fn create(self, table: &Table, index: &Index) -> Statement {
        self.create_index(table, &index.name, &index.shape)
    }

    /// Gives rows their values.
    pub fn fill(self, table: &Table, fill: &Fill) -> Statement {
        let mut writer = self.writer();
        writer.fill(table, fill).word(" WHERE ").unfilled(table, fill);
        writer.finish("UPDATE", Some(&table.name)).goes_through(Extent::Rows)
    }

    pub fn drop_index(self, table: &Ident, index: &Ident) -> Statement {
        let mut writer = self.writer();
        writer.word("DROP INDEX ").ident(index);
        writer.finish("DROP INDEX", Some(table))
    }

    /// A table made anew. Columns whose name is in `kept` are copied, converted where the type differs;
    /// those that `fills` converts from another column get its values.
    pub fn rebuild(self, before: &Table, after: &Table, kept: &[Ident], fills: &[&Fill]) -> Rebuild {
        let (kept, fills) = (kept.to_vec(), fills.iter().map(|fill| (*fill).clone()).collect());
        let (before, indexes) = (before.clone(), self.indexes(after));
        let mut rebuild = Rebuild { before, after: after.clone(), kept, fills, swap: Vec::new(), indexes };
        let (create, rest) = self.swap(&rebuild, &[], &[]);
        rebuild.swap = std::iter::once(create).chain(rest).collect();
        rebuild
    }

    /// What makes the new table, without what is carried; and what then fills it and puts it in the old one's place.
    fn swap(self, of: &Rebuild, carried: &[Carried], options: &[TableOption]) -> (Statement, Vec<Statement>) {
        let (passing, Rebuild { before, after, .. }) = (passing(), of);
        let legacy = |words: &'static str| {
            let mut writer = self.writer();
            writer.word(words);
            writer.finish("PRAGMA", Some(&after.name))
        };
        let mut made = after.clone();
        made.columns.retain(|name, _| !carried.iter().any(|column| column.name == *name));
        // With the legacy rename, views that name the table wait for it to be back instead of failing.
        let mut rest = vec![
            self.copy(&passing, of, carried, options),
            self.drop_table(&before.name),
            legacy("PRAGMA legacy_alter_table = ON"),
            self.rename_table(&passing, &after.name),
            legacy("PRAGMA legacy_alter_table = OFF"),
        ];
        if options.contains(&TableOption::Autoincrement) {
            rest.splice(1..1, self.counted_on(&before.name, &passing));
        }
        (self.create_as(&passing, &made, options), rest)
    }

    /// The new table counts on where the old one was, which had numbers whose rows are gone.
    fn counted_on(self, before: &Ident, passing: &Ident) -> [Statement; 2] {
        let (mut without, mut with) = (self.writer(), self.writer());
        without.word("DELETE FROM sqlite_sequence WHERE name = ").text(passing.as_str());
        with.word("INSERT INTO sqlite_sequence (name, seq) SELECT ").text(passing.as_str());
        with.word(", seq FROM sqlite_sequence WHERE name = ").text(before.as_str());
        [without.finish("DELETE", Some(before)), with.finish("INSERT", Some(before))]
    }

    /// All indexes of a table; its unique constraints are unique indexes.
    pub fn indexes(self, table: &Table) -> Vec<Statement> {
        let uniques = table.uniques.iter().map(|u| self.create_unique(table, u));
        uniques.chain(table.indexes.iter().map(|i| self.create(table, i))).collect()
    }

    fn copy(self, to: &Ident, of: &Rebuild, carried: &[Carried], options: &[TableOption]) -> Statement {
        let Rebuild { before, after, kept, fills, .. } = of;
        let given = |column: &&Column| column.generated.is_none();
        let own = kept.iter().filter(|name| !carried.iter().any(|column| column.name == **name));
        let pairs = own.filter_map(|name| before.column(name).zip(after.column(name)));
        let pairs = pairs.filter(|(_, new)| given(new)).map(|(old, new)| Copied::Kept(old, new));
        let taken = carried.iter().filter(|column| !column.computed).map(|c| Copied::Carried(&c.name));
        let all: Vec<_> = pairs.chain(fills.iter().map(Copied::Filled)).chain(taken).collect();
        let has_numbers = !options.contains(&TableOption::WithoutRowid);
        let rowid = rowid(before, after, carried).filter(|_| has_numbers);
        let mut writer = self.writer();
        writer.word("INSERT INTO ").ident(to).word(" (");
        writer.list(&all, |w, column| {
            w.ident(column.name());
        });
        if let Some(rowid) = rowid {
            writer.word(", ").word(rowid);
        }
        writer.word(") SELECT ");
        writer.list(&all, |w, column| match column {
            Copied::Kept(old, new) => {
                let (from, to) = (&old.ty, &new.ty);
                w.conversion(&Convert { column: &new.name, from, to, using: None, table: before });
            }
            Copied::Filled(fill) => drop(w.copied(fill, after)),
            Copied::Carried(name) => drop(w.ident(name)),
        });
        if let Some(rowid) = rowid {
            writer.word(", ").word(rowid);
        }
        writer.word(" FROM ").ident(&before.name);
        writer.finish("INSERT", Some(&after.name)).goes_through(Extent::Rewrite)
    }
}

/// A column of a copy.
enum Copied<'a> {
    /// One that stays, as it was and as it will be.
    Kept(&'a Column, &'a Column),
    /// A new one.
    Filled(&'a Fill),
    /// One that the model has no word for.
    Carried(&'a Ident),
}

impl Copied<'_> {
    fn name(&self) -> &Ident {
        match self {
            Self::Kept(_, column) => &column.name,
            Self::Filled(fill) => &fill.column,
            Self::Carried(name) => name,
        }
    }
}

/// The name by which the rows' numbers are copied, since others may know rows by them: a full-text index does.
/// None where a column is the number anyway, or has each of its names.
fn rowid(before: &Table, after: &Table, carried: &[Carried]) -> Option<&'static str> {
    if row_number(after).is_some() {
        return None;
    }
    let hidden = |name: &str| {
        let columns = before.columns.keys().chain(before.buried.keys()).chain(after.columns.keys());
        let all = columns.chain(after.buried.keys()).chain(carried.iter().map(|column| &column.name));
        all.into_iter().any(|column| column.as_str().eq_ignore_ascii_case(name))
    };
    ["rowid", "_rowid_", "oid"].into_iter().find(|name| !hidden(name))
}

/// The key that is the row's number.
fn row_number(table: &Table) -> Option<&Ident> {
    let [key] = table.primary_key.as_slice() else { return None };
    table.column(key).filter(|column| types::storage(&column.ty) == "INTEGER").map(|column| &column.name)
}

/// The name of the new table until it has the old one's place.
fn passing() -> Ident {
    Ident::from_parts("hookwright_rebuild".into())
}

impl Rebuild {
    /// The name of the new table while it is made.
    #[must_use]
    pub fn passing(&self) -> Ident {
        passing()
    }

    /// The questions whether each value that is copied into another type has a counterpart there: SQLite converts any text to
    /// a number, and rows may have come since they were asked last.
    pub fn doubts(&self) -> impl Iterator<Item = (&Ident, Probe)> {
        let copied = self.after.columns.values().filter(|column| self.kept.contains(&column.name));
        copied.filter_map(|column| {
            let from = self.before.columns.get(&column.name)?.ty.clone();
            let doubtful = conversion(&from, &column.ty) == Conversion::Probed;
            let (table, name, to) = (self.before.name.clone(), column.name.clone(), column.ty.clone());
            doubtful.then(|| (&column.name, Probe::Misfits { table, column: name, from, to }))
        })
    }

    /// As `swap`, with columns and options that the model has no word for: the first statement makes the table without the
    /// columns, the others need them.
    #[must_use]
    pub fn carrying(
        &self,
        org: &OrgName,
        columns: &[Carried],
        options: &[TableOption],
    ) -> (Statement, Vec<Statement>) {
        Sqlite { org }.swap(self, columns, options)
    }

    /// Whether the new table can have an option, which some keys do not allow.
    #[must_use]
    pub fn allows(&self, option: TableOption) -> bool {
        match option {
            TableOption::Strict => true,
            TableOption::WithoutRowid => !self.after.primary_key.is_empty(),
            TableOption::Autoincrement => row_number(&self.after).is_some(),
        }
    }
}

impl Writer<'_> {
    /// What a row's new column gets while the table is copied.
    fn copied(&mut self, fill: &Fill, after: &Table) -> &mut Self {
        match (&fill.value, &fill.only) {
            // Where the old value is NULL the new one is, whatever an expression would make of it.
            (FillValue::Converted { from, .. }, _) => {
                self.word("CASE WHEN ").ident(from).word(" IS NOT NULL THEN ");
                self.fill_value(after, fill).word(" END")
            }
            (_, Some(only)) => {
                self.word("CASE WHEN ").expr(only, after).word(" THEN ").fill_value(after, fill).word(" END")
            }
            (_, None) => self.fill_value(after, fill),
        }
    }
}
