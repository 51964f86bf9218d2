//! What several intents check, or are declared with.

use super::IntentError;
use super::error::list;
use crate::expr::Expr;
use crate::field_type::FieldType;
use crate::ident::Ident;
use crate::model::Model;
use crate::schema::Table;

/// An intent on one column: its table, the column, and what else it has.
macro_rules! on_column {
    ($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $ty:ty),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
        #[serde(rename_all = "camelCase")]
        pub struct $name {
            /// The table.
            pub table: Ident,
            /// The column.
            pub column: Ident,
            $($(#[$field_doc])* pub $field: $ty,)*
        }
    };
}

pub(super) use on_column;

pub(super) fn valid_type(table: &Ident, column: &Ident, ty: &FieldType) -> Result<(), IntentError> {
    ty.validate().map_err(|e| IntentError::Type {
        table: table.as_str().into(),
        column: column.as_str().into(),
        why: e.to_string(),
    })
}

pub(super) fn outside_key(table: &Table, column: &Ident, what: &'static str) -> Result<(), IntentError> {
    if table.primary_key.contains(column) {
        let (table, column) = (table.name.as_str().into(), column.as_str().into());
        return Err(IntentError::InPrimaryKey { table, column, what });
    }
    Ok(())
}

pub(super) fn not_counted(
    model: &Model,
    table: &Ident,
    column: &Ident,
    what: &'static str,
) -> Result<(), IntentError> {
    match model.column(table, column)?.is_counted() {
        true => {
            Err(IntentError::Counted { table: table.as_str().into(), column: column.as_str().into(), what })
        }
        false => Ok(()),
    }
}

/// The columns of an intent over several: known to the table, each once, at least one.
pub(super) fn known(
    model: &Model,
    table: &Ident,
    columns: &[Ident],
    what: &'static str,
) -> Result<(), IntentError> {
    let table = model.table(table)?;
    if columns.is_empty() {
        return Err(IntentError::NoColumns { what });
    }
    for (index, column) in columns.iter().enumerate() {
        if table.column(column).is_none() {
            return Err(IntentError::unknown_column(table, column));
        }
        if columns[..index].contains(column) {
            return Err(IntentError::ColumnTwice { what, column: column.as_str().into() });
        }
    }
    Ok(())
}

pub(super) fn on(what: &str, columns: &[Ident]) -> String {
    format!("{what} on {}", list(columns))
}

/// The columns of an expression are known to the table.
pub(super) fn expression(model: &Model, table: &Ident, of: &Expr) -> Result<(), IntentError> {
    let table = model.table(table)?;
    match of.columns().into_iter().find(|c| table.column(c).is_none()) {
        Some(stranger) => Err(IntentError::unknown_column(table, &stranger)),
        None => Ok(()),
    }
}

/// No generated column is computed from it.
pub(super) fn not_computed_from(
    table: &Table,
    column: &Ident,
    what: &'static str,
) -> Result<(), IntentError> {
    let generated: Vec<_> = table.computed_from(column).map(|c| c.name.clone()).collect();
    if generated.is_empty() {
        return Ok(());
    }
    let (table, column) = (table.name.as_str().into(), column.as_str().into());
    Err(IntentError::Computed { table, column, what, generated: list(&generated) })
}
