//! Intents as tests write them: the JSON that the host itself keeps of them, its kind under `intent`.
//!
//! Only `lib.rs` reads them. Pure: makes values, touches nothing.
use hookwright_sdk::{DefaultValue, ForeignKey, Index, Intent, Rejection, intent};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::parts::{Action, Fill, Literal, NewColumn, Shape, Type, Using};

/// Any intent.
#[derive(Deserialize)]
pub struct Wish {
    intent: String,
    table: String,
    #[serde(flatten)]
    rest: Map<String, Value>,
}

impl Wish {
    /// The intent, if it is written as it should be.
    pub fn intent(self) -> Result<Intent, Rejection> {
        let (kind, rest) = (self.intent.clone(), Value::from(self.rest.clone()));
        let wrong =
            |what| Rejection::new("bad-wish", format!("\"{kind}\" cannot be read from {rest}: {what}"));
        self.read()
            .map_err(wrong)?
            .ok_or_else(|| Rejection::new("bad-wish", format!("nothing is called \"{kind}\"")))
    }

    fn read(mut self) -> serde_json::Result<Option<Intent>> {
        let table = std::mem::take(&mut self.table);
        let kind = std::mem::take(&mut self.intent);
        Ok(Some(match kind.as_str() {
            "create-table" => {
                let (columns, key): (Vec<NewColumn>, Vec<String>) =
                    (self.get("columns")?, self.get("primaryKey")?);
                let made = intent::create_table(table).primary_key(key);
                columns.into_iter().fold(made, |made, column| made.column(column.into())).into()
            }
            "drop-table" => intent::drop_table(table),
            "rename-table" => intent::rename_table(table, self.text("to")?),
            "add-column" => intent::add_column(table, self.get::<NewColumn>("column")?.into()),
            "drop-column" => intent::drop_column(table, self.text("column")?),
            "rename-column" => intent::rename_column(table, self.text("column")?, self.text("to")?),
            "change-type" => {
                let (column, ty) = (self.text("column")?, self.get::<Type>("ty")?.into());
                match self.get::<Option<Using>>("using")? {
                    None => intent::change_type(table, column, ty),
                    Some(using) => intent::convert_type(table, column, ty, using.into()),
                }
            }
            "set-not-null" => intent::set_not_null(table, self.text("column")?),
            "drop-not-null" => intent::drop_not_null(table, self.text("column")?),
            "set-default" => {
                let column = self.text("column")?;
                intent::set_default(table, column, DefaultValue::from(self.get::<Literal>("value")?))
            }
            "drop-default" => intent::drop_default(table, self.text("column")?),
            "set-values" => intent::set_values(table, self.text("column")?, self.texts("values")?),
            "set-comment" => {
                let comment: Option<String> = self.get("comment")?;
                match self.get::<Option<String>>("column")? {
                    None => intent::comment_table(table, comment.as_deref()),
                    Some(column) => intent::comment_column(table, column, comment.as_deref()),
                }
            }
            "backfill" => {
                let (column, value) = (self.text("column")?, self.get::<Fill>("value")?.into());
                match self.get::<Option<String>>("where")? {
                    None => intent::backfill(table, column, value),
                    Some(only) => intent::backfill_where(table, column, value, only),
                }
            }
            "restore-table" => intent::restore_table(table),
            "restore-column" => intent::restore_column(table, self.text("column")?),
            _ => return self.on_constraint(&kind, table),
        }))
    }

    fn on_constraint(mut self, kind: &str, table: String) -> serde_json::Result<Option<Intent>> {
        Ok(Some(match kind {
            "add-unique" => intent::add_unique(table, self.texts("columns")?),
            "drop-unique" => intent::drop_unique(table, self.texts("columns")?),
            "add-foreign-key" => {
                let key = ForeignKey::new(self.texts("columns")?, self.text("to")?, self.texts("target")?);
                intent::add_foreign_key(table, key.on_delete(self.get::<Action>("onDelete")?.into()))
            }
            "drop-foreign-key" => intent::drop_foreign_key(table, self.texts("columns")?),
            "add-check" => intent::add_check(table, self.text("name")?, self.text("expression")?),
            "drop-check" => intent::drop_check(table, self.text("name")?),
            "add-primary-key" => intent::add_primary_key(table, self.texts("columns")?),
            "drop-primary-key" => intent::drop_primary_key(table),
            "rename-primary-key" => intent::rename_primary_key(table, self.text("to")?),
            "rename-unique" => intent::rename_unique(table, self.texts("columns")?, self.text("to")?),
            "rename-foreign-key" => {
                intent::rename_foreign_key(table, self.texts("columns")?, self.text("to")?)
            }
            "rename-check" => intent::rename_check(table, self.text("name")?, self.text("to")?),
            "create-index" => intent::create_index(table, self.index()?),
            "drop-index" => intent::drop_index(table, self.index()?),
            "rename-index" => {
                let to = self.text("to")?;
                intent::rename_index(table, self.index()?, to)
            }
            _ => return Ok(None),
        }))
    }

    fn get<T: DeserializeOwned>(&mut self, key: &str) -> serde_json::Result<T> {
        serde_json::from_value(self.rest.remove(key).unwrap_or_default())
    }

    fn text(&mut self, key: &str) -> serde_json::Result<String> {
        self.get(key)
    }

    fn texts(&mut self, key: &str) -> serde_json::Result<Vec<String>> {
        self.get(key)
    }

    /// What an index is stands beside the table's name.
    fn index(self) -> serde_json::Result<Index> {
        Ok(serde_json::from_value::<Shape>(self.rest.into())?.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hookwright_sdk::FieldType;
    use hookwright_sdk::intent::{Conversion, FillValue};

    fn asked(json: &str) -> Result<Intent, Rejection> {
        serde_json::from_str::<Wish>(json).expect("a wish").intent()
    }

    #[test]
    fn they_are_read_as_they_are_written() {
        let index = r#"{"intent": "create-index", "table": "t", "keys": [{"expression": "lower(a)"}], "where": "b > 0"}"#;
        let wanted = Index::on_expression("lower(a)").only_where("b > 0");
        assert_eq!(asked(index), Ok(intent::create_index("t", wanted)));
        let fill = r#"{"intent": "backfill", "table": "t", "column": "a", "value": {"literal": "now"}}"#;
        let wanted = FillValue::Literal(DefaultValue::Now);
        assert_eq!(asked(fill), Ok(intent::backfill("t", "a", wanted)));
        let convert = r#"{"intent": "change-type", "table": "t", "column": "a", "ty": {"type": "Decimal", "precision": 9, "scale": 2}, "using": {"named": "round"}}"#;
        let wanted = intent::convert_type("t", "a", FieldType::decimal(9, 2), Conversion::Round);
        assert_eq!(asked(convert), Ok(wanted));
    }

    #[test]
    fn what_cannot_be_read_is_refused() {
        for wrong in
            [r#"{"intent": "drop-column", "table": "t"}"#, r#"{"intent": "drop-schema", "table": "t"}"#]
        {
            assert_eq!(asked(wrong).expect_err("refused").code, "bad-wish");
        }
    }
}
