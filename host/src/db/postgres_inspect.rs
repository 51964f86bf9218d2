//! The physical schema of an organisation on PostgreSQL: four set queries over the catalogue, in one round trip.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use hookwright_core::ddl::Dialect;
use hookwright_core::expr::parse_printed;
use hookwright_core::field_type::FieldType;
use hookwright_core::ident::Ident;
use hookwright_core::schema::{
    COLLATE, Check, Column, ForeignKey, Index, IndexKey, IndexMethod, IndexShape, Table, Unique, Unread,
    names,
};
use hookwright_core::spec::OnDelete;
use sqlx::Row;
use sqlx::postgres::PgRow;

use super::Connections;
use super::gate::Script;
use super::inspect::{Foreign, ForeignKind, Inspected, Numbers, managed_table};
use super::postgres_type::{field_type, in_words, nearest};
use super::printed_default;
use super::replaced::{self, bond, parent};

/// Raw columns of the catalogue; an expression is asked for only where there is one, since printing it is what costs.
const RELATIONS: &str = concat!(
    "SELECT c.oid::int8, c.relname::text, c.relkind::text, d.description, ",
    parent!(),
    ", c.relpersistence = 'u', ",
    bond!(),
    ", (SELECT obj_description(oid, 'pg_namespace') FROM pg_namespace WHERE nspname = "
);
const RELATIONS_FROM: &str = ") FROM pg_class c \
    LEFT JOIN pg_description d ON d.objoid = c.oid AND d.classoid = 'pg_class'::regclass AND d.objsubid = 0 \
    WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND c.relnamespace = ";
const COLUMNS: &str = "; SELECT a.attrelid::int8, a.attnum, a.attname::text, t.typname::text, a.atttypmod, a.attnotnull, \
    CASE WHEN a.atthasdef THEN (SELECT pg_get_expr(f.adbin, f.adrelid) FROM pg_attrdef f WHERE f.adrelid = a.attrelid AND f.adnum = a.attnum) END, \
    a.attidentity <> '', d.description, a.attgenerated <> '', CASE WHEN a.attcollation <> t.typcollation THEN \
    (SELECT quote_ident(l.collname) FROM pg_collation l WHERE l.oid = a.attcollation) END FROM pg_class c \
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped \
    JOIN pg_type t ON t.oid = a.atttypid \
    LEFT JOIN pg_description d ON d.objoid = c.oid AND d.classoid = 'pg_class'::regclass AND d.objsubid = a.attnum \
    WHERE c.relkind = 'r' AND c.relnamespace = ";
const CONSTRAINTS: &str = "; SELECT c.conrelid::int8, c.conname::text, c.contype::text, c.conkey, c.confrelid::int8, c.confkey, \
    c.confdeltype::text, CASE c.contype WHEN 'c' THEN pg_get_expr(c.conbin, c.conrelid) WHEN 'x' THEN pg_get_constraintdef(c.oid) END, c.convalidated, \
    nullif(concat_ws(', ', CASE c.confupdtype WHEN 'c' THEN 'ON UPDATE CASCADE' \
    WHEN 'n' THEN 'ON UPDATE SET NULL' WHEN 'd' THEN 'ON UPDATE SET DEFAULT' WHEN 'r' THEN 'ON UPDATE RESTRICT' END, \
    CASE WHEN c.confmatchtype = 'f' THEN 'MATCH FULL' END, CASE WHEN c.condeferrable THEN 'DEFERRABLE' END, \
    CASE WHEN c.contype = 'c' AND c.connoinherit THEN 'NO INHERIT' END, CASE WHEN NOT c.convalidated THEN 'NOT VALID' END, \
    CASE WHEN c.contype = 'f' AND c.oid = ANY (ARRAY(SELECT t.tgconstraint FROM pg_trigger t WHERE t.tgconstraint <> 0 AND t.tgenabled IN ('D', 'R'))) THEN 'DISABLED' END, \
    CASE WHEN i.indnatts > i.indnkeyatts THEN 'INCLUDE' END, \
    CASE WHEN ";
const CONSTRAINTS_FROM: &str = " THEN 'NULLS NOT DISTINCT' END), '') FROM pg_constraint c \
    LEFT JOIN pg_index i ON i.indexrelid = c.conindid AND c.contype IN ('p', 'u') \
    WHERE c.conrelid <> 0 AND c.contype IN ('p', 'u', 'f', 'c', 'x') AND c.connamespace = ";
const INDEXES: &str = "; SELECT i.indrelid::int8, x.relname::text, i.indisunique, string_to_array(i.indkey::text, ' ')::int2[], \
    i.indnkeyatts, m.amname::text, pg_get_expr(i.indpred, i.indrelid), CASE WHEN i.indexprs IS NOT NULL THEN \
    ARRAY(SELECT pg_get_indexdef(i.indexrelid, n, false) FROM generate_series(1, i.indnkeyatts) n) END, \
    i.indisvalid, i.indoption::text !~ '[1-9]' AND NOT ";
const INDEXES_FROM: &str = " FROM pg_class x JOIN pg_index i ON i.indexrelid = x.oid JOIN pg_am m ON m.oid = x.relam \
    WHERE x.relkind = 'i' AND NOT EXISTS (SELECT FROM pg_constraint c WHERE c.conindid = x.oid AND c.contype IN ('p', 'u', 'x')) \
    AND x.relnamespace = ";

/// Whether a unique index takes NULLs for equal, which none did before PostgreSQL 15.
fn nulls_not_distinct(version: u32) -> &'static str {
    if version < 150_000 { "false" } else { "coalesce(i.indnullsnotdistinct, false)" }
}

fn script(org: &str, version: u32) -> Script {
    let mut script = Script::new(Dialect::Postgres);
    // Printing a definition waits for whoever has the table to itself.
    // Without a search path every name from outside the catalogue is printed with its schema.
    script.sql(
        "SET LOCAL transaction_isolation = 'repeatable read'; SET LOCAL transaction_read_only = on; SET LOCAL lock_timeout = '3s'; \
        SET LOCAL search_path = ''; SET LOCAL TimeZone = 'UTC'; SET LOCAL DateStyle = 'ISO'; ",
    );
    let equal_nulls = nulls_not_distinct(version);
    script.sql(RELATIONS).text(org);
    for query in [
        &[RELATIONS_FROM] as &[&'static str],
        &[COLUMNS],
        &[CONSTRAINTS, equal_nulls, CONSTRAINTS_FROM],
        &[INDEXES, equal_nulls, INDEXES_FROM],
    ] {
        for part in query {
            script.sql(part);
        }
        script.sql("(SELECT oid FROM pg_namespace WHERE nspname = ").text(org).sql(")");
    }
    script
}

pub(super) async fn inspect(
    pool: &Connections<sqlx::Postgres>,
    org: &str,
    managed: Option<&BTreeSet<Ident>>,
) -> sqlx::Result<Inspected> {
    let mut connection = pool.acquire().await?;
    let version = connection.server_version_num().unwrap_or_default();
    let results = script(org, version).postgres_results(&mut connection).await?;
    // The settings before the four queries have results too, without rows.
    let [.., relations, columns, constraints, indexes] = results.as_slice() else {
        return Err(sqlx::Error::RowNotFound);
    };
    let mut reader = Reader { managed, ..Default::default() };
    relations.iter().try_for_each(|row| reader.relation(row))?;
    let mark = relations.first().map(|row| row.try_get(7)).transpose()?.flatten();
    in_order(columns)?.into_iter().try_for_each(|row| reader.column(row))?;
    constraints.iter().try_for_each(|row| reader.constraint(row))?;
    indexes.iter().try_for_each(|row| reader.index(row))?;
    Ok(Inspected { mark, ..reader.finish() })
}

/// Columns by their place in their table. The server would sort the rows with all that is in them, on disk if they are many.
fn in_order(columns: &[PgRow]) -> sqlx::Result<Vec<&PgRow>> {
    let place = |row: &'_ PgRow| Ok::<(i64, i16), sqlx::Error>((row.try_get(0)?, row.try_get(1)?));
    let mut placed = columns.iter().map(|row| Ok((place(row)?, row))).collect::<sqlx::Result<Vec<_>>>()?;
    placed.sort_unstable_by_key(|(place, _)| *place);
    Ok(placed.into_iter().map(|(_, row)| row).collect())
}

#[derive(Default)]
struct Reader<'a> {
    managed: Option<&'a BTreeSet<Ident>>,
    /// By object id.
    tables: HashMap<i64, Table>,
    /// Names of the model's columns by table and number; foreign ones are missing.
    columns: HashMap<(i64, i16), Ident>,
    /// Those of them whose types the model has no word for.
    far: HashSet<(i64, i16)>,
    foreign: Vec<Foreign>,
    /// Tables that are none on their own.
    replaced: BTreeSet<Ident>,
}

impl Reader<'_> {
    fn finish(self) -> Inspected {
        let replaced = |name: &str| self.replaced.iter().any(|table| table.as_str() == name);
        let is_on = |foreign: &Foreign| !foreign.is_relation() && replaced(&foreign.table);
        let foreign = self.foreign.into_iter().filter(|foreign| !is_on(foreign)).collect();
        let names = self.tables.iter().map(|(id, table)| (*id, table.name.clone())).collect();
        let numbers = Numbers { tables: names, columns: self.columns };
        let mut inspected = Inspected { foreign, numbers, ..Inspected::default() };
        let tables = self.tables.into_values().filter(|table| !self.replaced.contains(&table.name));
        for mut table in tables {
            table.sort();
            inspected.schema.tables.insert(table.name.clone(), Arc::new(table));
        }
        inspected
    }

    fn relation(&mut self, row: &PgRow) -> sqlx::Result<()> {
        let (id, name, kind): (i64, String, String) = (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
        let ident = managed_table(&name, self.managed);
        let replaced = replaced::what(&kind, row.try_get(4)?, row.try_get(6)?);
        match (kind.as_str(), ident, replaced) {
            ("v" | "m", ..) => {
                self.foreign.push(Foreign::new(&name, ForeignKind::View, &name, "Hookwright makes no views"));
            }
            (_, ident, Some((is, needs))) => {
                self.foreign.push(Foreign { needs, ..Foreign::table(&name, is) });
                // What refers to it is read all the same.
                if let ("r", Some(ident)) = (kind.as_str(), ident) {
                    self.replaced.insert(ident.clone());
                    self.tables.insert(id, Table::new(ident));
                }
            }
            (_, Some(ident), None) => {
                let (comment, unlogged) = (row.try_get(3)?, row.try_get(5)?);
                let table = Table { comment, unlogged, ..Table::new(ident) };
                self.tables.insert(id, table);
            }
            (_, None, None) => self.foreign.push(Foreign::unnamed(&name, self.managed)),
        }
        Ok(())
    }

    fn note(&mut self, table: i64, kind: ForeignKind, name: &str, reason: impl Into<String>) {
        if let Some(table) = self.tables.get(&table) {
            self.foreign.push(Foreign::new(table.name.as_str(), kind, name, reason));
        }
    }

    fn column(&mut self, row: &PgRow) -> sqlx::Result<()> {
        let (id, number, name): (i64, i16, String) = (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
        let (ty, modifier): (String, i32) = (row.try_get(3)?, row.try_get(4)?);
        if !self.tables.contains_key(&id) {
            return Ok(());
        }
        let exact = field_type(&ty, modifier).map(|ty| (ty, None, false));
        let near = || nearest(&ty, modifier).map(|(ty, called)| (ty, Some(called), false));
        let known = exact.or_else(near).unwrap_or_else(|| (FieldType::Text, Some(in_words(&ty)), true));
        let ident = Ident::parse(&name).ok();
        let (Some(ident), (ty, mut unread_type, far)) = (ident, known) else {
            let reason = format!("its name is none that a field can have (type {ty})");
            self.note(id, ForeignKind::Column, &name, reason);
            return Ok(());
        };
        if let Some(collation) = row.try_get::<Option<String>, _>(10)? {
            let called = unread_type.unwrap_or_else(|| ty.describe());
            unread_type = Some(format!("{called}{COLLATE}{collation}"));
        }
        let is_identity: bool = row.try_get(7)?;
        let printed =
            row.try_get::<Option<String>, _>(6)?.or_else(|| is_identity.then(|| Unread::COUNTED.to_owned()));
        let generated = printed.as_deref().filter(|_| row.get::<bool, _>(9)).map(parse_printed);
        if let Some(Err(error)) = &generated {
            self.note(id, ForeignKind::Column, &name, format!("the model cannot express it: {error}"));
            return Ok(());
        }
        let generated = generated.and_then(Result::ok);
        let printed = printed.filter(|_| generated.is_none());
        let (default, unread_default) = match printed.map(|text| (printed_default::parse(&text, &ty), text)) {
            None => (None, None),
            Some((Ok(default), _)) => (default, None),
            Some((Err(()), text)) => (None, Some(text)),
        };
        let unread = Unread { ty: unread_type, far, default: unread_default };
        let column = Column {
            unread: (unread != Unread::default()).then(|| Box::new(unread)),
            default,
            generated,
            nullable: !row.try_get::<bool, _>(5)?,
            comment: row.try_get(8)?,
            ..Column::new(ident.clone(), ty)
        };
        // What is built on a column of such a type is beyond the model, too.
        if far {
            self.far.insert((id, number));
        }
        self.columns.insert((id, number), ident.clone());
        if let Some(table) = self.tables.get_mut(&id) {
            table.columns.insert(ident, column);
        }
        Ok(())
    }

    fn idents(&self, table: i64, numbers: &[i16]) -> Option<Vec<Ident>> {
        numbers.iter().map(|number| self.near(table, *number)).collect()
    }

    /// The name of a column that things of the model can be on.
    fn near(&self, table: i64, number: i16) -> Option<Ident> {
        let place = (table, number);
        self.columns.get(&place).filter(|_| !self.far.contains(&place)).cloned()
    }

    fn constraint(&mut self, row: &PgRow) -> sqlx::Result<()> {
        let (id, name): (i64, String) = (row.try_get(0)?, row.try_get(1)?);
        if !self.tables.contains_key(&id) {
            return Ok(());
        }
        if self.known_constraint(row, id, &name)?.is_none() {
            let reason = match (row.try_get::<String, _>(2)?.as_str(), row.try_get::<Option<String>, _>(7)?) {
                ("x", Some(printed)) => printed,
                ("c", Some(printed)) => format!("CHECK ({printed})"),
                _ => "the model cannot express it".to_owned(),
            };
            self.note(id, ForeignKind::Constraint, &name, reason);
        }
        Ok(())
    }

    /// Puts a constraint in its table; none if the model cannot express it.
    fn known_constraint(&mut self, row: &PgRow, id: i64, name: &str) -> sqlx::Result<Option<()>> {
        let kind: String = row.try_get(2)?;
        let key: Option<Vec<i16>> = row.try_get(3)?;
        let Ok(name) = Ident::parse(name) else { return Ok(None) };
        let besides: Option<String> = row.try_get(9)?;
        if kind == "c" {
            let printed: Option<String> = row.try_get(7)?;
            return Ok(self.check(id, name, printed.as_deref().unwrap_or_default(), besides));
        }
        let Some(columns) = self.idents(id, &key.unwrap_or_default()) else { return Ok(None) };
        let foreign_key = if kind == "f" { self.foreign_key(row, &name, &columns)? } else { None };
        let Some(table) = self.tables.get_mut(&id) else { return Ok(None) };
        match (kind.as_str(), foreign_key) {
            ("p", _) => {
                table.primary_key = columns;
                table.primary_key_name = Some(name);
                table.key_besides = besides;
            }
            ("u", _) => table.uniques.push(Unique { name, columns, besides }),
            ("f", Some(key)) => table.foreign_keys.push(key),
            _ => return Ok(None),
        }
        Ok(Some(()))
    }

    fn foreign_key(&self, row: &PgRow, name: &Ident, columns: &[Ident]) -> sqlx::Result<Option<ForeignKey>> {
        let to: i64 = row.try_get(4)?;
        let mut besides: Option<String> = row.try_get(9)?;
        let target = self.idents(to, &row.try_get::<Option<Vec<i16>>, _>(5)?.unwrap_or_default());
        let on_delete = match row.try_get::<String, _>(6)?.as_str() {
            "a" | "r" => Some(OnDelete::Restrict),
            "c" => Some(OnDelete::Cascade),
            "n" => Some(OnDelete::SetNull),
            "d" => {
                let set = "ON DELETE SET DEFAULT".to_owned();
                besides = Some(besides.map_or_else(|| set.clone(), |more| format!("{set}, {more}")));
                Some(OnDelete::Restrict)
            }
            _ => None,
        };
        let parts = self.tables.get(&to).map(|t| t.name.clone()).zip(target).zip(on_delete);
        Ok(parts.map(|((table, target), on_delete)| ForeignKey {
            name: name.clone(),
            columns: columns.to_vec(),
            table,
            target,
            on_delete,
            besides,
        }))
    }

    fn check(&mut self, id: i64, name: Ident, printed: &str, besides: Option<String>) -> Option<()> {
        let check = Check { besides, ..Check::new(name, parse_printed(printed).ok()?) };
        let table = self.tables.get_mut(&id)?;
        let own = |c: &&mut Column| c.ty == FieldType::Text && names::values_check(&c.name) == check.name;
        let of_enum = table.columns.values_mut().find(own);
        match of_enum.and_then(|column| check.values(&column.name).map(|values| (column, values))) {
            Some((column, values)) => {
                column.ty = FieldType::Enum { values };
                column.default = column.default.take().and_then(|d| d.retyped(&column.ty));
                if let Some(besides) = &check.besides {
                    column.unread.get_or_insert_default().ty = Some(format!("Enum, {besides}"));
                }
            }
            None => table.checks.push(check),
        }
        Some(())
    }

    fn index(&mut self, row: &PgRow) -> sqlx::Result<()> {
        let (id, name): (i64, String) = (row.try_get(0)?, row.try_get(1)?);
        let (valid, plain): (bool, bool) = (row.try_get(8)?, row.try_get(9)?);
        let shape = if plain { self.shape(row, id)? } else { None };
        match (Ident::parse(&name).ok().zip(shape), self.tables.get_mut(&id)) {
            (_, None) => {}
            (Some((name, shape)), Some(table)) => {
                table.indexes.push(Index { broken: !valid, ..Index::new(name, shape) });
            }
            (None, Some(_)) => {
                self.note(id, ForeignKind::Index, &name, "the model cannot express it");
            }
        }
        Ok(())
    }

    /// What an index is; none if the model cannot express it.
    fn shape(&self, row: &PgRow, table: i64) -> sqlx::Result<Option<IndexShape>> {
        let numbers: Vec<i16> = row.try_get(3)?;
        let keys = usize::try_from(row.try_get::<i16, _>(4)?).unwrap_or_default().min(numbers.len());
        let method: String = row.try_get(5)?;
        let method = IndexMethod::ALL.iter().find(|m| m.as_str() == method);
        let predicate: Option<String> = row.try_get(6)?;
        let printed: Vec<String> = row.try_get::<Option<Vec<String>>, _>(7)?.unwrap_or_default();
        let key = |(position, number): (usize, &i16)| match (number, printed.get(position)) {
            (0, Some(expression)) => parse_printed(expression).ok().map(IndexKey::Expression),
            (0, None) => None,
            (number, _) => self.near(table, *number).map(IndexKey::Column),
        };
        let keys_read: Option<Vec<_>> = numbers[..keys].iter().enumerate().map(key).collect();
        let include = self.idents(table, &numbers[keys..]);
        let predicate = predicate.map(|text| parse_printed(&text)).transpose();
        let unique = row.try_get(2)?;
        let (Some(keys), Some(include), Some(method), Ok(predicate)) =
            (keys_read, include, method, predicate)
        else {
            return Ok(None);
        };
        Ok(Some(IndexShape { keys, unique, include, predicate, method: *method }))
    }
}
