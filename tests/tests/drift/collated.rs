//! Columns whose collation alone was changed: put back without a row being written, and the plan says so.

use hookwright::outcome::{Outcome, Status};
use hookwright_core::ddl::Extent;
use hookwright_tests::scenario::{Dialect, Mode};
use hookwright_tests::world::{TestHost, runtime};

use super::bench::{Bench, sync, told};

const NOTHING: Mode =
    Mode { confirm: false, allow_destructive: false, dry_run: false, batch: false, approve: false };

/// Where the rows of a table, or an index, are.
async fn files(bench: &Bench, relation: &str) -> Vec<String> {
    bench.world.rows(&format!("SELECT pg_relation_filenode('{relation}')")).await.unwrap()
}

fn extents(outcome: &Outcome) -> Vec<Extent> {
    outcome.statements.iter().map(|statement| statement.extent).collect()
}

/// With nothing on the column, with an index, and with a check.
#[test]
fn no_row_is_written_and_what_goes_by_the_order_is_made_anew() {
    let cases = [
        ("ALTER TABLE account ALTER name TYPE varchar(80) COLLATE \"POSIX\"", "account", None),
        (
            "ALTER TABLE invoice ALTER tag TYPE varchar(20) COLLATE \"POSIX\"",
            "invoice",
            Some("invoice_tag_idx"),
        ),
        ("ALTER TABLE invoice ALTER status TYPE text COLLATE \"POSIX\"", "invoice", None),
    ];
    for (deed, table, index) in cases {
        runtime().block_on(async {
            let bench = Bench::new(&TestHost::start().await, "acme", Dialect::Postgres).await;
            bench.hand(deed).await;
            let rows = files(&bench, table).await;
            let sorted = files(&bench, index.unwrap_or(table)).await;
            let planned = bench.send(&sync(), Mode { dry_run: true, ..NOTHING }).await;
            assert_eq!(planned.status, Status::Planned, "{deed}: {:#?}", planned.reasons);
            let widest = extents(&planned).into_iter().max().unwrap();
            assert!(widest <= Extent::Scan, "{deed}: {:#?}", planned.statements);
            assert_eq!(
                index.is_some(),
                extents(&planned) == [Extent::Scan],
                "{deed}: {:#?}",
                planned.statements
            );
            assert!(planned.statements.iter().all(|s| !s.sql.contains("USING")), "{:#?}", planned.statements);

            let made = bench.send(&sync(), NOTHING).await;
            assert_eq!(made.status, Status::Applied, "{deed}: {:#?}", made.reasons);
            assert_eq!(files(&bench, table).await, rows, "{deed}");
            assert_eq!(files(&bench, index.unwrap_or(table)).await != sorted, index.is_some(), "{deed}");
            assert_eq!(told(&bench.drift().await.findings), Vec::<String>::new());
        });
    }
}
