//! A table that an entity is to have, and that is there already though Hookwright did not make it: told with what it is.

use hookwright_core::ident::{Ident, OrgName};
use hookwright_core::schema::{Schema, Table};

use crate::error::{Error, Result};
use crate::outcome::Reason;
use crate::tenant::Tenant;

/// What is in the way of the tables that a change makes.
pub(super) async fn found(tenant: &Tenant, before: &Schema, after: &Schema) -> Result<Vec<Reason>> {
    let made: Vec<_> =
        after.tables.values().filter(|table| !before.tables.contains_key(&table.name)).collect();
    if made.is_empty() {
        return Ok(Vec::new());
    }
    let there = tenant.db().inspect(None).await?.schema;
    // What was renamed away by the change itself is not in its own way.
    let stranger = |name: &Ident| !before.physical().tables.contains_key(name);
    let met = made.into_iter().filter(|table| stranger(&table.name));
    Ok(met.filter_map(|table| Some(reason(tenant.org(), table, there.table(&table.name)?))).collect())
}

/// The error of a change that failed because of one.
pub(super) fn error(reason: Reason) -> Error {
    Error::new("db/drifted", reason.message).coded(reason.code).help(reason.help)
}

fn reason(org: &OrgName, wanted: &Table, found: &Table) -> Reason {
    let name = wanted.name.as_str();
    let adopt = format!("take it into the metadata as it is: hookwright adopt --org {org} --entity {name}");
    let aside = format!(
        "move it away by hand: ALTER TABLE … RENAME TO \"{name}_old\"; or give the entity another name"
    );
    let (code, what, help) = match kin(wanted, found) {
        Kin::Identical => ("identical-table", "it is just what the entity calls for".to_owned(), adopt),
        Kin::Compatible(more) => {
            let what = format!("it has all that the entity calls for, and more: {more}");
            ("compatible-table", what, format!("{adopt}; or {aside}"))
        }
        Kin::Foreign(why) => {
            ("foreign-table", format!("it is something else: {why}"), format!("{aside}; or {adopt}"))
        }
    };
    Reason {
        code: format!("drift/{code}"),
        message: format!("the table \"{name}\" is there already, and Hookwright did not make it; {what}"),
        help,
    }
}

enum Kin {
    Identical,
    Compatible(String),
    Foreign(String),
}

fn kin(wanted: &Table, found: &Table) -> Kin {
    if wanted == found {
        return Kin::Identical;
    }
    let quoted = |names: Vec<&Ident>| {
        names.iter().map(|name| format!("\"{}\"", name.as_str())).collect::<Vec<_>>().join(", ")
    };
    let missing: Vec<_> = wanted.columns.keys().filter(|name| found.column(name).is_none()).collect();
    if !missing.is_empty() {
        return Kin::Foreign(format!("it has no {}", quoted(missing)));
    }
    let differs = wanted.columns.values().filter(|column| {
        found
            .column(&column.name)
            .is_some_and(|f| f.ty != column.ty || f.unread.is_some() || f.nullable != column.nullable)
    });
    let differs: Vec<_> = differs.map(|column| &column.name).collect();
    if !differs.is_empty() {
        return Kin::Foreign(format!("of another type, or NULL otherwise, is {}", quoted(differs)));
    }
    let more: Vec<_> = found.columns.keys().filter(|name| wanted.column(name).is_none()).collect();
    match more.is_empty() {
        true => Kin::Compatible("constraints, indexes or defaults".to_owned()),
        false => Kin::Compatible(quoted(more)),
    }
}
