//! Whether a database can serve an organisation at all, asked before its address is taken: that it takes writes, and lets the
//! host have the connections that it needs. `doctor` asks for the latter, too.

use sqlx::postgres::PgConnection;

use super::{DbError, Fault, OrgDb, Pool, fault, overdue, read_only};
use crate::trouble::Trouble;

/// Connections that the host needs at the same time: to work, to look who is in the way meanwhile, and to read beside.
pub(super) const NEEDED: i64 = 3;

/// The role, how many sessions it may have, the database, and how many that may have; less than none is without end, as it is
/// for superusers.
pub(super) type Limits = (String, i64, String, i64);

const LIMITS: &str = "SELECT r.rolname::text, CASE WHEN r.rolsuper THEN -1 ELSE r.rolconnlimit END::bigint, \
    d.datname::text, CASE WHEN r.rolsuper THEN -1 ELSE d.datconnlimit END::bigint \
    FROM pg_catalog.pg_roles r, pg_catalog.pg_database d WHERE r.rolname = session_user AND d.datname = current_database()";

fn is_lost(error: &DbError) -> bool {
    matches!(error, DbError::Unreachable { source, .. } if fault(source) == Fault::Lost && !overdue::is_silence(source))
}

impl OrgDb {
    /// What keeps it from serving an organisation.
    ///
    /// # Errors
    /// That it takes no writes, that it lets the host have too few connections, or what the database says.
    pub(crate) async fn serves(&self) -> Result<(), DbError> {
        let pool = match self.pool() {
            Pool::Postgres(pool) => pool,
            Pool::Sqlite(_) if self.absent().is_some() => return Ok(()),
            Pool::Sqlite(_) => {
                return self
                    .spoiled()
                    .await
                    .map_or(Ok(()), |trouble| Err(DbError::Unusable(Box::new(trouble))));
            }
        };
        let look = || async {
            let mut lent = pool.acquire().await?;
            let found = async {
                let read_only = read_only::look(&mut lent).await?;
                Ok((read_only, limits(&mut lent).await?))
            };
            let found = found.await;
            lent.answered(found)
        };
        let looked = match reading!(self, look()) {
            // A connection that broke is no answer, if the server is there.
            Err(error) if is_lost(&error) && self.unreachable().await.is_none() => {
                self.drop_idle().await;
                reading!(self, look())
            }
            other => other,
        };
        let (read_only, limits) = looked?;
        let few = self.too_few(&limits).filter(|(most, _)| *most < NEEDED).map(|(_, trouble)| trouble);
        match read_only.or(few) {
            None => Ok(()),
            Some(trouble) => Err(DbError::Unusable(Box::new(trouble))),
        }
    }

    /// That the host may have fewer connections than it would use.
    ///
    /// # Errors
    /// What the database says.
    pub(crate) async fn limited(&self) -> Result<Option<Trouble>, DbError> {
        let Pool::Postgres(pool) = self.pool() else { return Ok(None) };
        let look = || async {
            let mut lent = pool.acquire().await?;
            let found = limits(&mut lent).await;
            lent.answered(found)
        };
        Ok(self.too_few(&reading!(self, look())?).map(|(_, trouble)| trouble))
    }

    /// A limit that is lower than what the host would use, and how many it allows.
    pub(super) fn too_few(&self, (role, of_role, database, of_database): &Limits) -> Option<(i64, Trouble)> {
        let wanted = i64::from(self.options().max_connections);
        let set = [("role", role, *of_role), ("database", database, *of_database)];
        let (what, name, most) =
            set.into_iter().filter(|(.., most)| *most >= 0).min_by_key(|(.., most)| *most)?;
        if most >= wanted {
            return None;
        }
        let (connections, raise) = (
            if most == 1 { "one connection".to_owned() } else { format!("{most} connections") },
            format!(
                "as an administrator: ALTER {} \"{name}\" CONNECTION LIMIT {wanted}",
                what.to_uppercase()
            ),
        );
        let found = format!(
            "the {what} \"{name}\" may have {connections} at a time (CONNECTION LIMIT), and this host uses up to {wanted} (database.max_connections)"
        );
        let trouble = match most < NEEDED {
            true => Trouble::broken(
                "db/connection-limit",
                found,
                format!(
                    "the host needs {NEEDED} at least: one to work, and others to read and to look beside it"
                ),
            )
            .next(raise),
            false => Trouble::warning(
                "db/connection-limit",
                found,
                "when more is asked of the host than usual, its connections are refused (SQLSTATE 53300)",
            )
            .next(format!("{raise}; or set database.max_connections to {most}")),
        };
        Some((most, trouble))
    }
}

pub(super) async fn limits(connection: &mut PgConnection) -> sqlx::Result<Limits> {
    sqlx::query_as(LIMITS).fetch_one(connection).await
}
