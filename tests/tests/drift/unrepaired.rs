//! What a repair leaves as it is: told finding by finding, with what stands against it and what to do next.

use hookwright::outcome::{Outcome, Status};
use hookwright_tests::process::{Process, binary, hookwright};
use hookwright_tests::scenario::{Dialect, Mode};
use hookwright_tests::world::{TestHost, runtime};
use serde_json::json;

use super::bench::{ALLOWED, Bench, sync, told};
use super::twins::{after, plain};

/// Whether nothing was done, here or in a dry run, and the ledger knows nothing of it; what is told then.
async fn refused(bench: &Bench, event: &serde_json::Value) -> Outcome {
    let changes = bench.changes().await;
    let planned = bench.send(event, Mode { dry_run: true, ..ALLOWED }).await;
    let outcome = bench.send(event, ALLOWED).await;
    for outcome in [&planned, &outcome] {
        assert_eq!((outcome.status, outcome.change.as_ref()), (Status::Rejected, None), "{outcome:#?}");
        assert_eq!(outcome.left.len(), outcome.reasons.len(), "{outcome:#?}");
        assert!(outcome.reasons.iter().all(|reason| reason.code == "drift/not-repaired"), "{outcome:#?}");
    }
    assert_eq!(bench.changes().await, changes);
    outcome
}

#[test]
fn what_the_database_counts_is_left_until_it_is_counted_no_more() {
    after(
        &[Dialect::Postgres],
        plain,
        "ALTER TABLE invoice ALTER no SET NOT NULL; ALTER TABLE invoice ALTER no ADD GENERATED ALWAYS AS IDENTITY",
        async |bench| {
            let outcome = refused(bench, &sync()).await;
            let reason = &outcome.reasons[0];
            assert!(reason.message.contains("GENERATED AS IDENTITY"), "{reason:?}");
            assert!(
                reason.help.contains("ALTER TABLE \"acme\".\"invoice\" ALTER COLUMN \"no\" DROP IDENTITY"),
                "{reason:?}"
            );
            bench.hand("ALTER TABLE \"acme\".\"invoice\" ALTER COLUMN \"no\" DROP IDENTITY").await;
            bench.event(&sync()).await;
            assert_eq!(told(&bench.drift().await.findings), Vec::<String>::new());
        },
    );
}

#[test]
fn a_field_in_a_key_that_differs_is_left_to_a_repair_of_its_table() {
    after(
        &[Dialect::Postgres],
        plain,
        "ALTER TABLE invoice DROP CONSTRAINT invoice_pkey; ALTER TABLE invoice ADD PRIMARY KEY (id, no)",
        async |bench| {
            let field = json!({"id": "field", "type": "schema.sync", "entity": "invoice", "field": "no"});
            let outcome = refused(bench, &field).await;
            let reason = &outcome.reasons[0];
            assert!(reason.message.contains("primary key"), "{reason:?}");
            assert!(
                reason.help.contains("hookwright sync --org acme --entity invoice --confirm"),
                "{reason:?}"
            );
            bench.event(&json!({"id": "whole", "type": "schema.sync", "entity": "invoice"})).await;
            assert_eq!(told(&bench.drift().await.findings), Vec::<String>::new());
        },
    );
}

/// What is on a column of such a type is there, though it cannot be read: nothing is made in its place.
#[test]
fn what_is_on_a_column_of_an_unknown_type_is_left_until_that_is_known() {
    after(
        &[Dialect::Postgres],
        plain,
        "CREATE DOMAIN number AS int; ALTER TABLE invoice ALTER no TYPE number; CREATE DOMAIN word AS varchar(20); ALTER TABLE invoice ALTER tag TYPE word",
        async |bench| {
            bench.hand("DROP INDEX invoice_account_idx").await;
            let outcome = bench.send(&sync(), ALLOWED).await;
            assert_eq!(outcome.status, Status::Applied, "{:#?}", outcome.reasons);
            let hidden: Vec<_> =
                outcome.left.iter().filter(|left| left.code.starts_with("drift/missing-")).collect();
            assert_eq!(hidden.len(), 2, "{:#?}", outcome.left);
            for left in hidden {
                assert!(
                    left.hindrance.as_ref().is_some_and(|said| said.contains("it is there")),
                    "{left:#?}"
                );
            }
            bench.hand("ALTER TABLE invoice ALTER no TYPE int, ALTER tag TYPE varchar(20)").await;
            bench.event(&json!({"id": "rest", "type": "schema.sync"})).await;
            assert_eq!(told(&bench.drift().await.findings), Vec::<String>::new());
        },
    );
}

#[test]
fn what_is_left_beside_what_is_done_is_told() {
    after(
        &[Dialect::Postgres],
        plain,
        "ALTER TABLE account DROP name; DROP INDEX invoice_tag_idx",
        async |bench| {
            let outcome = bench.send(&sync(), ALLOWED).await;
            assert_eq!(outcome.status, Status::Applied, "{outcome:#?}");
            let [left] = outcome.left.as_slice() else { panic!("{:#?}", outcome.left) };
            assert_eq!((left.code.as_str(), left.entity.as_str()), ("drift/nullability", "account"));
            assert!(
                left.hindrance.as_ref().is_some_and(|said| said.contains("have no values for it")),
                "{left:?}"
            );
            assert!(
                left.next
                    .as_ref()
                    .is_some_and(|next| next.contains("UPDATE \"acme\".\"account\" SET \"name\"")),
                "{left:?}"
            );
            bench.hand("UPDATE account SET name = 'again'").await;
            bench.event(&json!({"id": "rest", "type": "schema.sync"})).await;
            assert_eq!(told(&bench.drift().await.findings), Vec::<String>::new());
        },
    );
}

/// What the command says, and how it ends.
fn run(home: &TestHost, line: &str) -> (Option<i32>, String) {
    let aside = tempfile::tempdir().unwrap();
    let mut command = hookwright(aside.path(), line.split(' '));
    let control = &home.host().config().control.database;
    let ended = Process::spawn(command.env("HOOKWRIGHT_CONTROL__DATABASE", control)).wait();
    (ended.status.code(), [ended.stdout, ended.stderr].concat().join("\n"))
}

#[test]
fn the_command_ends_with_3_as_long_as_work_is_left() {
    binary();
    runtime().block_on(async {
        let home = TestHost::start().await;
        let bench = Bench::new(&home, "acme", Dialect::Postgres).await;
        assert_eq!(run(&home, "sync --org acme --dry-run").0, Some(0));
        bench.hand("DROP INDEX invoice_tag_idx").await;
        for line in ["sync --org acme --dry-run", "sync --all --dry-run", "plan --org acme"] {
            assert_eq!(run(&home, line).0, Some(3), "{line}");
        }
        assert_eq!(run(&home, "sync --org acme --confirm").0, Some(0));
        bench.hand("ALTER TABLE invoice ALTER no SET NOT NULL; ALTER TABLE invoice ALTER no ADD GENERATED ALWAYS AS IDENTITY").await;
        for line in ["sync --org acme", "sync --all", "sync --org acme --dry-run", "plan --org acme --sql"] {
            let (code, said) = run(&home, line);
            assert_eq!(code, Some(3), "{line}: {said}");
            assert!(said.contains("drift/not-repaired") && said.contains("the database counts"), "{line}: {said}");
        }
        bench.hand("ALTER TABLE invoice ALTER no DROP IDENTITY, ALTER no DROP NOT NULL; ALTER TABLE account DROP name").await;
        let (code, said) = run(&home, "sync --org acme --confirm");
        assert_eq!(code, Some(3), "{said}");
        assert!(said.contains("left") && said.contains("UPDATE \"acme\".\"account\" SET \"name\""), "{said}");
    });
}

/// The statement that is printed does it, from whatever schema it is run.
#[test]
fn a_column_that_became_a_domain_or_an_array_is_converted_by_what_is_printed() {
    for deed in [
        "CREATE DOMAIN word AS varchar(50); ALTER TABLE account ALTER name TYPE word",
        "ALTER TABLE account ALTER name TYPE text[] USING ARRAY[name]",
        "CREATE TYPE mood AS ENUM ('account 1', 'account 2', 'account 3', 'account 4', 'account 5'); ALTER TABLE account ALTER name TYPE mood USING name::mood",
        "CREATE DOMAIN number AS int; ALTER TABLE invoice ALTER no TYPE number",
    ] {
        runtime().block_on(async {
            let bench = Bench::new(&TestHost::start().await, "acme", Dialect::Postgres).await;
            bench.hand(deed).await;
            let drift = bench.drift().await;
            let finding = drift.findings.iter().find(|f| f.code() == "drift/type").expect("told");
            let repair = bench.told(finding).repair;
            let statement = repair.strip_prefix("by hand: ").and_then(|rest| rest.split("; ").next());
            assert!(statement.is_some_and(|s| s.starts_with("ALTER TABLE \"acme\".")), "{repair}");
            bench.paste(statement.unwrap_or_default()).await;
            let left = told(&bench.drift().await.findings);
            assert_eq!(left, Vec::<String>::new(), "{deed}");
        });
    }
}
