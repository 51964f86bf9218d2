//! Asks the catalogue what others made that uses a column, or a table: views, triggers, foreign keys and so on, as
//! PostgreSQL knows them, and functions, whose text alone tells. `dependents` calls it.
//!
//! SQLite keeps nothing but texts.

use super::Writer;
use crate::ident::Ident;
use crate::schema::Schema;

impl Writer<'_> {
    /// Whatever uses a table, or a column of it, but what is the model's.
    pub(super) fn users(&mut self, table: &Ident, column: Option<&Ident>, schema: &Schema) -> &mut Self {
        match column {
            Some(column) => {
                self.on_columns().of(table).word(" AND a.attname = ").text(column.as_str());
                self.word(" UNION SELECT ").on_column(column, table, schema);
            }
            None => {
                let computed = " AND d.classid <> 'pg_catalog.pg_attrdef'::pg_catalog.regclass";
                self.on_columns().of(table).word(computed);
                self.word(" UNION SELECT ").foreign_references().of(table).word(" AND k.conname NOT IN (");
                self.known(table, schema).word(") UNION SELECT ").triggers().of(table);
            }
        }
        self.word(" UNION SELECT ").functions(table, column).of(table)
    }

    /// Triggers of others on a table: they go where it goes.
    fn triggers(&mut self) -> &mut Self {
        self.word(
            "'trigger ' || t.tgname AS what FROM pg_catalog.pg_trigger t JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid \
            JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE NOT t.tgisinternal AND t.tgname NOT LIKE 'zzz\\_hookwright\\_%'",
        )
    }

    /// Functions with the names in their text. One of a trigger on the table need not name that.
    fn functions(&mut self, table: &Ident, column: Option<&Ident>) -> &mut Self {
        let whole = |name: &Ident| format!(r"\m{}\M", name.as_str());
        self.word(
            "'function ' || p.proname || ' (by its text)' AS what FROM pg_catalog.pg_proc p \
            JOIN pg_catalog.pg_namespace f ON f.oid = p.pronamespace JOIN pg_catalog.pg_language l ON l.oid = p.prolang \
            CROSS JOIN pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
            WHERE f.nspname NOT IN ('pg_catalog', 'information_schema', 'hookwright') AND l.lanname NOT IN ('internal', 'c') \
            AND p.proname NOT LIKE '%hookwright\\_%' AND (p.prosrc ~* ",
        );
        self.text(&whole(table));
        if let Some(column) = column {
            self.word(" OR EXISTS (SELECT FROM pg_catalog.pg_trigger t WHERE t.tgfoid = p.oid AND t.tgrelid = c.oid)) AND (p.prosrc ~* ");
            self.text(&whole(column));
        }
        self.word(")")
    }

    /// Views and triggers of SQLite whose texts have the names in them. Those that take all columns are among them.
    pub(super) fn sqlite_users(&mut self, table: &Ident, column: Option<&Ident>) -> &mut Self {
        let whole = |name: &Ident| format!("*[^a-z0-9_]{}[^a-z0-9_]*", name.as_str().to_lowercase());
        self.word("SELECT count(*) > 0, count(*), json_group_array(type || ' ' || name) FROM sqlite_master");
        self.word(" WHERE type IN ('view', 'trigger') AND name NOT LIKE 'hookwright#_%' ESCAPE '#' AND ");
        self.word("(tbl_name = ")
            .text(table.as_str())
            .word(" OR lower(sql) || ' ' GLOB ")
            .text(&whole(table));
        self.word(")");
        if let Some(column) = column {
            self.word(" AND (lower(sql) || ' ' GLOB ").text(&whole(column));
            self.word(" OR lower(sql) GLOB '*select [*]*' OR sql GLOB '*.[*]*')");
        }
        self
    }
}
