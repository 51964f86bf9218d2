//! How values of one type become values of another: PostgreSQL's `USING`, and what SQLite's copy selects.

use super::{Dialect, Writer};
use crate::conversion::{Named, Using};
use crate::expr::Expr;
use crate::field_type::FieldType as T;
use crate::ident::Ident;
use crate::schema::Table;

/// A conversion of one column.
pub(crate) struct Convert<'a> {
    /// The column that is read.
    pub column: &'a Ident,
    /// Its type.
    pub from: &'a T,
    /// The type that is wanted.
    pub to: &'a T,
    /// How, if it is not the usual way.
    pub using: Option<&'a Using>,
    /// The table, for the columns of an expression.
    pub table: &'a Table,
}

impl Writer<'_> {
    /// What a row's value becomes, as an expression over its columns.
    pub(super) fn conversion(&mut self, of: &Convert) -> &mut Self {
        let Convert { column, from, to, using, table } = of;
        match using {
            None => self.plain_conversion(column, from, to),
            Some(Using::Expression(expression)) => self.computed(expression, to, table),
            Some(Using::Named(Named::Truncate)) => {
                let length = if let T::String { length } = to { *length } else { u32::MAX };
                self.word("substr(").ident(column).word(", 1, ").number(length).word(")")
            }
            Some(Using::Named(Named::Round)) => self.rounded(column, to),
            Some(Using::Named(Named::EpochSeconds)) => self.epoch(column, from, to),
            Some(Using::Named(Named::UnfitToNull)) => {
                self.word("CASE WHEN ").misfits(column, from, to);
                self.word(" THEN NULL ELSE ").plain_conversion(column, from, to).word(" END")
            }
        }
    }

    /// The usual way.
    pub(super) fn plain_conversion(&mut self, column: &Ident, from: &T, to: &T) -> &mut Self {
        match self.dialect() {
            Dialect::Postgres => self.postgres_conversion(column, from, to),
            Dialect::Sqlite if from == to => self.ident(column),
            Dialect::Sqlite => self.sqlite_conversion(column, from, to),
        }
    }

    fn computed(&mut self, expression: &Expr, to: &T, table: &Table) -> &mut Self {
        match self.dialect() {
            Dialect::Postgres => {
                self.word("CAST(").expr(expression, table).word(" AS ").postgres_type(to).word(")")
            }
            Dialect::Sqlite => self.expr(expression, table),
        }
    }

    fn rounded(&mut self, column: &Ident, to: &T) -> &mut Self {
        let scale = if let T::Decimal { scale, .. } = to { *scale } else { 0 };
        match (self.dialect(), to) {
            (Dialect::Postgres, _) => {
                self.word("CAST(round(CAST(").ident(column).word(" AS numeric), ").number(scale);
                self.word(") AS ").postgres_type(to).word(")")
            }
            (Dialect::Sqlite, T::Decimal { .. }) => {
                self.word("printf('%.*f', ").number(scale).word(", CAST(").ident(column).word(" AS REAL))")
            }
            (Dialect::Sqlite, _) => {
                self.word("CAST(round(CAST(").ident(column).word(" AS REAL)) AS INTEGER)")
            }
        }
    }

    fn epoch(&mut self, column: &Ident, from: &T, to: &T) -> &mut Self {
        match (self.dialect(), from) {
            (Dialect::Postgres, T::DateTime) => {
                self.word("CAST(extract(epoch FROM ").ident(column).word(") AS ").postgres_type(to).word(")")
            }
            (Dialect::Postgres, _) => self.word("to_timestamp(").ident(column).word(")"),
            (Dialect::Sqlite, T::DateTime) => {
                self.word("CAST(strftime('%s', ").ident(column).word(") AS INTEGER)")
            }
            (Dialect::Sqlite, _) => {
                self.word("strftime('%Y-%m-%dT%H:%M:%SZ', ").ident(column).word(", 'unixepoch')")
            }
        }
    }

    /// The expression after `USING`.
    pub(super) fn postgres_conversion(&mut self, column: &Ident, from: &T, to: &T) -> &mut Self {
        match (from, to) {
            (T::Date, T::DateTime) => self.ident(column).word("::timestamp AT TIME ZONE 'UTC'"),
            (T::DateTime, T::Date) => self.word("(").ident(column).word(" AT TIME ZONE 'UTC')::date"),
            (T::DateTime, T::Time) => self.word("(").ident(column).word(" AT TIME ZONE 'UTC')::time"),
            // Years before the first, and infinity, have no such form.
            (T::DateTime, T::String { .. } | T::Text) => {
                self.word("CASE WHEN ").ident(column).word(" >= '0001-01-01T00:00:00Z' AND ").ident(column);
                self.word(" < 'infinity' THEN to_char(").ident(column);
                self.word(" AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"') ELSE ").ident(column);
                self.word("::text END")
            }
            // Not a cast to varchar(n): that would cut a value off where the assignment refuses it.
            (_, T::String { .. }) => self.ident(column).word("::text"),
            (T::Int | T::BigInt, T::Boolean) => self.ident(column).word(" <> 0"),
            (T::Boolean, T::BigInt) => self.ident(column).word("::integer::bigint"),
            (
                T::String { .. } | T::Text | T::Enum { .. },
                T::Json | T::Uuid | T::Boolean | T::Date | T::Time | T::DateTime,
            ) => self.word("trim(").ident(column).word(")::").postgres_type(to),
            _ => self.ident(column).word("::").postgres_type(to),
        }
    }

    /// The expression that a SQLite copy selects for the column.
    pub(super) fn sqlite_conversion(&mut self, column: &Ident, from: &T, to: &T) -> &mut Self {
        match (from, to) {
            (T::String { .. } | T::Text | T::Enum { .. }, _) => self.sqlite_from_text(column, to),
            (T::Date, T::DateTime) => self.ident(column).word(" || 'T00:00:00Z'"),
            (T::DateTime, T::Date) => self.word("date(").ident(column).word(")"),
            (T::DateTime, T::Time) => self.word("time(").ident(column).word(")"),
            (T::Boolean, T::String { .. } | T::Text) => {
                self.word("CASE ").ident(column).word(" WHEN 1 THEN 'true' WHEN 0 THEN 'false' END")
            }
            (T::Int | T::BigInt, T::Boolean) => self.ident(column).word(" <> 0"),
            (T::Int | T::BigInt, T::String { .. } | T::Text | T::Decimal { .. }) => {
                self.word("CAST(").ident(column).word(" AS TEXT)")
            }
            // SQLite shows fifteen digits; where those are another number, all of them.
            (T::Float, T::String { .. } | T::Text) => {
                self.word("CASE WHEN CAST(CAST(").ident(column).word(" AS TEXT) AS REAL) <> ").ident(column);
                self.word(" THEN printf('%!.17g', ").ident(column).word(") ELSE CAST(").ident(column);
                self.word(" AS TEXT) END")
            }
            (T::Float, T::Decimal { scale, .. }) => {
                self.word("printf('%.*f', ").number(*scale).word(", ").ident(column).word(")")
            }
            (T::Float | T::Decimal { .. }, T::Int | T::BigInt) => {
                self.word("CAST(round(CAST(").ident(column).word(" AS REAL)) AS INTEGER)")
            }
            (_, T::Float) => self.word("CAST(").ident(column).word(" AS REAL)"),
            _ => self.ident(column),
        }
    }

    fn sqlite_from_text(&mut self, column: &Ident, to: &T) -> &mut Self {
        match to {
            T::Int | T::BigInt => self.word("CAST(trim(").ident(column).word(") AS INTEGER)"),
            T::Float => self.word("CAST(trim(").ident(column).word(") AS REAL)"),
            T::Decimal { .. } | T::Date | T::Time | T::DateTime | T::Json => {
                self.word("trim(").ident(column).word(")")
            }
            T::Uuid => self.word("lower(trim(").ident(column).word("))"),
            T::Boolean => {
                self.word("CASE WHEN lower(trim(")
                    .ident(column)
                    .word(")) IN ")
                    .word(TRUE_TEXTS)
                    .word(" THEN 1");
                self.word(" WHEN ").ident(column).word(" IS NOT NULL THEN 0 END")
            }
            _ => self.ident(column),
        }
    }
}

/// Texts that PostgreSQL reads as true.
pub(super) const TRUE_TEXTS: &str = "('t', 'tr', 'tru', 'true', 'y', 'ye', 'yes', 'on', '1')";
/// Texts that PostgreSQL reads as false.
pub(super) const FALSE_TEXTS: &str = "('f', 'fa', 'fal', 'fals', 'false', 'n', 'no', 'of', 'off', '0')";
