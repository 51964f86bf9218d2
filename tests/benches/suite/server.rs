//! `hookwright serve` as a process, with organisations that have an entity and the guest of the scene.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use hookwright_tests::process::{Process, hookwright};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::scene;

const PATIENCE: Duration = Duration::from_secs(60);
/// Bounds that end what is measured are set out of reach; all else is as it comes.
const CONFIG: &str = "\
    [http]\nlisten = \"127.0.0.1:0\"\n\
    [rate]\nper_s = 1000000\nburst = 1000000\n\
    [quotas]\nguest_ms_per_minute = 60000000\n";

/// A directory with a configuration, a control database and organisations in SQLite files.
pub struct Site {
    directory: TempDir,
    pub orgs: Vec<String>,
}

/// A server of such a site; it ends with this value.
pub struct Server {
    process: Option<Process>,
    /// Where it listens: host and port.
    pub address: String,
    /// How long it took from its start until it said so.
    pub started: Duration,
}

impl Site {
    /// Makes so many organisations.
    pub fn make(orgs: usize) -> anyhow::Result<Self> {
        let directory = TempDir::with_prefix("hookwright-")?;
        std::fs::write(directory.path().join("hookwright.toml"), CONFIG)?;
        let site = Self { directory, orgs: (0..orgs).map(|n| format!("org{n}")).collect() };
        let create = json!({"id": "create", "type": "entity.create", "entity": scene::entity("first")});
        let file = site.path().join("create.json");
        std::fs::write(&file, create.to_string())?;
        let (file, guest) = (file.display().to_string(), scene::guest().display().to_string());
        for org in &site.orgs {
            site.command(&["org", "add", org, "--database", &format!("sqlite://{org}.db")])?;
            site.command(&["event", "send", "--org", org, &file])?;
            site.command(&["plugin", "install", "--org", org, &guest])?;
        }
        Ok(site)
    }

    pub fn path(&self) -> &Path {
        self.directory.path()
    }

    /// Makes a token that may do everything.
    pub fn token(&self) -> anyhow::Result<String> {
        let made = self
            .command(&["token", "create", "--name", "bench", "--org", "*", "--scope", "admin", "--json"])?;
        let made: Value = serde_json::from_str(&made)?;
        made["token"].as_str().map(str::to_owned).with_context(|| format!("no token in {made}"))
    }

    pub fn serve(&self) -> anyhow::Result<Server> {
        let started = Instant::now();
        let process = Process::spawn(&mut hookwright(self.path(), ["serve"]));
        let line = process.wait_for_line("listening on", PATIENCE);
        let started = started.elapsed();
        let address = line.split("://").nth(1).and_then(|rest| rest.split(' ').next());
        let address = address.with_context(|| format!("no address in \"{line}\""))?.to_owned();
        Ok(Server { process: Some(process), address, started })
    }

    fn command(&self, arguments: &[&str]) -> anyhow::Result<String> {
        let output = hookwright(self.path(), arguments).output()?;
        let told = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "hookwright {}: {told}", arguments.join(" "));
        Ok(String::from_utf8(output.stdout)?)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(process) = self.process.take() {
            process.kill();
        }
    }
}
