//! The floor of HTTP: a bare axum server that reads JSON and sends it back, as a process of its own.

use std::io::BufRead;
use std::process::{Child, Command, Stdio};

use axum::routing::post;
use axum::{Json, Router};
use serde_json::Value;

/// The argument that makes the suite's program this server.
pub const PART: &str = "serve-echo";

/// A running server; it ends with this value.
pub struct Echo {
    child: Child,
    /// Where it listens: host and port.
    pub address: String,
}

impl Echo {
    pub fn start() -> anyhow::Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        let mut child = command.arg(PART).stdout(Stdio::piped()).spawn()?;
        let out = child.stdout.take().ok_or_else(|| anyhow::anyhow!("the echo has no output"))?;
        let mut address = String::new();
        std::io::BufReader::new(out).read_line(&mut address)?;
        Ok(Self { child, address: address.trim().to_owned() })
    }
}

impl Drop for Echo {
    fn drop(&mut self) {
        // It has nothing to lose.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What the process does.
pub fn serve() -> anyhow::Result<()> {
    tokio::runtime::Runtime::new()?.block_on(async {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        println!("{}", listener.local_addr()?);
        let echo =
            Router::new().route("/{*path}", post(|Json(event): Json<Value>| async move { Json(event) }));
        Ok(axum::serve(listener, echo).await?)
    })
}
