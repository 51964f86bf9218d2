//! Asks PostgreSQL's catalogue what depends on something of a table, and was not made by Hookwright. `probe` calls it.
//!
//! The one row of the answer: whether there is anything, how much, and a description of each.

use super::{Dialect, Writer};
use crate::ident::Ident;
use crate::policy::Thing;
use crate::schema::{BURIED_PREFIX, Schema, names};

impl Writer<'_> {
    pub(super) fn dependents(&mut self, table: &Ident, on: &Thing, schema: &Schema) -> &mut Self {
        if self.dialect() == Dialect::Sqlite {
            return self.on_sqlite(table, on);
        }
        self.word("SELECT count(*) > 0, count(*), json_agg(what ORDER BY what)::text FROM (SELECT DISTINCT ");
        match on {
            // What the table computes for itself goes with it.
            Thing::Table => {
                let computed = " AND d.classid <> 'pg_catalog.pg_attrdef'::pg_catalog.regclass";
                self.on_columns().of(table).word(computed);
                self.word(" UNION SELECT ").foreign_references().of(table)
            }
            Thing::Column(column) => {
                self.on_columns().of(table).word(" AND a.attname = ").text(column.as_str())
            }
            Thing::Key(key) => self.on_key(key, table, schema),
            Thing::Required(column) => {
                self.on_required().of(table).word(" AND a.attname = ").text(column.as_str())
            }
            Thing::Along(column) => self.on_column(column, table, schema),
            Thing::Users(column) => self.users(table, column.as_ref(), schema),
            Thing::Values(column) => {
                self.on_values().of(table).word(" AND a.attname = ").text(column.as_str())
            }
        };
        self.word(") AS found WHERE what IS NOT NULL")
    }

    /// `… n.nspname = 'acme' AND c.relname = 'invoice'`
    pub(super) fn of(&mut self, table: &Ident) -> &mut Self {
        let org = self.org_name();
        self.word(" AND n.nspname = ").text(org).word(" AND c.relname = ").text(table.as_str())
    }

    /// SQLite lets a table go that views and triggers of others name; they fail from then on, and with them every
    /// renaming. What is kept has a name that stands for nothing else.
    fn on_sqlite(&mut self, table: &Ident, on: &Thing) -> &mut Self {
        let name = match on {
            Thing::Table => table,
            Thing::Column(column) => column,
            Thing::Users(column) => return self.sqlite_users(table, column.as_ref()),
            Thing::Key(_) | Thing::Required(_) | Thing::Values(_) | Thing::Along(_) => {
                return self.word("SELECT 1 = 0, 0, NULL");
            }
        };
        if !name.as_str().starts_with(BURIED_PREFIX) {
            return self.word("SELECT 1 = 0, 0, NULL");
        }
        self.word("SELECT count(*) > 0, count(*), json_group_array(type || ' ' || name) FROM sqlite_master");
        self.word(" WHERE type IN ('view', 'trigger') AND instr(sql, ").text(name.as_str()).word(") > 0");
        match on {
            Thing::Table => self.word(" AND tbl_name <> ").text(table.as_str()),
            _ => self,
        }
    }

    /// Foreign keys of others that refer to a table: those of the model are gone before it is.
    pub(super) fn foreign_references(&mut self) -> &mut Self {
        self.word(
            "pg_catalog.pg_describe_object('pg_catalog.pg_constraint'::pg_catalog.regclass, k.oid, 0) AS what \
            FROM pg_catalog.pg_constraint k JOIN pg_catalog.pg_class c ON c.oid = k.confrelid \
            JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE k.contype = 'f' AND k.conrelid <> k.confrelid",
        )
    }

    /// What goes with a column by itself, but what is the model's: indexes, constraints, statistics, privileges.
    pub(super) fn on_column(&mut self, column: &Ident, table: &Ident, schema: &Schema) -> &mut Self {
        self.word(
            "pg_catalog.pg_describe_object(d.classid, d.objid, 0) AS what FROM pg_catalog.pg_depend d \
            JOIN pg_catalog.pg_class c ON c.oid = d.refobjid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
            JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum = d.refobjsubid \
            LEFT JOIN pg_catalog.pg_class x ON d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND x.oid = d.objid \
                AND x.relkind IN ('i', 'I') \
            LEFT JOIN pg_catalog.pg_constraint k ON d.classid = 'pg_catalog.pg_constraint'::pg_catalog.regclass AND k.oid = d.objid \
            WHERE d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND (x.oid IS NOT NULL OR k.oid IS NOT NULL \
                OR d.classid = 'pg_catalog.pg_statistic_ext'::pg_catalog.regclass) \
            AND coalesce(x.relname, k.conname, '') NOT LIKE 'hookwright\\_%' AND coalesce(x.relname, k.conname, '') NOT IN (",
        );
        self.known(table, schema).word(")").of(table).word(" AND a.attname = ").text(column.as_str());
        self.word(
            " UNION SELECT 'the privileges on the column ' || a.attname AS what FROM pg_catalog.pg_attribute a \
            JOIN pg_catalog.pg_class c ON c.oid = a.attrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
            WHERE a.attacl IS NOT NULL",
        );
        self.of(table).word(" AND a.attname = ").text(column.as_str())
    }

    /// The names of indexes and constraints that the model has on a table, or that refer to it, as a list.
    pub(super) fn known(&mut self, table: &Ident, schema: &Schema) -> &mut Self {
        self.list(&known(table, schema), |w, name| {
            w.text(name);
        })
    }

    /// Views by their names; what else of others names a column, as PostgreSQL describes it.
    pub(super) fn on_columns(&mut self) -> &mut Self {
        self.word(
            "CASE WHEN d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass AND r.ev_class <> c.oid THEN \
                'view ' || (SELECT v.relname FROM pg_catalog.pg_class v WHERE v.oid = r.ev_class) \
            WHEN d.classid = 'pg_catalog.pg_attrdef'::pg_catalog.regclass THEN \
                (SELECT 'generated column ' || g.attname FROM pg_catalog.pg_attrdef f JOIN pg_catalog.pg_attribute g \
                    ON g.attrelid = f.adrelid AND g.attnum = f.adnum WHERE f.oid = d.objid AND g.attgenerated <> '' \
                    AND g.attnum <> a.attnum) \
            WHEN d.classid = 'pg_catalog.pg_trigger'::pg_catalog.regclass AND EXISTS (SELECT FROM pg_catalog.pg_trigger t \
                WHERE t.oid = d.objid AND t.tgname LIKE 'zzz\\_hookwright\\_updates\\_%') THEN NULL \
            WHEN d.classid IN ('pg_catalog.pg_rewrite'::pg_catalog.regclass, 'pg_catalog.pg_trigger'::pg_catalog.regclass, \
                'pg_catalog.pg_policy'::pg_catalog.regclass, 'pg_catalog.pg_publication_rel'::pg_catalog.regclass, \
                'pg_catalog.pg_proc'::pg_catalog.regclass) \
                THEN pg_catalog.pg_describe_object(d.classid, d.objid, 0) END AS what \
            FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_class c ON c.oid = d.refobjid \
            JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
            JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum = d.refobjsubid \
            LEFT JOIN pg_catalog.pg_rewrite r ON d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass AND r.oid = d.objid \
            WHERE d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.deptype IN ('n', 'a')",
        )
    }

    /// Foreign keys that refer to it, but those of the model, which are dropped before; and what else needs it.
    fn on_key(&mut self, key: &Ident, table: &Ident, schema: &Schema) -> &mut Self {
        self.word(
            "pg_catalog.pg_describe_object(d.classid, d.objid, 0) AS what FROM pg_catalog.pg_constraint k \
            JOIN pg_catalog.pg_class c ON c.oid = k.conrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
            JOIN pg_catalog.pg_depend d ON d.deptype = 'n' AND ((d.refclassid = 'pg_catalog.pg_constraint'::pg_catalog.regclass \
                AND d.refobjid = k.oid) OR (d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.refobjid = k.conindid)) \
            WHERE k.contype IN ('p', 'u') AND k.conname = ",
        );
        self.text(key.as_str()).of(table);
        let keys = schema.tables.values().flat_map(|t| t.foreign_keys.iter().map(move |k| (&t.name, k)));
        let own: Vec<_> = keys.filter(|(_, k)| k.table == *table).map(|(from, k)| (from, &k.name)).collect();
        if own.is_empty() {
            return self;
        }
        self.word(
            " AND NOT (d.classid = 'pg_catalog.pg_constraint'::pg_catalog.regclass AND EXISTS (SELECT 1 FROM \
            pg_catalog.pg_constraint o JOIN pg_catalog.pg_class f ON f.oid = o.conrelid \
            WHERE o.oid = d.objid AND f.relnamespace = c.relnamespace AND (f.relname, o.conname) IN (",
        );
        self.list(&own, |w, (from, name)| {
            w.word("(").text(from.as_str()).word(", ").text(name.as_str()).word(")");
        });
        self.word(")))")
    }

    /// Checks, and indexes on expressions or on some of the rows.
    fn on_values(&mut self) -> &mut Self {
        self.word(
            "pg_catalog.pg_describe_object(d.classid, d.objid, 0) AS what FROM pg_catalog.pg_depend d \
            JOIN pg_catalog.pg_class c ON c.oid = d.refobjid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
            JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum = d.refobjsubid \
            LEFT JOIN pg_catalog.pg_index i ON d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND i.indexrelid = d.objid \
            LEFT JOIN pg_catalog.pg_constraint k ON d.classid = 'pg_catalog.pg_constraint'::pg_catalog.regclass AND k.oid = d.objid \
            WHERE d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass \
            AND (k.contype = 'c' OR i.indexprs IS NOT NULL OR i.indpred IS NOT NULL)",
        )
    }

    /// An index that tells replicas the rows apart keeps its columns required.
    fn on_required(&mut self) -> &mut Self {
        self.word(
            "'the replica identity, by the index ' || x.relname AS what FROM pg_catalog.pg_index i \
            JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid JOIN pg_catalog.pg_class c ON c.oid = i.indrelid \
            JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
            JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum = ANY (i.indkey) WHERE i.indisreplident",
        )
    }
}

/// The names of indexes and constraints that the model has on a table, or that refer to it.
fn known(table: &Ident, schema: &Schema) -> Vec<String> {
    let referring = schema.references_to(table).map(|(_, key)| key.name.clone());
    let own = schema.table(table).into_iter().flat_map(|t| {
        let uniques = t.uniques.iter().map(|u| u.name.clone());
        let keys = t.foreign_keys.iter().map(|k| k.name.clone());
        let checks = t.checks.iter().map(|c| c.name.clone());
        let indexes = t.indexes.iter().map(|i| i.name.clone());
        let values = t.columns.keys().chain(t.buried.keys()).map(names::values_check);
        uniques.chain(keys).chain(checks).chain(indexes).chain(values).chain([t.key_name()])
    });
    // Never empty, since SQL has no empty list.
    std::iter::once(String::from("-")).chain(own.chain(referring).map(|n| n.as_str().to_owned())).collect()
}
