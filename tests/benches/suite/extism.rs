//! The peer Extism, as a process that is told what to do and answers how long it took: it uses another wasmtime.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

use anyhow::Context;

pub struct Extism {
    child: Child,
    asks: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Extism {
    /// Starts it from the directory it was built into.
    pub fn start(directory: &Path) -> anyhow::Result<Self> {
        let mut command = Command::new(directory.join("extism"));
        command.current_dir(directory).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().context("Extism does not start")?;
        let asks = child.stdin.take().context("Extism takes no questions")?;
        let answers = BufReader::new(child.stdout.take().context("Extism gives no answers")?);
        Ok(Self { child, asks, answers })
    }

    /// How long so many calls took, each `fresh` or on a `reused` instance.
    pub fn take(&mut self, how: &str, calls: usize) -> anyhow::Result<Duration> {
        writeln!(self.asks, "{how} {calls}")?;
        self.asks.flush()?;
        let mut nanos = String::new();
        self.answers.read_line(&mut nanos)?;
        Ok(Duration::from_nanos(nanos.trim().parse().context("Extism ended early")?))
    }
}

impl Drop for Extism {
    fn drop(&mut self) {
        // It has nothing to lose.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
