//! A host with organisations on databases of their own: what a test of the whole way works on.
//!
//! For the scenarios, the histories and the property tests. Starts hosts inside the test process,
//! with control databases in temporary directories.

use std::sync::{Arc, OnceLock};

use hookwright::api::{ApproveOptions, OrgOptions, PluginOptions, SubmitOptions};
use hookwright::config::Config;
use hookwright::db::{Foreign, without_comments};
use hookwright::error::Error;
use hookwright::host::Host;
use hookwright::outcome::{Outcome, Status};
use hookwright_core::event::Change;
use hookwright_core::ident::OrgName;
use hookwright_core::schema::{Schema, Table};
use serde_json::Value as Json;
use sqlx::{AssertSqlSafe, Connection};
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::extras::Extras;
use crate::place::Place;
use crate::plugin_path;
use crate::scenario::{Dialect, Mode};
use crate::shown::{postgres_rows, sqlite_rows};

/// The runtime that hosts of a test process live on: their connections do not survive another.
pub fn runtime() -> &'static Runtime {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    RUNTIME.get_or_init(|| Runtime::new().expect("a runtime"))
}

/// A running host; its control database goes with it.
pub struct TestHost {
    host: Host,
    _control: TempDir,
}

impl TestHost {
    /// Starts a host that knows no organisation.
    ///
    /// # Panics
    /// If it does not start.
    pub async fn start() -> Arc<Self> {
        Self::with_policy(None).await
    }

    /// The same, with the text of a policy file.
    ///
    /// # Panics
    /// If it does not start.
    pub async fn with_policy(policy: Option<&str>) -> Arc<Self> {
        Self::with(policy, Config::default()).await
    }

    /// The same, with other settings besides.
    ///
    /// # Panics
    /// If it does not start.
    pub async fn with(policy: Option<&str>, mut config: Config) -> Arc<Self> {
        let control = TempDir::with_prefix("hookwright-control-").expect("a temporary directory");
        if let Some(policy) = policy {
            let file = control.path().join("policy.toml");
            std::fs::write(&file, policy).expect("the policy is written");
            config.policy = Some(file);
        }
        config.control.database = control.path().join("control.db");
        let host = Host::start(config).await.unwrap_or_else(|error| panic!("no host: {error}"));
        Arc::new(Self { host, _control: control })
    }

    /// The host.
    pub fn host(&self) -> &Host {
        &self.host
    }
}

/// An organisation of a host, on a fresh database.
pub struct World {
    home: Arc<TestHost>,
    org: OrgName,
    place: Place,
}

impl World {
    /// Adds an organisation with these plugins: each a name, with its configuration as JSON behind if it has one.
    ///
    /// # Panics
    /// If the host refuses any of it.
    pub async fn add(home: &Arc<TestHost>, org: &str, dialect: Dialect, plugins: &[String]) -> Self {
        Self::at(home, org, Place::create(dialect).await, plugins).await
    }

    /// The same on a database that may have other organisations.
    ///
    /// # Panics
    /// If the host refuses any of it.
    pub async fn at(home: &Arc<TestHost>, org: &str, place: Place, plugins: &[String]) -> Self {
        let org = OrgName::parse(org).expect("a name for an organisation");
        let default_plugins = plugins.iter().any(|p| p == "schema-sync");
        let added = home
            .host
            .org_add(&org, &place.url(), OrgOptions { default_plugins, ..OrgOptions::default() })
            .await;
        added.unwrap_or_else(|error| panic!("no organisation \"{org}\": {error}"));
        let world = Self { home: home.clone(), org, place };
        for plugin in plugins.iter().filter(|p| *p != "schema-sync") {
            world.install(plugin).await;
        }
        world
    }

    async fn install(&self, plugin: &str) {
        let (name, config) = plugin.split_once(' ').unwrap_or((plugin, "{}"));
        let component = std::fs::read(plugin_path(name)).expect("the plugin's component");
        let config: Json = serde_json::from_str(config).expect("a plugin's configuration is JSON");
        let options = PluginOptions { config: Some(config), ..PluginOptions::default() };
        let installed = self.host().plugin_install(&self.org, component, options).await;
        installed.unwrap_or_else(|error| panic!("the plugin \"{name}\" is refused: {error}"));
    }

    /// The host.
    pub fn host(&self) -> &Host {
        &self.home.host
    }

    /// The organisation.
    pub fn org(&self) -> &OrgName {
        &self.org
    }

    /// Its kind of database.
    pub fn dialect(&self) -> Dialect {
        self.place.dialect()
    }

    /// The address of its database.
    pub fn url(&self) -> String {
        self.place.url()
    }

    /// Sends one event, or an array of them.
    ///
    /// # Errors
    /// What the host says.
    pub async fn send(&self, json: &str, mode: Mode) -> Result<Outcome, Error> {
        let change = Change::parse(json.as_bytes())?;
        let Mode { confirm, allow_destructive, dry_run, batch: _, approve } = mode;
        let (confirm, destroy) = (confirm && !approve, allow_destructive && !approve);
        let options = SubmitOptions {
            dry_run,
            confirm,
            allow_destructive: destroy,
            actor: None,
            plan_hash: None,
            until: None,
        };
        let outcome = self.host().submit(&self.org, change, options).await?;
        match (approve, outcome.status, &outcome.change) {
            (true, Status::Held, Some(id)) => {
                let actor = Some("approver".to_owned());
                let options = ApproveOptions { allow_destructive, plan_hash: None, actor, until: None };
                self.host().approve(&self.org, id, options).await
            }
            _ => Ok(outcome),
        }
    }

    /// Statements of the test's own, inside the organisation's schema.
    ///
    /// # Errors
    /// What the database says.
    pub async fn sql(&self, sql: &str) -> Result<(), String> {
        self.rows(sql).await.map(drop)
    }

    /// The rows that SQL gives, as a scenario file shows them.
    ///
    /// # Errors
    /// What the database says.
    pub async fn rows(&self, sql: &str) -> Result<Vec<String>, String> {
        let found = match &self.place {
            Place::Postgres(database) => {
                let mut connection = database.connect().await;
                let within = format!("SET search_path = \"{}\";\n{sql}", self.org.as_str());
                let rows = sqlx::raw_sql(AssertSqlSafe(within)).fetch_all(&mut connection).await;
                connection.close().await.ok();
                rows.map(|rows| postgres_rows(&rows))
            }
            Place::Sqlite(file) => {
                let mut connection = file.connect().await;
                let rows = sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).fetch_all(&mut connection).await;
                connection.close().await.ok();
                rows.map(|rows| sqlite_rows(&rows))
            }
        };
        found.map_err(|error| format!("the database refuses \"{sql}\": {error}"))
    }

    /// The schema as this database can hold it: SQLite keeps no comments.
    pub fn kept(&self, schema: &Schema) -> Schema {
        match self.dialect() {
            Dialect::Postgres => schema.clone(),
            Dialect::Sqlite => without_comments(schema),
        }
    }

    /// What is physically there: the managed tables and all else.
    ///
    /// # Panics
    /// If the database cannot be read.
    pub async fn physical(&self) -> (Schema, Vec<Foreign>) {
        let (_, inspected) = self.host().inspect(&self.org).await.expect("the database is read");
        (inspected.schema, inspected.foreign)
    }

    /// Whether the database is what the model says, names of constraints included; gives all else that is there.
    ///
    /// # Errors
    /// Where they differ.
    ///
    /// # Panics
    /// If the database cannot be read.
    pub async fn in_step(&self) -> Result<Vec<Foreign>, String> {
        self.in_step_besides(&Extras::default()).await
    }

    /// As [`World::in_step`], with these things of the test's own in managed tables: they must be there still.
    ///
    /// # Errors
    /// Where they differ.
    ///
    /// # Panics
    /// If the database cannot be read.
    pub async fn in_step_besides(&self, extras: &Extras) -> Result<Vec<Foreign>, String> {
        let (model, inspected) = self.host().inspect(&self.org).await.expect("the database is read");
        let physical = extras.taken_from(&inspected.schema)?;
        let model = model.physical();
        differences(&self.kept(&model), &physical).and_then(|()| names(&model, &physical)).map_err(
            |what| format!("the database is not what the model says: {what}\n{:#?}", inspected.foreign),
        )?;
        Ok(inspected.foreign)
    }

    /// What is in managed tables and not in the model.
    ///
    /// # Panics
    /// If the database cannot be read.
    pub async fn extras(&self) -> Extras {
        let (model, inspected) = self.host().inspect(&self.org).await.expect("the database is read");
        Extras::of(&model.physical(), &inspected.schema)
    }

    /// Whether the schema that was lived through is the one that metadata and plugins call for.
    ///
    /// # Errors
    /// Where they differ.
    ///
    /// # Panics
    /// If it cannot be derived.
    pub async fn derives(&self) -> Result<(), String> {
        let derived =
            self.host().derive(&self.org).await.unwrap_or_else(|error| panic!("not derived: {error}"));
        let (model, _) = self.host().inspect(&self.org).await.expect("the model is read");
        differences(&derived, &model)
            .map_err(|what| format!("derived and lived-through schema differ: {what}"))
    }
}

/// The first table in which two schemas differ, both ways.
///
/// # Errors
/// If there is one.
pub fn differences(wanted: &Schema, found: &Schema) -> Result<(), String> {
    let mut names: Vec<_> = wanted.tables.keys().chain(found.tables.keys()).collect();
    names.sort();
    names.dedup();
    for name in names {
        let (wanted, found) = (wanted.table(name), found.table(name));
        if wanted != found {
            let show = |table: Option<&Table>| {
                table.map_or("none".to_owned(), |t| serde_json::to_string_pretty(t).unwrap())
            };
            return Err(format!("\"{}\" is to be {}\nand is {}", name.as_str(), show(wanted), show(found)));
        }
    }
    Ok(())
}

/// Equal schemas may still call constraints differently: then the model could not find what it is to drop.
fn names(model: &Schema, physical: &Schema) -> Result<(), String> {
    for (wanted, found) in model.tables.values().zip(physical.tables.values()) {
        let of = |t: &Table| {
            let uniques = t.uniques.iter().map(|u| u.name.as_str().to_owned());
            uniques.chain(t.indexes.iter().map(|i| i.name.as_str().to_owned())).collect::<Vec<_>>()
        };
        if of(wanted) != of(found) {
            return Err(format!(
                "constraints of \"{}\" are to be called {:?} and are {:?}",
                wanted.name.as_str(),
                of(wanted),
                of(found)
            ));
        }
    }
    Ok(())
}
