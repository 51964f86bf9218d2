//! What undoes each intent. A rollback carries the inverses of a change's intents out in reverse order.
//!
//! An inverse is found when the intent is proposed, from the model before it, so that it can say what was there:
//! definitions and names. Where it depends on the name under which something dropped is kept, it takes the model after
//! it too; only then is the one before copied.

use super::inverse_parts::{around, on_column, remade, rename_if};
use super::{AddCheck, CreateTable};
use super::{
    AddColumn, AddForeignKey, AddPrimaryKey, AddUnique, Backfill, ChangeType, CreateIndex, DropCheck,
    DropColumn, DropDefault, DropForeignKey, DropIndex, DropNotNull, DropPrimaryKey, DropTable, DropUnique,
    Intent, RenameCheck, RenameColumn, RenameForeignKey, RenameIndex, RenamePrimaryKey, RenameTable,
    RenameUnique, RestoreColumn, RestoreTable, SetComment, SetDefault, SetNotNull, SetValues,
};
use crate::ident::Ident;
use crate::model::Model;
use crate::schema::{Column, Table, names};
use crate::value::DefaultValue;

/// The intents that undo one, in order; or why none do.
pub type Inverse = Result<Vec<Intent>, &'static str>;

const ROWS_GONE: &str = "its rows are gone: the policy keeps nothing that is dropped";
const VALUES_GONE: &str = "its values are gone: the policy keeps nothing that is dropped";
const OVERWRITTEN: &str = "it wrote over values that are kept nowhere";
const PURGED: &str = "what is purged is gone for good";
const KEY_REPLACED: &str = "the old values are kept beside a primary key, which cannot be dropped";

impl Intent {
    /// What undoes it; none if that depends on what comes of it, see [`Intent::inverse_after`].
    #[must_use]
    pub fn inverse(&self, before: &Model) -> Option<Inverse> {
        if let Some(inverse) = within_new_table(self, before) {
            return Some(inverse);
        }
        let one = |intent: Intent| Ok(vec![intent]);
        Some(match self {
            Self::DropTable(_) | Self::DropColumn(_) | Self::ChangeType(_) => return None,
            Self::CreateTable(i) => one(Self::DropTable(DropTable { table: i.table.clone() })),
            Self::RenameTable(i) => one(rename_table(&i.to, &i.table)),
            Self::AddColumn(i) => one(drop_column(&i.table, &i.column.name)),
            Self::RenameColumn(i) => one(rename_column(&i.table, &i.to, &i.column)),
            Self::SetNotNull(i) => Ok(nullability(&i.table, &i.column, before)),
            Self::DropNotNull(i) => Ok(nullability(&i.table, &i.column, before)),
            Self::SetDefault(i) => Ok(default(&i.table, &i.column, before)),
            Self::DropDefault(i) => Ok(default(&i.table, &i.column, before)),
            Self::CreateIndex(i) => {
                one(Self::DropIndex(DropIndex { table: i.table.clone(), index: i.index.clone() }))
            }
            Self::DropIndex(i) => Ok(index(i, before)),
            Self::AddUnique(i) => {
                one(Self::DropUnique(DropUnique { table: i.table.clone(), columns: i.columns.clone() }))
            }
            Self::DropUnique(i) => Ok(unique(i, before)),
            // What was only validated stays so: rows that break it are not wanted back.
            Self::AddForeignKey(i) if i.validates(before) => Ok(Vec::new()),
            Self::AddCheck(i) if i.validates(before) => Ok(Vec::new()),
            Self::AddForeignKey(i) => one(drop_foreign_key(i)),
            Self::DropForeignKey(i) => Ok(foreign_key(&i.table, &i.columns, before)),
            Self::AddCheck(i) => {
                one(Self::DropCheck(DropCheck { table: i.table.clone(), name: i.name.clone() }))
            }
            Self::DropCheck(i) => Ok(check(i, before)),
            Self::SetValues(i) => Ok(values(i, before)),
            Self::SetComment(i) => one(Self::SetComment(comment(i, before))),
            Self::RestoreTable(i) => one(Self::DropTable(DropTable { table: i.table.clone() })),
            Self::RestoreColumn(i) => one(drop_column(&i.table, &i.column)),
            Self::AddPrimaryKey(i) => Ok(added_key(i, before)),
            Self::DropPrimaryKey(i) => Ok(key(i, before)),
            Self::RenamePrimaryKey(i) => Ok(key_name(i, before)),
            Self::RenameUnique(i) => Ok(unique_name(i, before)),
            Self::RenameForeignKey(i) => Ok(foreign_key_name(i, before)),
            Self::RenameCheck(i) => one(Self::RenameCheck(RenameCheck {
                table: i.table.clone(),
                name: i.to.clone(),
                to: i.name.clone(),
            })),
            Self::RenameIndex(i) => Ok(index_name(i, before)),
            Self::Backfill(i) => backfill(i, before),
            // Nobody wants rows back that a crash takes.
            Self::SetLogged(_) => Ok(Vec::new()),
            Self::PurgeTable(_) | Self::PurgeColumn(_) => Err(PURGED),
        })
    }

    /// What undoes it, with a look at what came of it.
    ///
    /// # Errors
    /// Why nothing does.
    pub fn inverse_after(&self, before: &Model, after: &Model) -> Inverse {
        match self {
            Self::DropTable(i) => drop_table(i, before, after),
            Self::DropColumn(i) => dropped_column(i, before, after),
            Self::ChangeType(i) => change_type(i, before, after),
            other => other.inverse(before).unwrap_or_else(|| Ok(Vec::new())),
        }
    }
}

/// What is done to a table that the same change makes goes with the table; only what others see is undone by itself.
fn within_new_table(intent: &Intent, before: &Model) -> Option<Inverse> {
    let table = intent.table();
    let whole = matches!(
        intent,
        Intent::CreateTable(_)
            | Intent::DropTable(_)
            | Intent::RenameTable(_)
            | Intent::RestoreTable(_)
            | Intent::PurgeTable(_)
            | Intent::AddForeignKey(_)
            | Intent::DropForeignKey(_)
    );
    (!whole && before.table(table).is_ok() && before.is_new(table)).then(|| Ok(Vec::new()))
}

fn rename_table(from: &Ident, to: &Ident) -> Intent {
    Intent::RenameTable(RenameTable { table: from.clone(), to: to.clone() })
}

fn rename_column(table: &Ident, from: &Ident, to: &Ident) -> Intent {
    Intent::RenameColumn(RenameColumn { table: table.clone(), column: from.clone(), to: to.clone() })
}

fn drop_column(table: &Ident, column: &Ident) -> Intent {
    Intent::DropColumn(DropColumn { table: table.clone(), column: column.clone() })
}

fn drop_foreign_key(key: &AddForeignKey) -> Intent {
    let (table, columns) = (key.table.clone(), key.columns.clone());
    Intent::DropForeignKey(DropForeignKey { table, columns })
}

fn drop_table(drop: &DropTable, before: &Model, after: &Model) -> Inverse {
    let known = &before.schema().buried;
    let kept = after
        .schema()
        .buried
        .iter()
        .find(|(name, b)| b.table.name == drop.table && !known.contains_key(*name));
    match (kept, before.table(&drop.table)) {
        (Some((name, _)), _) => {
            let (table, kept) = (drop.table.clone(), Some(name.clone()));
            Ok(vec![Intent::RestoreTable(RestoreTable { table, kept })])
        }
        // It was made in the same change: it had no rows.
        (None, Ok(table)) if before.is_new(&drop.table) => Ok(remade_table(table)),
        _ => Err(ROWS_GONE),
    }
}

fn remade_table(table: &Table) -> Vec<Intent> {
    let create = CreateTable {
        table: table.name.clone(),
        columns: table.columns.values().cloned().collect(),
        primary_key: table.primary_key.clone(),
        comment: table.comment.clone(),
    };
    let on_it = remade(table, |_| true);
    std::iter::once(Intent::CreateTable(create)).chain(on_it).collect()
}

/// The name under which a column is kept that was not kept before.
fn newly_kept(table: &Ident, column: &Ident, before: &Model, after: &Model) -> Option<Ident> {
    let (before, after) = (before.table(table).ok()?, after.table(table).ok()?);
    let new = |(name, b): &(&Ident, &crate::schema::BuriedColumn)| {
        b.column.name == *column && !before.buried.contains_key(*name)
    };
    after.buried.iter().find(new).map(|(name, _)| name.clone())
}

fn restore_column(table: &Ident, column: &Ident, kept: Ident) -> Intent {
    Intent::RestoreColumn(RestoreColumn { table: table.clone(), column: column.clone(), kept: Some(kept) })
}

fn dropped_column(drop: &DropColumn, before: &Model, after: &Model) -> Inverse {
    let (table, column) = (&drop.table, &drop.column);
    if let Some(kept) = newly_kept(table, column, before, after) {
        return Ok(vec![restore_column(table, column, kept)]);
    }
    let Some((of, was)) = before.table(table).ok().and_then(|t| Some((t, t.column(column)?))) else {
        return Err(VALUES_GONE);
    };
    // What is computed, or was made in the same change, had no values of its own.
    if was.generated.is_none() && before.column_origin(table, column).is_some() {
        return Err(VALUES_GONE);
    }
    let add = AddColumn { table: table.clone(), column: was.clone(), primary_key: false };
    Ok(std::iter::once(Intent::AddColumn(add)).chain(remade(of, on_column(column))).collect())
}

fn column<'m>(model: &'m Model, table: &Ident, name: &Ident) -> Option<&'m Column> {
    model.table(table).ok()?.column(name)
}

fn change_type(change: &ChangeType, before: &Model, after: &Model) -> Inverse {
    let (table, name) = (&change.table, &change.column);
    let Some(was) = column(before, table, name) else { return Ok(Vec::new()) };
    if let Some(kept) = newly_kept(table, name, before, after) {
        let key = before.table(table).is_ok_and(|t| t.primary_key.contains(name));
        let back = [drop_column(table, name), restore_column(table, name, kept)];
        return if key { Err(KEY_REPLACED) } else { Ok(around(before.schema(), table, name, back)) };
    }
    let (ty, using) = (was.ty.clone(), None);
    let back = Intent::ChangeType(ChangeType { table: table.clone(), column: name.clone(), ty, using });
    Ok(std::iter::once(back).chain(was.default.clone().map(|d| set_default(table, name, d))).collect())
}

fn set_default(table: &Ident, column: &Ident, value: DefaultValue) -> Intent {
    Intent::SetDefault(SetDefault { table: table.clone(), column: column.clone(), value })
}

fn nullability(table: &Ident, name: &Ident, before: &Model) -> Vec<Intent> {
    let (table, was) = (table.clone(), column(before, table, name));
    let back = was.map(|c| match c.nullable {
        true => Intent::DropNotNull(DropNotNull { table, column: name.clone() }),
        false => Intent::SetNotNull(SetNotNull { table, column: name.clone() }),
    });
    back.into_iter().collect()
}

fn default(table: &Ident, name: &Ident, before: &Model) -> Vec<Intent> {
    match column(before, table, name).and_then(|c| c.default.clone()) {
        Some(value) => vec![set_default(table, name, value)],
        None => vec![Intent::DropDefault(DropDefault { table: table.clone(), column: name.clone() })],
    }
}

fn index(drop: &DropIndex, before: &Model) -> Vec<Intent> {
    let Some(table) = before.table(&drop.table).ok() else { return Vec::new() };
    let found = table.indexes.iter().find(|i| i.shape == drop.index);
    let add = |index: &crate::schema::Index| {
        let columns: Vec<_> = drop.index.columns().into_iter().collect();
        let mut rest = before.schema().clone();
        if let Some(t) = rest.table_mut(&drop.table) {
            t.indexes.retain(|i| i.shape != drop.index);
        }
        let usual = names::index(&rest, &drop.table, &drop.index.key_columns().unwrap_or(columns));
        let create = CreateIndex { table: drop.table.clone(), index: drop.index.clone() };
        let (table, shape, to) = (drop.table.clone(), drop.index.clone(), index.name.clone());
        let rename = RenameIndex { table, index: shape, to };
        rename_if(Intent::CreateIndex(create), usual != index.name, Intent::RenameIndex(rename))
    };
    found.map(add).unwrap_or_default()
}

fn unique(drop: &DropUnique, before: &Model) -> Vec<Intent> {
    let Some(table) = before.table(&drop.table).ok() else { return Vec::new() };
    let found = table.uniques.iter().find(|u| u.columns == drop.columns);
    let add = |unique: &crate::schema::Unique| {
        let mut rest = before.schema().clone();
        if let Some(t) = rest.table_mut(&drop.table) {
            t.uniques.retain(|u| u.columns != drop.columns);
        }
        let usual = names::unique(&rest, &drop.table, &drop.columns);
        let (table, columns) = (drop.table.clone(), drop.columns.clone());
        let add = AddUnique { table: table.clone(), columns: columns.clone() };
        let rename = RenameUnique { table, columns, to: unique.name.clone() };
        rename_if(Intent::AddUnique(add), usual != unique.name, Intent::RenameUnique(rename))
    };
    found.map(add).unwrap_or_default()
}

pub(super) fn foreign_key(table: &Ident, columns: &[Ident], before: &Model) -> Vec<Intent> {
    before.table(table).map(|t| super::inverse_parts::foreign_key(t, columns)).unwrap_or_default()
}

fn check(drop: &DropCheck, before: &Model) -> Vec<Intent> {
    let found = before.table(&drop.table).ok().and_then(|t| t.checks.iter().find(|c| c.name == drop.name));
    let add = |check: &crate::schema::Check| {
        let (table, name, expression) = (drop.table.clone(), check.name.clone(), check.expression.clone());
        Intent::AddCheck(AddCheck { table, name, expression })
    };
    found.map(add).into_iter().collect()
}

fn values(set: &SetValues, before: &Model) -> Vec<Intent> {
    let Some(was) = column(before, &set.table, &set.column) else { return Vec::new() };
    let crate::field_type::FieldType::Enum { values } = &was.ty else { return Vec::new() };
    let (table, column, values) = (set.table.clone(), set.column.clone(), values.clone());
    let back = Intent::SetValues(SetValues { table, column, values });
    let default = was.default.clone().map(|d| set_default(&set.table, &set.column, d));
    std::iter::once(back).chain(default).collect()
}

fn comment(set: &SetComment, before: &Model) -> SetComment {
    let comment = match &set.column {
        Some(name) => column(before, &set.table, name).and_then(|c| c.comment.clone()),
        None => before.table(&set.table).ok().and_then(|t| t.comment.clone()),
    };
    SetComment { comment, ..set.clone() }
}

fn added_key(add: &AddPrimaryKey, before: &Model) -> Vec<Intent> {
    let drop = Intent::DropPrimaryKey(DropPrimaryKey { table: add.table.clone() });
    let optional = add.columns.iter().filter(|c| column(before, &add.table, c).is_some_and(|c| c.nullable));
    let loosen =
        optional.map(|c| Intent::DropNotNull(DropNotNull { table: add.table.clone(), column: c.clone() }));
    std::iter::once(drop).chain(loosen).collect()
}

fn key(drop: &DropPrimaryKey, before: &Model) -> Vec<Intent> {
    let Some(table) = before.table(&drop.table).ok() else { return Vec::new() };
    let mut rest = before.schema().clone();
    if let Some(t) = rest.table_mut(&drop.table) {
        (t.primary_key, t.primary_key_name) = (Vec::new(), None);
    }
    let usual = names::free_primary_key(&rest, &drop.table);
    let add = AddPrimaryKey { table: drop.table.clone(), columns: table.primary_key.clone() };
    let rename = RenamePrimaryKey { table: drop.table.clone(), to: table.key_name() };
    let renamed = usual != table.key_name();
    rename_if(Intent::AddPrimaryKey(add), renamed, Intent::RenamePrimaryKey(rename))
}

fn key_name(rename: &RenamePrimaryKey, before: &Model) -> Vec<Intent> {
    let name = before.table(&rename.table).ok().map(Table::key_name);
    let back = |to| Intent::RenamePrimaryKey(RenamePrimaryKey { table: rename.table.clone(), to });
    name.map(back).into_iter().collect()
}

fn unique_name(rename: &RenameUnique, before: &Model) -> Vec<Intent> {
    let table = before.table(&rename.table).ok();
    let was = table.and_then(|t| t.uniques.iter().find(|u| u.columns == rename.columns));
    was.map(|u| Intent::RenameUnique(RenameUnique { to: u.name.clone(), ..rename.clone() }))
        .into_iter()
        .collect()
}

fn foreign_key_name(rename: &RenameForeignKey, before: &Model) -> Vec<Intent> {
    let table = before.table(&rename.table).ok();
    let was = table.and_then(|t| t.foreign_keys.iter().find(|k| k.columns == rename.columns));
    let back = |to: Ident| Intent::RenameForeignKey(RenameForeignKey { to, ..rename.clone() });
    was.map(|k| back(k.name.clone())).into_iter().collect()
}

fn index_name(rename: &RenameIndex, before: &Model) -> Vec<Intent> {
    let table = before.table(&rename.table).ok();
    let was = table.and_then(|t| t.indexes.iter().find(|i| i.shape == rename.index));
    was.map(|i| Intent::RenameIndex(RenameIndex { to: i.name.clone(), ..rename.clone() }))
        .into_iter()
        .collect()
}

/// Values given where there were none stay; values that were written over are nowhere.
fn backfill(fill: &Backfill, before: &Model) -> Inverse {
    let made = before.column_origin(&fill.table, &fill.column).is_none();
    if made || fill.only.is_none() { Ok(Vec::new()) } else { Err(OVERWRITTEN) }
}
