//! What a change is to make, and is there already though Hookwright did not make it: a table, or an index of the same
//! name. Told with what it is.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use hookwright_core::ddl::Dialect;
use hookwright_core::drift::{Need, index_in_words};
use hookwright_core::ident::Ident;
use hookwright_core::schema::{Index, IndexShape, Schema, Table, names};

use crate::catalogue::entry;
use crate::db::{Foreign, ForeignKind, Inspected, Replaced, VIEW};
use crate::drift::{Site, quote};
use crate::error::{Error, Result};
use crate::outcome::Reason;
use crate::tenant::Tenant;

/// What is in the way of the tables and indexes that a change makes.
pub(super) async fn found(tenant: &Tenant, before: &Schema, after: &Schema) -> Result<Vec<Reason>> {
    let made: Vec<_> =
        after.tables.values().filter(|table| !before.tables.contains_key(&table.name)).collect();
    let (dialect, known) = (tenant.db().dialect(), before.physical());
    let mut indexes = indexes(after, dialect);
    let of_before = self::indexes(&known, dialect);
    indexes.retain(|name, _| !of_before.contains_key(name));
    let columns = coming(&known, after);
    if made.is_empty() && indexes.is_empty() && columns.is_empty() {
        return Ok(Vec::new());
    }
    let (site, there) = (Site::of(tenant), tenant.db().inspect(None).await?);
    // What was renamed away by the change itself is not in its own way.
    let met = made.into_iter().filter(|table| !known.tables.contains_key(&table.name));
    let restored = |table: &Table| before.buried.values().any(|buried| buried.table.name == table.name);
    let tables = met.filter_map(|table| match there.schema.table(&table.name) {
        Some(_) if restored(table) => Some(back(site, &table.name, &there)),
        Some(found) => Some(reason(site, table, found, &there)),
        None => viewed(site, table, &there),
    });
    let columns = columns.into_iter().filter_map(|(table, column)| of_others(site, table, column, &there));
    let met = in_the_way(tenant, after, &indexes, &there);
    Ok(tables.chain(columns).chain(met).collect())
}

/// Columns that come to tables that stay, each with its table.
fn coming<'s>(known: &Schema, after: &'s Schema) -> Vec<(&'s Ident, &'s Ident)> {
    let of = |table: &'s Arc<Table>| {
        let was = known.tables.get(&table.name).filter(|was| !Arc::ptr_eq(was, table));
        let new = |was: &Table| {
            let new = table.columns.keys().filter(|name| was.column(name).is_none());
            new.map(|column| (&table.name, column)).collect::<Vec<_>>()
        };
        was.map(|was| new(was)).unwrap_or_default()
    };
    after.tables.values().flat_map(of).collect()
}

/// A column of somebody's that has the name of one that comes.
fn of_others(site: Site<'_>, table: &Ident, column: &Ident, there: &Inspected) -> Option<Reason> {
    let names = there.columns(table);
    let is_it = |name: &&String| match site.dialect {
        Dialect::Postgres => *name == column.as_str(),
        Dialect::Sqlite => name.eq_ignore_ascii_case(column.as_str()),
    };
    let name = names.iter().find(is_it)?;
    let free = names::aside(column, |free| names.iter().any(|name| name.eq_ignore_ascii_case(free.as_str())));
    let (whole, to) = (site.whole(table.as_str()), quote(free.as_str()));
    Some(Reason {
        code: "db/name-taken".to_owned(),
        message: format!(
            "the column \"{}\" cannot come to \"{}\": there is a column {} already, and Hookwright did not make it",
            column.as_str(),
            table.as_str(),
            quote(name)
        ),
        help: format!(
            "give that another name by hand: ALTER TABLE {whole} RENAME COLUMN {} TO {to}",
            quote(name)
        ),
    })
}

/// A table of somebody's where one that was dropped would come back.
fn back(site: Site<'_>, table: &Ident, there: &Inspected) -> Reason {
    let name = table.as_str();
    Reason {
        code: "db/name-taken".to_owned(),
        message: format!(
            "the table \"{name}\" cannot come back: there is a table of that name already, and Hookwright did not make it"
        ),
        help: format!("move that away by hand: {}", site.aside(name, &there.aside(table), false)),
    }
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
            (None, None) => {
                let is = relation(name)?;
                let aside = Site::of(tenant).aside(name.as_str(), &there.aside(name), is == "view");
                return Some(taken(table, words, name, is, &aside));
            }
        };
        let (site, free) = (Site::of(tenant), there.aside(name));
        let (org, name) = (tenant.org(), name.as_str());
        let aside = match tenant.db().dialect() {
            Dialect::Postgres => format!(
                "give it another name by hand: ALTER INDEX {} RENAME TO {}",
                site.whole(name),
                quote(free.as_str())
            ),
            Dialect::Sqlite => {
                format!("drop it by hand, and make it again under another name: DROP INDEX {}", quote(name))
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
fn taken(table: &Ident, words: &str, name: &Ident, kind: &str, aside: &str) -> Reason {
    let (table, name) = (table.as_str(), name.as_str());
    Reason {
        code: "drift/index-in-the-way".to_owned(),
        message: format!(
            "the index \"{name}\" on \"{table}\" ({words}) cannot be made: there is a {kind} of that name, and Hookwright did not make it"
        ),
        help: format!("move it away by hand: {aside}"),
    }
}

/// A view where a table is to be made.
fn viewed(site: Site<'_>, table: &Table, there: &Inspected) -> Option<Reason> {
    let name = table.name.as_str();
    let kind = there.foreign.iter().find(|f| f.is_relation() && f.name == name)?.kind;
    let aside = site.aside(name, &there.aside(&table.name), kind == ForeignKind::View);
    Some(Reason {
        code: "drift/foreign-table".to_owned(),
        message: format!("there is a {} \"{name}\" already, and Hookwright did not make it", kind.as_str()),
        help: format!("move it away by hand: {aside}; or give the entity of {} another name", site.org),
    })
}

/// What has the names of tables that a change alters, and is none that can be altered.
pub(super) async fn replaced(
    tenant: &Tenant,
    altered: &BTreeSet<Ident>,
    columns: &BTreeSet<Ident>,
) -> Result<Vec<Reason>> {
    let found = tenant.db().replaced(altered, columns).await?;
    if found.is_empty() {
        return Ok(Vec::new());
    }
    let (site, there) = (Site::of(tenant), tenant.db().inspect(None).await?);
    let reason = |replaced: Replaced| {
        let Replaced { name, is, needs } = replaced;
        let needs = needs.unwrap_or_else(|| Need::Aside(there.aside(&name)));
        let by_hand = site.needed(name.as_str(), &needs, is == VIEW).unwrap_or_default();
        let (org, name) = (site.org, name.as_str());
        Reason {
            code: "drift/replaced-table".to_owned(),
            message: format!("what is called \"{name}\" is no table that can be changed: {is}"),
            help: format!("by hand: {by_hand}; then see what differs: hookwright drift --org {org}"),
        }
    };
    Ok(found.into_iter().map(reason).collect())
}

/// What a change brings back, or has go for good, that is kept no more: somebody took it away by hand.
pub(super) async fn lost(tenant: &Tenant, before: &Schema, after: &Schema) -> Result<Vec<Reason>> {
    let columns = before.tables.values().flat_map(|table| {
        let after = after.tables.get(&table.name);
        let goes = move |kept: &&Ident| after.is_some_and(|after| !after.buried.contains_key(*kept));
        table.buried.iter().filter(move |(kept, _)| goes(kept)).map(move |(kept, was)| (table, kept, was))
    });
    let tables = before.buried.iter().filter(|(kept, _)| !after.buried.contains_key(*kept));
    let (columns, tables): (Vec<_>, Vec<_>) = (columns.collect(), tables.collect());
    if columns.is_empty() && tables.is_empty() {
        return Ok(Vec::new());
    }
    let there = tenant.db().inspect(None).await?;
    let org = tenant.org();
    let reason = |what: String, kept: &Ident, table: &Ident, anew: &str| Reason {
        code: "drift/missing-kept".to_owned(),
        message: format!(
            "{what}, which was dropped and kept as \"{}\", is not in the database any more: others than Hookwright took it away",
            kept.as_str()
        ),
        help: format!(
            "it cannot come back; have it forgotten: hookwright sync --org {org} --entity {}; then make the {anew} anew, and take what was in it from a backup",
            table.as_str()
        ),
    };
    let has = |table: &Ident, kept: &Ident| {
        let all = there.columns(table);
        // Of a table that is not there by its name, nothing is known.
        all.is_empty() || all.iter().any(|column| column == kept.as_str())
    };
    let columns = columns.into_iter().filter(|(table, kept, _)| !has(&table.name, kept));
    let columns = columns.map(|(table, kept, was)| {
        let what = format!("the column \"{}\" of \"{}\"", was.column.name.as_str(), table.name.as_str());
        reason(what, kept, &table.name, "field")
    });
    let tables = tables.into_iter().filter(|(kept, _)| there.schema.table(kept).is_none());
    let tables = tables.map(|(kept, was)| {
        let name = &was.table.name;
        reason(format!("the table \"{}\"", name.as_str()), kept, name, "entity")
    });
    Ok(columns.chain(tables).collect())
}

/// The error of a change that failed because of one.
pub(super) fn error(reason: Reason) -> Error {
    let kind = entry(&reason.code).map_or("db/drifted", |entry| entry.code);
    Error::new(kind, reason.message).coded(reason.code).help(reason.help)
}

fn reason(site: Site<'_>, wanted: &Table, found: &Table, there: &Inspected) -> Reason {
    let (org, name) = (site.org, wanted.name.as_str());
    let adopt = format!("take it into the metadata as it is: hookwright adopt --org {org} --entity {name}");
    let aside = site.aside(name, &there.aside(&wanted.name), false);
    let aside = format!("move it away by hand: {aside}; or give the entity another name");
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
