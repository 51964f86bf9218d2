//! Why connections stay in use: the sessions of others that this host's own wait for.

use sqlx::ConnectOptions;
use sqlx::Connection;
use sqlx::postgres::{PgConnection, Postgres};

use super::LOOK;
use crate::db::Connections;
use crate::trouble::Trouble;

/// A session: its process, role, application, state, and the seconds since its transaction began.
type Session = (i32, String, String, String, i64);

const WAITED_FOR: &str = "SELECT DISTINCT b.pid, coalesce(b.usename::text, '?'), \
    coalesce(nullif(b.application_name, ''), 'no application name'), coalesce(b.state, '?'), \
    coalesce(extract(epoch FROM clock_timestamp() - b.xact_start), 0)::bigint AS seconds \
    FROM pg_catalog.pg_stat_activity w CROSS JOIN LATERAL unnest(pg_blocking_pids(w.pid)) AS p (pid) \
    JOIN pg_catalog.pg_stat_activity b ON b.pid = p.pid \
    WHERE w.datname = current_database() AND w.usename = current_user AND w.application_name = 'hookwright' \
    AND w.wait_event_type = 'Lock' AND b.application_name <> 'hookwright' ORDER BY seconds DESC LIMIT 3";

/// Whom the host's sessions wait for; none if they wait for nobody else. On one connection beside the bounds.
pub(super) async fn cause(pool: &Connections<Postgres>) -> Option<Trouble> {
    let options = pool.connecting().clone().disable_statement_logging();
    let ask = async {
        let mut connection = PgConnection::connect_with(&options).await?;
        let found = sqlx::query_as::<_, Session>(WAITED_FOR).fetch_all(&mut connection).await;
        connection.close().await.ok();
        found
    };
    let found = tokio::time::timeout(LOOK, ask).await.ok()?.ok()?;
    let each: Vec<_> = found
        .iter()
        .map(|(pid, role, application, state, seconds)| {
            format!("session {pid} of \"{role}\" ({application}, {state} for {seconds} s)")
        })
        .collect();
    let (pid, ..) = found.first()?;
    let means = "statements of this host wait for locks of it, each on a connection";
    let trouble = Trouble::warning("db/blocked", format!("they wait for {}", each.join(", ")), means);
    Some(trouble.next(format!(
        "have that program end its transaction, or end it: SELECT pg_terminate_backend({pid}); then send the request again"
    )))
}
