//! The schema that most cases begin at.

use serde_json::{Value as Json, json};

use super::on;

/// Intents that make it: accounts, invoices with something of everything, and a log without a key.
pub fn base() -> Vec<Json> {
    let mut intents = vec![account(), invoice(), log()];
    intents.extend([
        on("account", "add-unique", json!({"columns": ["number"]})),
        refer("account", "account"),
        refer("parent", "invoice"),
        on("invoice", "add-unique", json!({"columns": ["number"]})),
        on("invoice", "add-check", json!({"name": "positive", "expression": "amount > 0"})),
        on("invoice", "create-index", json!({"keys": [{"column": "status"}]})),
        on(
            "invoice",
            "create-index",
            json!({"keys": [{"expression": "lower(code)"}], "where": "amount > 5"}),
        ),
    ]);
    intents
}

/// A column.
pub(super) fn column(name: &str, ty: &Json, nullable: bool) -> Json {
    json!({"name": name, "ty": ty, "nullable": nullable})
}

/// A foreign key of an invoice.
pub(super) fn refer(column: &str, to: &str) -> Json {
    on(
        "invoice",
        "add-foreign-key",
        json!({"columns": [column], "to": to, "target": ["id"], "onDelete": "SET NULL"}),
    )
}

pub(super) fn text() -> Json {
    json!({"type": "Text"})
}

pub(super) fn string(length: u32) -> Json {
    json!({"type": "String", "length": length})
}

pub(super) fn of_type(name: &str) -> Json {
    json!({"type": name})
}

pub(super) fn decimal(precision: u32, scale: u32) -> Json {
    json!({"type": "Decimal", "precision": precision, "scale": scale})
}

pub(super) fn values(values: &[&str]) -> Json {
    json!({"type": "Enum", "values": values})
}

fn account() -> Json {
    let columns = [
        column("id", &text(), false),
        column("name", &string(100), true),
        column("number", &of_type("Int"), false),
    ];
    on(
        "account",
        "create-table",
        json!({"columns": columns, "primaryKey": ["id"], "comment": "it's a table"}),
    )
}

fn invoice() -> Json {
    let mut code = column("code", &string(20), false);
    code["default"] = json!({"text": "it's"});
    let columns = [
        column("id", &text(), false),
        column("account", &text(), true),
        column("parent", &text(), true),
        column("number", &of_type("Int"), true),
        column("amount", &of_type("Int"), true),
        column("total", &decimal(10, 2), true),
        column("status", &string(20), true),
        code,
        column("kind", &values(&["a", "it's"]), true),
        column("free", &text(), true),
        column("note", &text(), true),
        column("bare", &text(), true),
        column("ratio", &of_type("Float"), true),
        column("seen", &of_type("DateTime"), true),
        column("data", &of_type("Json"), true),
    ];
    on("invoice", "create-table", json!({"columns": columns, "primaryKey": ["id"]}))
}

fn log() -> Json {
    let columns = [
        column("line", &text(), true),
        column("at", &of_type("Int"), false),
        column("n", &of_type("Int"), true),
    ];
    on("log", "create-table", json!({"columns": columns}))
}
