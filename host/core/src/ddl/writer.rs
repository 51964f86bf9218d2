//! The SQL writer: words are literals of this crate, names come quoted, values as literals.

use crate::ddl::{Dialect, Statement, StatementKind};
use crate::expr::{Expr, Function, Operator};
use crate::field_type::FieldType;
use crate::ident::{Ident, OrgName};
use crate::schema::Table;
use crate::spec::OnDelete;
use crate::value::DefaultValue;

/// Writes one statement.
pub struct Writer<'a> {
    dialect: Dialect,
    org: &'a OrgName,
    sql: String,
    fields: Vec<Ident>,
}

impl<'a> Writer<'a> {
    /// A statement for an organisation's schema.
    #[must_use]
    pub fn new(dialect: Dialect, org: &'a OrgName) -> Self {
        Self { dialect, org, sql: String::new(), fields: Vec::new() }
    }

    pub(super) fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// The organisation's name, for questions to the catalogue.
    pub(super) fn org_name(&self) -> &'a str {
        self.org.as_str()
    }

    /// The finished statement.
    #[must_use]
    pub fn finish(self, message: &'static str, table: Option<&Ident>) -> Statement {
        Statement::new(self.sql, message, table.cloned(), self.fields)
    }

    /// The finished statement, for PostgreSQL.
    #[must_use]
    pub(super) fn done(self, kind: StatementKind, table: &Ident) -> Statement {
        self.finish(kind.message(), Some(table)).of_kind(kind)
    }

    /// Words of SQL, as they stand in this crate.
    pub fn word(&mut self, words: &'static str) -> &mut Self {
        self.sql.push_str(words);
        self
    }

    /// A name, quoted.
    pub fn ident(&mut self, name: &Ident) -> &mut Self {
        self.quote(name.as_str());
        self
    }

    /// A column, quoted, that the log shall name.
    pub fn column(&mut self, name: &Ident) -> &mut Self {
        self.fields.push(name.clone());
        self.ident(name)
    }

    /// A table or index with its schema: on PostgreSQL the organisation's.
    pub fn relation(&mut self, name: &Ident) -> &mut Self {
        if self.dialect == Dialect::Postgres {
            self.schema().word(".");
        }
        self.ident(name)
    }

    /// The organisation's schema.
    pub fn schema(&mut self) -> &mut Self {
        self.quote(self.org.as_str());
        self
    }

    /// Names in parentheses.
    pub fn idents<'i>(&mut self, names: impl IntoIterator<Item = &'i Ident>) -> &mut Self {
        self.word("(").list(names, |w, name| {
            w.ident(name);
        });
        self.word(")")
    }

    /// Items with commas between.
    pub fn list<T>(
        &mut self,
        items: impl IntoIterator<Item = T>,
        mut each: impl FnMut(&mut Self, T),
    ) -> &mut Self {
        for (index, item) in items.into_iter().enumerate() {
            if index > 0 {
                self.sql.push_str(", ");
            }
            each(self, item);
        }
        self
    }

    /// A text literal. NUL never gets here: events and intents with it are refused.
    pub fn text(&mut self, text: &str) -> &mut Self {
        self.sql.push('\'');
        self.sql.push_str(&text.replace('\'', "''"));
        self.sql.push('\'');
        self
    }

    /// A number.
    pub fn number(&mut self, number: impl Into<i128>) -> &mut Self {
        self.sql.push_str(&number.into().to_string());
        self
    }

    /// What a deletion does.
    pub fn on_delete(&mut self, action: OnDelete) -> &mut Self {
        self.word(match action {
            OnDelete::Cascade => " ON DELETE CASCADE",
            OnDelete::SetNull => " ON DELETE SET NULL",
            OnDelete::Restrict => " ON DELETE RESTRICT",
        })
    }

    /// A default for a column of type `ty`.
    pub fn default(&mut self, value: &DefaultValue, ty: &FieldType) -> &mut Self {
        let sqlite = self.dialect == Dialect::Sqlite;
        match value {
            DefaultValue::Boolean(b) if sqlite => self.word(if *b { "1" } else { "0" }),
            DefaultValue::Boolean(b) => self.word(if *b { "TRUE" } else { "FALSE" }),
            DefaultValue::Integer(i) => self.number(*i),
            DefaultValue::Float(x) => self.digits(&format!("{x:?}")),
            DefaultValue::Decimal(digits) if sqlite => self.text(digits),
            DefaultValue::Decimal(digits) => self.digits(digits),
            DefaultValue::Bytes(hex) if sqlite => self.word("X").text(hex),
            DefaultValue::Bytes(hex) => self.text(&format!("\\x{hex}")),
            DefaultValue::Json(document) => self.text(&document.to_string()),
            DefaultValue::Text(text)
            | DefaultValue::Date(text)
            | DefaultValue::Time(text)
            | DefaultValue::DateTime(text)
            | DefaultValue::Uuid(text) => self.text(text),
            DefaultValue::Now => self.now(ty),
        }
    }

    fn now(&mut self, ty: &FieldType) -> &mut Self {
        self.word(match (self.dialect, ty) {
            (Dialect::Postgres, FieldType::Date) => "CURRENT_DATE",
            (Dialect::Postgres, FieldType::Time) => "LOCALTIME",
            (Dialect::Postgres, _) => "now()",
            (Dialect::Sqlite, FieldType::Date) => "(date('now'))",
            (Dialect::Sqlite, FieldType::Time) => "(time('now'))",
            (Dialect::Sqlite, _) => "(strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))",
        })
    }

    /// Digits of a number that was parsed or made by this crate.
    fn digits(&mut self, digits: &str) -> &mut Self {
        debug_assert!(digits.bytes().all(|b| b.is_ascii_digit() || b"+-.e".contains(&b)), "{digits:?}");
        self.sql.push_str(digits);
        self
    }

    /// An expression over the columns of `table`.
    pub fn expr(&mut self, expr: &Expr, table: &Table) -> &mut Self {
        let dialect = self.dialect;
        self.tree(expr, &|column| {
            let decimal = matches!(table.column(column).map(|c| &c.ty), Some(FieldType::Decimal { .. }));
            // SQLite keeps decimals as text, which would compare letter by letter.
            dialect == Dialect::Sqlite && decimal
        })
    }

    fn tree(&mut self, expr: &Expr, as_number: &dyn Fn(&Ident) -> bool) -> &mut Self {
        match expr {
            Expr::Column(name) if as_number(name) => self.word("CAST(").ident(name).word(" AS NUMERIC)"),
            Expr::Column(name) => self.ident(name),
            Expr::Text(text) => self.text(text),
            Expr::Number(digits) => self.digits(digits),
            Expr::Boolean(b) => self.word(match (self.dialect, b) {
                (Dialect::Postgres, true) => "TRUE",
                (Dialect::Postgres, false) => "FALSE",
                (Dialect::Sqlite, true) => "1",
                (Dialect::Sqlite, false) => "0",
            }),
            Expr::Null => self.word("NULL"),
            Expr::Not(of) => self.word("(NOT ").tree(of, as_number).word(")"),
            Expr::IsNull { of, negated } => {
                self.word("(").tree(of, as_number).word(if *negated { " IS NOT NULL)" } else { " IS NULL)" })
            }
            Expr::In { of, values, negated } => {
                self.word("(").tree(of, as_number).word(if *negated { " NOT IN (" } else { " IN (" });
                self.list(values, |w, value| {
                    w.tree(value, as_number);
                });
                self.word("))")
            }
            Expr::Binary(left, operator, right) => self.binary(left, *operator, right, as_number),
            Expr::Call(function, arguments) => self.call(*function, arguments, as_number),
        }
    }

    fn binary(
        &mut self,
        left: &Expr,
        op: Operator,
        right: &Expr,
        as_number: &dyn Fn(&Ident) -> bool,
    ) -> &mut Self {
        self.word("(").tree(left, as_number).word(" ").word(op.sql()).word(" ");
        self.tree(right, as_number).word(")")
    }

    fn call(
        &mut self,
        function: Function,
        arguments: &[Expr],
        as_number: &dyn Fn(&Ident) -> bool,
    ) -> &mut Self {
        self.word(function.sql()).word("(");
        self.list(arguments, |w, argument| {
            w.tree(argument, as_number);
        });
        self.word(")")
    }

    fn quote(&mut self, name: &str) {
        self.sql.push('"');
        self.sql.push_str(&name.replace('"', "\"\""));
        self.sql.push('"');
    }
}

/// An expression as text that [`crate::expr::parse`] reads back.
#[must_use]
pub fn print_expr(expr: &Expr) -> String {
    let nowhere = OrgName::parse("x").unwrap_or_else(|_| unreachable!("a constant name"));
    let mut writer = Writer::new(Dialect::Postgres, &nowhere);
    writer.tree(expr, &|_| false);
    writer.sql
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_are_doubled() {
        let org = OrgName::parse("acme-corp").expect("a name");
        let mut writer = Writer::new(Dialect::Postgres, &org);
        writer
            .word("SELECT ")
            .text("it's; DROP TABLE x --")
            .word(" FROM ")
            .relation(&Ident::parse("t").expect("ok"));
        assert_eq!(writer.finish("", None).sql(), r#"SELECT 'it''s; DROP TABLE x --' FROM "acme-corp"."t""#);
    }
}
