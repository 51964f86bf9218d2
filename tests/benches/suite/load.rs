//! Clients that send requests written beforehand over connections that stay open, and read no more of an answer than they
//! must: what they cost is the same for all servers.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

/// A request as it goes over the wire.
pub fn request(address: &str, path: &str, token: Option<&str>, body: &str) -> Vec<u8> {
    let token = token.map(|token| format!("authorization: Bearer {token}\r\n")).unwrap_or_default();
    let length = body.len();
    format!(
        "POST {path} HTTP/1.1\r\nhost: {address}\r\n{token}content-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
    )
    .into_bytes()
}

/// Answers a second, with so many connections that each send one of the requests after the other.
pub async fn per_second(
    address: &str,
    requests: &Arc<Vec<Vec<u8>>>,
    connections: usize,
    lasts: Duration,
) -> anyhow::Result<f64> {
    let started = Instant::now();
    let mut clients = JoinSet::new();
    for client in 0..connections {
        let (address, requests) = (address.to_owned(), requests.clone());
        clients.spawn(async move {
            let mut connection = Connection::open(&address).await?;
            let mut answers = 0_u64;
            while started.elapsed() < lasts {
                let next = (client + usize::try_from(answers)? * connections) % requests.len();
                connection.send(&requests[next]).await?;
                answers += 1;
            }
            anyhow::Ok(answers)
        });
    }
    let answers: anyhow::Result<Vec<u64>> = clients.join_all().await.into_iter().collect();
    Ok(answers?.iter().sum::<u64>() as f64 / started.elapsed().as_secs_f64())
}

/// A connection that stays open.
pub struct Connection {
    stream: TcpStream,
    answer: Vec<u8>,
}

impl Connection {
    pub async fn open(address: &str) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, answer: Vec::with_capacity(16 << 10) })
    }

    /// Sends a request and reads its answer, which must be a good one.
    pub async fn send(&mut self, request: &[u8]) -> anyhow::Result<()> {
        self.stream.write_all(request).await?;
        self.answer.clear();
        loop {
            ensure!(self.stream.read_buf(&mut self.answer).await? > 0, "the server closed the connection");
            if let Some(length) = whole(&self.answer)? {
                ensure!(self.answer.len() == length, "the server sent more than one answer");
                ensure!(
                    self.answer.starts_with(b"HTTP/1.1 200"),
                    "{}",
                    String::from_utf8_lossy(&self.answer)
                );
                return Ok(());
            }
        }
    }
}

/// How long the answer is, once its head and all of its body are there.
fn whole(answer: &[u8]) -> anyhow::Result<Option<usize>> {
    const LENGTH: &[u8] = b"content-length: ";
    let Some(head) = answer.windows(4).position(|four| four == b"\r\n\r\n") else { return Ok(None) };
    let at = answer[..head].windows(LENGTH.len()).position(|name| name == LENGTH);
    let digits =
        answer[at.context("an answer without a length")? + LENGTH.len()..head].split(|b| *b == b'\r').next();
    let length: usize = std::str::from_utf8(digits.unwrap_or_default())?.parse()?;
    let length = head + 4 + length;
    Ok((answer.len() >= length).then_some(length))
}
