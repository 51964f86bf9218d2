//! The cases which together make the renderer write every kind of statement. A test fails if they do not.

use serde_json::{Value as Json, json};

use super::base::{base, column, decimal, of_type, refer, string, text, values};
use super::conversions::conversions;
use super::{Case, on};

/// All of them.
pub fn cases() -> Vec<Case> {
    let mut cases = tables();
    cases.extend(columns());
    cases.extend(tightening());
    cases.extend(types());
    cases.extend(connected_types());
    cases.extend(references());
    cases.extend(keys());
    cases.extend(indexes());
    cases.extend(fills());
    cases.extend(conversions());
    cases.push(logged());
    cases.push(collated());
    cases
}

fn case<const N: usize>(name: &str, changes: [Vec<Json>; N]) -> Case {
    Case {
        name: name.into(),
        base: base(),
        unlogged: &[],
        collated: &[],
        changes: changes.into(),
        empty_only: false,
        burying: true,
        unforeseen: false,
    }
}

fn invoice(intent: &str, more: Json) -> Json {
    on("invoice", intent, more)
}

fn add(column: Json) -> Json {
    invoice("add-column", json!({"column": column}))
}

fn with(mut column: Json, more: Json) -> Json {
    for (key, value) in more.as_object().expect("an object") {
        column[key] = value.clone();
    }
    column
}

/// A column that every row must have a value in.
fn needed(name: &str, ty: &Json, default: Json) -> Json {
    with(column(name, ty, false), json!({"default": default}))
}

/// One refers to itself, and to another.
fn logged() -> Case {
    let set = |table: &str| on(table, "set-logged", json!({}));
    let unlogged = &["invoice", "account", "log"];
    Case {
        unlogged,
        ..case("tables that somebody made UNLOGGED", [vec![set("invoice"), set("account"), set("log")]])
    }
}

/// In an index, computed by one, checked, and with nothing on it.
fn collated() -> Case {
    let set = |column: &str, ty: Json| invoice("change-type", json!({"column": column, "ty": ty}));
    let changes = vec![
        set("status", string(20)),
        set("code", string(20)),
        set("kind", values(&["a", "it's"])),
        set("note", text()),
    ];
    Case {
        collated: &[
            ("invoice", "status", "varchar(20)"),
            ("invoice", "code", "varchar(20)"),
            ("invoice", "kind", "text"),
            ("invoice", "note", "text"),
        ],
        ..case("columns that somebody gave a collation", [changes])
    }
}

fn tables() -> Vec<Case> {
    let line = [
        column("id", &text(), false),
        column("invoice", &text(), true),
        column("kind", &values(&["x", "y"]), true),
    ];
    let create = |name: &str| on(name, "create-table", json!({"columns": line, "primaryKey": ["id"]}));
    let fkey = |from: &str, to: &str| {
        on(
            from,
            "add-foreign-key",
            json!({"columns": ["invoice"], "to": to, "target": ["id"], "onDelete": "CASCADE"}),
        )
    };
    let created = vec![
        create("line"),
        fkey("line", "invoice"),
        on("line", "add-unique", json!({"columns": ["kind", "invoice"]})),
        on("line", "add-check", json!({"name": "named", "expression": "length(id) > 0"})),
        on("line", "create-index", json!({"keys": [{"column": "invoice"}]})),
        on("line", "set-comment", json!({"comment": "it's new"})),
        on("line", "set-comment", json!({"column": "kind", "comment": "x or y"})),
    ];
    let drop = |table: &str| on(table, "drop-table", json!({}));
    let renamed = vec![
        invoice("rename-table", json!({"to": "bill"})),
        on("bill", "rename-column", json!({"column": "status", "to": "state"})),
        on("bill", "rename-column", json!({"column": "kind", "to": "sort"})),
        on("bill", "rename-primary-key", json!({"to": "bill_key"})),
        on("bill", "rename-unique", json!({"columns": ["number"], "to": "bill_number"})),
        on("bill", "rename-check", json!({"name": "positive", "to": "above_zero"})),
        on("bill", "rename-foreign-key", json!({"columns": ["account"], "to": "bill_account"})),
        on("bill", "rename-index", json!({"keys": [{"column": "state"}], "to": "bill_state"})),
    ];
    vec![
        case("a table", [created]),
        case(
            "tables that refer to each other",
            [vec![create("line"), create("lane"), fkey("line", "lane"), fkey("lane", "line")]],
        ),
        case("other names for everything", [renamed]),
        case(
            "a table goes and comes back",
            [vec![drop("invoice")], vec![on("invoice", "restore-table", json!({}))]],
        ),
        case(
            "a table goes for good",
            [vec![drop("log")], vec![on("hookwright_dropped_1_log", "purge-table", json!({}))]],
        ),
        Case { burying: false, ..case("nothing is kept of a table", [vec![drop("invoice")]]) },
    ]
}

fn columns() -> Vec<Case> {
    let plain = vec![
        add(column("one", &text(), true)),
        add(needed("two", &string(10), json!({"text": "it's"}))),
        add(needed("three", &of_type("DateTime"), json!("now"))),
        add(needed("four", &of_type("Boolean"), json!({"boolean": true}))),
        add(needed("five", &decimal(9, 2), json!({"decimal": "1.50"}))),
        add(needed("six", &of_type("Json"), json!({"json": {"a": "it's"}}))),
        add(needed("seven", &of_type("Bytes"), json!({"bytes": "00ff"}))),
        add(needed("eight", &of_type("Date"), json!("now"))),
        add(needed("nine", &of_type("Uuid"), json!({"uuid": "123e4567-e89b-12d3-a456-426614174000"}))),
        add(with(
            column("ten", &of_type("Float"), true),
            json!({"comment": "a number", "default": {"float": 1.5}}),
        )),
    ];
    let enums = vec![
        add(column("one", &values(&["x", "it's"]), true)),
        add(needed("two", &values(&["x", "y"]), json!({"text": "x"}))),
    ];
    let generated = add(with(column("twice", &of_type("BigInt"), true), json!({"generated": "amount * 2"})));
    let required = add(column("must", &text(), false));
    let drop = |column: &str| invoice("drop-column", json!({"column": column}));
    let restore = |column: &str| invoice("restore-column", json!({"column": column}));
    let gone = vec![drop("free"), drop("status"), drop("account"), drop("kind")];
    let back = vec![restore("status"), restore("account"), restore("kind")];
    let purge = vec![invoice("purge-column", json!({"column": "hookwright_dropped_1_free"}))];
    let defaults = vec![
        invoice("set-default", json!({"column": "status", "value": {"text": "new"}})),
        invoice("set-default", json!({"column": "seen", "value": "now"})),
        invoice("drop-default", json!({"column": "code"})),
        invoice("set-comment", json!({"comment": "bills"})),
        invoice("set-comment", json!({"column": "note", "comment": "it's free"})),
        on("account", "set-comment", json!({})),
    ];
    vec![
        case("columns", [plain]),
        case("columns of values", [enums]),
        case("a generated column", [vec![generated]]),
        Case { empty_only: true, ..case("a required column", [vec![required]]) },
        case("columns go, some come back, one for good", [gone, back, purge]),
        Case { burying: false, ..case("nothing is kept of columns", [vec![drop("status"), drop("free")]]) },
        case("defaults and comments", [defaults]),
    ]
}

fn tightening() -> Vec<Case> {
    let not_null = |column: &str| invoice("set-not-null", json!({"column": column}));
    let values = |list: Json| invoice("set-values", json!({"column": "kind", "values": list}));
    vec![
        case("what rows must have", [vec![not_null("status"), not_null("account"), not_null("kind")]]),
        case(
            "what rows need not have",
            [vec![
                invoice("drop-not-null", json!({"column": "code"})),
                on("log", "drop-not-null", json!({"column": "at"})),
            ]],
        ),
        case(
            "checks",
            [
                vec![
                    invoice(
                        "add-check",
                        json!({"name": "short", "expression": "length(status) < 10 OR status IN ('it''s')"}),
                    ),
                    invoice("drop-check", json!({"name": "positive"})),
                ],
                vec![invoice("rename-check", json!({"name": "short", "to": "brief"}))],
            ],
        ),
        case(
            "values more and fewer",
            [vec![values(json!(["a", "it's", "c"]))], vec![values(json!(["it's", "a"]))]],
        ),
    ]
}

fn types() -> Vec<Case> {
    let to = |column: &str, ty: &Json| invoice("change-type", json!({"column": column, "ty": ty}));
    vec![
        case("a column that is indexed", [vec![to("status", &string(60))], vec![to("status", &text())]]),
        case("a column with a default", [vec![to("code", &string(60))]]),
        case("a column that an index computes from", [vec![to("code", &text())]]),
        case(
            "a column with a check",
            [vec![to("amount", &of_type("BigInt"))], vec![to("amount", &decimal(30, 2))]],
        ),
        case(
            "a checked column that stays as it is stored",
            [
                vec![invoice("add-check", json!({"name": "cheap", "expression": "total < 1000"}))],
                vec![to("total", &decimal(12, 2))],
            ],
        ),
    ]
}

fn connected_types() -> Vec<Case> {
    let to = |column: &str, ty: &Json| invoice("change-type", json!({"column": column, "ty": ty}));
    vec![
        case(
            "a reference that stays as it is stored",
            [
                vec![
                    on("invoice", "change-type", json!({"column": "status", "ty": string(60)})),
                    add(column("owner", &string(60), true)),
                    on("account", "add-unique", json!({"columns": ["name"]})),
                    on(
                        "invoice",
                        "add-foreign-key",
                        json!({"columns": ["owner"], "to": "account", "target": ["name"], "onDelete": "CASCADE"}),
                    ),
                ],
                vec![to("owner", &string(80))],
                vec![on("account", "change-type", json!({"column": "name", "ty": string(200)}))],
            ],
        ),
        case(
            "a column that refers",
            [vec![
                to("account", &string(60)),
                on("account", "change-type", json!({"column": "id", "ty": string(60)})),
            ]],
        ),
        case("the type of a reference", [vec![to("account", &string(60))]]),
        case(
            "a longer column that every row must have, and an index computes from",
            [
                vec![invoice("set-not-null", json!({"column": "status"})), to("status", &string(60))],
                vec![
                    invoice("create-index", json!({"keys": [{"expression": "lower(status)"}]})),
                    to("status", &string(80)),
                ],
            ],
        ),
        case(
            "values and text",
            [
                vec![to("kind", &text())],
                vec![to("kind", &string(10))],
                vec![to("kind", &values(&["a", "it's"]))],
            ],
        ),
        case(
            "a required column with another name",
            [vec![
                invoice("set-not-null", json!({"column": "number"})),
                to("number", &of_type("BigInt")),
                invoice("rename-column", json!({"column": "number", "to": "running"})),
            ]],
        ),
    ]
}

fn references() -> Vec<Case> {
    let owner = add(column("owner", &text(), true));
    let index = invoice("create-index", json!({"keys": [{"column": "owner"}]}));
    let drop = |column: &str| invoice("drop-foreign-key", json!({"columns": [column]}));
    let moved = vec![
        on("account", "rename-table", json!({"to": "customer"})),
        owner.clone(),
        refer("owner", "customer"),
    ];
    vec![
        case("a reference with its index", [vec![owner.clone(), refer("owner", "account"), index]]),
        case("a reference to itself", [vec![refer("free", "invoice")]]),
        case("a reference to what gets another name", [moved]),
        case("references go", [vec![drop("account"), drop("parent")]]),
    ]
}

fn keys() -> Vec<Case> {
    let unique = |columns: Json| invoice("add-unique", json!({"columns": columns}));
    vec![
        case(
            "unique columns",
            [
                vec![unique(json!(["status", "amount"])), unique(json!(["code"]))],
                vec![invoice("drop-unique", json!({"columns": ["code"]}))],
            ],
        ),
        case("a key", [vec![on("log", "add-primary-key", json!({"columns": ["at"]}))]]),
        case(
            "a key of a column that may be empty",
            [vec![on("log", "add-primary-key", json!({"columns": ["n", "at"]}))]],
        ),
        case(
            "another key",
            [
                vec![on("log", "add-primary-key", json!({"columns": ["at"]}))],
                vec![
                    on("log", "drop-primary-key", json!({})),
                    on("log", "add-primary-key", json!({"columns": ["at", "n"]})),
                ],
            ],
        ),
    ]
}

fn indexes() -> Vec<Case> {
    let create = |more: Json| invoice("create-index", more);
    let of = |column: &str| json!([{"column": column}]);
    let kinds = vec![
        create(json!({"keys": of("amount"), "unique": true})),
        create(json!({"keys": [{"expression": "lower(status)"}], "where": "amount > 0"})),
        create(json!({"keys": of("account"), "include": ["amount", "status"]})),
        create(json!({"keys": of("amount"), "method": "brin"})),
        create(json!({"keys": of("data"), "method": "gin"})),
        create(json!({"keys": of("note"), "method": "hash"})),
    ];
    let drop = invoice("drop-index", json!({"keys": of("status")}));
    vec![
        case("indexes of every kind", [kinds]),
        case("an index goes", [vec![drop.clone()]]),
        case(
            "an index takes another's name",
            [vec![
                drop,
                create(json!({"keys": of("note")})),
                invoice("rename-index", json!({"keys": of("note"), "to": "invoice_status_idx"})),
            ]],
        ),
    ]
}

fn fills() -> Vec<Case> {
    let fill = |column: &str, more: Json| with(invoice("backfill", json!({"column": column})), more);
    let literal = |text: &str| json!({"value": {"literal": {"text": text}}});
    vec![
        case("empty values are filled", [vec![fill("bare", literal("it's"))]]),
        case(
            "some rows are filled",
            [vec![fill("free", json!({"value": {"expression": "lower(code)"}, "where": "amount > 10"}))]],
        ),
        case(
            "a new column that every row must have",
            [vec![
                add(column("must", &text(), true)),
                fill("must", json!({"value": {"expression": "id"}})),
                invoice("set-not-null", json!({"column": "must"})),
            ]],
        ),
        case(
            "a reference is filled",
            [vec![refer("bare", "account")], vec![fill("bare", json!({"value": {"expression": "id"}}))]],
        ),
    ]
}
