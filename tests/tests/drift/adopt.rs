//! What hands did becomes what the metadata say; the database stays as it is.

use hookwright::outcome::Status;
use hookwright_core::drift::Scope;
use hookwright_core::ident::Ident;
use hookwright_tests::scenario::Dialect;
use hookwright_tests::world::{TestHost, World, runtime};
use serde_json::{Value as Json, json};

use super::bench::{ALLOWED, BOTH, Bench, told};
use super::hands::named;

/// The second command of a list would find nothing by the name that the first gave up.
#[test]
fn what_a_table_takes_along_is_adopted_with_it() {
    for dialect in BOTH {
        runtime().block_on(async {
            let bench = Bench::new(&TestHost::start().await, "acme", dialect).await;
            bench.hand("ALTER TABLE invoice RENAME COLUMN note TO remark; ALTER TABLE invoice RENAME TO bill; CREATE INDEX mine ON account (name)").await;
            let told = hookwright::drift::told(bench.world.org(), &bench.drift().await);
            let adopt: Vec<_> = told.iter().filter_map(|finding| finding.adopt.as_deref()).collect();
            assert_eq!(adopt, ["hookwright adopt --org acme --entity invoice"]);
            assert!(told.iter().any(|finding| finding.message.contains("is there as \"mine\", and nothing calls for it")), "{told:#?}");
            bench.event(&json!({"id": "a", "type": "schema.adopt", "entity": "invoice"})).await;
            assert!(bench.drift().await.is_in_step(), "{dialect:?}");
        });
    }
}

#[test]
fn postgres_is_adopted_as_hands_left_it() {
    let deeds =
        "ALTER TABLE invoice RENAME note TO remark; ALTER TABLE invoice ADD extra int NOT NULL DEFAULT 7;
        ALTER TABLE account ALTER name TYPE varchar(200); ALTER TABLE account ALTER name DROP NOT NULL;
        ALTER TABLE invoice DROP CONSTRAINT invoice_no_key; ALTER TABLE invoice DROP tag;
        ALTER TABLE invoice ALTER status SET DEFAULT 'sent'; COMMENT ON TABLE invoice IS 'mine'";
    runtime().block_on(adopted(Dialect::Postgres, deeds));
}

#[test]
fn sqlite_is_adopted_as_hands_left_it() {
    let deeds = "ALTER TABLE invoice RENAME COLUMN note TO remark; DROP INDEX invoice_tag_idx; ALTER TABLE invoice DROP COLUMN tag;
        ALTER TABLE invoice ADD extra INTEGER NOT NULL DEFAULT 7 CHECK (extra BETWEEN -2147483648 AND 2147483647); DROP INDEX invoice_no_key";
    runtime().block_on(adopted(Dialect::Sqlite, deeds));
}

async fn adopted(dialect: Dialect, deeds: &str) {
    let home = TestHost::start().await;
    let bench = Bench::new(&home, "acme", dialect).await;
    bench.hand(deeds).await;
    let (before, _) = bench.world.physical().await;
    let outcome = bench.send(&json!({"id": "adopt", "type": "schema.adopt"}), ALLOWED).await;
    assert_eq!(outcome.status, Status::Applied, "{:#?}", outcome.reasons);
    assert!(outcome.statements.is_empty() && outcome.left.is_empty(), "{outcome:#?}");
    let said: Vec<_> = outcome.adopted.iter().map(|adopted| adopted.message.as_str()).collect();
    assert!(said.contains(&"field invoice.extra: added, Int, NOT NULL, default 7"), "{said:#?}");
    assert!(said.contains(&"field invoice.remark: changed, name remark, was note"), "{said:#?}");
    assert!(said.contains(&"field invoice.tag: deleted"), "{said:#?}");
    assert!(said.contains(&"field invoice.no: changed, unique none, was yes"), "{said:#?}");
    let recorded =
        bench.world.host().change(bench.world.org(), outcome.change.as_deref().expect("an id")).await;
    assert_eq!(recorded.expect("recorded").adopted, outcome.adopted);
    let drift = bench.drift().await;
    assert!(drift.findings.is_empty(), "{:#?}", drift.findings);
    let (after, _) = bench.world.physical().await;
    assert_eq!(before, after);
    bench.world.in_step().await.expect("in step");
    bench.world.derives().await.expect("derived");
    let invoice = field_names(&bench.world, "invoice").await;
    assert!(invoice.contains(&"remark".to_owned()) && invoice.contains(&"extra".to_owned()), "{invoice:?}");
    assert!(!invoice.contains(&"note".to_owned()) && !invoice.contains(&"tag".to_owned()), "{invoice:?}");
}

/// The field goes by the name that its entity had, and neither is taken for deleted.
#[test]
fn an_entity_and_a_field_of_it_are_renamed() {
    for dialect in BOTH {
        runtime().block_on(async {
            let bench = Bench::new(&TestHost::start().await, "acme", dialect).await;
            bench.done(named("a table and a column of it renamed")).await;
            let adopt = json!({"id": "adopt", "type": "schema.adopt", "entity": "invoice"});
            let outcome = bench.send(&adopt, ALLOWED).await;
            assert_eq!(outcome.status, Status::Applied, "{:#?}", outcome.reasons);
            let said: Vec<_> = outcome.adopted.iter().map(|adopted| adopted.message.as_str()).collect();
            assert!(said.iter().any(|line| line.contains("name bill, was invoice")), "{said:#?}");
            assert!(said.iter().any(|line| line.contains("name remark, was note")), "{said:#?}");
            assert!(bench.drift().await.findings.is_empty());
            assert!(field_names(&bench.world, "bill").await.contains(&"remark".to_owned()));
        });
    }
}

#[test]
fn an_existing_database_is_taken_over() {
    let statements = "CREATE TABLE customer (id integer PRIMARY KEY, name varchar(60) NOT NULL, since date);
        CREATE TABLE orders (id bigint PRIMARY KEY, customer integer NOT NULL REFERENCES customer (id) ON DELETE CASCADE,
            total numeric(10,2) DEFAULT 0, code varchar(10) UNIQUE);
        INSERT INTO customer VALUES (1, 'a', '2024-01-01'); INSERT INTO orders VALUES (1, 1, 5, 'x')";
    runtime().block_on(async {
        let home = TestHost::start().await;
        let world = World::add(&home, "old", Dialect::Postgres, &["schema-sync".to_owned()]).await;
        world.sql(statements).await.expect("made");
        let bench = Bench { world };
        let found = bench.drift().await;
        assert!(found.findings.is_empty(), "tables of others are no drift");
        let all = Scope { extras: true, ..Scope::default() };
        assert!(found.is_done(&all) && !found.is_adopted(&all), "they can be taken in all the same");
        let outcome = bench.send(&json!({"id": "a", "type": "schema.adopt", "extras": true}), ALLOWED).await;
        assert_eq!(outcome.status, Status::Applied, "{:#?}", outcome.reasons);
        let said: Vec<_> = outcome.adopted.iter().map(|adopted| adopted.message.as_str()).collect();
        assert_eq!(said[0], "entity customer: added");
        assert!(said.contains(&"field orders.customer: added, Int, NOT NULL, reference customer.id on delete CASCADE"), "{said:#?}");
        assert_eq!(told(&bench.drift().await.findings), Vec::<String>::new());
        bench.world.in_step().await.expect("in step");
        let event: Json = json!({"id": "f", "type": "field.create", "entity": "orders", "field": {"name": "state", "type": "Text"}});
        bench.event(&event).await;
        let rows = bench.world.rows("SELECT id, customer, total, code, state FROM orders").await.expect("rows");
        assert_eq!(rows.len(), 1, "{rows:?}");
    });
}

#[test]
fn one_column_of_others_is_taken_in_where_all_else_is_in_step() {
    for dialect in [Dialect::Postgres, Dialect::Sqlite] {
        runtime().block_on(async {
            let bench = Bench::new(&TestHost::start().await, "acme", dialect).await;
            bench.hand("CREATE INDEX theirs ON invoice (note)").await;
            let whole = Scope::default();
            assert!(bench.drift().await.is_adopted(&whole), "no field can say an index of others");
            bench.hand("ALTER TABLE invoice ADD more TEXT").await;
            let drift = bench.drift().await;
            assert!(drift.is_done(&whole) && !drift.is_adopted(&whole));
            let outcome =
                bench.send(&json!({"id": "a", "type": "schema.adopt", "entity": "invoice"}), ALLOWED).await;
            let said: Vec<_> = outcome.adopted.iter().map(|adopted| adopted.message.as_str()).collect();
            assert_eq!(said, ["field invoice.more: added, Text"]);
            assert!(bench.drift().await.is_adopted(&whole));
        });
    }
}

async fn field_names(world: &World, entity: &str) -> Vec<String> {
    let name = Ident::parse(entity).expect("a name");
    let entity = world.host().entity(world.org(), &name).await.expect("an entity");
    entity.fields.iter().map(|f| f.spec.name.as_str().to_owned()).collect()
}

/// What was dropped on a table stays to be restored when another name of the table is taken over.
#[test]
fn what_is_kept_goes_along_with_the_name() {
    for dialect in BOTH {
        runtime().block_on(async {
            let bench = Bench::new(&TestHost::start().await, "acme", dialect).await;
            let drop = json!({"id": "drop", "type": "field.delete", "entity": "account", "field": "name", "dropColumn": true});
            bench.event(&drop).await;
            bench.done(named("a table that is referred to renamed")).await;
            let adopt = json!({"id": "adopt", "type": "schema.adopt", "entity": "account"});
            let outcome = bench.send(&adopt, ALLOWED).await;
            assert_eq!(outcome.status, Status::Applied, "{:#?}", outcome.reasons);
            assert!(outcome.left.is_empty(), "{:#?}", outcome.left);
            assert_eq!(told(&bench.drift().await.findings), Vec::<String>::new());
            let restore = json!({"id": "restore", "type": "field.restore", "entity": "client", "field": "name"});
            bench.event(&restore).await;
            let names = bench.world.rows("SELECT name FROM client ORDER BY id").await.expect("rows");
            assert_eq!(names.len(), 5);
            assert!(names[0].contains("account 1"), "{names:?}");
            bench.world.in_step().await.expect("in step");
        });
    }
}
