//! An organisation on a database of its own, reached as a role that is no superuser: what it may do there is up to the test.
//!
//! For tests of privileges. The server's superuser gives and takes them.

use std::sync::Arc;

use hookwright::api::{OrgOptions, SubmitOptions};
use hookwright::doctor::Examined;
use hookwright::error::Error;
use hookwright::host::Host;
use hookwright::outcome::Outcome;
use hookwright_core::event::Change;
use hookwright_core::ident::OrgName;
use serde_json::Value as Json;
use sqlx::{AssertSqlSafe, Executor, PgConnection};

use crate::postgres::{TestDatabase, execute, parse_url, server_url};
use crate::world::TestHost;

/// The password of each role.
pub const PASSWORD: &str = "secret";

/// The organisation `acme` of a host, and the role that the host is in its database.
pub struct PlainRole {
    home: Arc<TestHost>,
    org: OrgName,
    database: TestDatabase,
    name: String,
}

impl PlainRole {
    /// Makes a role that may make schemas in a fresh database, and has a host register the organisation there.
    ///
    /// # Panics
    /// If the server or the host refuses.
    pub async fn create() -> Self {
        let (home, database) = (TestHost::start().await, TestDatabase::create().await);
        let name = format!("r_{}", database.name());
        let role = Self { home, org: crate::org::name("acme"), database, name };
        let (database, name) = (role.database.name(), &role.name);
        role.admin(&format!(
            "CREATE ROLE {name} LOGIN PASSWORD '{PASSWORD}'; GRANT CREATE ON DATABASE {database} TO {name}"
        ))
        .await;
        let added = role.host().org_add(&role.org, &role.url(), OrgOptions::default()).await;
        added.unwrap_or_else(|error| panic!("no organisation: {error}; {}", error.help));
        role
    }

    /// The host that registered the organisation.
    pub fn host(&self) -> &Host {
        self.home.host()
    }

    /// A host that has not seen the organisation yet.
    ///
    /// # Panics
    /// If it does not start.
    pub async fn another_host(&self) -> Host {
        Host::start(self.host().config().clone()).await.unwrap()
    }

    /// The organisation.
    pub fn org(&self) -> &OrgName {
        &self.org
    }

    /// The role's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The database.
    pub fn database(&self) -> &TestDatabase {
        &self.database
    }

    /// The address of the database as this role.
    ///
    /// # Panics
    /// If the server's address is none.
    pub fn url(&self) -> String {
        address(&self.database, &self.name)
    }

    /// Statements as the server's superuser.
    ///
    /// # Panics
    /// If the server refuses.
    pub async fn admin(&self, sql: &str) {
        execute(self.database.url(), sql.to_owned()).await;
    }

    /// A session of the server's superuser.
    pub async fn session(&self) -> PgConnection {
        self.database.connect().await
    }

    /// Sends an event.
    ///
    /// # Errors
    /// What the host says.
    ///
    /// # Panics
    /// If it is no event.
    pub async fn submit(&self, event: &Json) -> Result<Outcome, Error> {
        let change = Change::from_json(event.clone()).unwrap();
        self.host().submit(&self.org, change, SubmitOptions::default()).await
    }

    /// What the doctor finds.
    ///
    /// # Panics
    /// If the organisation is not known.
    pub async fn examine(&self) -> Examined {
        self.host().examine(&self.org, false).await.unwrap_or_else(|error| panic!("{error}"))
    }

    /// Drops the database and the role.
    ///
    /// # Panics
    /// If the server refuses.
    pub async fn close(self) {
        self.admin(&format!("DROP OWNED BY {} CASCADE", self.name)).await;
        self.database.close().await;
        let mut server = crate::postgres::connect(&server_url()).await;
        server.execute(AssertSqlSafe(format!("DROP ROLE {}", self.name))).await.unwrap();
    }
}

/// The address of a database as another role.
///
/// # Panics
/// If it is none.
pub fn address(database: &TestDatabase, role: &str) -> String {
    let mut url = parse_url(database.url());
    url.set_username(role).unwrap();
    url.set_password(Some(PASSWORD)).unwrap();
    url.into()
}
