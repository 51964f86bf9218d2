//! The frame of tests of what comes of a deed: on each database, with two entities of one shape or what a test makes.

use hookwright_tests::scenario::Dialect;
use hookwright_tests::world::{TestHost, runtime};
use serde_json::json;

use super::bench::{BOTH, Bench, told};

pub const TWINS: [&str; 2] = ["lead", "partner"];

/// Each in the place of the other.
pub const SWAP: &str =
    "ALTER TABLE lead RENAME TO way; ALTER TABLE partner RENAME TO lead; ALTER TABLE way RENAME TO partner";

/// One in the place of the other, and that one elsewhere.
pub const SHIFT: &str = "ALTER TABLE lead RENAME TO old; ALTER TABLE partner RENAME TO lead";

/// Two more entities of one shape, with a row each.
pub async fn twins(dialect: Dialect) -> Bench {
    twins_of(plain(dialect).await).await
}

/// The entities of every test alone.
pub async fn plain(dialect: Dialect) -> Bench {
    Bench::new(&TestHost::start().await, "acme", dialect).await
}

pub async fn twins_of(bench: Bench) -> Bench {
    let id = json!({"name": "id", "type": "Uuid", "nullable": false, "primaryKey": true});
    let entity = |event: &str, name: &str| {
        let mail = json!({"name": "mail", "type": "String", "length": 80, "indexed": true});
        let notes = json!({"name": "notes", "type": "Text"});
        json!({"id": event, "type": "entity.create", "entity": {"name": name, "fields": [id, mail, notes]}})
    };
    bench.event(&json!([entity("t-1", "lead"), entity("t-2", "partner")])).await;
    for (table, n) in [("lead", 1), ("partner", 2)] {
        let row = format!(
            "INSERT INTO {table} (id, mail) VALUES ('00000000-0000-0000-0000-00000000000{n}', '{table}@example.org')"
        );
        bench.hand(&row).await;
    }
    bench
}

/// On each database, after a deed.
pub fn each(deed: &str, then: impl AsyncFn(&Bench)) {
    after(&BOTH, twins, deed, then);
}

/// On PostgreSQL alone.
pub fn postgres(deed: &str, then: impl AsyncFn(&Bench)) {
    after(&[Dialect::Postgres], twins, deed, then);
}

/// On some databases, with what is made there, after a deed.
pub fn after(
    dialects: &[Dialect],
    make: impl AsyncFn(Dialect) -> Bench,
    deed: &str,
    then: impl AsyncFn(&Bench),
) {
    for dialect in dialects {
        // Shown if the test fails.
        println!("{dialect:?}: {deed}");
        runtime().block_on(async {
            let bench = make(*dialect).await;
            if !deed.is_empty() {
                bench.hand(deed).await;
            }
            then(&bench).await;
        });
    }
}

pub async fn mails(bench: &Bench, table: &str) -> String {
    bench.world.rows(&format!("SELECT mail FROM {table}")).await.expect("rows").concat()
}

/// Whether both have their own rows.
pub async fn have_their_rows(bench: &Bench) {
    for table in TWINS {
        let mails = mails(bench, table).await;
        assert!(mails.contains(table), "{table}: {mails}");
    }
}

/// Whether nothing is left to do.
pub async fn in_step(bench: &Bench) {
    assert_eq!(told(&bench.drift().await.findings), Vec::<String>::new());
    bench.world.derives().await.expect("derived");
}
