//! Intents on a column's type.

use super::IntentError;
use super::support::{expression, not_computed_from, not_counted, on_column, valid_type};
use crate::conversion::{Conversion, Using, conversion};
use crate::field_type::FieldType;
use crate::ident::Ident;
use crate::model::{Fill, FillValue, Model};
use crate::schema::{BuriedColumn, Column, buried_name};

on_column! {
    /// Gives a column another type; its data is converted.
    ChangeType {
        /// The new type.
        ty: FieldType,
        /// How values are converted, if not the usual way.
        using: Option<Using>,
    }
}
on_column! {
    /// Sets the values of an `Enum` column.
    SetValues {
        /// All values, those that stay included.
        values: Vec<String>,
    }
}

impl ChangeType {
    /// Whether values may lose something, so that the old column is kept beside the new one.
    #[must_use]
    pub fn replaces(&self, from: &FieldType) -> bool {
        self.using.is_some() || conversion(from, &self.ty) == Conversion::Lossy
    }

    pub(super) fn apply(&self, model: &mut Model) -> Result<(), IntentError> {
        let old = model.column(&self.table, &self.column)?.clone();
        valid_type(&self.table, &self.column, &self.ty)?;
        self.check(model, &old)?;
        // A default that the new type cannot hold would fail at the next insert; it goes, as the review says.
        let default = old.default.clone().and_then(|d| d.retyped(&self.ty));
        let mut new = Column { ty: self.ty.clone(), default, ..old.clone() };
        // A default that could not be read goes with the type.
        new.read(true, true);
        let stored = model.column_origin(&self.table, &self.column).is_some();
        if stored && self.replaces(&old.ty) {
            return self.replace(model, old, new);
        }
        *model.column_mut(&self.table, &self.column)? = new;
        Ok(())
    }

    fn check(&self, model: &Model, old: &Column) -> Result<(), IntentError> {
        let wrong = |is: String, what, instead| {
            let (table, column) = (self.table.as_str().into(), self.column.as_str().into());
            Err(IntentError::WrongType { table, column, is, what, instead })
        };
        if old.generated.is_some() {
            let instead = "drop the column and add it anew with the other type";
            return wrong("generated".into(), "its type cannot change", instead);
        }
        not_computed_from(model.table(&self.table)?, &self.column, "changing its type")?;
        not_counted(model, &self.table, &self.column, "another type")?;
        match &self.using {
            None => Ok(()),
            Some(Using::Expression(of)) => expression(model, &self.table, of),
            Some(Using::Named(named)) if named.converts(&old.ty, &self.ty) => Ok(()),
            Some(Using::Named(_)) => wrong(
                old.ty.describe(),
                "the named conversion has no meaning between it and the new type",
                "leave it out, or take another one: truncate (text to a shorter String), round (decimals to a coarser number), epoch-seconds (whole numbers and DateTime), unfit-to-null (where values may not fit)",
            ),
        }
    }

    /// The old column is buried, and a new one in its place is filled from it.
    fn replace(&self, model: &mut Model, old: Column, new: Column) -> Result<(), IntentError> {
        let (was, column) = (old.ty.clone(), &self.column);
        let table = model.table_mut(&self.table)?;
        let place = table.physical().columns.get_index_of(column).unwrap_or_default();
        let physical = buried_name(column, table.buried.keys());
        table.buried.values_mut().filter(|b| b.position > place).for_each(|b| b.position += 1);
        table.bury(physical.clone(), BuriedColumn::alone(old, place));
        if let Some(slot) = table.columns.get_mut(column) {
            *slot = new;
        }
        model.column_moved(&self.table, column, &physical);
        model.column_made(&self.table, column);
        let using = match self.using.clone() {
            Some(Using::Expression(e)) => Some(Using::Expression(e.renamed(column, &physical))),
            other => other,
        };
        let value = FillValue::Converted { from: physical, was, using };
        model.fill(Fill { table: self.table.clone(), column: column.clone(), value, only: None });
        Ok(())
    }
}

impl SetValues {
    pub(super) fn apply(&self, model: &mut Model) -> Result<(), IntentError> {
        let ty = FieldType::Enum { values: self.values.clone() };
        valid_type(&self.table, &self.column, &ty)?;
        let column = model.column_mut(&self.table, &self.column)?;
        if !matches!(column.ty, FieldType::Enum { .. }) {
            return Err(IntentError::WrongType {
                table: self.table.as_str().into(),
                column: self.column.as_str().into(),
                is: column.ty.describe(),
                what: "only an Enum has values",
                instead: "change its type to Enum with these values",
            });
        }
        column.default = column.default.take().and_then(|d| d.retyped(&ty));
        column.ty = ty;
        if column.is_unvalidated() {
            column.read(true, false);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{add_column, create, ident, model};
    use super::*;
    use crate::conversion::Named;
    use crate::schema::Schema;

    fn stored() -> Model {
        let mut first = model();
        create(&mut first, "t");
        add_column(&mut first, "t", "a");
        Model::new(Schema::clone(first.schema()).into())
    }

    fn change(ty: FieldType, using: Option<Using>) -> ChangeType {
        ChangeType { table: ident("t"), column: ident("a"), ty, using }
    }

    #[test]
    fn what_may_lose_values_keeps_the_old_column() {
        let mut model = stored();
        let cut = change(FieldType::String { length: 5 }, Some(Using::Named(Named::Truncate)));
        cut.apply(&mut model).expect("changed");
        let table = model.table(&ident("t")).expect("there");
        assert_eq!(table.column(&ident("a")).expect("there").ty, FieldType::String { length: 5 });
        let (physical, buried) = table.buried.first().expect("buried");
        assert_eq!((physical.as_str(), &buried.column.ty), ("hookwright_dropped_1_a", &FieldType::Text));
        assert_eq!(model.column_origin(&ident("t"), physical), Some(ident("a")));
        assert_eq!(model.column_origin(&ident("t"), &ident("a")), None);
        assert!(matches!(&model.fills()[0].value, FillValue::Converted { from, .. } if from == physical));
    }

    #[test]
    fn a_conversion_without_meaning_is_refused() {
        let mut model = stored();
        let round = change(FieldType::Boolean, Some(Using::Named(Named::Round)));
        assert_eq!(round.apply(&mut model).map_err(|e| e.code()), Err("intent/type"));
        assert!(model.fills().is_empty());
    }
}
