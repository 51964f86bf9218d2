//! What is made is what is found: every type, default, constraint and index, on either database.

use hookwright_core::ddl::{Dialect, probe};
use hookwright_core::policy::Probe;
use serde_json::json;

use super::{column, create, on_both, refer, ty};
use crate::db::{ForeignKind, ProbeAnswer};
use crate::executor::testing::{Bench, ident, org};

on_both! {
    every_type_and_default_is_found_again => types
    every_constraint_and_index_is_found_again => constraints
    foreign_things_are_told => foreign
    probes_are_answered => probes
    renames_and_drops_keep_step => renames
}

async fn types(dialect: Dialect) {
    let values = json!({"type": "Enum", "values": ["a", "it's", "c\\d"]});
    let decimal = json!({"type": "Decimal", "precision": 12, "scale": 2});
    let cases = [
        (json!({"type": "String", "length": 140}), json!({"text": "it's \\ é"})),
        (ty("Text"), json!({"text": ""})),
        (ty("Int"), json!({"integer": -5})),
        (ty("BigInt"), json!({"integer": 9_007_199_254_740_993_i64})),
        (ty("Float"), json!({"float": -1.5e-20})),
        (decimal, json!({"decimal": "-1.50"})),
        (json!({"type": "Decimal", "precision": 5, "scale": 0}), json!({"decimal": "7"})),
        (ty("Boolean"), json!({"boolean": false})),
        (ty("Date"), json!({"date": "2024-01-31"})),
        (ty("Time"), json!({"time": "13:45:00.5"})),
        (ty("DateTime"), json!({"dateTime": "2024-01-31T13:45:00.25Z"})),
        (ty("Json"), json!({"json": {"b": [1, "it's"], "a": null}})),
        (ty("Uuid"), json!({"uuid": "123e4567-e89b-12d3-a456-426614174000"})),
        (ty("Bytes"), json!({"bytes": "00ff"})),
        (values, json!({"text": "it's"})),
        (ty("Date"), json!("now")),
        (ty("Time"), json!("now")),
        (ty("DateTime"), json!("now")),
    ];
    let mut columns = Vec::new();
    for (index, (ty, default)) in cases.iter().enumerate() {
        let name = |kind: &str| format!("{kind}_{index}");
        columns.push(column(&name("plain"), ty.clone(), true));
        columns.push(
            json!({"name": name("full"), "ty": ty, "nullable": false, "default": default, "comment": "it's"}),
        );
    }
    let mut bench = Bench::new(dialect).await;
    bench.change(&[create("every", &columns)]).await;
    let table = bench.schema.table(&ident("every")).expect("made").clone();
    let added = cases.iter().enumerate().filter(|(_, (_, default))| *default != json!("now")).map(
        |(index, (ty, default))| {
            super::add(
                "every",
                json!({"name": format!("added_{index}"), "ty": ty, "nullable": false, "default": default}),
            )
        },
    );
    bench.change(&added.collect::<Vec<_>>()).await;
    assert!(bench.schema.table(&ident("every")).expect("there").columns.len() > table.columns.len());
}

async fn constraints(dialect: Dialect) {
    let mut bench = Bench::new(dialect).await;
    let text = |name: &str| column(name, ty("Text"), true);
    let amount = column("amount", json!({"type": "Decimal", "precision": 9, "scale": 2}), true);
    let columns = [text("account"), text("a"), text("b"), amount, column("paid", ty("Boolean"), true)];
    let check = |name: &str, expression: &str| json!({"intent": "add-check", "table": "invoice", "name": name, "expression": expression});
    bench
        .change(&[
            create("account", &[text("parent")]),
            refer("account", "parent", "account"),
            create("invoice", &columns),
            refer("invoice", "account", "account"),
            json!({"intent": "add-unique", "table": "invoice", "columns": ["a", "b"]}),
            json!({"intent": "create-index", "table": "invoice", "keys": [{"column": "b"}]}),
            json!({"intent": "create-index", "table": "invoice", "keys": [{"column": "b"}, {"column": "a"}], "unique": true}),
            check("positive", "amount > -1.5 AND length(trim(a)) <= 10"),
            check("listed", "a IN ('x', 'it''s', '\\') OR a IS NULL"),
            check("settled", "paid = TRUE OR amount IS NOT NULL"),
            json!({"intent": "set-comment", "table": "invoice", "comment": "it's \\"}),
        ])
        .await;
    bench.change(&[json!({"intent": "drop-check", "table": "invoice", "name": "listed"})]).await;
    bench.change(&[json!({"intent": "drop-table", "table": "invoice"})]).await;
}

async fn foreign(dialect: Dialect) {
    let mut bench = Bench::new(dialect).await;
    bench.change(&[create("invoice", &[column("a", ty("Text"), true)])]).await;
    bench
        .sql(match dialect {
            Dialect::Postgres => {
                "SET search_path = \"acme-corp\"; CREATE TABLE theirs (\"odd name\" money);
                 CREATE VIEW seen AS SELECT 1 AS one; CREATE INDEX by_last ON invoice (a DESC);
                 ALTER TABLE invoice ADD COLUMN price money; ALTER TABLE invoice ADD COLUMN \"odd name\" text;
                 ALTER TABLE invoice ADD CONSTRAINT odd CHECK (a ~ 'x') NOT VALID;"
            }
            Dialect::Sqlite => {
                "CREATE TABLE \"odd table\" (x); CREATE VIEW seen AS SELECT 1 AS one;
                 CREATE INDEX by_last ON invoice (a DESC); ALTER TABLE invoice ADD COLUMN price MONEY;
                 ALTER TABLE invoice ADD COLUMN \"odd name\" TEXT;
                 ALTER TABLE invoice ADD COLUMN at TEXT CHECK (at GLOB 'x*');
                 CREATE TRIGGER watch AFTER INSERT ON invoice BEGIN SELECT 1; END;"
            }
        })
        .await;
    let managed = [ident("invoice")].into();
    let inspected = bench.db.inspect(Some(&managed)).await.expect("inspected");
    let found = |kind: ForeignKind| inspected.foreign.iter().filter(|f| f.kind == kind).count();
    assert_eq!(found(ForeignKind::Table), 1, "{:#?}", inspected.foreign);
    assert_eq!(found(ForeignKind::View), 1);
    assert_eq!(found(ForeignKind::Index), 1);
    assert!(found(ForeignKind::Column) >= 1);
    assert!(found(ForeignKind::Constraint) >= 1, "{:#?}", inspected.foreign);
    assert_eq!(inspected.schema.tables.len(), 1);
    let table = inspected.schema.table(&ident("invoice")).expect("there");
    let price = table.column(&ident("price")).expect("there");
    let called = price.unread.as_ref().and_then(|unread| unread.ty.as_deref());
    let (wanted, is_far) = match dialect {
        Dialect::Postgres => ("money", true),
        Dialect::Sqlite => ("MONEY", false),
    };
    assert_eq!((called, price.is_far()), (Some(wanted), is_far));
}

async fn probes(dialect: Dialect) {
    let mut bench = Bench::new(dialect).await;
    bench.change(&[create("invoice", &[column("a", ty("Text"), true)])]).await;
    let table = ident("invoice");
    let probes = [
        Probe::Rows { table: table.clone() },
        Probe::Nulls { table: table.clone(), column: ident("a") },
        Probe::Duplicates { table: table.clone(), columns: vec![ident("a")] },
    ];
    let statements: Vec<_> = probes.iter().map(|p| probe(p, dialect, &org(), &bench.schema)).collect();
    let none = |rows| ProbeAnswer::Found { rows, failing: 0, sample: vec![] };
    assert_eq!(bench.db.probe(&statements).await.expect("answered"), [none(false), none(false), none(false)]);
    bench
        .sql(match dialect {
            Dialect::Postgres => {
                r#"INSERT INTO "acme-corp".invoice VALUES ('1', NULL), ('2', 'it''s'), ('3', 'it''s')"#
            }
            Dialect::Sqlite => "INSERT INTO invoice VALUES ('1', NULL), ('2', 'it''s'), ('3', 'it''s')",
        })
        .await;
    let found =
        |failing, sample: &str| ProbeAnswer::Found { rows: true, failing, sample: vec![sample.into()] };
    let answers = bench.db.probe(&statements).await.expect("answered");
    assert_eq!(answers, [none(true), found(1, "1"), found(2, "it's")]);
}

async fn renames(dialect: Dialect) {
    let mut bench = Bench::new(dialect).await;
    let values = json!({"type": "Enum", "values": ["a"]});
    bench
        .change(&[
            create("account", &[]),
            create("invoice", &[column("kind", values, true), column("account", ty("Text"), true)]),
            refer("invoice", "account", "account"),
        ])
        .await;
    bench
        .change(&[
            json!({"intent": "rename-table", "table": "account", "to": "client"}),
            json!({"intent": "rename-table", "table": "invoice", "to": "bill"}),
            json!({"intent": "rename-column", "table": "bill", "column": "kind", "to": "sort"}),
        ])
        .await;
    bench
        .change(&[json!({"intent": "set-values", "table": "bill", "column": "sort", "values": ["a", "b"]})])
        .await;
    bench.change(&[json!({"intent": "drop-column", "table": "bill", "column": "account"})]).await;
}
