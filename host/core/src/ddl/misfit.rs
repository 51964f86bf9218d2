//! Which values have no counterpart in another type, and which cannot be converted at all.
//!
//! `probe` asks for such rows; `convert` gives them NULL where that is wanted. A value that would be read as something
//! that it is not written as (`'now'` as a time) counts as having none, though the database might take it.

use super::convert::{Convert, FALSE_TEXTS, TRUE_TEXTS};
use super::{Dialect, Writer};
use crate::conversion::{Conversion, conversion};
use crate::field_type::FieldType as T;
use crate::ident::Ident;
use crate::schema::Check;

impl Writer<'_> {
    /// Whether a value, which is not NULL, has no counterpart in another type.
    pub(super) fn misfits(&mut self, column: &Ident, from: &T, to: &T) -> &mut Self {
        match (self.dialect(), to) {
            (_, T::String { length }) => {
                self.word("length(").plain_conversion(column, from, to).word(") > ").number(*length)
            }
            (_, T::Enum { values }) => {
                self.word("CAST(").ident(column).word(" AS text) NOT IN (").list(values, |w, v| {
                    w.text(v);
                });
                self.word(")")
            }
            (_, T::Boolean) if matches!(from, T::Int | T::BigInt) => {
                self.ident(column).word(" NOT IN (0, 1)")
            }
            (_, T::Boolean) => {
                self.word("lower(").trimmed(column).word(") NOT IN ").word(TRUE_TEXTS);
                self.word(" AND lower(").trimmed(column).word(") NOT IN ").word(FALSE_TEXTS)
            }
            (Dialect::Postgres, to) => self.postgres_misfit(column, from, to),
            (Dialect::Sqlite, to) => self.sqlite_misfit(column, from, to),
        }
    }

    /// Whether a value that has a counterpart cannot be converted all the same. PostgreSQL fails at the first one,
    /// which is an answer too.
    pub(super) fn unconvertible(&mut self, of: &Convert, required: bool) -> &mut Self {
        self.word("CASE WHEN ").ident(of.column).word(" IS NULL THEN 1 = 0");
        if of.using.is_none() && conversion(of.from, of.to) == Conversion::Probed {
            self.word(" WHEN ").misfits(of.column, of.from, of.to).word(" THEN 1 = 0");
        }
        self.word(" WHEN (").conversion(of).word(") IS NULL THEN ");
        self.word(if required { "1 = 1" } else { "1 = 0" }).word(" ELSE ");
        match self.dialect() {
            Dialect::Postgres => self.word("1 = 0"),
            Dialect::Sqlite => self.sqlite_unkept(of),
        };
        self.word(" END")
    }

    /// Whether a value that is converted breaks a check or repeats a key. A check that makes no sense of the new type
    /// fails, which is an answer too.
    pub(super) fn unkept(&mut self, of: &Convert) -> &mut Self {
        let checks: Vec<_> =
            of.table.checks.iter().filter(|c| c.expression.columns().contains(of.column)).collect();
        let alone = |columns: &[Ident]| columns == [of.column.clone()];
        let unique = alone(&of.table.primary_key) || of.table.uniques.iter().any(|u| alone(&u.columns));
        if checks.is_empty() && !unique {
            return self;
        }
        self.word(" OR CASE WHEN ").ident(of.column).word(" IS NULL THEN 1 = 0");
        if of.using.is_none() && conversion(of.from, of.to) == Conversion::Probed {
            self.word(" WHEN ").misfits(of.column, of.from, of.to).word(" THEN 1 = 0");
        }
        self.word(" ELSE ").word(if unique { "(" } else { "" });
        if unique {
            self.word("(").conversion(of).word(") IN (SELECT ").conversion(of).word(" FROM ");
            self.relation(&of.table.name).word(" GROUP BY 1 HAVING count(*) > 1)");
            self.word(if checks.is_empty() { ")" } else { " OR " });
        }
        if !checks.is_empty() {
            self.broken(of, &checks).word(if unique { ")" } else { "" });
        }
        self.word(" END")
    }

    /// Whether a row with the converted value in its place breaks one of the checks.
    fn broken(&mut self, of: &Convert, checks: &[&Check]) -> &mut Self {
        self.word("EXISTS (SELECT 1 FROM (SELECT ").list(of.table.columns.values(), |w, column| {
            match column.name == *of.column {
                true => w.conversion(of),
                false => w.ident(&column.name),
            };
            w.word(" AS ").ident(&column.name);
        });
        self.word(") AS converted WHERE ");
        for (index, check) in checks.iter().enumerate() {
            self.word(if index > 0 { " OR NOT (" } else { "NOT (" })
                .expr(&check.expression, of.table)
                .word(")");
        }
        self.word(")")
    }

    /// SQLite converts anything to something: it is the check of the new type that would refuse it.
    fn sqlite_unkept(&mut self, of: &Convert) -> &mut Self {
        let value = Ident::from_parts("hookwright_value".to_owned());
        let number = matches!(of.from, T::Float | T::Decimal { .. });
        if number && *of.to == T::BigInt {
            return self.word("CAST(").ident(of.column).word(" AS REAL) NOT ").word(WITHIN_BIG_INT);
        }
        if !super::types::has_check(of.to) {
            return self.word("1 = 0");
        }
        self.word("EXISTS (SELECT 1 FROM (SELECT ").conversion(of).word(" AS ").ident(&value);
        self.word(") WHERE NOT (").sqlite_check(&value, of.to).word("))")
    }

    /// A value as text, without spaces around it.
    fn trimmed(&mut self, column: &Ident) -> &mut Self {
        self.word("trim(CAST(").ident(column).word(" AS text))")
    }

    fn postgres_misfit(&mut self, column: &Ident, from: &T, to: &T) -> &mut Self {
        let textual = matches!(from, T::String { .. } | T::Text | T::Enum { .. });
        match to {
            T::Int | T::BigInt | T::Float | T::Decimal { .. } if textual => {
                let pattern = NUMBER[usize::from(matches!(to, T::Int | T::BigInt))];
                self.word("CASE WHEN ").trimmed(column).word(" ~ ").word(pattern).word(" THEN ");
                self.outside(to, &|w| {
                    w.trimmed(column).word("::numeric");
                });
                self.word(" ELSE TRUE END")
            }
            T::Int | T::BigInt | T::Float | T::Decimal { .. } => self.outside(to, &|w| {
                w.ident(column).word("::numeric");
            }),
            T::Date => self.unlike(column, DAY, true),
            T::Time => self.unlike(column, CLOCK, false),
            T::DateTime => self.unlike(column, MOMENT, true),
            T::Uuid => self.trimmed(column).word(" !~* '^[0-9a-f]{8}-?([0-9a-f]{4}-?){3}[0-9a-f]{12}$'"),
            T::Json => self
                .trimmed(column)
                .word(" !~ '^(\\{.*\\}|\\[.*\\]|\".*\"|-?\\d+(\\.\\d+)?([eE][+-]?\\d+)?|true|false|null)$'"),
            _ => self.word("FALSE"),
        }
    }

    /// Whether a text is not of a pattern, or begins like a day that the calendar does not have.
    fn unlike(&mut self, column: &Ident, pattern: &'static str, is_day: bool) -> &mut Self {
        self.word("CASE WHEN ").trimmed(column).word(" !~ ").word(pattern).word(" THEN TRUE ELSE ");
        if !is_day {
            return self.word("FALSE END");
        }
        // The days of the month: one before the first of the next.
        self.word("substr(").trimmed(column).word(", 9, 2)::integer > extract(day FROM make_date(substr(");
        self.trimmed(column).word(", 1, 4)::integer, substr(").trimmed(column);
        self.word(", 6, 2)::integer, 1) + interval '1 month' - interval '1 day') END")
    }

    /// Whether a number is outside what the type holds exactly.
    fn outside(&mut self, to: &T, number: &dyn Fn(&mut Self)) -> &mut Self {
        match to {
            T::Int => self.run(number).word(" NOT BETWEEN -2147483648 AND 2147483647"),
            T::BigInt => self.run(number).word(" NOT BETWEEN -9223372036854775808 AND 9223372036854775807"),
            T::Float => {
                self.word("CASE WHEN abs(").run(number).word(") > 1.7e308 OR (").run(number);
                self.word(" <> 0 AND abs(").run(number).word(") < 1e-307) THEN TRUE ELSE ");
                self.run(number).word(" <> ").run(number).word("::double precision::text::numeric END")
            }
            T::Decimal { precision, scale } => {
                self.word("(")
                    .run(number)
                    .word(" <> 'NaN' AND (round(")
                    .run(number)
                    .word(", ")
                    .number(*scale);
                self.word(") <> ").run(number).word(" OR abs(").run(number).word(") >= 10::numeric ^ ");
                self.number(*precision - *scale).word("))")
            }
            _ => self.word("FALSE"),
        }
    }

    fn sqlite_misfit(&mut self, column: &Ident, from: &T, to: &T) -> &mut Self {
        match to {
            T::Int if *from == T::BigInt => {
                self.ident(column).word(" NOT BETWEEN -2147483648 AND 2147483647")
            }
            T::Int | T::BigInt => {
                self.word("CAST(CAST(").trimmed(column).word(" AS INTEGER) AS TEXT) <> ").trimmed(column);
                match to {
                    T::Int => self
                        .word(" OR CAST(")
                        .trimmed(column)
                        .word(" AS INTEGER) NOT BETWEEN -2147483648 AND 2147483647"),
                    _ => self,
                }
            }
            T::Float => self.sqlite_not_float(column),
            // Without a modifier SQLite takes the 31st of any month.
            T::Date => self.trimmed(column).word(" IS NOT date(").trimmed(column).word(", '+0 days')"),
            T::Time => {
                self.word("time(").trimmed(column).word(") IS NULL OR ").trimmed(column);
                self.word(" NOT GLOB '[0-9][0-9]:[0-9][0-9]*'")
            }
            T::DateTime => {
                self.word("datetime(").trimmed(column).word(") IS NULL OR substr(").trimmed(column);
                self.word(", 1, 10) IS NOT date(substr(").trimmed(column).word(", 1, 10), '+0 days')")
            }
            T::Uuid => self.word("lower(").trimmed(column).word(") NOT GLOB ").word(UUID_GLOB),
            T::Json => self.word("NOT json_valid(").trimmed(column).word(")"),
            T::Decimal { precision, scale } => self.sqlite_not_decimal(column, *precision, *scale),
            _ => self.word("1 = 0"),
        }
    }

    /// Compared with a number, a text that is one as a whole becomes one; and more than fifteen digits are not kept.
    fn sqlite_not_float(&mut self, column: &Ident) -> &mut Self {
        self.word("CAST(").trimmed(column).word(" AS REAL) <> ").trimmed(column);
        self.word(" OR abs(CAST(")
            .trimmed(column)
            .word(" AS REAL)) > 1.7e308 OR length(ltrim(replace(replace(replace(");
        self.word("substr(lower(").trimmed(column).word("), 1, instr(lower(").trimmed(column);
        self.word(") || 'e', 'e') - 1), '.', ''), '-', ''), '+', ''), '0')) > 15")
    }

    fn sqlite_not_decimal(&mut self, column: &Ident, precision: u32, scale: u32) -> &mut Self {
        self.trimmed(column).word(" GLOB '*[^-0-9.]*' OR ").trimmed(column).word(" NOT GLOB '*[0-9]*' OR ");
        self.trimmed(column).word(" GLOB '?*-*' OR ").trimmed(column).word(" GLOB '*.*.*' OR ");
        self.word("length(ltrim(substr(").trimmed(column).word(" || '.', 1, instr(").trimmed(column);
        self.word(" || '.', '.') - 1), '-0')) > ").number(precision - scale).word(" OR ");
        self.word("length(rtrim(substr(").trimmed(column).word(" || '.', instr(").trimmed(column);
        self.word(" || '.', '.') + 1), '.0')) > ").number(scale)
    }

    fn run(&mut self, write: &dyn Fn(&mut Self)) -> &mut Self {
        write(self);
        self
    }
}

/// What PostgreSQL reads as a number, and as a whole one.
const NUMBER: [&str; 2] = ["'^[+-]?(\\d+\\.?\\d*|\\.\\d+)([eE][+-]?\\d{1,3})?$'", "'^[+-]?\\d+$'"];
/// A day that may be in the calendar.
const DAY: &str = "'^(?!0000)\\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\\d|3[01])$'";
/// A time of day, to the microsecond.
const CLOCK: &str = "'^(([01]\\d|2[0-3]):[0-5]\\d(:[0-5]\\d(\\.\\d{1,6})?)?|24:00(:00)?)$'";
/// A day, perhaps with a time and what that is ahead of Greenwich.
const MOMENT: &str = "'^(?!0000)\\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\\d|3[01])([T ]([01]\\d|2[0-3]):[0-5]\\d(:[0-5]\\d(\\.\\d{1,6})?)?)?(Z|[+-](0\\d|1[0-5])(:?[0-5]\\d)?)?$'";
/// Eight, three times four, and twelve hex digits.
const UUID_GLOB: &str = "replace('########-####-####-####-############', '#', '[0-9a-f]')";
/// The largest number here is the last before 2 to the power of 63 that a `REAL` can be.
const WITHIN_BIG_INT: &str = "BETWEEN -9223372036854775808.0 AND 9223372036854774784.0";
