//! How each type is written in each dialect.

use super::{Dialect, Writer};
use crate::field_type::FieldType;
use crate::ident::{Ident, OrgName};
use crate::schema::{Column, Table};
use crate::value::DefaultValue;

/// SQLite's storage class for a type.
pub(super) fn storage(ty: &FieldType) -> &'static str {
    match ty {
        FieldType::Int | FieldType::BigInt | FieldType::Boolean => "INTEGER",
        FieldType::Float => "REAL",
        FieldType::Bytes => "BLOB",
        _ => "TEXT",
    }
}

impl Writer<'_> {
    /// PostgreSQL's name of a type.
    pub(super) fn postgres_type(&mut self, ty: &FieldType) -> &mut Self {
        match ty {
            FieldType::String { length } => self.word("varchar(").number(*length).word(")"),
            FieldType::Decimal { precision, scale } => {
                self.word("numeric(").number(*precision).word(", ").number(*scale).word(")")
            }
            FieldType::Text | FieldType::Enum { .. } => self.word("text"),
            FieldType::Int => self.word("integer"),
            FieldType::BigInt => self.word("bigint"),
            FieldType::Float => self.word("double precision"),
            FieldType::Boolean => self.word("boolean"),
            FieldType::Date => self.word("date"),
            FieldType::Time => self.word("time"),
            FieldType::DateTime => self.word("timestamptz"),
            FieldType::Json => self.word("jsonb"),
            FieldType::Uuid => self.word("uuid"),
            FieldType::Bytes => self.word("bytea"),
        }
    }

    /// The type's storage class.
    pub(super) fn sqlite_type(&mut self, ty: &FieldType) -> &mut Self {
        self.word(storage(ty))
    }

    /// A column's definition: name, type, NOT NULL, default; on SQLite the type's check.
    pub(super) fn definition(&mut self, column: &Column, table: &Table, dialect: Dialect) -> &mut Self {
        self.column(&column.name).word(" ");
        match dialect {
            Dialect::Postgres => self.postgres_type(&column.ty),
            Dialect::Sqlite => self.sqlite_type(&column.ty),
        };
        if !column.nullable {
            self.word(" NOT NULL");
        }
        if let Some(default) = &column.default {
            self.word(" DEFAULT ").default(default, &column.ty);
        }
        if let Some(expression) = &column.generated {
            self.word(" GENERATED ALWAYS AS (").expr(expression, table).word(") STORED");
        }
        if dialect == Dialect::Sqlite && has_check(&column.ty) {
            self.word(" CHECK (").sqlite_check(&column.name, &column.ty).word(")");
        }
        self
    }

    /// The condition that keeps SQLite to a type it does not know.
    pub(super) fn sqlite_check(&mut self, name: &Ident, ty: &FieldType) -> &mut Self {
        match ty {
            FieldType::String { length } => self.word("length(").ident(name).word(") <= ").number(*length),
            FieldType::Int => self.ident(name).word(" BETWEEN -2147483648 AND 2147483647"),
            FieldType::Boolean => self.ident(name).word(" IN (0, 1)"),
            // NULL is no valid JSON to SQLite before 3.42.
            FieldType::Json => self.ident(name).word(" IS NULL OR json_valid(").ident(name).word(")"),
            FieldType::Date => self.ident(name).word(" IS date(").ident(name).word(")"),
            FieldType::Time => self.null_or(name, "time("),
            FieldType::DateTime => self.null_or(name, "datetime("),
            FieldType::Uuid => self.word("length(").ident(name).word(") = 36"),
            FieldType::Decimal { precision, scale } => self.sqlite_decimal(name, *precision, *scale),
            FieldType::Enum { values } => self.one_of(name, values),
            FieldType::Text | FieldType::BigInt | FieldType::Float | FieldType::Bytes => self,
        }
    }

    fn null_or(&mut self, name: &Ident, function: &'static str) -> &mut Self {
        self.ident(name).word(" IS NULL OR ").word(function).ident(name).word(") IS NOT NULL")
    }

    /// Digits, at most one point, a sign only in front; no more digits on either side of the point than the type has.
    fn sqlite_decimal(&mut self, name: &Ident, precision: u32, scale: u32) -> &mut Self {
        self.ident(name).word(" NOT GLOB '*[^-0-9.]*' AND ");
        self.ident(name).word(" GLOB '*[0-9]*' AND ");
        self.ident(name).word(" NOT GLOB '?*-*' AND ");
        self.ident(name).word(" NOT GLOB '*.*.*' AND ");
        self.word("length(ltrim(substr(").ident(name).word(" || '.', 1, instr(").ident(name);
        self.word(" || '.', '.') - 1), '-0')) <= ").number(precision - scale).word(" AND ");
        self.word("length(rtrim(substr(").ident(name).word(" || '.', instr(").ident(name);
        self.word(" || '.', '.') + 1), '.0')) <= ").number(scale)
    }

    /// `"c" IN ('a', 'b')`
    pub(super) fn one_of(&mut self, name: &Ident, values: &[String]) -> &mut Self {
        self.ident(name).word(" IN (").list(values, |w, value| {
            w.text(value);
        });
        self.word(")")
    }
}

pub(super) fn has_check(ty: &FieldType) -> bool {
    !matches!(ty, FieldType::Text | FieldType::BigInt | FieldType::Float | FieldType::Bytes)
}

/// The condition inside `CHECK (…)` of a SQLite column of that type, as this crate writes it.
#[must_use]
pub fn sqlite_column_check(column: &Ident, ty: &FieldType) -> Option<String> {
    let nowhere = OrgName::parse("x").ok().filter(|_| has_check(ty))?;
    let mut writer = Writer::new(Dialect::Sqlite, &nowhere);
    writer.sqlite_check(column, ty);
    Some(writer.finish("", None).sql().to_owned())
}

/// A type as PostgreSQL calls it, for statements that people are to run.
#[must_use]
pub fn postgres_type_name(ty: &FieldType) -> String {
    let Ok(nowhere) = OrgName::parse("x") else { return ty.describe() };
    let mut writer = Writer::new(Dialect::Postgres, &nowhere);
    writer.postgres_type(ty);
    writer.finish("", None).sql().to_owned()
}

/// Whether SQLite can add a column with this default without making the table anew.
pub(crate) fn is_constant(default: Option<&DefaultValue>) -> bool {
    !matches!(default, Some(DefaultValue::Now))
}
