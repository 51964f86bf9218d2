//! Privileges that were taken from the host's role, one by one: each is told with the statement that gives it back, and that
//! statement is enough.

use hookwright_tests::plain_role::PlainRole;
use hookwright_tests::world::runtime;
use serde_json::{Value as Json, json};

use super::cause::trouble;

fn entity(id: &str, name: &str) -> Json {
    let fields = json!([{"name": "id", "type": "Int", "nullable": false, "primaryKey": true},
        {"name": "note", "type": "Text"}]);
    json!({"id": id, "type": "entity.create", "entity": {"name": name, "fields": fields}})
}

#[test]
fn of_the_schemas_and_the_bookkeeping() {
    const REVOKED: [(&str, &str); 9] = [
        ("USAGE", "SCHEMA \"acme\""),
        ("CREATE", "SCHEMA \"acme\""),
        ("USAGE, CREATE", "SCHEMA \"acme\""),
        ("USAGE", "SCHEMA hookwright"),
        ("SELECT", "TABLE hookwright.org"),
        ("UPDATE", "TABLE hookwright.org"),
        ("INSERT", "TABLE hookwright.change"),
        ("INSERT, DELETE", "TABLE hookwright.field, hookwright.model"),
        ("EXECUTE", "ALL FUNCTIONS IN SCHEMA hookwright"),
    ];
    runtime().block_on(async {
        let role = PlainRole::create().await;
        let name = role.name();
        role.submit(&entity("e-0", "invoice")).await.unwrap_or_else(|e| panic!("{e}"));
        for (number, (privilege, on)) in (1..).zip(REVOKED) {
            role.admin(&format!("REVOKE {privilege} ON {on} FROM \"{name}\", PUBLIC")).await;
            let grant = format!("GRANT {privilege} ON {on} TO \"{name}\"");
            let event = entity(&format!("e-{number}"), &format!("entity_{number}"));
            let error = role.submit(&event).await.expect_err(on);
            assert_eq!(error.code, "db/denied", "{error}");
            assert!(error.help.ends_with(&grant), "{on}: {}", error.help);
            let examined = role.examine().await;
            assert!(trouble(&examined, "db/denied").next.ends_with(&grant), "{examined:#?}");
            role.admin(&grant).await;
            role.submit(&event).await.unwrap_or_else(|e| panic!("{on}: {e}"));
        }
        assert!(role.examine().await.well);
        role.close().await;
    });
}

/// An owner can take privileges from itself, and then alters a table whose rows it may not read.
#[test]
fn of_a_table_that_the_role_owns() {
    runtime().block_on(async {
        let role = PlainRole::create().await;
        let name = role.name();
        role.submit(&json!([entity("e-1", "invoice"), entity("e-2", "account")])).await.unwrap();
        let required = json!({"id": "e-3", "type": "field.update", "entity": "invoice", "field": "note", "changes": {"type": "Int"}});
        let refers = json!({"id": "e-4", "type": "field.create", "entity": "account",
            "field": {"name": "invoice", "type": "Int", "references": {"table": "invoice", "column": "id", "onDelete": "SET NULL"}}});
        for (privilege, event) in [("SELECT", required), ("REFERENCES", refers)] {
            role.admin(&format!("REVOKE {privilege} ON acme.invoice FROM \"{name}\"")).await;
            let grant = format!("GRANT {privilege} ON TABLE \"acme\".\"invoice\" TO \"{name}\"");
            let error = role.submit(&event).await.expect_err(privilege);
            assert_eq!(error.code, "db/denied", "{error}");
            assert!(error.message.contains(&format!("lacks {privilege} on")), "{error}");
            assert!(error.help.ends_with(&grant), "{}", error.help);
            assert!(trouble(&role.examine().await, "db/denied").next.ends_with(&grant));
            role.admin(&grant).await;
            role.submit(&event).await.unwrap_or_else(|e| panic!("{privilege}: {e}; {}", e.help));
        }
        role.close().await;
    });
}
