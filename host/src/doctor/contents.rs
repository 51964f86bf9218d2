//! Values that programs stumble over: texts that should be JSON and are not, NUL characters; rows that were written past what
//! their table demands; and tables that cannot be read. Reads every row.

use hookwright_core::ddl::{Demand, DemandKind, demands};
use hookwright_core::field_type::FieldType;
use hookwright_core::schema::{Column, Table};

use super::{Check, Patient};
use crate::counted::counted;
use crate::db::{Contents, OrgDb, Rows};
use crate::error::Result;
use crate::trouble::Trouble;

pub(super) async fn check(patient: &Patient<'_>) -> Result<Check> {
    let tenant = &patient.tenant;
    let snapshot = tenant.snapshot().await?;
    let (mut columns, mut troubles) = (0_usize, Vec::new());
    for table in snapshot.schema.tables.values() {
        let soundness = tenant.db().soundness(table).await?;
        if let Some(trouble) = soundness.unreadable {
            troubles.push(trouble);
            continue;
        }
        if let Some(said) = soundness.unmet {
            troubles.extend(unmet(tenant.db(), table, &said).await?);
        }
        for column in table.columns.values() {
            if let Some(found) = tenant.db().contents(table, column).await? {
                columns += 1;
                troubles.extend(told(table.name.as_str(), column, &found));
            }
        }
    }
    let tables = counted(snapshot.schema.tables.len(), "table");
    let said = match (columns, troubles.len()) {
        (columns, 0) => format!("{tables} read, all values of {} are sound", counted(columns, "text field")),
        _ => format!("{tables} read"),
    };
    Ok(Check::new("contents", said).with(troubles))
}

/// What rows were written past: a check, or that a column is required. Of invalid JSON more is told below.
async fn unmet(db: &OrgDb, table: &Table, said: &str) -> Result<Vec<Trouble>> {
    let is_json = |demand: &Demand| {
        let column = demand.columns.first().and_then(|column| table.column(column));
        demand.kind == DemandKind::Type && column.is_some_and(|column| column.ty == FieldType::Json)
    };
    let means = "they were written past it, as SQLite allows (PRAGMA ignore_check_constraints), or before it was there: a change that writes the table anew, or looks at its rows, fails with db/constraint";
    let name = table.name.as_str();
    let of = |found: String, shown: &str| {
        let next = format!("see them: {shown}; correct them, or delete them");
        Trouble::warning("rows/against-check", found, means).next(next)
    };
    let found = db.unmet(&table.name, &demands(table, db.org())).await?;
    if found.is_empty() {
        let found =
            format!("rows of the table \"{name}\" break a check that Hookwright did not make: {said}");
        return Ok(vec![of(found, &format!("PRAGMA quick_check(\"{name}\")"))]);
    }
    let others = found.iter().filter(|unmet| !is_json(&unmet.demand));
    Ok(others.map(|unmet| of(unmet.told(&table.name), unmet.demand.shown.sql())).collect())
}

fn told(table: &str, column: &Column, found: &Contents) -> Vec<Trouble> {
    let field = format!("\"{table}.{}\"", column.name.as_str());
    let invalid = some(&found.invalid_json).map(|rows| {
        let what = format!("{rows} of {field} hold invalid JSON: {}", why(&found.invalid_json));
        let means = "what reads it as JSON fails on these rows, and the field cannot become one of type Json";
        Trouble::warning("rows/invalid-json", what, means).next("correct these values, or set them to NULL")
    });
    let nul = some(&found.nul).map(|rows| {
        let what = format!("{rows} of {field} hold a NUL character: {}", why(&found.nul));
        let means = "PostgreSQL takes no NUL in a text or in jsonb, and many programs end the text there";
        Trouble::warning("rows/nul", what, means).next("take the character out of these values")
    });
    invalid.into_iter().chain(nul).collect()
}

fn some(rows: &Rows) -> Option<String> {
    match rows.count {
        0 => None,
        1 => Some(format!("1 row (key {})", rows.keys.join(", "))),
        count => Some(format!("{count} rows (keys {})", rows.keys.join(", "))),
    }
}

fn why(rows: &Rows) -> &str {
    rows.why.as_deref().unwrap_or("unknown")
}
