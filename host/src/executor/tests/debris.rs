//! What steps left goes a table at a time: one that is in use does not hold up the others.

use hookwright_core::ddl::Dialect;

use super::create;
use crate::db::DbError;
use crate::db::gate::Script;
use crate::executor::clear_debris;
use crate::executor::testing::Bench;

#[tokio::test]
async fn a_table_that_is_in_use_does_not_hold_up_the_others() {
    let mut bench = Bench::new(Dialect::Postgres).await;
    bench.change(&[create("account", &[]), create("invoice", &[])]).await;
    bench
        .sql(
            "ALTER TABLE \"acme-corp\".account ADD COLUMN hookwright_new_note text; \
             ALTER TABLE \"acme-corp\".invoice ADD COLUMN hookwright_new_note text",
        )
        .await;
    let mut user = bench.session().await;
    let using = Script::of(Dialect::Postgres, "BEGIN; SELECT FROM \"acme-corp\".account");
    using.postgres(&mut user).await.expect("read");
    let cleared = clear_debris(&bench.db, &bench.retry).await.expect("looked");
    assert_eq!(cleared.gone, 1);
    let [(of, DbError::Blocked { tries: 3, blockers, .. })] = cleared.left.as_slice() else {
        panic!("{cleared:?}")
    };
    assert_eq!(of, "what is on \"account\"");
    assert!(blockers.iter().any(|blocker| blocker.table == "account"), "{blockers:?}");
    Script::of(Dialect::Postgres, "ROLLBACK").postgres(&mut user).await.expect("ended");
    let cleared = clear_debris(&bench.db, &bench.retry).await.expect("looked");
    assert_eq!((cleared.gone, cleared.left.len()), (1, 0));
    bench.in_step().await;
}
