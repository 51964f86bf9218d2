//! How values of one type become values of another: PostgreSQL's `USING`, and what SQLite's copy selects.

use super::Writer;
use crate::field_type::FieldType as T;
use crate::ident::Ident;

impl Writer<'_> {
    /// The expression after `USING`.
    pub(super) fn postgres_conversion(&mut self, column: &Ident, from: &T, to: &T) -> &mut Self {
        match (from, to) {
            (T::Date, T::DateTime) => self.ident(column).word("::timestamp AT TIME ZONE 'UTC'"),
            (T::DateTime, T::Date) => self.word("(").ident(column).word(" AT TIME ZONE 'UTC')::date"),
            (T::DateTime, T::Time) => self.word("(").ident(column).word(" AT TIME ZONE 'UTC')::time"),
            (T::DateTime, T::String { .. } | T::Text) => {
                self.word("to_char(").ident(column);
                self.word(" AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')")
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
            (T::DateTime, T::Date) => self.word("substr(").ident(column).word(", 1, 10)"),
            (T::DateTime, T::Time) => self.word("substr(").ident(column).word(", 12, 8)"),
            (T::Boolean, T::String { .. } | T::Text) => {
                self.word("CASE ").ident(column).word(" WHEN 1 THEN 'true' WHEN 0 THEN 'false' END")
            }
            (T::Int | T::BigInt, T::Boolean) => self.ident(column).word(" <> 0"),
            (T::Int | T::BigInt | T::Float, T::String { .. } | T::Text) => {
                self.word("CAST(").ident(column).word(" AS TEXT)")
            }
            (T::Int | T::BigInt, T::Decimal { .. }) => self.word("CAST(").ident(column).word(" AS TEXT)"),
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
