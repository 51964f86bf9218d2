//! Intents on whole tables: create, drop, rename, comment.

use serde::{Deserialize, Serialize};

use super::IntentError;
use super::error::list;
use crate::ident::Ident;
use crate::model::Model;
use crate::schema::{Column, Table};

/// A new table. Columns may also follow, each as an [`super::AddColumn`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CreateTable {
    /// Its name.
    pub table: Ident,
    /// Its first columns.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub columns: Vec<Column>,
    /// The columns of its primary key.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub primary_key: Vec<Ident>,
    /// A note kept beside it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
}

/// Removes a table with its rows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DropTable {
    /// Its name.
    pub table: Ident,
}

/// Gives a table another name.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RenameTable {
    /// Its name so far.
    pub table: Ident,
    /// Its new name.
    pub to: Ident,
}

/// Sets or removes the comment of a table, or of a column of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SetComment {
    /// The table.
    pub table: Ident,
    /// The column, if the comment is on one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<Ident>,
    /// The comment; none removes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
}

impl CreateTable {
    pub(super) fn apply(&self, model: &mut Model) -> Result<(), IntentError> {
        table_name(&self.table)?;
        text("the comment", self.comment.as_deref())?;
        free(model, &self.table)?;
        let mut table = Table::new(self.table.clone());
        table.comment.clone_from(&self.comment);
        for column in &self.columns {
            super::column::place(&mut table, column.clone())?;
        }
        if let Some(stranger) = self.primary_key.iter().find(|c| table.column(c).is_none()) {
            return Err(IntentError::unknown_column(&table, stranger));
        }
        table.primary_key.clone_from(&self.primary_key);
        // A dropped table that is kept keeps the name of its key.
        let name = model.primary_key_name(&self.table);
        table.primary_key_name = Some(name).filter(|name| *name != table.key_name());
        model.insert_table(table);
        Ok(())
    }
}

impl DropTable {
    pub(super) fn apply(&self, model: &mut Model) -> Result<(), IntentError> {
        model.table(&self.table)?;
        let referring: Vec<_> =
            model.schema().references_to(&self.table).map(|(t, k)| describe(t, &k.columns)).collect();
        if !referring.is_empty() {
            let dependents = format!("foreign keys on {} refer", referring.join(", "));
            return Err(IntentError::Referenced { target: self.table.as_str().into(), dependents });
        }
        model.bury_table(&self.table)
    }
}

impl RenameTable {
    pub(super) fn apply(&self, model: &mut Model) -> Result<(), IntentError> {
        table_name(&self.to)?;
        model.table(&self.table)?;
        if !self.table.collides(&self.to) {
            free(model, &self.to)?;
        }
        model.rename_table(&self.table, &self.to)
    }
}

impl SetComment {
    pub(super) fn apply(&self, model: &mut Model) -> Result<(), IntentError> {
        text("the comment", self.comment.as_deref())?;
        let slot = match &self.column {
            Some(column) => &mut model.column_mut(&self.table, column)?.comment,
            None => &mut model.table_mut(&self.table)?.comment,
        };
        slot.clone_from(&self.comment);
        Ok(())
    }
}

pub(super) fn free(model: &mut Model, wanted: &Ident) -> Result<(), IntentError> {
    if !model.names_relation(wanted) {
        return Ok(());
    }
    match model.schema().colliding_table(wanted) {
        Some(t) => {
            Err(IntentError::TableExists { existing: t.name.as_str().into(), wanted: wanted.as_str().into() })
        }
        None => Ok(()),
    }
}

/// Refuses names that belong to the database or to the host.
pub(super) fn table_name(name: &Ident) -> Result<(), IntentError> {
    Ident::table(name.as_str()).map(drop).map_err(|e| IntentError::Name { why: e.to_string() })
}

pub(super) fn text(what: &'static str, text: Option<&str>) -> Result<(), IntentError> {
    crate::text::check(text).map_err(|why| IntentError::Text { what, why })
}

pub(super) fn describe(table: &Table, columns: &[Ident]) -> String {
    format!("\"{}\" ({})", table.name.as_str(), list(columns))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{add_column, create, ident, model};
    use super::*;

    #[test]
    fn a_name_is_taken_once_whatever_its_case() {
        let mut model = model();
        create(&mut model, "Invoice");
        let again =
            CreateTable { table: ident("invoice"), columns: vec![], primary_key: vec![], comment: None };
        assert_eq!(again.apply(&mut model).map_err(|e| e.code()), Err("intent/table-exists"));
    }

    #[test]
    fn a_rename_carries_the_references_along() {
        let mut model = model();
        create(&mut model, "account");
        create(&mut model, "invoice");
        add_column(&mut model, "invoice", "account");
        super::super::testing::refer(&mut model, "invoice", "account", "account");
        RenameTable { table: ident("account"), to: ident("client") }.apply(&mut model).expect("renamed");
        let invoice = model.table(&ident("invoice")).expect("there");
        assert_eq!(invoice.foreign_keys[0].table, ident("client"));
    }

    #[test]
    fn a_table_that_is_referred_to_stays() {
        let mut model = model();
        create(&mut model, "account");
        create(&mut model, "invoice");
        add_column(&mut model, "invoice", "account");
        super::super::testing::refer(&mut model, "invoice", "account", "account");
        let error = DropTable { table: ident("account") }.apply(&mut model).expect_err("refused");
        assert_eq!(
            error.to_string(),
            "foreign keys on \"invoice\" (\"account\") refer to \"account\"; take the reference away first"
        );
    }
}
