//! Two `hookwright serve` on one control database, which are killed and started again at the ports they had.

use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::{Context, ensure};
use hookwright_tests::process::{Process, hookwright};
use serde_json::Value;
use tempfile::TempDir;

use crate::tally::Tally;

const PATIENCE: Duration = Duration::from_secs(60);

/// A directory with a control database, and the hosts that work there. They end with this value.
pub struct Hosts {
    directory: TempDir,
    each: [Mutex<Option<Process>>; 2],
    ports: [u16; 2],
    pub token: String,
}

impl Hosts {
    /// Starts both in a directory with a control database.
    pub fn start(directory: TempDir) -> anyhow::Result<Self> {
        let made = command(
            directory.path(),
            &["token", "create", "--name", "bench", "--org", "*", "--scope", "admin", "--json"],
        )?;
        let made: Value = serde_json::from_str(&made)?;
        let token = made["token"].as_str().context("a token")?.to_owned();
        // Both at once, so that they are not the same.
        let free =
            [TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?, TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?];
        let ports = [free[0].local_addr()?.port(), free[1].local_addr()?.port()];
        drop(free);
        let hosts = Self { directory, each: Default::default(), ports, token };
        for number in 0..hosts.each.len() {
            hosts.begin(number);
        }
        Ok(hosts)
    }

    /// Where a path of one of them is.
    pub fn url(&self, number: usize, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.ports[number])
    }

    /// Kills one of them, as a failing machine does, and starts it again.
    pub fn kill(&self, number: usize, tally: &Tally) {
        self.end(number, tally);
        self.begin(number);
    }

    /// Ends both; what they had to say is looked through.
    pub fn stop(&self, tally: &Tally) {
        for number in 0..self.each.len() {
            self.end(number, tally);
        }
    }

    /// Runs a command beside them.
    pub fn command(&self, arguments: &[&str]) -> anyhow::Result<String> {
        command(self.directory.path(), arguments)
    }

    fn begin(&self, number: usize) {
        let mut command = hookwright(self.directory.path(), ["serve"]);
        command.env("HOOKWRIGHT_HTTP__LISTEN", format!("127.0.0.1:{}", self.ports[number]));
        command.env("HOOKWRIGHT_LOG__LEVEL", "warn").env("HOOKWRIGHT_LOG__FORMAT", "json");
        let process = Process::spawn(&mut command);
        process.wait_for_line("listening on", PATIENCE);
        *self.process(number) = Some(process);
    }

    fn end(&self, number: usize, tally: &Tally) {
        let Some(process) = self.process(number).take() else { return };
        let ended = process.kill();
        for line in ended.stdout.iter().chain(&ended.stderr) {
            if line.contains("panicked") {
                tally.finding(format!("host {number}: {line}"));
            }
            let line: Value = serde_json::from_str(line).unwrap_or_default();
            if let (Some(level), Some(message)) = (line["level"].as_str(), line["message"].as_str()) {
                tally.count("log: ", &format!("{level} {}", message.chars().take(45).collect::<String>()));
            }
        }
    }

    fn process(&self, number: usize) -> MutexGuard<'_, Option<Process>> {
        self.each[number].lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn command(directory: &Path, arguments: &[&str]) -> anyhow::Result<String> {
    let output = hookwright(directory, arguments).output()?;
    let told = [output.stdout.as_slice(), &output.stderr].map(String::from_utf8_lossy).concat();
    ensure!(output.status.success(), "hookwright {}: {}, {told}", arguments.join(" "), output.status);
    Ok(String::from_utf8(output.stdout)?)
}
