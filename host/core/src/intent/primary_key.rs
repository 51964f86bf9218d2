//! Intents on the primary key of a table that exists.

use serde::{Deserialize, Serialize};

use super::IntentError;
use super::rename::free_relation;
use super::support::known;
use super::table::describe;
use crate::ident::Ident;
use crate::model::Model;

/// Makes columns the primary key. Those that may be NULL no longer may.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AddPrimaryKey {
    /// The table.
    pub table: Ident,
    /// The columns, in order.
    pub columns: Vec<Ident>,
}

/// Takes the primary key away; its columns stay, and stay NOT NULL.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DropPrimaryKey {
    /// The table.
    pub table: Ident,
}

/// Gives the primary key another name.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RenamePrimaryKey {
    /// The table.
    pub table: Ident,
    /// The constraint's new name.
    pub to: Ident,
}

impl AddPrimaryKey {
    pub(super) fn apply(&self, model: &mut Model) -> Result<(), IntentError> {
        known(model, &self.table, &self.columns, "a primary key")?;
        let there = model.table(&self.table)?;
        if !there.primary_key.is_empty() {
            let what = format!("the primary key {}", describe(there, &there.primary_key));
            return Err(IntentError::already(&self.table, what));
        }
        let name = there.primary_key_name.clone();
        let name = name.unwrap_or_else(|| model.primary_key_name(&self.table));
        let table = model.table_mut(&self.table)?;
        table.primary_key.clone_from(&self.columns);
        table.primary_key_name = Some(name);
        for column in &self.columns {
            if let Some(column) = table.columns.get_mut(column) {
                column.nullable = false;
            }
        }
        Ok(())
    }
}

impl DropPrimaryKey {
    pub(super) fn apply(&self, model: &mut Model) -> Result<(), IntentError> {
        let table = model.table(&self.table)?;
        let columns = table.primary_key.clone();
        if columns.is_empty() {
            return Err(IntentError::missing(&self.table, "primary key".into()));
        }
        let others = model.schema().references_to(&self.table);
        let own = table.foreign_keys.iter().filter(|k| k.table == self.table).map(|k| (table, k));
        let referring: Vec<_> = others
            .chain(own)
            .filter(|(_, key)| key.target == columns && !is_key_without(table, &columns))
            .map(|(table, key)| describe(table, &key.columns))
            .collect();
        if !referring.is_empty() {
            let dependents = format!("foreign keys on {} refer", referring.join(", "));
            let target = format!("the primary key of {}", self.table.as_str());
            return Err(IntentError::Referenced { target, dependents });
        }
        let table = model.table_mut(&self.table)?;
        table.primary_key.clear();
        table.primary_key_name = None;
        table.key_besides = None;
        Ok(())
    }
}

/// Whether the columns are a key by another constraint too.
fn is_key_without(table: &crate::schema::Table, columns: &[Ident]) -> bool {
    let bare = crate::schema::Table { primary_key: Vec::new(), ..table.clone() };
    bare.is_key(columns)
}

impl RenamePrimaryKey {
    pub(super) fn apply(&self, model: &mut Model) -> Result<(), IntentError> {
        if model.table(&self.table)?.primary_key.is_empty() {
            return Err(IntentError::missing(&self.table, "primary key".into()));
        }
        if model.table(&self.table)?.key_name() == self.to {
            return Ok(());
        }
        free_relation(model, &self.table, &self.to)?;
        model.table_mut(&self.table)?.primary_key_name = Some(self.to.clone());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{add_column, create, ident, model, refer};
    use super::*;

    #[test]
    fn a_key_is_taken_away_and_made_anew() {
        let mut model = model();
        create(&mut model, "t");
        add_column(&mut model, "t", "code");
        let add = AddPrimaryKey { table: ident("t"), columns: vec![ident("code")] };
        assert_eq!(add.apply(&mut model).map_err(|e| e.code()), Err("intent/already-there"));
        DropPrimaryKey { table: ident("t") }.apply(&mut model).expect("dropped");
        add.apply(&mut model).expect("added");
        let table = model.table(&ident("t")).expect("there");
        assert_eq!(table.primary_key, [ident("code")]);
        assert!(!table.column(&ident("code")).expect("there").nullable);
    }

    #[test]
    fn a_key_that_is_referred_to_stays() {
        let mut model = model();
        create(&mut model, "account");
        create(&mut model, "invoice");
        add_column(&mut model, "invoice", "account");
        refer(&mut model, "invoice", "account", "account");
        let error = DropPrimaryKey { table: ident("account") }.apply(&mut model).expect_err("refused");
        assert_eq!(error.code(), "intent/referenced");
    }
}
