//! What a change is to make, and is there already though Hookwright did not make it: a table, or an index of the same
//! name. Told with what it is.

use std::collections::BTreeMap;

use hookwright_core::ddl::Dialect;
use hookwright_core::drift::index_in_words;
use hookwright_core::ident::{Ident, OrgName};
use hookwright_core::schema::{Index, IndexShape, Schema, Table};

use crate::db::{Foreign, ForeignKind, Inspected};
use crate::error::{Error, Result};
use crate::outcome::Reason;
use crate::tenant::Tenant;

/// What is in the way of the tables and indexes that a change makes.
pub(super) async fn found(tenant: &Tenant, before: &Schema, after: &Schema) -> Result<Vec<Reason>> {
    let made: Vec<_> =
        after.tables.values().filter(|table| !before.tables.contains_key(&table.name)).collect();
    let dialect = tenant.db().dialect();
    let (known, mut indexes) = (indexes(&before.physical(), dialect), indexes(after, dialect));
    indexes.retain(|name, _| !known.contains_key(name));
    if made.is_empty() && indexes.is_empty() {
        return Ok(Vec::new());
    }
    let there = tenant.db().inspect(None).await?;
    // What was renamed away by the change itself is not in its own way.
    let stranger = |name: &Ident| !before.physical().tables.contains_key(name);
    let met = made.into_iter().filter(|table| stranger(&table.name));
    let tables = met.filter_map(|table| match there.schema.table(&table.name) {
        Some(found) => Some(reason(tenant.org(), table, found)),
        None => viewed(tenant.org(), table, &there),
    });
    let met = in_the_way(tenant, after, &indexes, &there);
    Ok(tables.chain(met).collect())
}

/// Indexes by name, keys and unique constraints among them, each with its table and in words.
fn indexes(schema: &Schema, dialect: Dialect) -> BTreeMap<Ident, (Ident, String)> {
    let of = |table: &Table| {
        let uniques = table.uniques.iter().map(|unique| {
            let shape = IndexShape::on(&unique.columns, true);
            (unique.name.clone(), index_in_words(&Index::new(unique.name.clone(), shape)))
        });
        let key = (!table.primary_key.is_empty() && dialect == Dialect::Postgres).then(|| {
            let shape = IndexShape::on(&table.primary_key, true);
            (table.key_name(), index_in_words(&Index::new(table.key_name(), shape)))
        });
        let uniques = uniques.chain(key);
        let indexes = table.indexes.iter().map(|index| (index.name.clone(), index_in_words(index)));
        let own = |(name, words)| (name, (table.name.clone(), words));
        uniques.chain(indexes).map(own).collect::<Vec<_>>()
    };
    schema.tables.values().flat_map(|table| of(table)).collect()
}

/// Indexes of others that have the names of some that are to be made.
fn in_the_way(
    tenant: &Tenant,
    after: &Schema,
    wanted: &BTreeMap<Ident, (Ident, String)>,
    there: &Inspected,
) -> Vec<Reason> {
    let known = indexes(&there.schema, tenant.db().dialect());
    let unread = |name: &Ident| {
        let of_name = |f: &&Foreign| f.kind == ForeignKind::Index && f.name == name.as_str();
        there.foreign.iter().find(of_name).map(|foreign| foreign.table.clone())
    };
    let relation = |name: &Ident| {
        let of_name = |f: &&Foreign| f.is_relation() && f.name == name.as_str();
        let foreign = there.foreign.iter().find(of_name).map(|foreign| foreign.kind.as_str());
        foreign.or_else(|| there.schema.tables.contains_key(name).then_some("table"))
    };
    let met = |(name, (table, words)): (&Ident, &(Ident, String))| {
        let (on, is, drops) = match (known.get(name), unread(name)) {
            // A repair reaches what is on our own tables alone.
            (Some((on, is)), _) => {
                (on.as_str().to_owned(), format!(" ({is})"), after.tables.contains_key(on))
            }
            (None, Some(on)) => (on, String::new(), false),
            (None, None) => return Some(taken(tenant, table, words, name, relation(name)?)),
        };
        let (org, name) = (tenant.org(), name.as_str());
        let aside = match tenant.db().dialect() {
            Dialect::Postgres => {
                format!(
                    "give it another name by hand: ALTER INDEX \"{org}\".\"{name}\" RENAME TO \"{name}_old\""
                )
            }
            Dialect::Sqlite => {
                format!("drop it by hand, and make it again under another name: DROP INDEX \"{name}\"")
            }
        };
        let drop = format!("; or have it dropped: hookwright sync --org {org} --entity {on} --extras");
        Some(Reason {
            code: "drift/index-in-the-way".to_owned(),
            message: format!(
                "the index \"{name}\" on \"{}\" ({words}) cannot be made: there is an index of that name on \"{on}\"{is}, and Hookwright did not make it",
                table.as_str()
            ),
            help: if drops { aside + &drop } else { aside },
        })
    };
    wanted.iter().filter_map(met).collect()
}

/// The name of an index is that of a table or view.
fn taken(tenant: &Tenant, table: &Ident, words: &str, name: &Ident, kind: &str) -> Reason {
    let (table, name) = (table.as_str(), name.as_str());
    let aside = match (tenant.db().dialect(), kind) {
        // PostgreSQL renames views by these words, too.
        (Dialect::Postgres, _) => {
            format!("ALTER TABLE \"{}\".\"{name}\" RENAME TO \"{name}_old\"", tenant.org())
        }
        (Dialect::Sqlite, "table") => format!("ALTER TABLE \"{name}\" RENAME TO \"{name}_old\""),
        (Dialect::Sqlite, _) => format!("DROP VIEW \"{name}\", and make it again under another name"),
    };
    Reason {
        code: "drift/index-in-the-way".to_owned(),
        message: format!(
            "the index \"{name}\" on \"{table}\" ({words}) cannot be made: there is a {kind} of that name, and Hookwright did not make it"
        ),
        help: format!("move it away by hand: {aside}"),
    }
}

/// A view where a table is to be made.
fn viewed(org: &OrgName, table: &Table, there: &Inspected) -> Option<Reason> {
    let name = table.name.as_str();
    let kind = there.foreign.iter().find(|f| f.is_relation() && f.name == name)?.kind.as_str();
    Some(Reason {
        code: "drift/foreign-table".to_owned(),
        message: format!("there is a {kind} \"{name}\" already, and Hookwright did not make it"),
        help: format!("move it away by hand, or give the entity of {org} another name"),
    })
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
