//! Why a PostgreSQL server cannot be reached: host, port, or what answers there.

use std::io::ErrorKind;
use std::path::Path;

use sqlx::postgres::{PgConnectOptions, PgConnection, Postgres};
use sqlx::{ConnectOptions, Connection};

use super::{LOOK, correct, ports, refused, tls};
use crate::db::{Connections, OrgDb};
use crate::trouble::Trouble;

/// Where a server should be.
pub(super) struct Place<'a> {
    pub db: &'a OrgDb,
    pub host: &'a str,
    pub port: u16,
    pub role: &'a str,
    pub database: &'a str,
}

impl<'a> Place<'a> {
    pub(super) fn of(db: &'a OrgDb, options: &'a PgConnectOptions) -> Self {
        let role = options.get_username();
        let (host, port) = (options.get_host(), options.get_port());
        Self { db, host, port, role, database: options.get_database().unwrap_or(role) }
    }

    pub(super) fn at(&self) -> String {
        match self.host.contains(':') {
            true => format!("[{}]:{}", self.host, self.port),
            false => format!("{}:{}", self.host, self.port),
        }
    }
}

/// Connects once, and says what stands in the way. None if it answers now.
pub(super) async fn cause(db: &OrgDb, pool: &Connections<Postgres>) -> Option<Trouble> {
    let options = pool.connecting();
    let place = Place::of(db, options);
    if let Some(socket) = options.get_socket() {
        return match connect(options).await.err()? {
            sqlx::Error::Database(error) => Some(refused::told(db, pool, error.as_ref()).await),
            sqlx::Error::Io(error) => Some(no_socket(&place, socket, &error)),
            _ => None,
        };
    }
    if let Err(error) = lookup(&place).await {
        return Some(unknown_host(&place, &error));
    }
    let error = match tokio::time::timeout(LOOK, connect(options)).await {
        Ok(Ok(())) => return None,
        Ok(Err(error)) => error,
        Err(_) => return Some(silent(&place).await),
    };
    Some(match error {
        sqlx::Error::Database(error) => refused::told(db, pool, error.as_ref()).await,
        sqlx::Error::Io(error) => match tls::of_io(&place, options, &error) {
            Some(trouble) => trouble,
            None => io(&place, &error).await,
        },
        sqlx::Error::Tls(error) => tls::of_words(&place, options, &error.to_string()),
        // What it says of keys and certificates that the address names.
        sqlx::Error::Configuration(error) => tls::of_words(&place, options, &error.to_string()),
        _ => not_postgres(&place).await,
    })
}

async fn connect(options: &PgConnectOptions) -> sqlx::Result<()> {
    let connection = options.clone().disable_statement_logging();
    PgConnection::connect_with(&connection).await?.close().await
}

async fn lookup(place: &Place<'_>) -> std::io::Result<()> {
    let found = tokio::time::timeout(LOOK, tokio::net::lookup_host((place.host, place.port))).await;
    found.map_err(|_| std::io::Error::from(ErrorKind::TimedOut))?.map(drop)
}

fn unknown_host(place: &Place<'_>, error: &std::io::Error) -> Trouble {
    let Place { host, .. } = place;
    let found = format!("the host \"{host}\" of the database is not known: {error}");
    let means = "the name in the address has no entry in DNS or /etc/hosts, so nothing was sent to anybody";
    Trouble::broken("db/unknown-host", found, means).next(format!(
        "see what it resolves to: getent hosts {host}; correct the address: {}",
        correct("URL")
    ))
}

async fn io(place: &Place<'_>, error: &std::io::Error) -> Trouble {
    match error.kind() {
        ErrorKind::ConnectionRefused => nothing_listens(place).await,
        ErrorKind::TimedOut | ErrorKind::HostUnreachable | ErrorKind::NetworkUnreachable => {
            silent(place).await
        }
        _ => not_postgres(place).await,
    }
}

async fn nothing_listens(place: &Place<'_>) -> Trouble {
    let others = ports::others(place.host, place.port).await;
    let seen: Vec<_> = others.iter().map(|port| format!("{}:{port}", place.host)).collect();
    let elsewhere = match seen.is_empty() {
        true => String::new(),
        false => format!("; a PostgreSQL answers at {}", seen.join(", ")),
    };
    let found = format!("nothing listens at {} (connection refused){elsewhere}", place.at());
    let local = ports::is_local(place.host);
    let (means, next) = match others.first() {
        Some(port) => {
            let means = "the host is right, and the port is another one";
            (
                means.to_owned(),
                format!("if it is that server, put the port {port} into the address: {}", correct("URL")),
            )
        }
        None if local && ports::in_container() => {
            let means = format!(
                "the server is stopped; or it is outside the container that the host runs in, where \"{}\" is the container itself",
                place.host
            );
            let next = "start it; or use the database container's name as the host, or host.docker.internal for the machine around";
            (means, format!("{next}: {}", correct("URL")))
        }
        None => {
            let means =
                "the machine answers, and no server is at that port: it is stopped, or at another port";
            let next = format!("start it, or see where it listens: ss -ltn; then {}", correct("URL"));
            (means.to_owned(), next)
        }
    };
    Trouble::broken("db/nothing-listens", found, means).next(next)
}

/// No answer: either nobody takes the connection, or somebody does and says nothing.
async fn silent(place: &Place<'_>) -> Trouble {
    let wait = LOOK.as_secs();
    if ports::listens(place.host, place.port).await {
        if let Some(said) = ports::voice(place.host, place.port).await {
            return foreign(place, &format!("it answers \"{said}\""));
        }
        let found = format!("{} takes connections, and does not answer a login within {wait} s", place.at());
        let means = "the server hangs or is overloaded, or what listens there is no PostgreSQL";
        let next = format!(
            "look at the server's log and load; ask it: pg_isready -h {} -p {}",
            place.host, place.port
        );
        return Trouble::broken("db/no-answer", found, means).next(next);
    }
    let found = format!(
        "{} does not answer an attempt to connect within {wait} s: it is neither taken nor refused",
        place.at()
    );
    let means =
        "a firewall drops what is sent, the machine is down, or the address is that of another network";
    let next = format!(
        "see the way there: nc -vz {} {}; correct the address: {}",
        place.host,
        place.port,
        correct("URL")
    );
    Trouble::broken("db/no-answer", found, means).next(next)
}

async fn not_postgres(place: &Place<'_>) -> Trouble {
    match ports::voice(place.host, place.port).await {
        Some(said) => foreign(place, &format!("it answers \"{said}\"")),
        None => foreign(place, "it closes the connection, or answers nothing that is text"),
    }
}

fn foreign(place: &Place<'_>, answers: &str) -> Trouble {
    let found = format!("what listens at {} is no PostgreSQL: {answers}", place.at());
    let means = "another program is at that port, or a pooler or proxy whose own server is gone";
    Trouble::broken("db/not-postgres", found, means).next(format!(
        "see what listens there (on that machine: ss -ltnp 'sport = :{}'); correct the address: {}",
        place.port,
        correct("URL")
    ))
}

fn no_socket(place: &Place<'_>, directory: &Path, error: &std::io::Error) -> Trouble {
    let file = directory.join(format!(".s.PGSQL.{}", place.port));
    let sockets = std::fs::read_dir(directory).into_iter().flatten().flatten();
    let names = sockets.filter_map(|entry| entry.file_name().into_string().ok());
    let others: Vec<_> = names.filter_map(|n| n.strip_prefix(".s.PGSQL.").map(str::to_owned)).collect();
    let others: Vec<_> =
        others.into_iter().filter(|port| port.parse::<u16>().is_ok_and(|p| p != place.port)).collect();
    let elsewhere = match others.is_empty() {
        true => String::new(),
        false => format!("; there are sockets of the ports {}", others.join(", ")),
    };
    let found = format!("no server is at the socket \"{}\" ({error}){elsewhere}", file.display());
    let means = "the server is stopped, or keeps its socket in another directory or under another port";
    let next = format!("start it, or ask it: SHOW unix_socket_directories; then {}", correct("URL"));
    Trouble::broken("db/nothing-listens", found, means).next(next)
}
