//! Intents on indexes.

use serde::{Deserialize, Serialize};

use super::IntentError;
use super::error::list;
use super::support::{known, on};
use crate::field_type::FieldType;
use crate::ident::Ident;
use crate::model::Model;
use crate::schema::{Index, IndexKey, IndexMethod, IndexShape, Table};

/// A new index.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CreateIndex {
    /// The table.
    pub table: Ident,
    /// What the index is.
    #[serde(flatten)]
    pub index: IndexShape,
}

/// Removes an index.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DropIndex {
    /// The table.
    pub table: Ident,
    /// What the index is.
    #[serde(flatten)]
    pub index: IndexShape,
}

impl CreateIndex {
    pub(super) fn apply(&self, model: &mut Model) -> Result<(), IntentError> {
        let shape = &self.index;
        let columns: Vec<_> = shape.columns().into_iter().collect();
        sensible(model.table(&self.table)?, shape)?;
        known(model, &self.table, &columns, "an index")?;
        if model.table(&self.table)?.indexes.iter().any(|i| i.shape == *shape) {
            return Err(IntentError::already(&self.table, on("an index", &columns)));
        }
        let name = model.index_name(&self.table, &shape.key_columns().unwrap_or(columns));
        let table = model.table_gaining(&self.table, &name)?;
        table.indexes.push(Index::new(name, shape.clone()));
        table.sort();
        Ok(())
    }
}

impl DropIndex {
    pub(super) fn apply(&self, model: &mut Model) -> Result<(), IntentError> {
        let table = model.table_mut(&self.table)?;
        let found = table.indexes.iter().position(|i| i.shape == self.index);
        let columns: Vec<_> = self.index.columns().into_iter().collect();
        let missing = || IntentError::missing(&self.table, on("such index", &columns));
        table.indexes.remove(found.ok_or_else(missing)?);
        Ok(())
    }
}

/// Whether there can be such an index at all.
fn sensible(table: &Table, shape: &IndexShape) -> Result<(), IntentError> {
    let wrong = |why: String| Err(IntentError::Index { table: table.name.as_str().into(), why });
    if shape.keys.is_empty() {
        return Err(IntentError::NoColumns { what: "an index" });
    }
    if let Some(columns) = shape.key_columns() {
        let twice = columns.iter().enumerate().find(|(i, c)| columns[..*i].contains(c));
        if let Some((_, column)) = twice {
            return Err(IntentError::ColumnTwice { what: "an index", column: column.as_str().into() });
        }
    }
    let constant = |key: &IndexKey| matches!(key, IndexKey::Expression(e) if e.columns().is_empty());
    if shape.keys.iter().any(constant) {
        return wrong("one of its expressions names no column".into());
    }
    if shape.method == IndexMethod::Btree {
        return Ok(());
    }
    if shape.unique || !shape.include.is_empty() {
        return wrong(format!(
            "the method \"{}\" can neither be unique nor include columns",
            shape.method.as_str()
        ));
    }
    let columns = shape.key_columns().unwrap_or_default();
    let typed = |fits: fn(&FieldType) -> bool| {
        !columns.is_empty() && columns.iter().all(|c| table.column(c).is_some_and(|c| fits(&c.ty)))
    };
    match shape.method {
        IndexMethod::Hash if shape.keys.len() > 1 => {
            wrong(format!("the method \"hash\" takes one key, not {}", list(&columns)))
        }
        IndexMethod::Gin if !typed(|t| *t == FieldType::Json) => {
            wrong("the method \"gin\" is for columns of type Json".into())
        }
        IndexMethod::Brin if !typed(|t| !matches!(t, FieldType::Json | FieldType::Boolean)) => {
            wrong("the method \"brin\" is for columns with an order, and not for expressions".into())
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{add_column, create, ident, model};
    use super::*;

    fn index(shape: serde_json::Value) -> CreateIndex {
        let index = serde_json::from_value(shape).expect("a shape");
        CreateIndex { table: ident("t"), index }
    }

    #[test]
    fn the_same_index_is_made_once() {
        let mut model = model();
        create(&mut model, "t");
        let index = index(serde_json::json!({"keys": [{"column": "id"}]}));
        index.apply(&mut model).expect("made");
        assert_eq!(index.apply(&mut model).map_err(|e| e.code()), Err("intent/already-there"));
        DropIndex { table: ident("t"), index: index.index }.apply(&mut model).expect("dropped");
    }

    #[test]
    fn what_no_database_builds_is_refused() {
        let mut model = model();
        create(&mut model, "t");
        add_column(&mut model, "t", "a");
        for shape in [
            serde_json::json!({"keys": [{"column": "a"}, {"column": "id"}], "method": "hash"}),
            serde_json::json!({"keys": [{"column": "a"}], "method": "gin"}),
            serde_json::json!({"keys": [{"expression": "lower('x')"}]}),
            serde_json::json!({"keys": [{"column": "a"}], "method": "brin", "unique": true}),
        ] {
            let error = index(shape.clone()).apply(&mut model).expect_err("refused");
            assert_eq!(error.code(), "intent/index", "{shape}");
        }
        let good = serde_json::json!({"keys": [{"expression": "lower(a)"}], "unique": true, "where": "a IS NOT NULL", "include": ["id"]});
        index(good).apply(&mut model).expect("made");
        let name = &model.table(&ident("t")).expect("there").indexes[0].name;
        assert_eq!(name.as_str(), "t_a_id_idx");
    }
}
