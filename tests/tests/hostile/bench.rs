//! A host with two organisations: one that a hostile guest is bound to, and its neighbour.

use std::sync::{Mutex, PoisonError};

use hookwright::api::PluginOptions;
use hookwright::config::Config;
use hookwright::error::Error;
use hookwright::outcome::Status;
use hookwright_tests::dump::dump;
use hookwright_tests::process::binary;
use hookwright_tests::scenario::{Dialect, Mode};
use hookwright_tests::world::{TestHost, World, runtime};
use hostile_guests::Hostile;
use serde_json::{Value as Json, json};

pub const PLAIN: Mode =
    Mode { confirm: false, allow_destructive: false, dry_run: false, batch: false, approve: false };

/// Calls at a time: fewer than are made, so that a place that is not given back is missed.
const PLACES: u32 = 2;
/// Hostile calls of a test.
const CALLS: usize = 5;

/// Rounds of calls within which the number of open files must stop growing.
const ROUNDS: usize = 5;

/// What is told of a guest.
pub struct Told {
    pub code: &'static str,
    /// A part of the message.
    pub says: &'static str,
}

impl Told {
    fn check(&self, guest: Hostile, error: &Error) {
        assert_eq!(error.code, self.code, "{guest:?}: {error}");
        assert!(error.message.contains(self.says), "{guest:?}: {error}");
    }
}

pub struct Bench {
    victim: World,
    neighbour: World,
}

impl Bench {
    /// Has a host live through a guest. One at a time: open files are those of the whole process.
    pub fn survives(guest: Hostile, told: &Told) {
        static TURN: Mutex<()> = Mutex::new(());
        let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        runtime().block_on(async {
            let bench = Self::new(guest).await;
            match bench.install(guest).await {
                Err(refused) => told.check(guest, &refused),
                Ok(()) => bench.is_called(guest, told).await,
            }
            bench.neighbour("last").await;
        });
    }

    async fn new(guest: Hostile) -> Self {
        let mut config = Config::default();
        config.sandbox.concurrent_calls = PLACES;
        config.suspension.faults = 1_000;
        match guest {
            Hostile::CompileBomb => {
                config.compile.program = Some(binary().to_owned());
                config.compile.memory_bytes = 24 << 20;
            }
            // A debug build answers so slowly that the deadline would come first.
            Hostile::HostCallFlood => config.sandbox.deadline_ms = 10_000,
            _ => {}
        }
        let home = TestHost::with(None, config).await;
        let plugins = match guest {
            Hostile::CompileBomb => vec![],
            _ => vec!["schema-sync".to_owned()],
        };
        let victim = World::add(&home, "victim", Dialect::Sqlite, &plugins).await;
        let neighbour = World::add(&home, "neighbour", Dialect::Sqlite, &plugins).await;
        send(&victim, &entity("first", "account")).await.unwrap();
        Self { victim, neighbour }
    }

    async fn install(&self, guest: Hostile) -> Result<(), Error> {
        let (host, org) = (self.victim.host(), self.victim.org());
        let installed = host.plugin_install(org, guest.component(), PluginOptions::default()).await;
        let bound = host.plugin_list(org).await.unwrap();
        assert_eq!(bound.iter().any(|plugin| plugin.name == "guest"), installed.is_ok());
        installed.map(drop)
    }

    async fn is_called(&self, guest: Hostile, told: &Told) {
        let before = dump(&self.victim).await;
        let event = |call: usize| match guest.is_called_for_fields() {
            true => field(&format!("evil{call}")),
            false => entity(&format!("evil{call}"), "invoice"),
        };
        told.check(guest, &send(&self.victim, &event(0)).await.unwrap_err());
        self.neighbour("before").await;
        // Pools may open one more; what each call leaves open never stops to grow.
        let mut rounds = 1..=ROUNDS;
        let mut grows = true;
        while grows {
            let round = rounds.next().unwrap_or_else(|| panic!("{guest:?} leaves files open"));
            let files = open_files();
            for call in 0..CALLS {
                told.check(guest, &send(&self.victim, &event(round * CALLS + call)).await.unwrap_err());
            }
            grows = open_files() > files;
        }
        self.neighbour("after").await;
        assert_eq!(dump(&self.victim).await, before, "{guest:?}: the database");
        self.victim.host().plugin_remove(self.victim.org(), "guest").await.unwrap();
        send(&self.victim, &event(CALLS * (ROUNDS + 1))).await.unwrap();
    }

    /// The neighbour makes a table.
    async fn neighbour(&self, name: &str) {
        send(&self.neighbour, &entity(name, name)).await.unwrap();
    }
}

async fn send(world: &World, event: &Json) -> Result<(), Error> {
    let outcome = world.send(&event.to_string(), PLAIN).await?;
    assert_eq!(outcome.status, Status::Applied, "{outcome:?}");
    Ok(())
}

pub fn entity(id: &str, name: &str) -> Json {
    let key = json!({"name": "id", "type": "Uuid", "nullable": false, "primaryKey": true});
    json!({"id": id, "type": "entity.create", "entity": {"name": name, "fields": [key]}})
}

fn field(id: &str) -> Json {
    json!({"id": id, "type": "field.create", "entity": "account", "field": {"name": "note", "type": "Text"}})
}

/// How many files this process has open.
fn open_files() -> usize {
    std::fs::read_dir("/proc/self/fd").unwrap().count()
}
