//! A guest's intents as the core's. Each is read with the types that the intents before it leave.

use hookwright_core::conversion::{Named, Using};
use hookwright_core::field_type::FieldType;
use hookwright_core::ident::Ident;
use hookwright_core::intent as core;
use hookwright_core::intent::Intent;
use hookwright_core::model::FillValue;
use hookwright_core::schema::Schema;
use hookwright_core::value::DefaultValue;

use super::lift::{checked_type, column, default_value, expression, index, name, names, on_delete};
use super::types::Types;
use crate::sandbox::bindings::hookwright::hooks::intents as wit;
use crate::sandbox::bindings::hookwright::hooks::types as wit_types;
use crate::sandbox::fault::Fault;

/// Intents that are read before others get a turn.
const AT_ONCE: usize = 16;

/// Reads a guest's intents. `schema` is the model as the guest saw it.
///
/// # Errors
/// [`Fault::Malformed`], with the position and kind of the first intent that makes no sense.
pub async fn intents(list: Vec<wit::Intent>, schema: &Schema) -> Result<Vec<Intent>, Fault> {
    let mut types = Types::new(schema);
    let mut read = Vec::with_capacity(list.len());
    for (index, wish) in list.into_iter().enumerate() {
        // Thousands of long expressions take seconds: as a guest's, that time is for the lane of those that run long.
        if index % AT_ONCE == AT_ONCE - 1 {
            tokio::task::yield_now().await;
        }
        let kind = kind(&wish);
        let at = |what| Fault::malformed(format!("intent {} ({kind}): {what}", index + 1));
        let intent = intent(wish, &types).map_err(at)?;
        types.follow(&intent);
        read.push(intent);
    }
    Ok(read)
}

/// An intent that says no more than the column it is on.
macro_rules! on_one {
    ($kind:ident, $on:expr) => {{
        let (table, column) = on_column(&$on)?;
        Intent::$kind(core::$kind { table, column })
    }};
}

/// An intent that says no more than the columns it is on.
macro_rules! on_some {
    ($kind:ident, $on:expr) => {{
        let (table, columns) = on_columns(&$on)?;
        Intent::$kind(core::$kind { table, columns })
    }};
}

fn intent(wish: wit::Intent, types: &Types) -> Result<Intent, String> {
    use wit::Intent as W;
    Ok(match wish {
        W::CreateTable(i) => Intent::CreateTable(create_table(i)?),
        W::DropTable(table) => Intent::DropTable(core::DropTable { table: name(&table)? }),
        W::RenameTable(wit::RenameTable { table, to }) => {
            Intent::RenameTable(core::RenameTable { table: name(&table)?, to: name(&to)? })
        }
        W::AddColumn(wit::AddColumn { table, column: new, primary_key }) => {
            Intent::AddColumn(core::AddColumn { table: name(&table)?, column: column(new)?, primary_key })
        }
        W::DropColumn(on) => on_one!(DropColumn, on),
        W::RenameColumn(wit::RenameColumn { table, column, to }) => {
            let (table, column, to) = (name(&table)?, name(&column)?, name(&to)?);
            Intent::RenameColumn(core::RenameColumn { table, column, to })
        }
        W::ChangeType(wit::ChangeType { table, column, type_, using }) => {
            let (table, column, ty) = (name(&table)?, name(&column)?, checked_type(type_)?);
            let using = using.map(conversion).transpose()?;
            Intent::ChangeType(core::ChangeType { table, column, ty, using })
        }
        W::SetNotNull(on) => on_one!(SetNotNull, on),
        W::DropNotNull(on) => on_one!(DropNotNull, on),
        W::SetDefault(i) => Intent::SetDefault(set_default(i, types)?),
        W::DropDefault(on) => on_one!(DropDefault, on),
        W::SetValues(wit::SetValues { table, column, values }) => {
            let (table, column) = (name(&table)?, name(&column)?);
            Intent::SetValues(core::SetValues { table, column, values })
        }
        W::CreateIndex(wit::IndexRef { table, index: new }) => {
            Intent::CreateIndex(core::CreateIndex { table: name(&table)?, index: index(new)? })
        }
        W::DropIndex(wit::IndexRef { table, index: old }) => {
            Intent::DropIndex(core::DropIndex { table: name(&table)?, index: index(old)? })
        }
        W::AddUnique(on) => on_some!(AddUnique, on),
        W::DropUnique(on) => on_some!(DropUnique, on),
        W::AddForeignKey(i) => Intent::AddForeignKey(add_foreign_key(i)?),
        W::DropForeignKey(on) => on_some!(DropForeignKey, on),
        W::AddCheck(i) => Intent::AddCheck(add_check(i)?),
        W::DropCheck(wit::CheckRef { table, name: own }) => {
            Intent::DropCheck(core::DropCheck { table: name(&table)?, name: name(&own)? })
        }
        W::SetComment(i) => Intent::SetComment(set_comment(i)?),
        W::RestoreTable(table) => {
            Intent::RestoreTable(core::RestoreTable { table: name(&table)?, kept: None })
        }
        W::RestoreColumn(on) => {
            let (table, column) = on_column(&on)?;
            Intent::RestoreColumn(core::RestoreColumn { table, column, kept: None })
        }
        W::AddPrimaryKey(on) => on_some!(AddPrimaryKey, on),
        W::DropPrimaryKey(table) => Intent::DropPrimaryKey(core::DropPrimaryKey { table: name(&table)? }),
        W::Backfill(i) => Intent::Backfill(backfill(i, types)?),
        W::RenamePrimaryKey(_)
        | W::RenameUnique(_)
        | W::RenameForeignKey(_)
        | W::RenameCheck(_)
        | W::RenameIndex(_) => rename(wish)?,
    })
}

fn rename(wish: wit::Intent) -> Result<Intent, String> {
    use wit::Intent as W;
    Ok(match wish {
        W::RenameUnique(wit::RenameConstraint { table, columns, to }) => {
            let (table, columns, to) = (name(&table)?, names(&columns)?, name(&to)?);
            Intent::RenameUnique(core::RenameUnique { table, columns, to })
        }
        W::RenameForeignKey(wit::RenameConstraint { table, columns, to }) => {
            let (table, columns, to) = (name(&table)?, names(&columns)?, name(&to)?);
            Intent::RenameForeignKey(core::RenameForeignKey { table, columns, to })
        }
        W::RenameCheck(wit::RenameCheck { table, name: own, to }) => {
            Intent::RenameCheck(core::RenameCheck { table: name(&table)?, name: name(&own)?, to: name(&to)? })
        }
        W::RenameIndex(wit::RenameIndex { table, index: old, to }) => {
            let (table, index, to) = (name(&table)?, index(old)?, name(&to)?);
            Intent::RenameIndex(core::RenameIndex { table, index, to })
        }
        W::RenamePrimaryKey(wit::RenamePrimaryKey { table, to }) => {
            Intent::RenamePrimaryKey(core::RenamePrimaryKey { table: name(&table)?, to: name(&to)? })
        }
        other => return Err(format!("{} is no rename", kind(&other))),
    })
}

fn conversion(using: wit::Conversion) -> Result<Using, String> {
    use wit::Conversion as C;
    Ok(match using {
        C::Truncate => Using::Named(Named::Truncate),
        C::Round => Using::Named(Named::Round),
        C::EpochSeconds => Using::Named(Named::EpochSeconds),
        C::UnfitToNull => Using::Named(Named::UnfitToNull),
        C::Expression(text) => Using::Expression(expression(&text)?),
    })
}

fn backfill(intent: wit::Backfill, types: &Types) -> Result<core::Backfill, String> {
    let wit::Backfill { table, column, value, only } = intent;
    let (table, column) = (name(&table)?, name(&column)?);
    let value = match value {
        wit::FillValue::Literal(value) => FillValue::Literal(literal(value, types.of(&table, &column))?),
        wit::FillValue::Expression(text) => FillValue::Expression(expression(&text)?),
    };
    let only = only.as_deref().map(expression).transpose()?;
    Ok(core::Backfill { table, column, value, only })
}

fn create_table(intent: wit::CreateTable) -> Result<core::CreateTable, String> {
    let wit::CreateTable { table, columns, primary_key, comment } = intent;
    Ok(core::CreateTable {
        table: name(&table)?,
        columns: columns.into_iter().map(column).collect::<Result<_, _>>()?,
        primary_key: names(&primary_key)?,
        comment,
    })
}

fn set_default(intent: wit::SetDefault, types: &Types) -> Result<core::SetDefault, String> {
    let wit::SetDefault { table, column, value } = intent;
    let (table, column) = (name(&table)?, name(&column)?);
    let value = literal(value, types.of(&table, &column))?;
    Ok(core::SetDefault { table, column, value })
}

/// A value of a column's type. If there is no such column, the model will say so better than could be said here.
fn literal(value: wit_types::DefaultValue, ty: Option<&FieldType>) -> Result<DefaultValue, String> {
    match ty {
        Some(ty) => default_value(value, ty),
        None => Ok(untyped(value)),
    }
}

fn untyped(value: wit_types::DefaultValue) -> DefaultValue {
    match value {
        wit_types::DefaultValue::Boolean(b) => DefaultValue::Boolean(b),
        wit_types::DefaultValue::Integer(i) => DefaultValue::Integer(i),
        wit_types::DefaultValue::Number(x) => DefaultValue::Float(x),
        wit_types::DefaultValue::Text(text) => DefaultValue::Text(text),
        wit_types::DefaultValue::Now => DefaultValue::Now,
    }
}

fn add_foreign_key(intent: wit::AddForeignKey) -> Result<core::AddForeignKey, String> {
    let wit::AddForeignKey { table, foreign_key } = intent;
    let wit_types::ForeignKey { columns, table: to, target, on_delete: what } = foreign_key;
    Ok(core::AddForeignKey {
        table: name(&table)?,
        columns: names(&columns)?,
        to: name(&to)?,
        target: names(&target)?,
        on_delete: on_delete(what),
    })
}

fn add_check(intent: wit::AddCheck) -> Result<core::AddCheck, String> {
    let wit::AddCheck { table, name: own, expression } = intent;
    let expression = self::expression(&expression)?;
    Ok(core::AddCheck { table: name(&table)?, name: name(&own)?, expression })
}

fn set_comment(intent: wit::SetComment) -> Result<core::SetComment, String> {
    let wit::SetComment { table, column, comment } = intent;
    let column = column.map(|column| name(&column)).transpose()?;
    Ok(core::SetComment { table: name(&table)?, column, comment })
}

fn on_column(on: &wit::ColumnRef) -> Result<(Ident, Ident), String> {
    let wit::ColumnRef { table, column } = on;
    Ok((name(table)?, name(column)?))
}

fn on_columns(on: &wit::ColumnsRef) -> Result<(Ident, Vec<Ident>), String> {
    let wit::ColumnsRef { table, columns } = on;
    Ok((name(table)?, names(columns)?))
}

/// The intent's name, as the contract writes it.
fn kind(wish: &wit::Intent) -> core::IntentKind {
    use core::IntentKind as Kind;
    match wish {
        wit::Intent::CreateTable(_) => Kind::CreateTable,
        wit::Intent::DropTable(_) => Kind::DropTable,
        wit::Intent::RenameTable(_) => Kind::RenameTable,
        wit::Intent::AddColumn(_) => Kind::AddColumn,
        wit::Intent::DropColumn(_) => Kind::DropColumn,
        wit::Intent::RenameColumn(_) => Kind::RenameColumn,
        wit::Intent::ChangeType(_) => Kind::ChangeType,
        wit::Intent::SetNotNull(_) => Kind::SetNotNull,
        wit::Intent::DropNotNull(_) => Kind::DropNotNull,
        wit::Intent::SetDefault(_) => Kind::SetDefault,
        wit::Intent::DropDefault(_) => Kind::DropDefault,
        wit::Intent::CreateIndex(_) => Kind::CreateIndex,
        wit::Intent::DropIndex(_) => Kind::DropIndex,
        wit::Intent::AddUnique(_) => Kind::AddUnique,
        wit::Intent::DropUnique(_) => Kind::DropUnique,
        wit::Intent::AddForeignKey(_) => Kind::AddForeignKey,
        wit::Intent::DropForeignKey(_) => Kind::DropForeignKey,
        wit::Intent::AddCheck(_) => Kind::AddCheck,
        wit::Intent::DropCheck(_) => Kind::DropCheck,
        wit::Intent::SetValues(_) => Kind::SetValues,
        wit::Intent::SetComment(_) => Kind::SetComment,
        wit::Intent::RestoreTable(_) => Kind::RestoreTable,
        wit::Intent::RestoreColumn(_) => Kind::RestoreColumn,
        wit::Intent::AddPrimaryKey(_) => Kind::AddPrimaryKey,
        wit::Intent::DropPrimaryKey(_) => Kind::DropPrimaryKey,
        wit::Intent::RenamePrimaryKey(_) => Kind::RenamePrimaryKey,
        wit::Intent::RenameUnique(_) => Kind::RenameUnique,
        wit::Intent::RenameForeignKey(_) => Kind::RenameForeignKey,
        wit::Intent::RenameCheck(_) => Kind::RenameCheck,
        wit::Intent::RenameIndex(_) => Kind::RenameIndex,
        wit::Intent::Backfill(_) => Kind::Backfill,
    }
}
