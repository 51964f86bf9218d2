//! Why nothing can be written to a PostgreSQL database that answers: what says so, and where that was set. `doctor` asks
//! for it, and whoever met it.

use sqlx::postgres::PgConnection;

use super::{OrgDb, Pool};
use crate::trouble::Trouble;

/// SQLSTATE of a statement that would write where nothing may be written.
pub(super) const STATE: &str = "25006";

/// Whether transactions begin read-only, where that was set, whether the server is a standby, role and database.
type Row = (bool, String, bool, String, String);

const ASK: &str = "SELECT setting = 'on', source, pg_is_in_recovery(), session_user::text, current_database()::text \
    FROM pg_catalog.pg_settings WHERE name = 'default_transaction_read_only'";

/// Why nothing can be written. None if it can, as far as settings go.
pub(super) async fn look(connection: &mut PgConnection) -> sqlx::Result<Option<Trouble>> {
    let (set, source, standby, role, database): Row = sqlx::query_as(ASK).fetch_one(connection).await?;
    Ok(match (standby, set) {
        (true, _) => {
            let found = format!("the server of the database \"{database}\" is a standby: it takes no writes");
            let means = "it follows another server, or a failover has not ended";
            let next = "give the address of the primary, or promote this one: SELECT pg_promote()";
            Some(Trouble::broken("db/read-only", found, means).next(next))
        }
        (false, true) => Some(set_to(&source, &role, &database)),
        (false, false) => None,
    })
}

fn set_to(source: &str, role: &str, database: &str) -> Trouble {
    const SETTING: &str = "default_transaction_read_only";
    let of_role = format!("ALTER ROLE \"{role}\"");
    let (whose, reset) = match source {
        "user" => (format!("of the role \"{role}\""), format!("{of_role} RESET {SETTING}")),
        "database" => (
            format!("of the database \"{database}\""),
            format!("ALTER DATABASE \"{database}\" RESET {SETTING}"),
        ),
        "database user" => (
            format!("of the role \"{role}\" in the database \"{database}\""),
            format!("{of_role} IN DATABASE \"{database}\" RESET {SETTING}"),
        ),
        "global" => ("of all roles".to_owned(), format!("ALTER ROLE ALL RESET {SETTING}")),
        "client" => ("in the address".to_owned(), "take it out of the address".to_owned()),
        _ => (
            "of the server".to_owned(),
            format!(
                "ALTER SYSTEM RESET {SETTING} (or take it out of postgresql.conf); then SELECT pg_reload_conf()"
            ),
        ),
    };
    let found = format!("the setting {SETTING} {whose} is on: every transaction begins read-only");
    let means = "no change can be made, nor can what the host keeps be written";
    Trouble::broken("db/read-only", found, means)
        .next(format!("if that is not meant, as an administrator: {reset}"))
}

impl OrgDb {
    /// Why nothing can be written, once that was met.
    pub(super) async fn read_only(&self) -> Option<Trouble> {
        let Pool::Postgres(pool) = self.pool() else { return None };
        let mut connection = pool.acquire().await.ok()?;
        look(&mut connection).await.ok().flatten()
    }
}
