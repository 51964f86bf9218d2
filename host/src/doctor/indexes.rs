//! Indexes that are missing, and such that nobody uses.

use hookwright_core::schema::Schema;

use super::index_advice::Indexing;
use super::{Check, Patient};
use crate::counted::counted;
use crate::db::{Slow, TableUse, UnusedIndex, Usage};
use crate::error::Result;
use crate::trouble::Trouble;

/// A table of fewer rows is read whole in no time.
const MANY_ROWS: i64 = 10_000;
/// Whole reads that are more than an accident.
const MANY_SCANS: i64 = 50;
/// Reads of a table after which an index that served none of them is not needed.
const MANY_READS: i64 = 100;

pub(super) async fn check(patient: &Patient<'_>) -> Result<Check> {
    let (tenant, org) = (&patient.tenant, patient.tenant.org());
    let snapshot = tenant.snapshot().await?;
    let usage = tenant.db().usage().await?;
    let found = tenant.db().inspect(None).await?.schema;
    let plugins = tenant.plugins();
    let indexing = Indexing { org, snapshot: &snapshot, plugins: &plugins };
    let mut troubles = unindexed(&indexing, &found);
    if let Some(usage) = &usage {
        troubles.extend(by_statistics(&indexing, usage));
    }
    let said = match (troubles.len(), usage.map(|usage| usage.statements.is_some())) {
        (0, _) => "every reference has one",
        (_, Some(false)) => {
            "see below; slow statements are not known without the extension pg_stat_statements"
        }
        _ => "see below",
    };
    Ok(Check::new("indexes", said).with(troubles))
}

/// Foreign keys that a deletion of what they refer to has no index for.
fn unindexed(indexing: &Indexing<'_>, found: &Schema) -> Vec<Trouble> {
    let keys = indexing
        .snapshot
        .schema
        .tables
        .values()
        .flat_map(|table| table.foreign_keys.iter().map(move |key| (table, key)));
    let missing =
        keys.filter(|(table, key)| !found.table(&table.name).unwrap_or(table).is_indexed(&key.columns));
    missing
        .map(|(table, key)| {
            let names: Vec<_> = key.columns.iter().map(|column| column.as_str()).collect();
            let found = format!(
                "no index begins with the columns of the reference \"{}\" ({}) to \"{}\"",
                table.name.as_str(),
                names.join(", "),
                key.table.as_str()
            );
            let means =
                "each deletion of what is referred to reads the whole table, under the deleter's locks";
            Trouble::note("index/reference", found, means).next(indexing.missing(table, &names))
        })
        .collect()
}

fn by_statistics(indexing: &Indexing<'_>, usage: &Usage) -> Vec<Trouble> {
    let schema = &indexing.snapshot.schema;
    let own = |name: &str| schema.tables.keys().any(|table| table.as_str() == name);
    let scanned =
        usage.tables.iter().filter(|t| own(&t.table) && is_scanned(t)).map(|t| scanned(indexing, t));
    let unused = usage.unused.iter().filter(|i| own(&i.table) && i.reads >= MANY_READS);
    let unused = unused.map(|index| self::unused(indexing, index));
    let slow = usage.statements.iter().flatten().map(slow);
    scanned.chain(unused).chain(slow).collect()
}

fn is_scanned(table: &TableUse) -> bool {
    table.rows >= MANY_ROWS && table.scans >= MANY_SCANS && table.scans > table.index_scans
}

fn scanned(indexing: &Indexing<'_>, found: &TableUse) -> Trouble {
    let TableUse { table, scans, index_scans, rows } = found;
    let found = format!(
        "the table \"{table}\" of {rows} rows was read whole {}, and through an index {}",
        counted(*scans, "time"),
        counted(*index_scans, "time")
    );
    let means = "what it is filtered or sorted by has no index";
    Trouble::note("index/missing", found, means).next(indexing.unknown(table))
}

fn unused(indexing: &Indexing<'_>, found: &UnusedIndex) -> Trouble {
    let UnusedIndex { table, index, bytes, reads } = found;
    let next = indexing.unused(found);
    let found = format!(
        "the index \"{index}\" of \"{table}\" ({} KiB) was never used, and the table was read {reads} times",
        bytes / 1024
    );
    let means = "every write to the table keeps it up to date for nothing, as far as the statistics of this server know";
    Trouble::note("index/unused", found, means).next(next)
}

fn slow(Slow { statement, calls, mean_ms }: &Slow) -> Trouble {
    let found =
        format!("a statement takes {mean_ms:.0} ms on average, {}: {statement}", counted(*calls, "time"));
    Trouble::note("index/slow-statement", found, "it may lack an index")
        .next("see what it reads: EXPLAIN (ANALYZE, BUFFERS) on that statement")
}
