//! PostgreSQL's statements of online steps: filling in batches, and the column that takes another's place.

use super::LockLevel::{AccessExclusive, RowExclusive, ShareRowExclusive};
use super::postgres::Postgres;
use super::{Dialect, Statement, Writer};
use crate::ident::Ident;
use crate::model::Fill;
use crate::schema::{Table, names};

impl Postgres<'_> {
    /// Gives values to the rows of some blocks of the table, from `first` on and before `end`.
    pub fn fill_blocks(self, table: &Table, fill: &Fill, first: u64, end: u64) -> Statement {
        let mut writer = self.writer();
        writer.fill(table, fill).word(" WHERE ctid >= '(").number(first).word(",0)' AND ctid < '(");
        writer.number(end).word(",0)' AND (").unfilled(table, fill).word(")");
        writer.finish("UPDATE", Some(&table.name)).locks_table(&table.name, RowExclusive)
    }

    /// The function that keeps a column filled from another while rows are written. It runs as part of
    /// other programs' statements, so it looks names up in the system's schema alone.
    pub fn create_keeper(self, table: &Table, fill: &Fill) -> Statement {
        let name = names::keeper(&table.name, &fill.column);
        let mut body = Writer::new(Dialect::Postgres, self.org);
        body.word("#variable_conflict use_column\nBEGIN\n    NEW.").ident(&fill.column).word(" := (SELECT ");
        body.fill_value(table, fill).word(" FROM (SELECT NEW.*) AS r);\n    RETURN NEW;\nEND");
        let body = body.finish("", None);
        let mut writer = self.writer();
        writer.word("CREATE FUNCTION ").relation(&name).word("() RETURNS trigger LANGUAGE plpgsql ");
        writer.word("SET search_path = pg_catalog AS ").text(body.sql());
        writer.finish("CREATE FUNCTION", Some(&table.name))
    }

    pub fn create_keeper_trigger(self, table: &Table, column: &Ident) -> Statement {
        let name = names::keeper(&table.name, column);
        let mut writer = self.writer();
        writer
            .word("CREATE TRIGGER ")
            .ident(&name)
            .word(" BEFORE INSERT OR UPDATE ON ")
            .relation(&table.name);
        writer.word(" FOR EACH ROW EXECUTE FUNCTION ").relation(&name).word("()");
        writer.finish("CREATE TRIGGER", Some(&table.name)).locks_table(&table.name, ShareRowExclusive)
    }

    /// Removes the trigger, and its function, of a table that was called `made` when they were made.
    pub fn drop_keeper(self, made: &Ident, table: &Ident, column: &Ident) -> [Statement; 2] {
        let name = names::keeper(made, column);
        let mut trigger = self.writer();
        trigger.word("DROP TRIGGER IF EXISTS ").ident(&name).word(" ON ").relation(table);
        let mut function = self.writer();
        function.word("DROP FUNCTION IF EXISTS ").relation(&name).word("()");
        [
            trigger.finish("DROP TRIGGER", Some(table)).locks_table(table, AccessExclusive),
            function.finish("DROP FUNCTION", Some(table)),
        ]
    }

    pub fn drop_column_if_there(self, table: &Ident, column: &Ident) -> Statement {
        self.alter("DROP COLUMN", table, |w| {
            w.word("DROP COLUMN IF EXISTS ").column(column);
        })
    }

    pub fn drop_constraint_if_there(self, table: &Ident, name: &Ident) -> Statement {
        self.alter("DROP CONSTRAINT", table, |w| {
            w.word("DROP CONSTRAINT IF EXISTS ").ident(name);
        })
    }
}
