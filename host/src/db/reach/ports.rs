//! What listens on a host: found by knocking, never by scanning more than the ports PostgreSQL is usually at.

use std::path::Path;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::LOOK;

/// Ports that PostgreSQL and its poolers are usually at.
const USUAL: [u16; 5] = [5432, 5433, 5434, 6432, 54320];
/// How long a server on a reachable host takes to answer a knock.
const KNOCK: Duration = Duration::from_millis(400);
/// How long a program that speaks first takes to do so.
const GREETING: Duration = Duration::from_millis(300);
/// Fewer letters than that are no words.
const SHORTEST: usize = 4;
/// A request for TLS: PostgreSQL answers it with one letter before anybody has to log in.
const SSL_REQUEST: [u8; 8] = [0, 0, 0, 8, 4, 210, 22, 47];

/// Other usual ports of a host at which a PostgreSQL answers.
pub(super) async fn others(host: &str, port: u16) -> Vec<u16> {
    let knocks = USUAL.iter().filter(|other| **other != port).map(|other| async move {
        let answers = tokio::time::timeout(KNOCK, is_postgres(host, *other)).await;
        answers.unwrap_or(false).then_some(*other)
    });
    futures_util::future::join_all(knocks).await.into_iter().flatten().collect()
}

async fn is_postgres(host: &str, port: u16) -> bool {
    let knock = async {
        let mut stream = TcpStream::connect((host, port)).await?;
        stream.write_all(&SSL_REQUEST).await?;
        stream.read_u8().await
    };
    matches!(knock.await, Ok(b'S' | b'N'))
}

/// The first words of what is no PostgreSQL: those it greets with, or answers a request for TLS or an empty line with. None
/// if it says nothing that is text.
pub(super) async fn voice(host: &str, port: u16) -> Option<String> {
    let mut heard = [0; 64];
    let listen = async {
        let mut stream = TcpStream::connect((host, port)).await.ok()?;
        for said in [&b""[..], &SSL_REQUEST, b"\r\n\r\n"] {
            stream.write_all(said).await.ok()?;
            if let Ok(read) = tokio::time::timeout(GREETING, stream.read(&mut heard)).await {
                return read.ok();
            }
        }
        None
    };
    let length = tokio::time::timeout(LOOK, listen).await.ok()??;
    let text = String::from_utf8_lossy(&heard[..length]);
    let parts = text.split(|c: char| c == char::REPLACEMENT_CHARACTER || c.is_control());
    let words = parts.map(str::trim).max_by_key(|part| part.len()).unwrap_or_default();
    (words.len() >= SHORTEST).then(|| words.escape_default().to_string())
}

/// Whether anything takes connections there.
pub(super) async fn listens(host: &str, port: u16) -> bool {
    matches!(tokio::time::timeout(KNOCK, TcpStream::connect((host, port))).await, Ok(Ok(_)))
}

/// Whether the host runs in a container, where `localhost` is the container itself.
pub(super) fn in_container() -> bool {
    ["/.dockerenv", "/run/.containerenv", "/var/run/secrets/kubernetes.io"]
        .iter()
        .any(|p| Path::new(p).exists())
}

/// Whether a name means the machine that it is used on.
pub(super) fn is_local(host: &str) -> bool {
    matches!(host, "localhost" | "::1" | "[::1]") || host.starts_with("127.")
}
