//! What rows are filled with, for backfills and for conversions, on both databases.

use super::convert::Convert;
use super::{Dialect, Writer};
use crate::field_type::FieldType;
use crate::model::{Fill, FillValue};
use crate::schema::Table;

impl Writer<'_> {
    /// `UPDATE … SET "column" = value`
    pub(super) fn fill(&mut self, table: &Table, fill: &Fill) -> &mut Self {
        self.word("UPDATE ").relation(&table.name).word(" SET ").column(&fill.column).word(" = ");
        self.fill_value(table, fill)
    }

    /// What a row gets.
    pub(super) fn fill_value(&mut self, table: &Table, fill: &Fill) -> &mut Self {
        let ty = table.column(&fill.column).map_or(&FieldType::Text, |c| &c.ty);
        match &fill.value {
            FillValue::Literal(value) => self.default(value, ty),
            FillValue::Expression(expression) => self.expr(expression, table),
            FillValue::Converted { from, was, using } => {
                self.conversion(&Convert { column: from, from: was, to: ty, using: using.as_ref(), table })
            }
        }
    }

    /// The rows that still have to get it: none once it is done, so that it can be repeated.
    pub(super) fn unfilled(&mut self, table: &Table, fill: &Fill) -> &mut Self {
        let value = |w: &mut Self| {
            w.word("(").fill_value(table, fill).word(")");
        };
        let differs = self.differs();
        match (&fill.only, &fill.value) {
            (Some(only), _) => {
                self.expr(only, table).word(" AND ").ident(&fill.column).word(differs);
                value(self);
            }
            (None, FillValue::Converted { from, .. }) => {
                self.ident(from).word(" IS NOT NULL AND ").ident(&fill.column).word(differs);
                value(self);
            }
            (None, FillValue::Literal(_)) => drop(self.ident(&fill.column).word(" IS NULL")),
            (None, FillValue::Expression(_)) => {
                self.ident(&fill.column).word(" IS NULL AND ");
                value(self);
                self.word(" IS NOT NULL");
            }
        }
        self
    }

    fn differs(&self) -> &'static str {
        match self.dialect() {
            Dialect::Postgres => " IS DISTINCT FROM ",
            Dialect::Sqlite => " IS NOT ",
        }
    }
}
