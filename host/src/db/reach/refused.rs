//! What a PostgreSQL server says when it lets nobody in, decided by SQLSTATE.

use std::net::IpAddr;

use hookwright_core::near::near;
use sqlx::error::DatabaseError;
use sqlx::postgres::{PgConnectOptions, PgConnection, PgDatabaseError, Postgres};
use sqlx::{ConnectOptions, Connection};

use super::postgres::Place;
use super::{CORRECT, LOOK, correct, too_many, writable};
use crate::db::{Connections, OrgDb};
use crate::trouble::Trouble;

/// The trouble behind a login that was refused.
pub(super) async fn told(db: &OrgDb, pool: &Connections<Postgres>, error: &dyn DatabaseError) -> Trouble {
    let options = pool.connecting();
    let place = Place::of(db, options);
    let said = error.message();
    let of = error.try_downcast_ref::<PgDatabaseError>();
    match (of.map_or("", PgDatabaseError::code), of.and_then(PgDatabaseError::routine)) {
        ("28P01", _) if has_no_password(options) => no_password(&place, said),
        ("28P01", _) => wrong_password(&place, said),
        ("28000", Some("InitializeSessionUserId")) => no_role(&place, said),
        ("28000", _) => not_let_in(&place, said),
        ("3D000", _) => no_database(pool, &place).await,
        ("42501", _) => no_connect(&place, said),
        ("55000", _) => closed(&place, said),
        ("53300", _) => too_many::told(pool, &place, said).await,
        ("57P03", _) => starting(&place, said),
        (code, _) => {
            let found =
                format!("the server at {} refuses the connection: {said} (SQLSTATE {code})", place.at());
            Trouble::broken("db/refused", found, "the server answers, and lets the host not in")
                .next("follow what the server says; its log has more")
        }
    }
}

fn has_no_password(options: &PgConnectOptions) -> bool {
    writable(options).to_url_lossy().password().is_none_or(str::is_empty)
}

/// The driver sends an empty password where the address has none, and the server says the same as of a wrong one.
fn no_password(place: &Place<'_>, said: &str) -> Trouble {
    let Place { role, .. } = place;
    let found = format!(
        "the server at {} wants a password of the role \"{role}\", and the address has none: {said} (SQLSTATE 28P01)",
        place.at()
    );
    let means = "host and port are right; nothing was tried as a password";
    let next = format!(
        "put it into the address, percent-encoded: {} postgres://{role}:PASSWORD@{}/{}; or into a file that only the host's user can read (PGPASSFILE)",
        CORRECT,
        place.at(),
        place.database
    );
    Trouble::broken("db/no-password", found, means).next(next)
}

fn wrong_password(place: &Place<'_>, said: &str) -> Trouble {
    let Place { role, .. } = place;
    let found = format!(
        "the server at {} refuses the password of the role \"{role}\": {said} (SQLSTATE 28P01)",
        place.at()
    );
    let means = "host and port are right; the password in the address is wrong (%, /, #, ?, & and @ in it are percent-encoded), it is right and not valid any more (VALID UNTIL), or the role does not exist: the server says the same of all three, and its log says which";
    let literal = role.replace('\'', "''");
    let next = format!(
        "give the right one: {}; or set it as an administrator: ALTER ROLE \"{role}\" PASSWORD '…' (if there is no such role: CREATE ROLE \"{role}\" LOGIN PASSWORD '…'); see until when it is valid: SELECT rolvaliduntil FROM pg_roles WHERE rolname = '{literal}'; if that is over: ALTER ROLE \"{role}\" VALID UNTIL 'infinity'",
        correct("URL")
    );
    Trouble::broken("db/wrong-password", found, means).next(next)
}

/// The server uses one SQLSTATE for a role that is not there and for one that may not log in; only its words differ.
fn no_role(place: &Place<'_>, said: &str) -> Trouble {
    let Place { role, .. } = place;
    if said.contains("not permitted") {
        let found = format!("the role \"{role}\" may not log in at {}: {said} (SQLSTATE 28000)", place.at());
        return Trouble::broken("db/no-login", found, "the role is there, and is a group or was locked")
            .next(format!("as an administrator: ALTER ROLE \"{role}\" LOGIN"));
    }
    let found = format!("the role \"{role}\" does not exist at {}: {said} (SQLSTATE 28000)", place.at());
    let next = format!(
        "as an administrator: CREATE ROLE \"{role}\" LOGIN PASSWORD '…'; or name another in the address: {}",
        correct("URL")
    );
    Trouble::broken(
        "db/no-role",
        found,
        "host and port are right; the user in the address is not known there",
    )
    .next(next)
}

/// The server uses one SQLSTATE where no line of `pg_hba.conf` fits and where one rejects; only its words differ.
fn not_let_in(place: &Place<'_>, said: &str) -> Trouble {
    let Place { role, database, .. } = place;
    let found =
        format!("the server at {} does not let \"{role}\" in from here: {said} (SQLSTATE 28000)", place.at());
    let from = said.split_once("host \"").and_then(|(_, rest)| rest.split_once('"'));
    let address = from.and_then(|(address, _)| address.parse::<IpAddr>().ok()).map(|address| match address {
        IpAddr::V4(address) => format!("{address}/32"),
        IpAddr::V6(address) => format!("{address}/128"),
    });
    let address = address.as_deref().unwrap_or("ADDRESS/32");
    let line = format!("host \"{database}\" \"{role}\" {address} scram-sha-256");
    let (means, next) = match said.contains("rejects") {
        true => (
            "a line of the server's pg_hba.conf rejects this role, database and address; the first line that fits counts",
            format!("take that line away, or put before it: {line}"),
        ),
        false => (
            "no line of the server's pg_hba.conf allows this role, database and address",
            format!("add a line to pg_hba.conf: {line}"),
        ),
    };
    let encrypted = match said.contains("no encryption") {
        true => format!(
            "if the server takes encrypted connections only (hostssl), put sslmode=require into the address: {}; else ",
            correct("URL")
        ),
        false => String::new(),
    };
    let next = format!("{encrypted}{next}; then SELECT pg_reload_conf()");
    Trouble::broken("db/not-let-in", found, means).next(next)
}

fn no_connect(place: &Place<'_>, said: &str) -> Trouble {
    let Place { role, database, .. } = place;
    let found = format!(
        "the role \"{role}\" may not connect to the database \"{database}\": {said} (SQLSTATE 42501)"
    );
    Trouble::broken("db/no-connect", found, "the server lets the role in, and the database does not")
        .next(format!("as its owner: GRANT CONNECT ON DATABASE \"{database}\" TO \"{role}\""))
}

/// The server uses one SQLSTATE for a database that is closed and for one that is half dropped; only its words differ.
fn closed(place: &Place<'_>, said: &str) -> Trouble {
    let Place { database, .. } = place;
    let found = format!(
        "the database \"{database}\" at {} takes no connections: {said} (SQLSTATE 55000)",
        place.at()
    );
    let (means, next) = match said.contains("invalid database") {
        true => (
            "dropping it was broken off in the middle, so nothing of it can be used",
            format!("drop it, and restore it from a backup: DROP DATABASE \"{database}\""),
        ),
        false => (
            "the server is there; somebody closed this database, to move, copy or retire it",
            format!(
                "when that is done, as an administrator: ALTER DATABASE \"{database}\" WITH ALLOW_CONNECTIONS true"
            ),
        ),
    };
    Trouble::broken("db/closed", found, means).next(next)
}

fn starting(place: &Place<'_>, said: &str) -> Trouble {
    let found =
        format!("the server at {} takes no connections at the moment: {said} (SQLSTATE 57P03)", place.at());
    let means = "it is starting up, shutting down or recovering, which passes by itself";
    Trouble::broken("db/starting", found, means).next("wait for it: hookwright doctor --org NAME --wait 60")
}

async fn no_database(pool: &Connections<Postgres>, place: &Place<'_>) -> Trouble {
    let Place { database, role, .. } = place;
    let all = databases(pool).await;
    let similar = near(database, all.iter().map(String::as_str));
    let there = match (similar.as_slice(), all.len()) {
        ([], 0) => String::new(),
        ([], _) => format!("; there are {}", quoted(all.iter().take(5))),
        (names, _) => format!("; near it is {}", quoted(names.iter().take(3))),
    };
    let found = format!("there is no database \"{database}\" at {} (SQLSTATE 3D000){there}", place.at());
    let means = "host, port and role are right; the name in the address is not";
    let too = match place.db.inner.registered {
        true => String::new(),
        false => format!(" ({} URL --create makes it, too)", CORRECT),
    };
    let next = format!(
        "correct the name: {}; or make the database: createdb -h {} -p {} -U \"{role}\" \"{database}\"{too}",
        correct("URL"),
        place.host,
        place.port,
    );
    Trouble::broken("db/no-database", found, means).next(next)
}

fn quoted(names: impl Iterator<Item = impl AsRef<str>>) -> String {
    names.map(|name| format!("\"{}\"", name.as_ref().escape_default())).collect::<Vec<_>>().join(", ")
}

/// The databases of the server, if its own one lets the role in.
async fn databases(pool: &Connections<Postgres>) -> Vec<String> {
    let options = pool.connecting().clone().database("postgres").disable_statement_logging();
    let ask = async {
        let mut connection = PgConnection::connect_with(&options).await?;
        let names = sqlx::query_scalar(
            "SELECT datname::text FROM pg_catalog.pg_database WHERE datallowconn AND NOT datistemplate ORDER BY 1",
        );
        let names = names.fetch_all(&mut connection).await;
        connection.close().await.ok();
        names
    };
    tokio::time::timeout(LOOK, ask).await.ok().and_then(Result::ok).unwrap_or_default()
}
