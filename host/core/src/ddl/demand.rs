//! What a table of SQLite demands of each of its rows, with the question which of them do not meet it: hands can write rows
//! past a check, and then whatever goes through the table fails.

use super::types::{has_check, sqlite_column_check};
use super::{Dialect, Statement, Writer};
use crate::ident::{Ident, OrgName};
use crate::schema::{Check, Column, Table};

/// Something that each row of a table has to meet.
#[derive(Debug, Clone, PartialEq)]
pub struct Demand {
    /// Of what kind it is.
    pub kind: DemandKind,
    /// The columns that it is on.
    pub columns: Vec<Ident>,
    /// What it is, as in `do not meet …`.
    pub what: String,
    /// What SQLite names where it refuses a row for it: the check by its name, or by what it says. None of a value that is
    /// missing, where it names the column.
    pub check: Option<String>,
    /// How many rows do not meet it: an expression over the table, so that one statement counts for many demands.
    pub count: Statement,
    /// The keys of some of these rows: a JSON array of texts.
    pub keys: Statement,
    /// Shows these rows.
    pub shown: Statement,
}

/// A kind of demand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DemandKind {
    /// That a column has a value.
    Value,
    /// That a value is of the column's type.
    Type,
    /// A check of the table.
    Check,
}

/// What one demand is.
enum Of<'t> {
    Value(&'t Column),
    Type(&'t Column),
    Check(&'t Check),
}

/// All that SQLite demands of the rows of a table, but what indexes and references do.
#[must_use]
pub fn demands(table: &Table, org: &OrgName) -> Vec<Demand> {
    let columns = || table.columns.values();
    let values = columns().filter(|column| !column.nullable).map(Of::Value);
    let types = columns().filter(|column| has_check(&column.ty)).map(Of::Type);
    let all = values.chain(types).chain(table.checks.iter().map(Of::Check));
    all.map(|of| demand(table, org, &of)).collect()
}

fn demand(table: &Table, org: &OrgName, of: &Of<'_>) -> Demand {
    let writer = || Writer::new(Dialect::Sqlite, org);
    let mut count = writer();
    count.word("count(CASE WHEN ").breaks(table, of).word(" THEN 1 END)");
    let mut keys = writer();
    keys.word("SELECT json_group_array(it) FROM (SELECT substr(CAST(");
    match table.primary_key.first() {
        Some(key) => keys.ident(key),
        None => keys.word("rowid"),
    };
    keys.word(" AS TEXT), 1, 60) AS it FROM ").unmet(table, of).word(" LIMIT 3)");
    let mut shown = writer();
    shown.word("SELECT * FROM ").unmet(table, of);
    let (kind, columns, what) = match of {
        Of::Value(column) => {
            (DemandKind::Value, vec![column.name.clone()], "that there is a value (NOT NULL)".to_owned())
        }
        Of::Type(column) => {
            (DemandKind::Type, vec![column.name.clone()], format!("the type {}", column.ty.describe()))
        }
        Of::Check(check) => {
            let columns = check.expression.columns().into_iter().collect();
            (DemandKind::Check, columns, format!("the check \"{}\"", check.name.as_str()))
        }
    };
    let check = match of {
        Of::Value(_) => None,
        Of::Type(column) => sqlite_column_check(&column.name, &column.ty),
        Of::Check(check) => Some(check.name.as_str().to_owned()),
    };
    let finished = |writer: Writer<'_>| writer.finish("SELECT", Some(&table.name));
    let (count, keys, shown) = (finished(count), finished(keys), finished(shown));
    Demand { kind, columns, what, check, count, keys, shown }
}

impl Writer<'_> {
    /// The rows of a table that do not meet a demand.
    fn unmet(&mut self, table: &Table, of: &Of<'_>) -> &mut Self {
        self.ident(&table.name).word(" WHERE ").breaks(table, of)
    }

    /// That a row does not meet a demand.
    fn breaks(&mut self, table: &Table, of: &Of<'_>) -> &mut Self {
        match of {
            Of::Value(column) => self.ident(&column.name).word(" IS NULL"),
            Of::Type(column) => self.word("NOT (").sqlite_check(&column.name, &column.ty).word(")"),
            Of::Check(check) => self.word("NOT (").expr(&check.expression, table).word(")"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::field_type::FieldType;

    #[test]
    fn each_demand_has_its_question() {
        let org = OrgName::parse("acme").expect("a name");
        let mut table = Table::new(Ident::parse("invoice").expect("a name"));
        let name = Ident::parse("note").expect("a name");
        let column = Column { nullable: false, ..Column::new(name.clone(), FieldType::String { length: 5 }) };
        table.columns.insert(name, column);
        let demands = demands(&table, &org);
        let checks: Vec<_> = demands.iter().map(|of| of.check.as_deref()).collect();
        assert_eq!(checks, [None, Some("length(\"note\") <= 5")]);
        assert_eq!(demands[0].count.sql(), "count(CASE WHEN \"note\" IS NULL THEN 1 END)");
        let shown: Vec<_> = demands.iter().map(|of| of.shown.sql()).collect();
        assert_eq!(
            shown,
            [
                "SELECT * FROM \"invoice\" WHERE \"note\" IS NULL",
                "SELECT * FROM \"invoice\" WHERE NOT (length(\"note\") <= 5)"
            ]
        );
    }
}
