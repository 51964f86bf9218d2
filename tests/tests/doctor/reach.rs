//! C1 to C4: databases that cannot be reached, each for one reason.

use std::os::unix::fs::{FileExt, PermissionsExt};

use hookwright::api::{OrgOptions, SubmitOptions};
use hookwright::host::Host;
use hookwright::outcome::Status;
use hookwright_core::event::Change;
use hookwright_tests::plain_role::address;
use hookwright_tests::postgres::TestDatabase;
use hookwright_tests::scenario::{Dialect, Mode};
use hookwright_tests::world::{TestHost, World, runtime};
use sqlx::{AssertSqlSafe, Executor};

use super::cause::{refused, trouble};
use super::server;

fn at(port: u16) -> String {
    format!("postgres://app:secret@127.0.0.1:{port}/crm")
}

#[test]
fn the_host_is_not_known() {
    runtime().block_on(async {
        let error = refused("postgres://app:secret@no.such.host.invalid/crm", "db/unknown-host").await;
        assert!(error.message.contains("\"no.such.host.invalid\""), "{error}");
    });
}

#[test]
fn nothing_listens() {
    runtime().block_on(async {
        let port = server::unused().await;
        let error = refused(&at(port), "db/nothing-listens").await;
        assert!(error.message.starts_with(&format!("nothing listens at 127.0.0.1:{port}")), "{error}");
        assert!(error.help.contains("hookwright org add acme --database URL"), "{}", error.help);
        assert!(!error.help.contains("org update"), "{}", error.help);
    });
}

#[test]
fn nobody_answers() {
    runtime().block_on(async {
        let error = refused(&at(server::silent().await), "db/no-answer").await;
        assert!(error.message.contains("takes connections, and does not answer a login"), "{error}");
    });
}

#[test]
fn another_program_answers() {
    runtime().block_on(async {
        let error = refused(&at(server::foreign().await), "db/not-postgres").await;
        assert!(
            error.message.ends_with("is no PostgreSQL: it answers \"HTTP/1.1 400 Bad Request\""),
            "{error}"
        );
    });
}

#[test]
fn the_server_lets_nobody_in() {
    runtime().block_on(async {
        for (state, said, routine, code) in [
            ("28P01", "password authentication failed", "auth_failed", "db/wrong-password"),
            ("28000", "role \"app\" does not exist", "InitializeSessionUserId", "db/no-role"),
            ("28000", "no pg_hba.conf entry", "ClientAuthentication", "db/not-let-in"),
            ("53300", "sorry, too many clients already", "InitProcess", "db/too-many-connections"),
            ("55000", "database \"crm\" is not currently accepting connections", "InitPostgres", "db/closed"),
            ("55000", "cannot connect to invalid database \"crm\"", "InitPostgres", "db/closed"),
            ("57P03", "the database system is starting up", "ProcessStartupPacket", "db/starting"),
        ] {
            let error = refused(&at(server::refusing(state, said, routine).await), code).await;
            assert!(error.message.contains(said) && error.message.contains(state), "{error}");
            if code == "db/wrong-password" {
                assert!(error.help.contains("not valid any more (VALID UNTIL)"), "{}", error.help);
                assert!(
                    error.help.contains("rolvaliduntil FROM pg_roles WHERE rolname = 'app'"),
                    "{}",
                    error.help
                );
            }
        }
    });
}

#[test]
fn no_password_is_not_a_wrong_one() {
    runtime().block_on(async {
        let said = "password authentication failed for user \"app\"";
        let port = server::refusing("28P01", said, "auth_failed").await;
        let error = refused(&format!("postgres://app@127.0.0.1:{port}/crm"), "db/no-password").await;
        assert!(error.message.contains("the address has none"), "{error}");
        let next = format!("hookwright org add acme --database postgres://app:PASSWORD@127.0.0.1:{port}/crm");
        assert!(error.help.contains(&next), "{}", error.help);
    });
}

#[test]
fn no_part_of_a_password_is_told() {
    runtime().block_on(async {
        for password in
            ["p@secret/secret", "p@secret#secret", "p@secret?secret", "p@secret?secret=secret", "12/secret"]
        {
            let error = refused(&format!("postgres://app:{password}@127.0.0.1/crm"), "config/invalid").await;
            assert!(error.help.starts_with("write that character as %"), "{error}; {}", error.help);
        }
    });
}

#[test]
fn lines_of_pg_hba_are_told_apart() {
    runtime().block_on(async {
        for (said, advice) in [
            (
                "no pg_hba.conf entry for host \"10.1.2.3\", user \"app\", database \"crm\", SSL encryption",
                "add a line to pg_hba.conf: host \"crm\" \"app\" 10.1.2.3/32",
            ),
            (
                "pg_hba.conf rejects connection for host \"::1\", user \"app\", database \"crm\", SSL encryption",
                "put before it: host \"crm\" \"app\" ::1/128",
            ),
            (
                "no pg_hba.conf entry for host \"10.1.2.3\", user \"app\", database \"crm\", no encryption",
                "put sslmode=require into the address",
            ),
        ] {
            let port = server::refusing("28000", said, "ClientAuthentication").await;
            let error = refused(&at(port), "db/not-let-in").await;
            assert!(error.help.contains(advice), "{}", error.help);
        }
    });
}

#[test]
fn certificates_and_addresses_of_version_6() {
    runtime().block_on(async {
        let database = TestDatabase::create().await;
        let url = format!("{}?sslmode=verify-full&sslrootcert=/nowhere/root.pem", database.url());
        let error = refused(&url, "db/tls").await;
        // Which of the two it is depends on the server of the tests.
        let told =
            ["takes no encrypted connections", "the file \"/nowhere/root.pem\" (sslrootcert) cannot be read"];
        assert!(told.iter().any(|what| error.message.contains(what)), "{error}");
        let url = format!("{}?sslmode=verify-full&sslrootcert=root.pem", database.url());
        let error = refused(&url, "db/tls").await;
        let here = std::env::current_dir().unwrap().display().to_string();
        let told = [
            "takes no encrypted connections",
            &format!("\"root.pem\" (sslrootcert) cannot be read in \"{here}\""),
        ];
        assert!(told.iter().any(|what| error.message.contains(what)), "{error}");
        database.close().await;
        let closed = refused("postgres://app:secret@[::1]:1/crm", "db/nothing-listens").await;
        assert!(closed.message.contains("[::1]:1"), "{closed}");
    });
}

#[test]
fn a_database_that_is_not_there() {
    runtime().block_on(async {
        let database = TestDatabase::create().await;
        let name = database.name().to_owned();
        let mut url = reqwest::Url::parse(database.url()).unwrap();
        url.set_path(&format!("{name}x"));
        let missing = refused(url.as_str(), "db/no-database").await;
        assert!(missing.message.contains(&format!("near it is \"{name}\"")), "{missing}");
        database.close().await;
    });
}

#[test]
fn roles_that_are_not_let_in() {
    runtime().block_on(async {
        let database = TestDatabase::create().await;
        let name = database.name().to_owned();
        let role = format!("r_{name}");
        let mut connection = database.connect().await;
        let mut run = async |sql: String| assert!(connection.execute(AssertSqlSafe(sql)).await.is_ok());
        run(format!(
            "CREATE ROLE {role} NOLOGIN PASSWORD 'secret'; REVOKE CONNECT ON DATABASE {name} FROM PUBLIC"
        ))
        .await;
        let error = refused(&address(&database, &role), "db/no-login").await;
        assert!(error.help.contains(&format!("ALTER ROLE \"{role}\" LOGIN")), "{}", error.help);
        run(format!("ALTER ROLE {role} LOGIN")).await;
        let error = refused(&address(&database, &role), "db/no-connect").await;
        assert!(
            error.help.contains(&format!("GRANT CONNECT ON DATABASE \"{name}\" TO \"{role}\"")),
            "{}",
            error.help
        );
        run(format!("GRANT CONNECT ON DATABASE {name} TO {role}; ALTER ROLE {role} CONNECTION LIMIT 0"))
            .await;
        let error = refused(&address(&database, &role), "db/too-many-connections").await;
        assert!(error.help.contains(&format!("ALTER ROLE \"{role}\" CONNECTION LIMIT")), "{}", error.help);
        let whose = format!("the role \"{role}\" has all the connections at ");
        assert!(error.message.starts_with(&whose), "{error}");
        assert!(error.help.contains("or by this host itself, which needs 3 at least"), "{}", error.help);
        run(format!("ALTER ROLE {role} CONNECTION LIMIT 1")).await;
        let error = refused(&address(&database, &role), "db/connection-limit").await;
        assert!(error.message.contains("may have one connection at a time (CONNECTION LIMIT)"), "{error}");
        assert!(error.help.contains(&format!("ALTER ROLE \"{role}\" CONNECTION LIMIT 16")), "{}", error.help);
        run(format!("DROP OWNED BY {role}; DROP ROLE {role}")).await;
        database.close().await;
    });
}

#[test]
fn a_database_goes_away_and_comes_back() {
    runtime().block_on(async {
        let home = TestHost::start().await;
        let world = World::add(&home, "acme", Dialect::Sqlite, &["schema-sync".to_owned()]).await;
        let path = world.url().trim_start_matches("sqlite:").trim_start_matches("//").to_owned();
        let examine = async || home.host().examine(world.org(), false).await.unwrap();
        assert!(examine().await.well);
        let aside = format!("{path}.aside");
        std::fs::rename(&path, &aside).unwrap();
        let examined = examine().await;
        assert!(trouble(&examined, "db/no-file").found.contains(&path), "{examined:?}");
        let event = r#"{"id":"e-1","type":"entity.create","entity":{"name":"invoice","fields":[{"name":"id","type":"Int","nullable":false,"primaryKey":true}]}}"#;
        let error = world.send(event, Mode::default()).await.expect_err("there is nothing to change");
        assert_eq!(error.code, "db/no-file", "{error}");
        assert!(!std::path::Path::new(&path).exists(), "looking made a file");
        std::fs::write(&path, "nothing that SQLite wrote, and long enough").unwrap();
        trouble(&examine().await, "db/not-sqlite");
        std::fs::rename(&aside, &path).unwrap();
        assert!(examine().await.well);
        assert_eq!(world.send(event, Mode::default()).await.unwrap().status, Status::Applied);
        assert_eq!(world.in_step().await.unwrap(), [], "the change went to another file");
    });
}

#[test]
fn files_that_the_host_may_not_write() {
    runtime().block_on(async {
        let home = TestHost::start().await;
        let world = World::add(&home, "acme", Dialect::Sqlite, &["schema-sync".to_owned()]).await;
        let path = world.url().trim_start_matches("sqlite:").trim_start_matches("//").to_owned();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o400)).unwrap();
        // The superuser may write what nobody may.
        if std::fs::OpenOptions::new().write(true).open(&path).is_err() {
            let examined = home.host().examine(world.org(), false).await.unwrap();
            let denied = trouble(&examined, "db/file-denied");
            assert!(denied.found.contains("with the mode 0400"), "{denied:?}");
            assert_eq!(denied.next, format!("chmod u+rw \"{path}\""));
        }
    });
}

#[test]
fn a_damaged_file() {
    runtime().block_on(async {
        let home = TestHost::start().await;
        let world = World::add(&home, "acme", Dialect::Sqlite, &["schema-sync".to_owned()]).await;
        let path = world.url().trim_start_matches("sqlite:").trim_start_matches("//").to_owned();
        let file = std::fs::OpenOptions::new().write(true).open(&path).unwrap();
        let pages = std::fs::metadata(&path).unwrap().len() / 4096;
        file.write_all_at(&vec![b'x'; 4096 * (usize::try_from(pages).unwrap() - 2)], 2 * 4096).unwrap();
        let other = Host::start(home.host().config().clone()).await.unwrap();
        let examined = other.examine(world.org(), false).await.unwrap();
        let damaged = trouble(&examined, "db/file-damaged");
        assert!(damaged.found.starts_with(&format!("the file \"{path}\" is damaged")), "{damaged:?}");
        assert!(damaged.next.contains(&format!("sqlite3 \"{path}\" .recover")), "{damaged:?}");
    });
}

#[test]
fn a_directory_in_place_of_a_file() {
    runtime().block_on(async {
        let directory = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", directory.path().display());
        let error = refused(&url, "db/not-sqlite").await;
        assert!(error.message.ends_with("is a directory, not a file"), "{error}");
        let next = format!("hookwright org add acme --database {url}/acme.db");
        assert!(error.help.contains(&next) && !error.help.contains("chmod"), "{}", error.help);
    });
}

#[test]
fn a_directory_that_is_misspelt_is_not_made() {
    runtime().block_on(async {
        let directory = tempfile::tempdir().unwrap();
        std::fs::create_dir(directory.path().join("data")).unwrap();
        let path = directory.path().join("dato/acme.db");
        let url = format!("sqlite:{}", path.display());
        let error = refused(&url, "db/no-directory").await;
        assert!(error.message.ends_with("there is \"data\""), "{error}");
        assert!(
            error.help.ends_with(&format!("hookwright org add acme --database {url} --create")),
            "{}",
            error.help
        );
        assert!(!path.parent().unwrap().exists(), "it was made");
        let home = TestHost::start().await;
        let options = OrgOptions { create_database: true, ..OrgOptions::default() };
        let org = hookwright_core::ident::OrgName::parse("acme").unwrap();
        home.host().org_add(&org, &url, options).await.unwrap_or_else(|e| panic!("{e}"));
        assert!(path.exists());
    });
}

#[test]
fn two_organisations_on_one_file() {
    runtime().block_on(async {
        let home = TestHost::start().await;
        let world = World::add(&home, "acme", Dialect::Sqlite, &[]).await;
        let other = hookwright_core::ident::OrgName::parse("other").unwrap();
        let added = home.host().org_add(&other, &world.url(), OrgOptions::default()).await;
        let error = added.expect_err("it is taken");
        assert_eq!(error.code, "config/invalid");
        assert!(error.message.ends_with("belongs to the organisation \"acme\", not to \"other\""), "{error}");
        assert!(error.help.contains("hookwright org add other --database sqlite:other.db"), "{}", error.help);
    });
}

#[test]
fn a_database_without_the_history_is_not_taken_for_a_new_one() {
    runtime().block_on(async {
        let home = TestHost::start().await;
        let world = World::add(&home, "acme", Dialect::Postgres, &["schema-sync".to_owned()]).await;
        let event = r#"{"id":"e-1","type":"entity.create","entity":{"name":"invoice","fields":[{"name":"id","type":"Int","nullable":false,"primaryKey":true}]}}"#;
        assert_eq!(world.send(event, Mode::default()).await.unwrap().status, Status::Applied);
        world.sql("DROP SCHEMA hookwright CASCADE; DROP SCHEMA acme CASCADE").await.unwrap();
        // Another host, which has not seen the organisation yet.
        let other = Host::start(world.host().config().clone()).await.unwrap();
        let examined = other.examine(world.org(), false).await.unwrap();
        assert!(!examined.well);
        trouble(&examined, "db/history-gone");
        let change = Change::parse(event.as_bytes()).unwrap();
        let error = other.submit(world.org(), change, SubmitOptions::default()).await.expect_err("not done twice");
        assert_eq!(error.code, "db/history-gone", "{error}");
        assert_eq!(world.rows("SELECT nspname FROM pg_namespace WHERE nspname IN ('acme', 'hookwright')").await.unwrap(), Vec::<String>::new());
        let again = other.org_add(world.org(), &world.url(), OrgOptions::default()).await.expect_err("it is registered");
        assert_eq!(again.code, "org/exists");
    });
}
