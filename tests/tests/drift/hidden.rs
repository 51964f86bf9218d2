//! Rows that the host does not see, or that something else writes as it likes: nothing is done to them unseen.

use hookwright::outcome::Status;
use hookwright_tests::plain_role::PlainRole;
use hookwright_tests::scenario::Dialect;
use hookwright_tests::world::{TestHost, runtime};
use serde_json::json;

use super::bench::{ALLOWED, Bench};

/// A policy of the table has its owner see no row: a probe would find that every row fits.
#[test]
fn rows_that_a_policy_hides_are_not_converted() {
    runtime().block_on(async {
        let role = PlainRole::create().await;
        let fields = json!([{"name": "id", "type": "Int", "nullable": false, "primaryKey": true}, {"name": "note", "type": "Text"}]);
        let event = json!({"id": "e-1", "type": "entity.create", "entity": {"name": "invoice", "fields": fields}});
        role.submit(&event).await.unwrap();
        let hide = "INSERT INTO acme.invoice VALUES (1, 'a text'); ALTER TABLE acme.invoice ENABLE ROW LEVEL SECURITY; \
            ALTER TABLE acme.invoice FORCE ROW LEVEL SECURITY; CREATE POLICY p ON acme.invoice USING (false)";
        role.admin(hide).await;
        let narrower = json!({"id": "e-2", "type": "field.update", "entity": "invoice", "field": "note", "changes": {"type": "Int"}});
        let error = role.submit(&narrower).await.expect_err("its rows are not seen");
        assert_eq!(error.code, "db/denied", "{error}");
        assert!(error.message.contains("row-level security"), "{error}");
        assert!(error.help.contains("BYPASSRLS"), "{}", error.help);
        let note = sqlx::query_scalar::<_, String>("SELECT note FROM acme.invoice");
        assert_eq!(note.fetch_one(&mut role.session().await).await.unwrap(), "a text");
        role.close().await;
    });
}

#[test]
fn what_decides_what_is_written_is_named() {
    let trigger = "CREATE FUNCTION acme.mine() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.note := ''mine''; RETURN NEW; END'; \
        CREATE TRIGGER my_hookwright_note BEFORE UPDATE ON invoice FOR EACH ROW EXECUTE FUNCTION acme.mine()";
    let rule = "CREATE RULE mine AS ON UPDATE TO invoice DO INSTEAD NOTHING";
    let narrower = json!({"id": "n-1", "type": "field.update", "entity": "invoice", "field": "amount", "changes": {"type": "Int", "default": 0}});
    for (made, kind, disabled) in [
        (trigger, "trigger \"my_hookwright_note\"", "ALTER TABLE invoice DISABLE TRIGGER my_hookwright_note"),
        (rule, "rule \"mine\"", "ALTER TABLE invoice DISABLE RULE mine"),
    ] {
        runtime().block_on(async {
            let bench = Bench::new(&TestHost::start().await, "acme", Dialect::Postgres).await;
            bench.hand(made).await;
            let before = bench.rows().await.unwrap();
            let error = bench.refused(&narrower).await;
            assert_eq!(error.code, "db/in-the-way", "{error}");
            assert!(error.message.contains(&format!("the {kind}")), "{error}");
            assert_eq!(bench.rows().await.unwrap(), before);
            bench.hand(disabled).await;
            let outcome = bench.send(&narrower, ALLOWED).await;
            assert_eq!(outcome.status, Status::Applied, "{:#?}", outcome.reasons);
            assert!(bench.drift().await.is_in_step());
        });
    }
}
