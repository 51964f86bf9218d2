//! Takes away what steps left whose rows hands deleted: in one transaction under the organisation's lock, if no change has
//! steps by then.

use hookwright_core::ddl::Dialect;
use hookwright_core::ident::Ident;

use super::blocked;
use crate::db::gate::Script;
use crate::db::{DbError, Fault, OrgDb, Pool, fault};

/// Does so; how many things are gone.
///
/// # Errors
/// A [`DbError`]; then nothing is.
pub(crate) async fn clear(db: &OrgDb) -> Result<usize, DbError> {
    let Pool::Postgres(pool) = db.pool() else { return Ok(0) };
    let _turn = db.writer().lock_owned().await;
    let found = db.debris().await?;
    if found.is_empty() {
        return Ok(0);
    }
    let mut script = Script::of(Dialect::Postgres, "BEGIN;\nSET LOCAL lock_timeout = ");
    script.integer(i64::from(db.options().lock_timeout_ms));
    script.sql(";\nDO $$ BEGIN IF NOT pg_catalog.pg_try_advisory_xact_lock(").integer(db.lock_key());
    script.sql(") OR EXISTS (SELECT FROM hookwright.journal j WHERE j.org = ").text(db.org().as_str());
    script.sql(
        ") THEN RAISE EXCEPTION 'another change of the organisation is being made' USING ERRCODE = 'HW001'; ",
    );
    script.sql("END IF; END $$;\n").append(&db.clearing(&found)).sql("COMMIT");
    let mut connection = pool.acquire().await.map_err(|e| db.explain(e))?;
    let Err(error) = script.postgres(&mut connection).await else { return Ok(found.len()) };
    if Script::of(Dialect::Postgres, "ROLLBACK").postgres(&mut connection).await.is_err() {
        connection.close().await;
    }
    if matches!(fault(&error), Fault::Busy | Fault::Locked) {
        let tables: Vec<_> = found.iter().filter_map(|(_, of, _)| Ident::parse(of).ok()).collect();
        return Err(blocked(db, &tables, 1).await);
    }
    Err(db.told(db.explain(error)).await)
}
