//! How far a repair or an adoption goes: what hangs together moves together, nothing else is touched, and nothing else is
//! taken for recorded.

use hookwright_core::drift::Finding;
use hookwright_tests::scenario::Dialect;
use hookwright_tests::world::TestHost;
use serde_json::{Value as Json, json};

use super::bench::{ALLOWED, BOTH, Bench, sync, told};
use super::hands::named;
use super::twins::{SHIFT, SWAP, after, each, have_their_rows, in_step, mails, postgres, twins_of};

/// An entity with texts that cannot be told apart by anything but their places, and a row.
async fn texts(dialect: Dialect) -> Bench {
    let bench = Bench::new(&TestHost::start().await, "acme", dialect).await;
    let fields: Vec<_> =
        ["a", "b", "c"].map(|name| json!({"name": name, "type": "String", "length": 80})).to_vec();
    let id = json!({"name": "id", "type": "Int", "nullable": false, "primaryKey": true});
    let fields: Vec<_> = std::iter::once(id).chain(fields).collect();
    bench
        .event(&json!({"id": "t-1", "type": "entity.create", "entity": {"name": "word", "fields": fields}}))
        .await;
    bench.hand("INSERT INTO word (id, a, b, c) VALUES (1, '7', 'b', 'c')").await;
    bench
}

/// The event of the repair that is printed for a finding.
fn printed(bench: &Bench, finding: &Finding, id: &str) -> Json {
    let told = bench.told(finding).repair;
    let words: Vec<_> = told.split(' ').collect();
    let of = |flag: &str| words.iter().position(|word| *word == flag).map(|at| words[at + 1]);
    json!({"id": id, "type": "schema.sync", "entity": of("--entity"), "field": of("--field")})
}

async fn word(bench: &Bench) -> String {
    bench.world.rows("SELECT a, b, c FROM word").await.expect("rows").concat()
}

/// Whichever end of a chain or circle is repaired first.
#[test]
fn each_printed_repair_of_columns_in_turn_gives_all_their_values_back() {
    let deeds = [
        "ALTER TABLE word RENAME c TO d; ALTER TABLE word RENAME b TO c; ALTER TABLE word RENAME a TO b",
        "ALTER TABLE word RENAME a TO d; ALTER TABLE word RENAME b TO a",
        "ALTER TABLE word RENAME c TO d; ALTER TABLE word RENAME b TO c",
    ];
    for deed in deeds {
        after(&BOTH, texts, "", async |bench| {
            let before = word(bench).await;
            bench.hand(deed).await;
            let count = bench.drift().await.findings.len();
            for first in 0..count {
                let finding = bench.drift().await.findings[first].clone();
                bench.event(&printed(bench, &finding, &format!("s-{first}"))).await;
                in_step(bench).await;
                assert_eq!(word(bench).await, before, "{deed} {first}");
                bench.hand(deed).await;
            }
        });
    }
}

#[test]
fn tables_in_turn_come_back_from_either_end() {
    for entity in ["lead", "partner"] {
        each(SHIFT, async |bench| {
            bench.event(&json!({"id": "s-1", "type": "schema.sync", "entity": entity})).await;
            bench.send(&json!({"id": "s-2", "type": "schema.sync"}), ALLOWED).await;
            in_step(bench).await;
            have_their_rows(bench).await;
        });
    }
}

/// PostgreSQL has what was converted at the end of the table, whatever the order of the fields.
#[test]
fn a_column_that_was_made_anew_misleads_nobody() {
    after(&BOTH, texts, "", async |bench| {
        for (id, changes) in
            [("f-1", json!({"type": "Int"})), ("f-2", json!({"type": "String", "length": 80}))]
        {
            let update =
                json!({"id": id, "type": "field.update", "entity": "word", "field": "a", "changes": changes});
            bench.event(&update).await;
        }
        in_step(bench).await;
        let before = word(bench).await;
        bench.hand("ALTER TABLE word RENAME c TO d").await;
        assert_eq!(told(&bench.drift().await.findings), ["drift/renamed-column word.c"]);
        bench.event(&sync()).await;
        in_step(bench).await;
        assert_eq!(word(bench).await, before);
    });
}

#[test]
fn columns_in_turn_are_found_where_another_was_changed_besides() {
    after(&BOTH, texts, "", async |bench| {
        let before = word(bench).await;
        bench.hand("ALTER TABLE word RENAME b TO b2; ALTER TABLE word RENAME c TO b").await;
        match bench.world.dialect() {
            Dialect::Postgres => bench.hand("ALTER TABLE word ALTER a TYPE varchar(90)").await,
            Dialect::Sqlite => {
                let longer = [("CHECK (length(\"a\") <= 80)", "CHECK (length(\"a\") <= 90)")];
                bench.remake("word", &longer).await;
            }
        }
        bench.event(&sync()).await;
        in_step(bench).await;
        assert_eq!(word(bench).await, before);
    });
}

#[test]
fn a_scope_may_name_what_hands_called_it() {
    each("ALTER TABLE lead RENAME mail TO post; ALTER TABLE partner RENAME TO mate", async |bench| {
        bench.event(&json!({"id": "s-1", "type": "schema.sync", "entity": "lead", "field": "post"})).await;
        bench.event(&json!({"id": "s-2", "type": "schema.sync", "entity": "mate", "extras": true})).await;
        in_step(bench).await;
        have_their_rows(bench).await;
    });
}

#[test]
fn an_adoption_beside_tables_in_one_anothers_places_is_refused() {
    each(SWAP, async |bench| {
        bench.hand("ALTER TABLE account ADD x int").await;
        let error = bench.refused(&json!({"id": "a-1", "type": "schema.adopt", "extras": true})).await;
        assert_eq!(error.code, "drift/not-adopted", "{error}");
        assert!(error.help.contains("hookwright sync"), "{error}: {}", error.help);
        bench.event(&json!({"id": "a-2", "type": "schema.adopt", "entity": "account"})).await;
        bench.event(&sync()).await;
        in_step(bench).await;
        have_their_rows(bench).await;
    });
}

#[test]
fn a_repair_elsewhere_forgets_nothing_that_was_kept() {
    each("", async |bench| {
        bench
            .event(&json!({"id": "d-1", "type": "entity.delete", "entity": "partner", "dropTable": true}))
            .await;
        let kept = bench.world.host().tombstones(bench.world.org()).await.expect("tombstones");
        let kept = kept[0].kept.clone();
        bench.hand(&format!("DROP TABLE {kept}; ALTER TABLE lead RENAME mail TO post")).await;
        bench.event(&json!({"id": "s-1", "type": "schema.sync", "entity": "lead"})).await;
        let findings = told(&bench.drift().await.findings);
        assert_eq!(findings, [format!("drift/missing-kept partner ({kept})")]);
        bench.event(&json!({"id": "s-2", "type": "schema.sync"})).await;
        in_step(bench).await;
        let kept = bench.world.host().tombstones(bench.world.org()).await.expect("tombstones");
        assert!(kept.is_empty(), "{kept:?}");
    });
}

/// What a host loosens by itself is all that it records.
#[test]
fn loosening_touches_and_records_nothing_else() {
    let in_dev = async |dialect| {
        let home = TestHost::with_policy(Some("mode = \"dev\"")).await;
        twins_of(Bench::new(&home, "acme", dialect).await).await
    };
    after(&BOTH, in_dev, SWAP, async |bench| {
        bench.done(named("required now")).await;
        bench.hand("ALTER TABLE invoice ADD COLUMN mine int").await;
        bench.world.host().drift_watch().round(true).await;
        let findings = told(&bench.drift().await.findings);
        let left =
            ["drift/extra-column invoice.mine", "drift/renamed-table lead", "drift/renamed-table partner"];
        assert_eq!(findings, left);
        bench.event(&sync()).await;
        have_their_rows(bench).await;
    });
}

/// Rows of what was deleted are none of what is made since.
#[test]
fn what_was_deleted_does_not_become_what_is_made_since() {
    after(&BOTH, texts, "", async |bench| {
        let (host, org) = (bench.world.host(), bench.world.org());
        host.plugin_disable(org, "schema-sync").await.expect("disabled");
        let field = json!({"name": "label", "type": "String", "length": 80});
        bench
            .event(&json!([
                {"id": "d-1", "type": "field.delete", "entity": "word", "field": "c"},
                {"id": "d-2", "type": "field.create", "entity": "word", "field": field},
            ]))
            .await;
        host.plugin_enable(org, "schema-sync").await.expect("enabled");
        let findings = told(&bench.drift().await.findings);
        assert!(findings.contains(&"drift/missing-column word.label".to_owned()), "{findings:?}");
        assert!(findings.iter().all(|finding| !finding.contains("renamed")), "{findings:?}");
    });
}

/// A lookalike of somebody's is not taken for a table that was dropped.
#[test]
fn a_lookalike_of_somebodys_is_left_alone() {
    postgres("CREATE TABLE copy AS SELECT * FROM lead; DROP TABLE lead", async |bench| {
        let findings = told(&bench.drift().await.findings);
        assert_eq!(findings, ["drift/missing-table lead"]);
        bench.event(&sync()).await;
        in_step(bench).await;
        assert!(mails(bench, "copy").await.contains("lead"));
    });
}
