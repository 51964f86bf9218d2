//! Carries messages between one client and the server until somebody leaves or the gate cuts.
//!
//! A connection ends between two messages, in both directions: what was judged before the cut
//! arrives whole, what comes after it does not arrive at all.

use std::io::Result;
use std::sync::Arc;

use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::gate::{Gate, Side, Verdict};
use super::wire::{Message, read_message, read_startup};

/// Takes connections for ever; those taken end with it.
pub(super) async fn accept(listener: TcpListener, server: String, gate: Arc<Gate>) {
    let mut connections = JoinSet::new();
    while let Ok((client, _)) = listener.accept().await {
        while connections.try_join_next().is_some() {}
        let (server, gate) = (server.clone(), gate.clone());
        connections.spawn(async move {
            let mut outside = gate.cuts();
            tokio::select! {
                // an error is the end of the connection, as it would be without a proxy
                _ = carry(client, &server, &gate) => {}
                _ = outside.changed() => {}
            }
        });
    }
}

async fn carry(mut client: TcpStream, server: &str, gate: &Gate) -> Result<()> {
    let mut server = TcpStream::connect(server).await?;
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    let first = greet(&mut client).await?;
    let stop = watch::Sender::new(false);
    let lane = Lane { gate, stop: &stop };
    let (from_client, mut to_client) = client.split();
    let (from_server, mut to_server) = server.split();
    if lane.pass(Side::Client, &first, &mut to_server).await? {
        tokio::join!(
            lane.run(Side::Client, BufReader::new(from_client), &mut to_server),
            lane.run(Side::Server, BufReader::new(from_server), &mut to_client),
        );
    }
    to_server.shutdown().await
}

/// The client's first message; its wish for encryption, which would hide the rest, is declined.
async fn greet(client: &mut TcpStream) -> Result<Message> {
    loop {
        let message = read_startup(client).await?;
        if !message.asks_for_encryption() {
            return Ok(message);
        }
        client.write_all(b"N").await?;
    }
}

#[derive(Clone, Copy)]
struct Lane<'a> {
    gate: &'a Gate,
    /// Set once for both directions.
    stop: &'a watch::Sender<bool>,
}

impl Lane<'_> {
    /// One direction, until its sender leaves or the connection is cut.
    async fn run(self, side: Side, mut from: impl AsyncRead + Unpin, to: &mut (impl AsyncWrite + Unpin)) {
        let mut stopped = self.stop.subscribe();
        loop {
            let message = tokio::select! {
                biased;
                _ = stopped.wait_for(|stopped| *stopped) => break,
                message = read_message(&mut from) => message,
            };
            let Ok(message) = message else { break };
            if !matches!(self.pass(side, &message, to).await, Ok(true)) {
                break;
            }
        }
        self.stop.send_replace(true);
    }

    /// Passes a message on if it may; whether the connection lives.
    async fn pass(self, side: Side, message: &Message, to: &mut (impl AsyncWrite + Unpin)) -> Result<bool> {
        let verdict = self.gate.judge(self.stop, side, message.kind);
        if verdict != Verdict::Cut {
            to.write_all(&message.bytes).await?;
        }
        Ok(verdict == Verdict::Pass)
    }
}
