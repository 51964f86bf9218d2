//! Whose rows a database refuses: its names, or what a plan computes, told as an entity and its fields.
//!
//! The look at the rows comes before their lock; what was written in between is refused by the database alone.

use hookwright_core::ddl::{Extent, Statement, StatementKind, sqlite_column_check};
use hookwright_core::ident::Ident;
use hookwright_core::schema::{Column, Schema, Table};
use hookwright_core::shared::Shared;

use crate::db::About;

/// Columns of a table into which a statement computes values of rows that are there.
pub(super) struct Computed {
    table: Ident,
    fields: Vec<Ident>,
}

impl Computed {
    /// None if it computes nothing of rows that are there.
    pub fn of(statement: &Statement, before: &Shared<Table>) -> Option<Self> {
        use StatementKind::{AddGeneratedColumn, Fill, RewriteType, WidenComputedType};
        let computes = match statement.kind() {
            Some(kind) => matches!(kind, AddGeneratedColumn | Fill | RewriteType | WidenComputedType),
            None => statement.extent() != Extent::Nothing,
        };
        let table = statement.table().filter(|table| computes && before.contains_key(*table))?;
        Some(Self { table: table.clone(), fields: statement.fields().to_vec() })
    }
}

/// Tables that are made anew: the name each has meanwhile, and how it is called afterwards.
pub(super) type Rebuilt = Vec<(Ident, Ident)>;

/// What the database said, with the entity and the fields in front, as far as they can be told.
pub(super) fn told(
    message: String,
    about: &About,
    after: &Schema,
    (computed, rebuilt): (&[Computed], &Rebuilt),
) -> String {
    let whose = match about {
        About::Constraint { table, name } => {
            fields_of(after, table, name).map(|fields| named(table, &fields))
        }
        About::Columns { table, names } => {
            let of = rebuilt.iter().filter(|(passing, _)| passing.as_str() == table).map(|(_, table)| table);
            let known = Ident::parse(table).ok().filter(|table| after.table(table).is_some());
            let each: Vec<_> = of.chain(&known).map(|t| named(t.as_str(), names)).collect();
            (!each.is_empty()).then(|| each.join(" or "))
        }
        About::Check(said) => checked(after, said),
        About::Values => values(computed),
    };
    let message = match rebuilt.as_slice() {
        [(passing, table)] => message.replace(passing.as_str(), table.as_str()),
        _ => message,
    };
    whose.map_or_else(|| message.clone(), |whose| format!("{whose}: {message}"))
}

/// The entities and fields into which something is computed: one of them it is.
fn values(computed: &[Computed]) -> Option<String> {
    let texts = |fields: &[Ident]| fields.iter().map(|f| f.as_str().to_owned()).collect::<Vec<_>>();
    let mut each: Vec<_> =
        computed.iter().map(|Computed { table, fields }| named(table.as_str(), &texts(fields))).collect();
    each.dedup();
    (!each.is_empty()).then(|| each.join(" or "))
}

/// The table and fields of a check of SQLite, by its name or by what it says of a column; none if several tables have it.
fn checked(schema: &Schema, said: &str) -> Option<String> {
    let of_column = |(name, column): (&Ident, &Column)| {
        let own = sqlite_column_check(name, &column.ty)?;
        (own == said).then(|| vec![name.as_str().to_owned()])
    };
    let of_table = |table: &Table| {
        let named = table.checks.iter().find(|check| check.name.as_str() == said);
        let named = named.and_then(|check| fields_of(schema, table.name.as_str(), check.name.as_str()));
        let fields = named.or_else(|| table.columns.iter().find_map(of_column))?;
        Some((table.name.clone(), fields))
    };
    let mut all = schema.tables.values().filter_map(|table| of_table(table));
    let (table, fields) = all.next()?;
    all.next().is_none().then(|| named(table.as_str(), &fields))
}

fn named(table: &str, fields: &[String]) -> String {
    match fields {
        [] => format!("entity \"{table}\""),
        [field] => format!("entity \"{table}\", field \"{field}\""),
        fields => format!("entity \"{table}\", fields \"{}\"", fields.join("\", \"")),
    }
}

/// The columns of a constraint or unique index.
fn fields_of(schema: &Schema, table: &str, name: &str) -> Option<Vec<String>> {
    let table = schema.table(&Ident::parse(table).ok()?)?;
    let name = Ident::parse(name).ok()?;
    let texts = |columns: &[Ident]| columns.iter().map(|column| column.as_str().to_owned()).collect();
    let unique = table.uniques.iter().find(|u| u.name == name).map(|u| texts(&u.columns));
    let key = || (table.primary_key_name.as_ref() == Some(&name)).then(|| texts(&table.primary_key));
    let foreign = || table.foreign_keys.iter().find(|k| k.name == name).map(|k| texts(&k.columns));
    let index = || table.indexes.iter().find(|i| i.name == name)?.shape.key_columns().map(|c| texts(&c));
    let check = || {
        let columns = table.checks.iter().find(|c| c.name == name)?.expression.columns();
        Some(columns.iter().map(|column| column.as_str().to_owned()).collect())
    };
    unique.or_else(key).or_else(foreign).or_else(index).or_else(check)
}
