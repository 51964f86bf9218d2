//! What hands may do to any schema: each way that there is something for.

use hookwright_core::field_type::FieldType as T;
use hookwright_core::schema::{Column, Schema, Table};
use hookwright_tests::scenario::Dialect;

/// Something that hands do to one table.
#[derive(Debug, Clone)]
pub struct Deed {
    /// In which way: of each, one is done.
    pub way: &'static str,
    pub table: String,
    pub sql: String,
    /// The code of a finding that must come of it.
    pub code: &'static str,
    /// Whether values of rows go with it.
    pub loses: bool,
}

/// All that can be done to a schema.
pub fn possible(schema: &Schema, dialect: Dialect) -> Vec<Deed> {
    let of = |table| Of { schema, table, dialect };
    schema.tables.values().flat_map(|table| of(table).all()).collect()
}

struct Of<'a> {
    schema: &'a Schema,
    table: &'a Table,
    dialect: Dialect,
}

impl Of<'_> {
    fn all(&self) -> Vec<Deed> {
        let mut all = self.anywhere();
        if self.dialect == Dialect::Postgres {
            all.extend(self.of_the_table());
            all.extend(self.table.columns.values().flat_map(|column| self.of_a_column(column)));
            all.extend(self.of_constraints());
        }
        all
    }

    fn name(&self) -> &str {
        self.table.name.as_str()
    }

    fn deed(&self, way: &'static str, code: &'static str, sql: String) -> Deed {
        Deed { way, table: self.name().to_owned(), sql, code, loses: false }
    }

    fn alter(&self, way: &'static str, code: &'static str, what: &str) -> Deed {
        self.deed(way, code, format!("ALTER TABLE \"{}\" {what}", self.name()))
    }

    /// A column that nothing is on.
    fn is_plain(&self, column: &Column) -> bool {
        let name = &column.name;
        let table = self.table;
        let keys = table.foreign_keys.iter().map(|key| &key.columns);
        let uniques = table.uniques.iter().map(|unique| &unique.columns);
        let listed = std::iter::once(&table.primary_key).chain(keys).chain(uniques).any(|c| c.contains(name));
        let indexed = table.indexes.iter().any(|i| format!("{:?}", i.shape).contains(name.as_str()));
        let checked = table.checks.iter().any(|check| check.expression.columns().contains(name));
        let computed =
            table.columns.values().any(|c| c.generated.as_ref().is_some_and(|e| e.columns().contains(name)));
        !listed && !indexed && !checked && !computed && column.generated.is_none()
    }

    /// Whether another table refers to this one.
    fn is_referred_to(&self) -> bool {
        let others = self.schema.tables.values().flat_map(|table| &table.foreign_keys);
        others.into_iter().any(|key| key.table == self.table.name)
    }

    fn anywhere(&self) -> Vec<Deed> {
        let name = self.name();
        let mut all = vec![
            self.alter("table renamed", "drift/renamed-table", "RENAME TO hand_made_name"),
            self.alter("column added", "drift/extra-column", "ADD COLUMN hand_made TEXT"),
        ];
        for column in self.table.columns.values().filter(|column| self.is_plain(column)) {
            let (of, column) = (column, column.name.as_str());
            let rename = format!("RENAME COLUMN \"{column}\" TO hand_made_name");
            all.push(self.alter("column renamed", "drift/renamed-column", &rename));
            let drop = format!("DROP COLUMN \"{column}\"");
            if of.nullable {
                let dropped = self.alter("column dropped", "drift/missing-column", &drop);
                all.push(Deed { loses: true, ..dropped });
            }
            let index = format!("CREATE INDEX hand_made_idx ON \"{name}\" (\"{column}\")");
            if of.ty != T::Json {
                all.push(self.deed("index added", "drift/extra-index", index));
            }
        }
        for index in &self.table.indexes {
            let drop = format!("DROP INDEX \"{}\"", index.name.as_str());
            all.push(self.deed("index dropped", "drift/missing-index", drop));
        }
        all
    }

    fn of_the_table(&self) -> Vec<Deed> {
        let name = self.name();
        let note = format!("COMMENT ON TABLE \"{name}\" IS 'by hand'");
        let mut all = vec![self.deed("table noted", "drift/comment", note)];
        if !self.table.primary_key.is_empty() && !self.is_referred_to() {
            let drop = format!("DROP CONSTRAINT \"{}\"", self.table.key_name().as_str());
            all.push(self.alter("primary key dropped", "drift/missing-primary-key", &drop));
        }
        all
    }

    fn of_a_column(&self, column: &Column) -> Vec<Deed> {
        let (name, table) = (column.name.as_str(), self.name());
        let alter = |what: &str| format!("ALTER COLUMN \"{name}\" {what}");
        let mut all = vec![self.deed(
            "column noted",
            "drift/comment",
            format!("COMMENT ON COLUMN \"{table}\".\"{name}\" IS 'by hand'"),
        )];
        if !column.nullable && !self.table.primary_key.contains(&column.name) {
            all.push(self.alter("not null dropped", "drift/nullability", &alter("DROP NOT NULL")));
        }
        if column.default.is_some() {
            all.push(self.alter("default dropped", "drift/default", &alter("DROP DEFAULT")));
        }
        if matches!(column.ty, T::String { .. } | T::Text) && column.generated.is_none() {
            all.push(self.alter("default set", "drift/default", &alter("SET DEFAULT 'by hand'")));
            all.push(self.alter("default computed", "drift/default", &alter("SET DEFAULT lower('BY HAND')")));
        }
        if self.is_plain(column) {
            let typed = |(way, ty): (&'static str, &str)| {
                self.alter(
                    way,
                    "drift/type",
                    &format!("ALTER COLUMN \"{name}\" TYPE {ty} USING \"{name}\"::{ty}"),
                )
            };
            all.extend(other_types(&column.ty).iter().copied().map(typed));
        }
        if let (T::Enum { .. }, true) = (&column.ty, column.default.is_none()) {
            let check = hookwright_core::schema::names::values_check(&column.name);
            let drop = format!("DROP CONSTRAINT \"{}\"", check.as_str());
            all.push(self.alter("values freed", "drift/type", &drop));
        }
        all
    }

    fn of_constraints(&self) -> Vec<Deed> {
        let mut all = Vec::new();
        for unique in self.table.uniques.iter().filter(|_| !self.is_referred_to()) {
            let drop = format!("DROP CONSTRAINT \"{}\"", unique.name.as_str());
            all.push(self.alter("unique dropped", "drift/missing-unique", &drop));
        }
        for key in &self.table.foreign_keys {
            let (key_name, column) = (key.name.as_str(), key.columns[0].as_str());
            let drop = format!("DROP CONSTRAINT \"{key_name}\"");
            all.push(self.alter("reference dropped", "drift/missing-foreign-key", &drop));
            let add = |more: &str| {
                format!(
                    "{drop}, ADD CONSTRAINT \"{key_name}\" FOREIGN KEY (\"{column}\") REFERENCES \"{}\" (\"{}\") {more}",
                    key.table.as_str(),
                    key.target[0].as_str()
                )
            };
            let action = if key.on_delete.as_str() == "CASCADE" { "RESTRICT" } else { "CASCADE" };
            let other = add(&format!("ON DELETE {action}"));
            all.push(self.alter("reference changed", "drift/foreign-key", &other));
            let unchecked = add(&format!("ON DELETE {} NOT VALID", key.on_delete.as_str()));
            all.push(self.alter("reference unchecked", "drift/unvalidated-foreign-key", &unchecked));
        }
        for check in &self.table.checks {
            let drop = format!("DROP CONSTRAINT \"{}\"", check.name.as_str());
            all.push(self.alter("check dropped", "drift/missing-check", &drop));
        }
        let check = "ADD CONSTRAINT hand_made CHECK (1 = 1) NOT VALID";
        all.push(self.alter("check added", "drift/extra-check", check));
        all
    }
}

/// Types of PostgreSQL that hold all that a type does.
fn other_types(ty: &T) -> &'static [(&'static str, &'static str)] {
    match ty {
        T::String { .. } => {
            &[("text without bounds", "text"), ("longer text", "varchar(4000)"), ("varchar", "varchar")]
        }
        T::Text => &[("text bounded", "varchar(4000)")],
        T::Int => &[("larger number", "bigint"), ("decimal number", "numeric")],
        T::BigInt => &[("number without bounds", "numeric")],
        T::Decimal { .. } => &[("decimal without bounds", "numeric")],
        T::DateTime => &[("time without zone", "timestamp")],
        T::Date => &[("date as text", "text")],
        T::Json => &[("json", "json")],
        T::Uuid => &[("uuid as text", "text")],
        T::Boolean => &[("boolean as text", "text")],
        T::Float => &[("float as decimal", "numeric")],
        _ => &[],
    }
}
