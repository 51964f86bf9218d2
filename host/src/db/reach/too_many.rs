//! A server, a database or a role that has no connection left: who has them, as far as that can be asked, and what bounds
//! those of the host.

use std::time::Duration;

use sqlx::postgres::{PgConnection, Postgres};
use sqlx::{ConnectOptions, Connection};

use super::LOOK;
use super::postgres::Place;
use crate::db::Connections;
use crate::db::server_load::{Own, ServerLoad, read};
use crate::db::serves::{Limits, NEEDED, limits};
use crate::trouble::Trouble;

/// How often it is tried to get a connection to ask by: others may give one back.
const AGAIN: Duration = Duration::from_millis(200);

/// What a superuser can ask, whose connections are reserved.
const WHO: &str = "SELECT usename, application_name, client_addr, state, count(*) FROM pg_stat_activity GROUP BY 1, 2, 3, 4 ORDER BY 5 DESC";

pub(super) async fn told(pool: &Connections<Postgres>, place: &Place<'_>, said: &str) -> Trouble {
    let own = pool.home.own();
    let (counted, limits) = counted(pool).await.unzip();
    if let Some((_, trouble)) =
        limits.and_then(|limits| place.db.too_few(&limits)).filter(|(most, _)| *most < NEEDED)
    {
        // However few others have: the host alone uses them up.
        return Trouble { found: format!("{}; {said} (SQLSTATE 53300)", trouble.found), ..trouble };
    }
    let used = match &counted {
        Some(load) => load.to_string(),
        None => "who has them cannot be asked, since that takes a connection, too".to_owned(),
    };
    // One SQLSTATE for three limits: only the server's words tell which.
    let (whose, next) = match said {
        said if said.contains("for role") => limited("role", place.role, "usename"),
        said if said.contains("for database") => limited("database", place.database, "datname"),
        _ => (None, next(counted.as_ref(), &own, place)),
    };
    let (found, means) = match whose {
        Some(whose) => (
            format!("{whose} has all the connections at {} that it may have", place.at()),
            "its own CONNECTION LIMIT is used up, by other programs or by this host itself, which needs 3 at least; the server may have room for others",
        ),
        None => (
            format!("the server at {} has no connection left", place.at()),
            "programs hold more connections than the server is allowed",
        ),
    };
    let ours = if own.here > 0 { format!("; {own}") } else { String::new() };
    let found = format!("{found}: {said} (SQLSTATE 53300); {used}{ours}");
    Trouble::broken("db/too-many-connections", found, means).next(next)
}

fn next(counted: Option<&ServerLoad>, own: &Own, place: &Place<'_>) -> String {
    match counted {
        Some(load) => load.advice(own),
        None => format!(
            "see who has them, as a superuser, for whom some are reserved: psql -h {} -p {} -d {} -U postgres -c '{WHO}'; {}",
            place.host,
            place.port,
            place.database,
            ServerLoad::general(own)
        ),
    }
}

/// Asked by a connection that the host has and nobody uses, else by the first that can be had for a while. What the host does
/// not use it gives back.
async fn counted(pool: &Connections<Postgres>) -> Option<(ServerLoad, Limits)> {
    if let Some(idle) = pool.home.take_idle().await {
        let mut connection = idle.connection;
        let found = tokio::time::timeout(LOOK, both(&mut connection)).await;
        tokio::time::timeout(LOOK, connection.close()).await.ok();
        if let Ok(Ok(found)) = found {
            pool.home.drop_idle().await;
            return Some(found);
        }
    }
    pool.home.drop_idle().await;
    let options = pool.connecting().clone().disable_statement_logging();
    let ask = async {
        loop {
            match PgConnection::connect_with(&options).await {
                Ok(mut connection) => {
                    let found = both(&mut connection).await;
                    connection.close().await.ok();
                    return found.ok();
                }
                Err(_) => tokio::time::sleep(AGAIN).await,
            }
        }
    };
    tokio::time::timeout(LOOK, ask).await.ok().flatten()
}

async fn both(connection: &mut PgConnection) -> sqlx::Result<(ServerLoad, Limits)> {
    Ok((read(connection).await?, limits(connection).await?))
}

/// Whose limit it is, and what to do about it.
fn limited(what: &str, name: &str, column: &str) -> (Option<String>, String) {
    let next = format!(
        "see who has them: SELECT application_name, state, count(*) FROM pg_stat_activity WHERE {column} = '{name}' GROUP BY 1, 2; end those that are idle and not needed, or raise the limit as an administrator: ALTER {} \"{name}\" CONNECTION LIMIT -1",
        what.to_uppercase()
    );
    (Some(format!("the {what} \"{name}\"")), next)
}
