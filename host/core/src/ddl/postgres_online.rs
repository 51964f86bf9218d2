//! PostgreSQL's statements of online steps: filling in batches, and the column that takes another's place.

use std::ops::Range;

use super::postgres::Postgres;
use super::{Dialect, Statement, StatementKind as Kind, Writer};
use crate::ident::Ident;
use crate::model::Fill;
use crate::schema::{Table, names};

impl Postgres<'_> {
    /// Gives values to the rows of some blocks of the table; `to` is what foreign keys on the column refer to.
    pub fn fill_blocks(self, table: &Table, fill: &Fill, to: &[Ident], blocks: Range<u64>) -> Statement {
        let mut writer = self.writer();
        writer.fill(table, fill).word(" WHERE ctid >= '(").number(blocks.start).word(",0)' AND ctid < '(");
        writer.number(blocks.end).word(",0)' AND (").unfilled(table, fill).word(")");
        writer.done(Kind::FillBlocks, &table.name).refers_to(to)
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
        writer.done(Kind::CreateKeeper, &table.name)
    }

    /// The function's triggers. An update that sets nothing but the column itself is the filling: what it sets is
    /// right already, and calling the function for each of its rows would double its time.
    pub fn create_keeper_triggers(self, table: &Table, fill: &Fill) -> [Statement; 2] {
        let (column, function) = (&fill.column, names::keeper(&table.name, &fill.column));
        let create = |trigger: &Ident, when: &'static str| {
            let mut writer = self.writer();
            writer.word("CREATE TRIGGER ").ident(trigger).word(when).word(" ON ").relation(&table.name);
            writer
        };
        let mut on_insert = create(&names::keeper_of_inserts(column), " BEFORE INSERT");
        on_insert.word(" FOR EACH ROW");
        let mut on_update = create(&names::keeper_of_updates(column), " BEFORE UPDATE");
        on_update
            .word(" FOR EACH ROW WHEN (OLD.")
            .ident(column)
            .word(" IS NOT DISTINCT FROM NEW.")
            .ident(column);
        for source in fill.sources() {
            on_update.word(" OR OLD.").ident(&source).word(" IS DISTINCT FROM NEW.").ident(&source);
        }
        on_update.word(")");
        [on_insert, on_update].map(|mut writer| {
            writer.word(" EXECUTE FUNCTION ").relation(&function).word("()");
            writer.done(Kind::CreateKeeperTrigger, &table.name)
        })
    }

    /// Removes the triggers, and their function, of a table that was called `made` when they were made.
    pub fn drop_keeper(self, made: &Ident, table: &Ident, column: &Ident) -> [Statement; 3] {
        let drop = |trigger: &Ident| {
            let mut writer = self.writer();
            writer.word("DROP TRIGGER IF EXISTS ").ident(trigger).word(" ON ").relation(table);
            writer.done(Kind::DropKeeperTrigger, table)
        };
        let mut function = self.writer();
        function.word("DROP FUNCTION IF EXISTS ").relation(&names::keeper(made, column)).word("()");
        [
            drop(&names::keeper_of_inserts(column)),
            drop(&names::keeper_of_updates(column)),
            function.done(Kind::DropKeeper, table),
        ]
    }

    pub fn drop_column_if_there(self, table: &Ident, column: &Ident) -> Statement {
        self.alter(Kind::DropColumnIfThere, table, |w| {
            w.word("DROP COLUMN IF EXISTS ").column(column);
        })
    }

    /// As `drop_constraint`, if it was made.
    pub fn drop_constraint_if_there(self, table: &Ident, name: &Ident, to: Option<&Ident>) -> Statement {
        let kind = if to.is_some() { Kind::DropForeignKeyIfThere } else { Kind::DropConstraintIfThere };
        let statement = self.alter(kind, table, |w| {
            w.word("DROP CONSTRAINT IF EXISTS ").ident(name);
        });
        statement.refers_to(to)
    }
}
