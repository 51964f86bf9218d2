//! What a change is in statements, on both databases.

use std::sync::Arc;

use serde_json::{Value as Json, json};

use super::{Sizes, plan};
use crate::ddl::Dialect;
use crate::ident::OrgName;
use crate::intent::Intent;
use crate::model::Model;
use crate::schema::Schema;

pub(super) fn apply(base: &Schema, intents: &[Json]) -> Model {
    let mut model = Model::new(Arc::new(base.clone()));
    for intent in intents {
        let intent: Intent = serde_json::from_value(intent.clone()).expect("an intent");
        intent.apply(&mut model).expect("applied");
    }
    model
}

fn statements(model: &Model, dialect: Dialect) -> String {
    let org = OrgName::parse("acme-corp").expect("a name");
    let plan = plan(&org, dialect, model, &Sizes::default());
    plan.statements().map(|s| s.sql().to_owned() + "\n").collect()
}

pub(super) fn both(model: &Model) -> String {
    format!("{}--\n{}", statements(model, Dialect::Postgres), statements(model, Dialect::Sqlite))
}

pub(super) fn column(name: &str, ty: Json, nullable: bool) -> Json {
    json!({"name": name, "ty": ty, "nullable": nullable})
}

pub(super) fn add(table: &str, column: Json, key: bool) -> Json {
    json!({"intent": "add-column", "table": table, "column": column, "primaryKey": key})
}

pub(super) fn text() -> Json {
    json!({"type": "Text"})
}

pub(super) fn start() -> Schema {
    let id = column("id", text(), false);
    let create = |table: &str| json!({"intent": "create-table", "table": table, "columns": [id], "primaryKey": ["id"]});
    let refer = json!({"intent": "add-foreign-key", "table": "invoice", "columns": ["account"], "to": "account", "target": ["id"], "onDelete": "SET NULL"});
    let intents =
        [create("account"), create("invoice"), add("invoice", column("account", text(), true), false), refer];
    apply(&Schema::default(), &intents).schema().clone()
}

#[test]
fn what_was_not_validated_is_validated() {
    let check =
        json!({"intent": "add-check", "table": "invoice", "name": "mine", "expression": "account <> ''"});
    let mut base = apply(&start(), std::slice::from_ref(&check)).schema().clone();
    let invoice = crate::ident::Ident::parse("invoice").expect("a name");
    let table = base.table_mut(&invoice).expect("a table");
    table.checks[0].besides = Some(crate::schema::NOT_VALID.to_owned());
    table.foreign_keys[0].besides = Some(crate::schema::NOT_VALID.to_owned());
    let refer = json!({"intent": "add-foreign-key", "table": "invoice", "columns": ["account"], "to": "account", "target": ["id"], "onDelete": "SET NULL"});
    let made = statements(&apply(&base, &[check, refer]), Dialect::Postgres);
    insta::assert_snapshot!(made, @r#"
    ALTER TABLE "acme-corp"."invoice" VALIDATE CONSTRAINT "invoice_account_fkey"
    ALTER TABLE "acme-corp"."invoice" VALIDATE CONSTRAINT "mine"
    "#);
}

#[test]
fn a_creation_is_one_statement() {
    let model = apply(
        &start(),
        &[
            json!({"intent": "create-table", "table": "line"}),
            add("line", column("id", json!({"type": "Uuid"}), false), true),
            add("line", column("state", json!({"type": "Enum", "values": ["a", "it's"]}), false), false),
            add("line", column("invoice", text(), true), false),
            json!({"intent": "add-foreign-key", "table": "line", "columns": ["invoice"], "to": "invoice", "target": ["id"], "onDelete": "CASCADE"}),
            json!({"intent": "add-unique", "table": "line", "columns": ["state"]}),
            json!({"intent": "create-index", "table": "line", "keys": [{"column": "invoice"}]}),
        ],
    );
    insta::assert_snapshot!(both(&model), @r#"
CREATE TABLE "acme-corp"."line" ("id" uuid NOT NULL, "state" text NOT NULL, "invoice" text, CONSTRAINT "line_pkey" PRIMARY KEY ("id"), CONSTRAINT "line_state_key" UNIQUE ("state"), CONSTRAINT "state_values" CHECK ("state" IN ('a', 'it''s')), CONSTRAINT "line_invoice_fkey" FOREIGN KEY ("invoice") REFERENCES "acme-corp"."invoice" ("id") ON DELETE CASCADE)
CREATE INDEX "line_invoice_idx" ON "acme-corp"."line" ("invoice")
--
CREATE TABLE "line" ("id" TEXT NOT NULL CHECK (length("id") = 36), "state" TEXT NOT NULL CHECK ("state" IN ('a', 'it''s')), "invoice" TEXT, PRIMARY KEY ("id"), CONSTRAINT "line_invoice_fkey" FOREIGN KEY ("invoice") REFERENCES "invoice" ("id") ON DELETE CASCADE)
CREATE UNIQUE INDEX "line_state_key" ON "line" ("state")
CREATE INDEX "line_invoice_idx" ON "line" ("invoice")
"#);
}

#[test]
fn tables_may_refer_to_each_other() {
    let refer = |from: &str, to: &str| json!({"intent": "add-foreign-key", "table": from, "columns": ["other"], "to": to, "target": ["id"], "onDelete": "RESTRICT"});
    let create = |table: &str| json!({"intent": "create-table", "table": table, "columns": [column("id", text(), false), column("other", text(), true)], "primaryKey": ["id"]});
    let model = apply(&Schema::default(), &[create("a"), create("b"), refer("a", "b"), refer("b", "a")]);
    insta::assert_snapshot!(both(&model), @r#"
CREATE TABLE "acme-corp"."a" ("id" text NOT NULL, "other" text, CONSTRAINT "a_pkey" PRIMARY KEY ("id"))
CREATE TABLE "acme-corp"."b" ("id" text NOT NULL, "other" text, CONSTRAINT "b_pkey" PRIMARY KEY ("id"), CONSTRAINT "b_other_fkey" FOREIGN KEY ("other") REFERENCES "acme-corp"."a" ("id") ON DELETE RESTRICT)
ALTER TABLE "acme-corp"."a" ADD CONSTRAINT "a_other_fkey" FOREIGN KEY ("other") REFERENCES "acme-corp"."b" ("id") ON DELETE RESTRICT
--
CREATE TABLE "a" ("id" TEXT NOT NULL, "other" TEXT, PRIMARY KEY ("id"), CONSTRAINT "a_other_fkey" FOREIGN KEY ("other") REFERENCES "b" ("id") ON DELETE RESTRICT)
CREATE TABLE "b" ("id" TEXT NOT NULL, "other" TEXT, PRIMARY KEY ("id"), CONSTRAINT "b_other_fkey" FOREIGN KEY ("other") REFERENCES "a" ("id") ON DELETE RESTRICT)
"#);
}

#[test]
fn what_is_done_and_undone_is_nothing() {
    let model = apply(
        &start(),
        &[
            add("invoice", column("x", text(), true), false),
            json!({"intent": "drop-column", "table": "invoice", "column": "x"}),
            json!({"intent": "rename-table", "table": "invoice", "to": "bill"}),
            json!({"intent": "rename-table", "table": "bill", "to": "invoice"}),
        ],
    );
    assert_eq!(both(&model), "--\n");
}

#[test]
fn names_can_be_exchanged() {
    let rename = |from: &str, to: &str| json!({"intent": "rename-table", "table": from, "to": to});
    let model =
        apply(&start(), &[rename("account", "x"), rename("invoice", "account"), rename("x", "invoice")]);
    insta::assert_snapshot!(both(&model), @r#"
ALTER TABLE "acme-corp"."invoice" RENAME TO "invoice__hookwright_moving"
ALTER TABLE "acme-corp"."account" RENAME TO "invoice"
ALTER TABLE "acme-corp"."invoice__hookwright_moving" RENAME TO "account"
--
ALTER TABLE "invoice" RENAME TO "invoice__hookwright_moving"
ALTER TABLE "account" RENAME TO "invoice"
ALTER TABLE "invoice__hookwright_moving" RENAME TO "account"
"#);
}

#[test]
fn a_dropped_column_leaves_no_name_behind() {
    let model = apply(
        &start(),
        &[
            json!({"intent": "drop-column", "table": "invoice", "column": "account"}),
            add("invoice", column("account", json!({"type": "Int"}), true), false),
        ],
    );
    insta::assert_snapshot!(both(&model));
}

#[test]
fn sqlite_makes_the_table_anew_where_it_must() {
    let model = apply(
        &start(),
        &[
            json!({"intent": "rename-column", "table": "invoice", "column": "account", "to": "client"}),
            json!({"intent": "set-not-null", "table": "invoice", "column": "client"}),
            json!({"intent": "set-default", "table": "invoice", "column": "client", "value": {"text": "none"}}),
            json!({"intent": "change-type", "table": "invoice", "column": "client", "ty": {"type": "String", "length": 40}}),
            json!({"intent": "add-check", "table": "invoice", "name": "named", "expression": "length(client) > 0"}),
        ],
    );
    insta::assert_snapshot!(both(&model), @r#"
ALTER TABLE "acme-corp"."invoice" RENAME COLUMN "account" TO "client"
ALTER TABLE "acme-corp"."invoice" ALTER COLUMN "client" TYPE varchar(40) USING "client"::text, ALTER COLUMN "client" SET DEFAULT 'none'
ALTER TABLE "acme-corp"."invoice" ALTER COLUMN "client" SET NOT NULL
ALTER TABLE "acme-corp"."invoice" ADD CONSTRAINT "named" CHECK ((length("client") > 0))
--
ALTER TABLE "invoice" RENAME COLUMN "account" TO "client"
CREATE TABLE "hookwright_rebuild" ("id" TEXT NOT NULL, "client" TEXT NOT NULL DEFAULT 'none' CHECK (length("client") <= 40), PRIMARY KEY ("id"), CONSTRAINT "named" CHECK ((length("client") > 0)), CONSTRAINT "invoice_account_fkey" FOREIGN KEY ("client") REFERENCES "account" ("id") ON DELETE SET NULL)
INSERT INTO "hookwright_rebuild" ("id", "client", rowid) SELECT "id", "client", rowid FROM "invoice"
DROP TABLE "invoice"
PRAGMA legacy_alter_table = ON
ALTER TABLE "hookwright_rebuild" RENAME TO "invoice"
PRAGMA legacy_alter_table = OFF
"#);
}

#[test]
fn a_reference_is_made_anew_on_another_key() {
    let id = json!({"table": "account", "columns": ["id"]});
    let on = |intent: &str| {
        let mut on = id.clone();
        on["intent"] = intent.into();
        on
    };
    let both_keys = apply(&start(), &[on("add-unique")]).schema().clone();
    let model = apply(&both_keys, &[json!({"intent": "drop-primary-key", "table": "account"})]);
    insta::assert_snapshot!(both(&model));
}

#[test]
fn a_primary_key_goes_on_either_database() {
    let base = apply(
        &Schema::default(),
        &[
            json!({"intent": "create-table", "table": "t", "columns": [column("id", text(), false)], "primaryKey": ["id"]}),
        ],
    );
    let model = apply(&base.schema().clone(), &[json!({"intent": "drop-primary-key", "table": "t"})]);
    insta::assert_snapshot!(both(&model));
}

#[test]
fn a_renaming_is_followed_by_what_is_computed() {
    let size =
        json!({"name": "size", "ty": {"type": "Int"}, "nullable": true, "generated": "length(account)"});
    let base = apply(&start(), &[add("invoice", size, false)]).schema().clone();
    let rename = json!({"intent": "rename-column", "table": "invoice", "column": "account", "to": "payer"});
    let model = apply(&base, &[rename]);
    let rename = "\"invoice\" RENAME COLUMN \"account\" TO \"payer\"\n";
    assert_eq!(both(&model), format!("ALTER TABLE \"acme-corp\".{rename}--\nALTER TABLE {rename}"));
}
