//! Reading the configuration: file, then environment, then the check of what was read.

use std::path::{Path, PathBuf};

use toml::Table;

use super::{Config, DEFAULT_FILE, Mode, check, env};
use crate::error::{Error, Result};

/// The compiler takes so many bytes before it has read anything.
const LEAST_TO_COMPILE: u64 = 24 << 20;

impl Config {
    /// Reads `file` (or `./hookwright.toml`, if it is there) and the variables over it.
    ///
    /// # Errors
    /// `config/invalid`, naming the key.
    pub fn load(file: Option<&Path>, variables: impl IntoIterator<Item = (String, String)>) -> Result<Self> {
        let default = Path::new(DEFAULT_FILE);
        let path = file.or_else(|| default.exists().then_some(default));
        let (text, source) = match path {
            Some(path) => (read(path)?, format!("\"{}\"", path.display())),
            None => (String::new(), "the configuration".to_owned()),
        };
        Self::from_parts(&text, &source, variables)
    }

    /// Reads the text of a file and the variables over it; `source` names the file in errors.
    ///
    /// # Errors
    /// `config/invalid`, naming the key.
    pub fn from_parts(
        text: &str,
        source: &str,
        variables: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self> {
        let mut given: Table = text.parse().map_err(|e| syntax(&e, text, source))?;
        let mut every = Self { mode: Some(Mode::Dev), policy: Some(PathBuf::new()), ..Self::default() };
        every.compile.cache = Some(PathBuf::new());
        (every.tls.certificate, every.tls.key) = (Some(PathBuf::new()), Some(PathBuf::new()));
        let known = Table::try_from(every)
            .map_err(|e| Error::new("host/fault", "the default configuration has no form").because(e))?;
        check::unknown_keys(&given, &known, source)?;
        env::overlay(&mut given, &known, variables.into_iter())?;
        let config: Self = serde_path_to_error::deserialize(given).map_err(|e| wrong(&e, source))?;
        config.checked()
    }

    /// Values of which 0 makes no sense, by their keys.
    fn counted(&self) -> [(&'static str, u64); 30] {
        [
            ("http.body_limit_bytes", self.http.body_limit_bytes as u64),
            ("http.upload_limit_bytes", self.http.upload_limit_bytes as u64),
            ("http.webhook_tolerance_s", self.http.webhook_tolerance_s),
            ("http.max_unverified_requests", self.http.max_unverified_requests.into()),
            ("http.unverified_timeout_ms", self.http.unverified_timeout_ms),
            ("http.max_connections", self.http.max_connections.into()),
            ("http.header_timeout_ms", self.http.header_timeout_ms),
            ("http.request_timeout_ms", self.http.request_timeout_ms),
            ("retry.attempts", self.retry.attempts.into()),
            ("retry.lock_attempts", self.retry.lock_attempts.into()),
            ("database.lock_timeout_ms", self.database.lock_timeout_ms.into()),
            ("database.max_connections", self.database.max_connections.into()),
            ("determinism.one_in", self.determinism.one_in.into()),
            ("suspension.faults", self.suspension.faults.into()),
            ("suspension.wait_ms", self.suspension.wait_ms),
            ("compile.timeout_ms", self.compile.timeout_ms),
            ("drift.compare_s", self.drift.compare_s),
            ("database.max_connections_per_org", self.database.max_connections_per_org.into()),
            ("database.max_connections_total", self.database.max_connections_total.into()),
            ("database.max_changes_per_org", self.database.max_changes_per_org.into()),
            ("database.circuit_failures", self.database.circuit_failures.into()),
            ("database.circuit_wait_ms", self.database.circuit_wait_ms),
            ("database.connect_timeout_ms", self.database.connect_timeout_ms),
            ("database.hang_timeout_ms", self.database.hang_timeout_ms),
            ("database.idle_timeout_ms", self.database.idle_timeout_ms),
            ("database.read_timeout_ms", self.database.read_timeout_ms),
            ("tls.reload_s", self.tls.reload_s),
            ("tls.handshake_timeout_ms", self.tls.handshake_timeout_ms),
            ("tls.max_handshakes", self.tls.max_handshakes.into()),
            ("http.max_requests_per_org", self.http.max_requests_per_org.into()),
        ]
    }

    /// The configuration, if its values make sense.
    fn checked(self) -> Result<Self> {
        if let Some((key, _)) = self.counted().iter().find(|(_, value)| *value == 0) {
            let message = format!("the key \"{key}\" is 0, wanted 1 or more");
            return Err(Error::new("config/invalid", message).help("leave it out for the default"));
        }
        if let Some((key, value, least)) = self.quotas.below() {
            let message = format!("the key \"{key}\" is {value}, wanted {least} or more");
            return Err(Error::new("config/invalid", message).help("leave it out for the default"));
        }
        let (most, returns) = (self.suspension.faults, self.suspension.return_faults);
        if returns > most {
            let message = format!(
                "the key \"suspension.return_faults\" is {returns}, wanted {most} (\"suspension.faults\") or less"
            );
            let help = "a plugin that is suspended is hardly called any more; set it to 0 for never";
            return Err(Error::new("config/invalid", message).help(help));
        }
        if self.compile.memory_bytes < LEAST_TO_COMPILE {
            let message = format!(
                "the key \"compile.memory_bytes\" is {}, wanted {LEAST_TO_COMPILE} or more",
                self.compile.memory_bytes
            );
            return Err(Error::new("config/invalid", message).help("leave it out for the default"));
        }
        if self.tls.certificate.is_some() != self.tls.key.is_some() {
            let (given, missing) = match self.tls.key {
                None => ("certificate", "key"),
                Some(_) => ("key", "certificate"),
            };
            let message = format!("\"tls.{given}\" is set and \"tls.{missing}\" is not");
            return Err(Error::new("config/invalid", message).help("set both, or none for HTTP without TLS"));
        }
        // The value may have a password in it.
        if self.control.database.to_string_lossy().contains("://") {
            let message = "the key \"control.database\" is an address, wanted the path of a file";
            let help = "the control database is a file of SQLite; databases of organisations are given by hookwright org add";
            return Err(Error::new("config/invalid", message).help(help));
        }
        if !names_levels(&self.log.level) {
            let message = format!("the key \"log.level\" is {:?}, which names no level", self.log.level);
            let help = "write error, warn, info, debug or trace, or by target: warn,hookwright=debug";
            return Err(Error::new("config/invalid", message).help(help));
        }
        Ok(self)
    }
}

/// Whether each part of a setting of the log has a level: a word alone would be taken for a target, and silence all else.
fn names_levels(setting: &str) -> bool {
    let level = |part: &str| part.trim().parse::<tracing_subscriber::filter::LevelFilter>().is_ok();
    setting.parse::<tracing_subscriber::filter::Targets>().is_ok()
        && setting
            .split(',')
            .all(|part| part.split_once('=').map_or_else(|| level(part), |(_, of)| level(of)))
}

fn read(path: &Path) -> Result<String> {
    std::fs::read_to_string(path).map_err(|e| {
        let message = format!("the configuration \"{}\" cannot be read: {e}", path.display());
        Error::new("config/invalid", message).help("correct the path given with --config")
    })
}

fn syntax(error: &toml::de::Error, text: &str, source: &str) -> Error {
    let line = error.span().map_or(1, |s| text[..s.start.min(text.len())].lines().count().max(1));
    let message = format!("{source} is not TOML: line {line}: {}", error.message());
    Error::new("config/invalid", message).help("correct the line that is named")
}

fn wrong(error: &serde_path_to_error::Error<toml::de::Error>, source: &str) -> Error {
    let path = error.path().to_string();
    let message = format!("the key \"{path}\" in {source} is not valid: {}", error.inner().message());
    Error::new("config/invalid", message)
}

#[cfg(test)]
mod tests {
    use super::super::LogFormat;
    use super::*;

    fn load(text: &str, variables: &[(&str, &str)]) -> Result<Config> {
        let variables = variables.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned()));
        Config::from_parts(text, "\"x.toml\"", variables)
    }

    fn refused(text: &str, variables: &[(&str, &str)]) -> String {
        let error = load(text, variables).expect_err("refused");
        assert_eq!(error.code, "config/invalid");
        format!("{error}; {}", error.help)
    }

    #[test]
    fn nothing_given_is_the_default() {
        assert_eq!(load("", &[("PATH", "/bin")]).expect("default"), Config::default());
    }

    #[test]
    fn the_environment_wins_over_the_file() {
        let text = "mode = \"prod\"\n[http]\nlisten = \"0.0.0.0:80\"\nbody_limit_bytes = 5\n[log]\nformat = \"json\"";
        let config = load(text, &[("HOOKWRIGHT_HTTP__BODY_LIMIT_BYTES", "7")]).expect("a config");
        assert_eq!((config.mode, config.log.format), (Some(Mode::Prod), LogFormat::Json));
        assert_eq!((config.http.body_limit_bytes, config.http.listen.port()), (7, 80));
    }

    #[test]
    fn the_variables_of_others_are_left_alone() {
        load("", &[("HOOKWRIGHT_TEST_POSTGRES", "x"), ("HOOKWRIGHT_WASM_TOOLCHAIN", "rustup")]).expect("ok");
    }

    #[test]
    fn refusals_name_the_key_and_what_it_may_have_meant() {
        let all = [
            refused("[http]\nlisen = \"x\"", &[]),
            refused("htpt = 1", &[]),
            refused("[http]\nlisten = \"nowhere\"", &[]),
            refused("[http]\nbody_limit_bytes = -1", &[]),
            refused("[retry]\nattempts = 0", &[]),
            refused("[http\n", &[]),
            refused("[log]\nlevel = \"loud=very\"", &[]),
            refused("[log]\nlevel = \"loud\"", &[]),
            refused("[control]\ndatabase = \"postgres://u:secret@h/db\"", &[]),
            refused("mode = \"test\"", &[]),
            refused("http = 1", &[("HOOKWRIGHT_HTTP__LISTEN", "x")]),
            refused("", &[("HOOKWRIGHT_HTTP__LISEN", "x")]),
            refused("", &[("HOOKWRIGHT_HTTP", "x")]),
            refused("", &[("HOOKWRIGHT_RETRY__ATTEMPTS", "many")]),
        ];
        insta::assert_snapshot!(all.join("\n"));
    }
}
