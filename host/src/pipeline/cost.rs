//! What a statement locks, and how long it may take: from what the core declares of it and the size of its table.

use hookwright_core::ddl::{Extent, Statement, StatementKind};
use hookwright_core::ident::Ident;

use crate::db::TableSize;
use crate::outcome::LockReport;

/// Bytes of a table that are read in a millisecond: measured with cached tables on two shared cores, rounded down.
const READ_PER_MS: u64 = 300_000;
/// Bytes of a table whose rows are written anew, or sorted into an index, in a millisecond.
const WRITTEN_PER_MS: u64 = 40_000;

/// The locks on tables that were there before.
pub(super) fn locks(statement: &Statement, made: &[Ident]) -> Vec<LockReport> {
    let there = statement.locks().iter().filter(|lock| !made.contains(&lock.table));
    let report = |lock: &hookwright_core::ddl::TableLock| LockReport {
        table: lock.table.as_str().to_owned(),
        level: lock.level.as_str().to_owned(),
        blocks: lock.level.blocks(),
    };
    there.map(report).collect()
}

/// How long going through the table may take; none if it does not, or the size is not known.
pub(super) fn estimate_ms(statement: &Statement, sizes: &[TableSize]) -> Option<u64> {
    let table = statement.table()?;
    let bytes = u64::try_from(sizes.iter().find(|size| size.table == *table)?.bytes).ok()?;
    // Its indexes are sorted anew.
    let is_collated = statement.kind() == Some(StatementKind::CollateType);
    match (statement.extent(), statement.message()) {
        (Extent::Nothing, _) => None,
        (Extent::Rewrite | Extent::Rows, _)
        | (Extent::Scan, "CREATE INDEX" | "ADD UNIQUE" | "ADD PRIMARY KEY") => {
            Some(bytes.div_ceil(WRITTEN_PER_MS))
        }
        (Extent::Scan, _) if is_collated => Some(bytes.div_ceil(WRITTEN_PER_MS)),
        (Extent::Scan, _) => Some(bytes.div_ceil(READ_PER_MS)),
    }
}
