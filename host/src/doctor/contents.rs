//! Values that programs stumble over: texts that should be JSON and are not, NUL characters; and tables that cannot be read.
//! Reads every row.

use hookwright_core::ddl::Dialect;
use hookwright_core::schema::Column;

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
        if let Some(said) = tenant.db().unreadable(table).await? {
            troubles.push(unreadable(tenant.db(), table.name.as_str(), &said));
            continue;
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

/// A table that PostgreSQL or SQLite cannot read to its end.
fn unreadable(db: &OrgDb, table: &str, said: &str) -> Trouble {
    let found = format!("the rows of the table \"{table}\" cannot all be read: {said}");
    let means = "a page of it is damaged: by the disk, or by a copy that was taken while it was written; whatever reads that page fails, changes that write the table anew included";
    let see = match db.dialect() {
        Dialect::Postgres => {
            format!("CREATE EXTENSION amcheck; SELECT * FROM verify_heapam('\"{}\".\"{table}\"')", db.org())
        }
        Dialect::Sqlite => format!("PRAGMA integrity_check(\"{table}\")"),
    };
    Trouble::broken("rows/unreadable", found, means)
        .next(format!("restore the table from a backup; see what of it is damaged: {see}"))
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
