//! Three entities of one shape, whose rows say where they are: what they are known by is told by nothing else.

use hookwright_tests::scenario::Dialect;
use hookwright_tests::world::TestHost;
use serde_json::{Value as Json, json};

use super::bench::{Bench, told};
use super::twins::in_step;

/// Of one shape, with columns of one type, and nothing on them that has a name but their keys.
pub const ALIKE: [&str; 3] = ["pear", "plum", "quince"];
pub const COLUMNS: [&str; 3] = ["a", "b", "c"];

pub fn create(entity: &str) -> Json {
    let id = json!({"name": "id", "type": "Int", "nullable": false, "primaryKey": true});
    let kind = json!({"name": "kind", "type": "Enum", "values": ["old", "new"]});
    let text = |name: &&str| json!({"name": name, "type": "String", "length": 40});
    let fields: Vec<_> = [id, kind].into_iter().chain(COLUMNS.iter().map(text)).collect();
    json!({"id": entity, "type": "entity.create", "entity": {"name": entity, "fields": fields}})
}

/// Three entities, each with a row whose texts say where they are.
pub async fn alike(dialect: Dialect) -> Bench {
    let bench = Bench::new(&TestHost::start().await, "acme", dialect).await;
    for table in ALIKE {
        bench.event(&create(table)).await;
        let texts = COLUMNS.map(|column| format!("'{table}.{column}'")).join(", ");
        bench.hand(&format!("INSERT INTO {table} (id, kind, a, b, c) VALUES (1, 'old', {texts})")).await;
    }
    bench
}

/// Whether each text is where it says.
pub async fn rows_are_in_place(bench: &Bench) {
    for table in ALIKE {
        let row =
            bench.world.rows(&format!("SELECT id, kind, a, b, c FROM {table}")).await.expect("read").concat();
        for column in COLUMNS {
            assert!(row.contains(&format!("{table}.{column}")), "{table}.{column}: {row}");
        }
        let place = |column: &&str| row.find(&format!(".{column}"));
        assert!(COLUMNS.iter().map(place).is_sorted(), "{row}");
    }
}

/// Drift is told, a sync mends it with the rows where they were, and nothing is left.
pub async fn mended(bench: &Bench, findings: &[&str]) {
    assert_eq!(told(&bench.drift().await.findings), findings);
    let number = bench.changes().await;
    bench.event(&json!({"id": format!("sync {number}"), "type": "schema.sync"})).await;
    rows_are_in_place(bench).await;
    in_step(bench).await;
}

pub fn add(id: &str, entity: &str) -> Json {
    json!({"id": id, "type": "field.create", "entity": entity, "field": {"name": id, "type": "Int"}})
}

/// Gives each the name of the one before it, and the first that of the last.
pub fn turned(names: &[&str], rename: impl Fn(&str, &str) -> String) -> String {
    let steps: String = names.windows(2).map(|pair| rename(pair[1], pair[0])).collect();
    rename(names[0], "way") + &steps + &rename("way", names[names.len() - 1])
}

pub fn turned_columns(names: &[&str]) -> String {
    turned(names, |from, to| format!("ALTER TABLE pear RENAME COLUMN {from} TO {to};"))
}

pub fn turned_tables(names: &[&str]) -> String {
    turned(names, |from, to| format!("ALTER TABLE {from} RENAME TO {to};"))
}
