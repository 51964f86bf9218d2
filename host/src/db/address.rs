//! Addresses of databases, read for the driver. What is wrong with one is told without what is secret in it. `pools`
//! and `OrgDb::connect` call it.

use std::net::{IpAddr, Ipv6Addr};
use std::str::FromStr;

use hookwright_core::ident::quoted;
use hookwright_core::near::near;
use sqlx::postgres::PgConnectOptions;
use sqlx::sqlite::SqliteConnectOptions;

use super::DbError;

/// What an address looks like.
const FORMS: &str = "write postgres://USER:PASSWORD@HOST:PORT/NAME, or sqlite:PATH";

/// What an address of PostgreSQL may say behind a `?`.
const KNOWN: [&str; 18] = [
    "sslmode",
    "ssl-mode",
    "sslrootcert",
    "ssl-root-cert",
    "ssl-ca",
    "sslcert",
    "ssl-cert",
    "sslkey",
    "ssl-key",
    "statement-cache-capacity",
    "host",
    "hostaddr",
    "port",
    "dbname",
    "user",
    "password",
    "application_name",
    "options",
];

/// What `sslmode` may be.
const MODES: [&str; 6] = ["disable", "allow", "prefer", "require", "verify-ca", "verify-full"];

/// Parameters that other programs take, and what does the same here.
const INSTEAD: [(&str, &str); 6] = [
    ("connect_timeout", "leave it out, and set database.connect_timeout_ms in the configuration"),
    ("target_session_attrs", "leave it out, and name the server that takes writes: a standby is refused"),
    ("search_path", "leave it out: every name is written with its schema"),
    ("schema", "leave it out: an organisation's tables are in the schema of its name"),
    ("pool_timeout", "leave it out, and set database.connect_timeout_ms in the configuration"),
    ("connection_limit", "leave it out, and set database.max_connections in the configuration"),
];

/// The address of a PostgreSQL database.
pub(super) fn postgres(url: &str) -> Result<PgConnectOptions, DbError> {
    if let Some(bare) = bare(url) {
        return Err(not_encoded(bare));
    }
    if let Some(stranger) = stranger(url) {
        return Err(stranger);
    }
    if let Some(wrong) = wrong_value(url).or_else(|| half_a_client(url)) {
        return Err(wrong);
    }
    match PgConnectOptions::from_str(url) {
        Ok(options) if names_user(url) => Ok(without_brackets(options)),
        Ok(_) => Err(invalid("it names no user", FORMS)),
        Err(error) => Err(invalid(said(error), FORMS)),
    }
}

/// An address of IP version 6 stands in brackets in a URL, and nowhere else.
fn without_brackets(options: PgConnectOptions) -> PgConnectOptions {
    let inside = options.get_host().strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    match inside.filter(|host| host.parse::<Ipv6Addr>().is_ok()).map(str::to_owned) {
        Some(host) => options.host(&host),
        None => options,
    }
}

/// That it has a parameter which would have no effect, and may be one that was to keep the connection safe. What stands
/// behind a password may be the rest of it, which has an "&" as it is.
fn stranger(url: &str) -> Option<DbError> {
    let mut names = names(query(url)?);
    let at = names.iter().position(|name| !is_known(name))?;
    if names[..at].contains(&"password") {
        let what = "behind its password it has a parameter that is not known; an \"&\" in a password is written as %26";
        return Some(invalid(what, &format!("correct it, or leave it out; known are {}", KNOWN.join(", "))));
    }
    let name = names.swap_remove(at);
    let what = format!("it has the parameter {}, which this host does not take", quoted(name));
    let instead = INSTEAD.iter().find(|(known, _)| *known == name).map(|(_, instead)| (*instead).to_owned());
    let near = || match near(name, KNOWN).first() {
        Some(near) => format!("if \"{near}\" is meant, write that; else leave it out"),
        None => format!("leave it out; known are {}", KNOWN.join(", ")),
    };
    Some(invalid(what, &instead.unwrap_or_else(near)))
}

/// That a parameter has a value that it cannot have: the driver names neither it nor what it may be.
fn wrong_value(url: &str) -> Option<DbError> {
    let parts = query(url)?.split('&').filter_map(|part| part.split_once('='));
    parts.into_iter().find_map(|(name, value)| {
        let help = match name {
            "sslmode" | "ssl-mode" if !MODES.contains(&value.to_ascii_lowercase().as_str()) => {
                format!("write one of {}; verify-full is the safest, with sslrootcert", MODES.join(", "))
            }
            "port" if value.parse::<u16>().is_err() => "write a number from 1 to 65535".to_owned(),
            "statement-cache-capacity" if value.parse::<usize>().is_err() => "write a number".to_owned(),
            "hostaddr" if value.parse::<IpAddr>().is_err() => {
                "write an address in numbers, such as 10.0.0.7; a name is written as \"host\"".to_owned()
            }
            _ => return None,
        };
        Some(invalid(format!("its parameter \"{name}\" cannot be {}", quoted(value)), &help))
    })
}

/// That it names the certificate of the client without its key, or the other way round.
fn half_a_client(url: &str) -> Option<DbError> {
    let names = names(query(url)?);
    let has = |one: &str, other: &str| names.iter().any(|name| *name == one || *name == other);
    match (has("sslcert", "ssl-cert"), has("sslkey", "ssl-key")) {
        (true, false) => {
            Some(invalid("it has \"sslcert\" without \"sslkey\"", "name the file of its key, too"))
        }
        (false, true) => {
            Some(invalid("it has \"sslkey\" without \"sslcert\"", "name the certificate's file, too"))
        }
        _ => None,
    }
}

fn query(url: &str) -> Option<&str> {
    Some(url.split('#').next()?.split_once('?')?.1)
}

fn names(query: &str) -> Vec<&str> {
    query.split('&').filter_map(|part| part.split('=').next()).filter(|name| !name.is_empty()).collect()
}

fn is_known(name: &str) -> bool {
    KNOWN.contains(&name) || name.starts_with("options[")
}

/// The address of a SQLite file.
pub(super) fn sqlite(url: &str) -> Result<SqliteConnectOptions, DbError> {
    let options = SqliteConnectOptions::from_str(url).map_err(|error| invalid(said(error), FORMS))?;
    if options.get_filename().as_os_str().is_empty() || url.contains(":memory:") {
        let what = "an organisation's SQLite database is a file, and it names none";
        return Err(invalid(what, "write sqlite:///path/to/file.db"));
    }
    Ok(options)
}

/// One of no kind that is known.
pub(super) fn unknown() -> DbError {
    invalid("it begins with neither \"postgres://\" nor \"sqlite:\"", FORMS)
}

fn invalid(what: impl Into<String>, help: &str) -> DbError {
    DbError::Address { what: what.into(), help: help.to_owned() }
}

fn not_encoded(bare: char) -> DbError {
    let what =
        format!("the user or the password in it has the character \"{bare}\" as it is, which ends it there");
    let help = format!(
        "write that character as %{:02X}; likewise / as %2F, # as %23, ? as %3F, and % as %25",
        u32::from(bare)
    );
    DbError::Address { what, help }
}

/// The driver's words alone.
fn said(error: sqlx::Error) -> String {
    match error {
        sqlx::Error::Configuration(inner) => inner.to_string(),
        error => error.to_string(),
    }
}

/// The character that ends user and password before their end, if there is one: an "@" comes after it. Only among
/// parameters one may stand as it is.
fn bare(url: &str) -> Option<char> {
    let (_, rest) = url.split_once("://")?;
    let (_, behind) = rest.split_at(rest.find(['/', '#', '?'])?);
    let (path, query) = behind.split_once('?').unwrap_or((behind, ""));
    let cut = path.contains('@') || query.contains('@') && !names(query).into_iter().all(is_known);
    behind.chars().next().filter(|_| cut)
}

/// Without one the driver takes the name of the account that the host runs as, or makes one up.
fn names_user(url: &str) -> bool {
    let rest = url.split_once("://").map_or("", |(_, rest)| rest);
    let (address, query) = rest.split_once('?').unwrap_or((rest, ""));
    let place = address.split(['/', '#']).next().unwrap_or_default();
    let user = place.rsplit_once('@').map_or("", |(login, _)| login.split(':').next().unwrap_or_default());
    let in_query =
        query.split('&').any(|part| part.strip_prefix("user=").is_some_and(|user| !user.is_empty()));
    !user.is_empty() || in_query || std::env::var_os("PGUSER").is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(url: &str) -> String {
        let error = postgres(url).expect_err(url);
        format!("{error}; {}", error.help().unwrap_or_default())
    }

    #[test]
    fn characters_that_must_be_encoded_are_named() {
        for (password, code) in [
            ("ge#heim", "%23"),
            ("ge/heim", "%2F"),
            ("ge?heim", "%3F"),
            ("12#heim", "%23"),
            ("12/heim", "%2F"),
            ("ge@heim/heim", "%2F"),
            ("ge@heim#heim", "%23"),
            ("ge@heim?heim=1", "%3F"),
            ("12?heim=1&user=heim", "%3F"),
        ] {
            let told = refused(&format!("postgres://u:{password}@h:5432/d"));
            assert!(told.contains(&format!("write that character as {code};")), "{told}");
            assert!(!told.contains("heim"), "{told}");
        }
        assert!(refused("postgres://u:p@h:port/d").contains("invalid port number"));
    }

    #[test]
    fn a_parameter_that_would_do_nothing_is_named() {
        let told = refused("postgres://u:p@h/d?sslmod=require");
        assert!(told.contains("the parameter \"sslmod\""), "{told}");
        assert!(told.contains("if \"sslmode\" is meant, write that"), "{told}");
        let told = refused("postgres://u@h/d?password=ge&heim=1");
        assert!(told.contains("%26") && !told.contains("heim"), "{told}");
        let told = refused("postgres://u:p@h/d?connect_timeout=5");
        assert!(told.contains("set database.connect_timeout_ms"), "{told}");
        for known in ["sslmode=require", "options[search_path]=a", "application_name=x&sslrootcert=/a"] {
            assert!(postgres(&format!("postgres://u:p@h/d?{known}")).is_ok(), "{known}");
        }
    }

    #[test]
    fn a_value_that_a_parameter_cannot_have_is_named() {
        for (parameter, what, help) in [
            (
                "sslmode=requir",
                "its parameter \"sslmode\" cannot be \"requir\"",
                "disable, allow, prefer, require",
            ),
            ("port=54x", "its parameter \"port\" cannot be \"54x\"", "from 1 to 65535"),
            ("hostaddr=db", "its parameter \"hostaddr\" cannot be \"db\"", "such as 10.0.0.7"),
        ] {
            let told = refused(&format!("postgres://u:p@h/d?{parameter}"));
            assert!(told.contains(what) && told.contains(help), "{told}");
        }
        assert!(postgres("postgres://u:p@h/d?sslmode=Verify-Full").is_ok());
    }

    #[test]
    fn an_address_names_a_user() {
        for url in ["postgres://h/d", "postgres://:p@h/d", "postgres://h/d?application_name=a"] {
            assert!(refused(url).contains("it names no user; write postgres://USER"), "{url}");
        }
        for url in ["postgres://u@h/d", "postgres://u:a:b@c@h/d?options=x@y", "postgres://h/d?user=u"] {
            assert!(postgres(url).is_ok(), "{url}");
        }
    }
}
