//! One function for each thing a plugin may ask for; each returns an [`Intent`].
//!
//! Plugins call it. Pure: makes values, touches nothing. The host checks every intent.
use crate::bindings::hookwright::hooks::intents as wit;
pub use crate::bindings::hookwright::hooks::intents::{Conversion, CreateTable, FillValue, Intent};
use crate::{Column, DefaultValue, FieldType, ForeignKey, Index};

/// A new table, to be completed with [`CreateTable::column`] and the like. Its columns may also follow as [`add_column`].
pub fn create_table(table: impl Into<String>) -> CreateTable {
    CreateTable { table: table.into(), columns: Vec::new(), primary_key: Vec::new(), comment: None }
}

impl CreateTable {
    /// Adds a column.
    pub fn column(mut self, column: Column) -> Self {
        self.columns.push(column);
        self
    }

    /// Names the primary key's columns.
    pub fn primary_key<S: Into<String>>(mut self, columns: impl IntoIterator<Item = S>) -> Self {
        self.primary_key = strings(columns);
        self
    }

    /// Comments the table.
    pub fn comment(mut self, comment: impl Into<String>) -> Self {
        self.comment = Some(comment.into());
        self
    }
}

impl From<CreateTable> for Intent {
    fn from(table: CreateTable) -> Self {
        Self::CreateTable(table)
    }
}

/// Drops a table.
pub fn drop_table(table: impl Into<String>) -> Intent {
    Intent::DropTable(table.into())
}

/// Renames a table.
pub fn rename_table(table: impl Into<String>, to: impl Into<String>) -> Intent {
    Intent::RenameTable(wit::RenameTable { table: table.into(), to: to.into() })
}

/// Adds a column.
pub fn add_column(table: impl Into<String>, column: Column) -> Intent {
    Intent::AddColumn(wit::AddColumn { table: table.into(), column, primary_key: false })
}

/// Adds a column that is (part of) the primary key; only to a table made in the same change.
pub fn add_key_column(table: impl Into<String>, column: Column) -> Intent {
    Intent::AddColumn(wit::AddColumn { table: table.into(), column, primary_key: true })
}

/// Drops a column, and what is on it.
pub fn drop_column(table: impl Into<String>, column: impl Into<String>) -> Intent {
    Intent::DropColumn(column_ref(table, column))
}

/// Renames a column.
pub fn rename_column(table: impl Into<String>, column: impl Into<String>, to: impl Into<String>) -> Intent {
    Intent::RenameColumn(wit::RenameColumn { table: table.into(), column: column.into(), to: to.into() })
}

/// Gives a column another type. For the values of an enum see [`set_values`].
pub fn change_type(table: impl Into<String>, column: impl Into<String>, type_: FieldType) -> Intent {
    Intent::ChangeType(wit::ChangeType { table: table.into(), column: column.into(), type_, using: None })
}

/// Gives a column another type, with values converted otherwise than usual.
pub fn convert_type(
    table: impl Into<String>,
    column: impl Into<String>,
    type_: FieldType,
    using: Conversion,
) -> Intent {
    let using = Some(using);
    Intent::ChangeType(wit::ChangeType { table: table.into(), column: column.into(), type_, using })
}

/// Gives a column a value in the rows that have none.
pub fn backfill(table: impl Into<String>, column: impl Into<String>, value: FillValue) -> Intent {
    Intent::Backfill(wit::Backfill { table: table.into(), column: column.into(), value, only: None })
}

/// Gives a column a value in the rows that meet a condition.
pub fn backfill_where(
    table: impl Into<String>,
    column: impl Into<String>,
    value: FillValue,
    only: impl Into<String>,
) -> Intent {
    let only = Some(only.into());
    Intent::Backfill(wit::Backfill { table: table.into(), column: column.into(), value, only })
}

/// Brings back a dropped table that is still kept.
pub fn restore_table(table: impl Into<String>) -> Intent {
    Intent::RestoreTable(table.into())
}

/// Brings back a dropped column that is still kept, and what was on it.
pub fn restore_column(table: impl Into<String>, column: impl Into<String>) -> Intent {
    Intent::RestoreColumn(column_ref(table, column))
}

/// Makes columns the primary key of a table that has none.
pub fn add_primary_key<S: Into<String>>(
    table: impl Into<String>,
    columns: impl IntoIterator<Item = S>,
) -> Intent {
    Intent::AddPrimaryKey(columns_ref(table, columns))
}

/// Takes the primary key away; its columns stay.
pub fn drop_primary_key(table: impl Into<String>) -> Intent {
    Intent::DropPrimaryKey(table.into())
}

/// Gives the primary key another name (PostgreSQL only).
pub fn rename_primary_key(table: impl Into<String>, to: impl Into<String>) -> Intent {
    Intent::RenamePrimaryKey(wit::RenamePrimaryKey { table: table.into(), to: to.into() })
}

/// Gives the unique constraint on the columns another name.
pub fn rename_unique<S: Into<String>>(
    table: impl Into<String>,
    columns: impl IntoIterator<Item = S>,
    to: impl Into<String>,
) -> Intent {
    let (table, columns, to) = (table.into(), strings(columns), to.into());
    Intent::RenameUnique(wit::RenameConstraint { table, columns, to })
}

/// Gives the foreign key on the columns another name.
pub fn rename_foreign_key<S: Into<String>>(
    table: impl Into<String>,
    columns: impl IntoIterator<Item = S>,
    to: impl Into<String>,
) -> Intent {
    let (table, columns, to) = (table.into(), strings(columns), to.into());
    Intent::RenameForeignKey(wit::RenameConstraint { table, columns, to })
}

/// Gives a check another name.
pub fn rename_check(table: impl Into<String>, name: impl Into<String>, to: impl Into<String>) -> Intent {
    Intent::RenameCheck(wit::RenameCheck { table: table.into(), name: name.into(), to: to.into() })
}

/// Gives an index another name.
pub fn rename_index(table: impl Into<String>, index: Index, to: impl Into<String>) -> Intent {
    Intent::RenameIndex(wit::RenameIndex { table: table.into(), index, to: to.into() })
}

/// Makes a column required.
pub fn set_not_null(table: impl Into<String>, column: impl Into<String>) -> Intent {
    Intent::SetNotNull(column_ref(table, column))
}

/// Makes a column optional.
pub fn drop_not_null(table: impl Into<String>, column: impl Into<String>) -> Intent {
    Intent::DropNotNull(column_ref(table, column))
}

/// Gives a column a default.
pub fn set_default(
    table: impl Into<String>,
    column: impl Into<String>,
    value: impl Into<DefaultValue>,
) -> Intent {
    Intent::SetDefault(wit::SetDefault { table: table.into(), column: column.into(), value: value.into() })
}

/// Takes a column's default away.
pub fn drop_default(table: impl Into<String>, column: impl Into<String>) -> Intent {
    Intent::DropDefault(column_ref(table, column))
}

/// Creates an index.
pub fn create_index(table: impl Into<String>, index: Index) -> Intent {
    Intent::CreateIndex(index_ref(table, index))
}

/// Drops an index.
pub fn drop_index(table: impl Into<String>, index: Index) -> Intent {
    Intent::DropIndex(index_ref(table, index))
}

/// Makes the columns, together, unique.
pub fn add_unique<S: Into<String>>(table: impl Into<String>, columns: impl IntoIterator<Item = S>) -> Intent {
    Intent::AddUnique(columns_ref(table, columns))
}

/// Takes the uniqueness of the columns away.
pub fn drop_unique<S: Into<String>>(
    table: impl Into<String>,
    columns: impl IntoIterator<Item = S>,
) -> Intent {
    Intent::DropUnique(columns_ref(table, columns))
}

/// Makes columns refer to another table, or their own.
pub fn add_foreign_key(table: impl Into<String>, foreign_key: ForeignKey) -> Intent {
    Intent::AddForeignKey(wit::AddForeignKey { table: table.into(), foreign_key })
}

/// Takes the foreign key on the columns away.
pub fn drop_foreign_key<S: Into<String>>(
    table: impl Into<String>,
    columns: impl IntoIterator<Item = S>,
) -> Intent {
    Intent::DropForeignKey(columns_ref(table, columns))
}

/// Adds a named condition that each row must meet. The host parses it and allows simple expressions only.
pub fn add_check(table: impl Into<String>, name: impl Into<String>, expression: impl Into<String>) -> Intent {
    Intent::AddCheck(wit::AddCheck { table: table.into(), name: name.into(), expression: expression.into() })
}

/// Takes a named condition away.
pub fn drop_check(table: impl Into<String>, name: impl Into<String>) -> Intent {
    Intent::DropCheck(wit::CheckRef { table: table.into(), name: name.into() })
}

/// Replaces the values of an enum column.
pub fn set_values<S: Into<String>>(
    table: impl Into<String>,
    column: impl Into<String>,
    values: impl IntoIterator<Item = S>,
) -> Intent {
    Intent::SetValues(wit::SetValues { table: table.into(), column: column.into(), values: strings(values) })
}

/// Comments a table; `None` takes the comment away.
pub fn comment_table(table: impl Into<String>, comment: Option<&str>) -> Intent {
    Intent::SetComment(wit::SetComment {
        table: table.into(),
        column: None,
        comment: comment.map(Into::into),
    })
}

/// Comments a column; `None` takes the comment away.
pub fn comment_column(table: impl Into<String>, column: impl Into<String>, comment: Option<&str>) -> Intent {
    Intent::SetComment(wit::SetComment {
        table: table.into(),
        column: Some(column.into()),
        comment: comment.map(Into::into),
    })
}

fn column_ref(table: impl Into<String>, column: impl Into<String>) -> wit::ColumnRef {
    wit::ColumnRef { table: table.into(), column: column.into() }
}

fn index_ref(table: impl Into<String>, index: Index) -> wit::IndexRef {
    wit::IndexRef { table: table.into(), index }
}

fn columns_ref<S: Into<String>>(
    table: impl Into<String>,
    columns: impl IntoIterator<Item = S>,
) -> wit::ColumnsRef {
    wit::ColumnsRef { table: table.into(), columns: strings(columns) }
}

fn strings<S: Into<String>>(items: impl IntoIterator<Item = S>) -> Vec<String> {
    items.into_iter().map(Into::into).collect()
}
