//! How much an intent asks for, so that thousands of large ones can be told from thousands of small ones.

use super::{AddColumn, ChangeType, CreateTable, Intent, SetValues};
use crate::conversion::Using;
use crate::expr::Expr;
use crate::field_type::FieldType;
use crate::model::FillValue;
use crate::schema::{Column, IndexKey};

impl Intent {
    /// The things that it comes to: one, and what it brings along (columns, values of an `Enum`, parts of expressions).
    #[must_use]
    pub fn size(&self) -> usize {
        let parts = match self {
            Self::CreateTable(CreateTable { columns, .. }) => columns.iter().map(column).sum(),
            Self::AddColumn(AddColumn { column: added, .. }) => column(added),
            Self::ChangeType(ChangeType { ty, using, .. }) => {
                let using = match using {
                    Some(Using::Expression(of)) => of.parts(),
                    Some(Using::Named(_)) | None => 0,
                };
                values(ty) + using
            }
            Self::SetValues(SetValues { values, .. }) => values.len(),
            Self::CreateIndex(create) => {
                let key = |key: &IndexKey| match key {
                    IndexKey::Column(_) => 1,
                    IndexKey::Expression(of) => of.parts(),
                };
                let predicate = create.index.predicate.as_ref().map_or(0, Expr::parts);
                create.index.keys.iter().map(key).sum::<usize>() + create.index.include.len() + predicate
            }
            Self::Backfill(fill) => {
                let value = match &fill.value {
                    FillValue::Expression(of) => of.parts(),
                    FillValue::Literal(_) | FillValue::Converted { .. } => 0,
                };
                value + fill.only.as_ref().map_or(0, Expr::parts)
            }
            Self::AddUnique(add) => add.columns.len(),
            Self::AddForeignKey(add) => add.columns.len(),
            Self::AddPrimaryKey(add) => add.columns.len(),
            Self::AddCheck(add) => add.expression.parts(),
            _ => 0,
        };
        1 + parts
    }
}

fn column(column: &Column) -> usize {
    1 + values(&column.ty) + column.generated.as_ref().map_or(0, Expr::parts)
}

fn values(ty: &FieldType) -> usize {
    ty.values().map_or(0, <[String]>::len)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_intent_brings_along_counts() {
        let size = |json| serde_json::from_value::<Intent>(json).expect("an intent").size();
        let column = |name: &str| serde_json::json!({"name": name, "ty": {"type": "Int"}, "nullable": true});
        let table = serde_json::json!({"intent": "create-table", "table": "t", "columns": [column("a"), column("b")], "primaryKey": []});
        assert_eq!(size(table), 3);
        let values =
            serde_json::json!({"intent": "set-values", "table": "t", "column": "a", "values": ["x", "y"]});
        assert_eq!(size(values), 3);
        assert_eq!(size(serde_json::json!({"intent": "drop-table", "table": "t"})), 1);
        let value = serde_json::json!({"expression": "a + 1"});
        let fill = serde_json::json!({"intent": "backfill", "table": "t", "column": "a", "value": value, "where": "a IS NULL"});
        assert_eq!(size(fill), 6);
        let using = serde_json::json!({"expression": "a + 1"});
        let change = serde_json::json!({"intent": "change-type", "table": "t", "column": "a", "ty": {"type": "Int"}, "using": using});
        assert_eq!(size(change), 4);
        let unique = serde_json::json!({"intent": "add-unique", "table": "t", "columns": ["a", "b"]});
        assert_eq!(size(unique), 3);
    }
}
