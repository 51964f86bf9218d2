//! Reading a policy file: TOML to a [`Policy`], with the line of what is wrong.
//!
//! What the keys mean is in `hookwright_core::policy`; `docs/POLICY.md` tells people.

use std::path::Path;

use hookwright_core::ident::plain;
use hookwright_core::policy::{Mode, Policy, TooMild};
use toml::de::DeTable;

use super::Config;
use crate::error::{Error, Result};

const HELP: &str = "correct it; every key is in docs/POLICY.md, and: hookwright policy schema";

impl Config {
    /// The policy: that of the file that is named, or what `mode` says by itself.
    ///
    /// # Errors
    /// `config/invalid`, naming file, line and key.
    pub fn read_policy(&self) -> Result<Policy> {
        match &self.policy {
            None => Ok(Policy::of(self.mode.unwrap_or_default())),
            Some(path) => read_policy(path, self.mode),
        }
    }
}

/// Reads a policy file; `mode` is what the configuration says, which the file may leave to it but not contradict.
///
/// # Errors
/// `config/invalid`, naming file, line and key.
pub fn read_policy(path: &Path, mode: Option<Mode>) -> Result<Policy> {
    let source = format!("\"{}\"", path.display());
    let text = std::fs::read_to_string(path).map_err(|e| {
        Error::new("config/invalid", format!("the policy {source} cannot be read: {e}"))
            .help("correct the key \"policy\" of the configuration, or the path")
    })?;
    parse_policy(&text, &source, mode)
}

/// Reads a policy from its text; `source` is what errors call it.
///
/// # Errors
/// `config/invalid`, naming source, line and key.
pub fn parse_policy(text: &str, source: &str, mode: Option<Mode>) -> Result<Policy> {
    let at = |line: usize, what: &str| {
        Error::new("config/invalid", format!("{source}, line {line}: {what}")).help(HELP)
    };
    let wrong = |path: Option<String>, e: &toml::de::Error| {
        let key = path.filter(|p| p != ".").map(|p| format!("\"{p}\": ")).unwrap_or_default();
        at(
            e.span().map_or(1, |span| line(text, span.start)),
            &plain(&format!("{key}{}", e.message().replace('\n', ", "))),
        )
    };
    let reader = toml::Deserializer::parse(text).map_err(|e| wrong(None, &e))?;
    let policy: Policy =
        serde_path_to_error::deserialize(reader).map_err(|e| wrong(Some(e.path().to_string()), e.inner()))?;
    if let (Some(given), Some(own)) = (mode, policy.mode())
        && given != own
    {
        let (given, own) = (given.as_str(), own.as_str());
        let message =
            format!("the configuration sets mode = \"{given}\", the policy {source} sets mode = \"{own}\"");
        return Err(Error::new("config/invalid", message).help("take one of them out"));
    }
    let policy = policy.or_mode(mode);
    policy.check().map_err(|TooMild { path, message }| at(line_of(text, &path), &message))?;
    Ok(policy)
}

fn line(text: &str, byte: usize) -> usize {
    text.as_bytes().iter().take(byte).filter(|b| **b == b'\n').count() + 1
}

/// The line on which the value at a path of keys begins; 1 if it is not there.
fn line_of(text: &str, path: &[String]) -> usize {
    let Ok(document) = DeTable::parse(text) else { return 1 };
    let (mut table, mut start) = (document.get_ref(), 0);
    for key in path {
        let Some((_, value)) = table.iter().find(|(k, _)| k.get_ref() == key) else { return 1 };
        start = value.span().start;
        match value.get_ref().as_table() {
            Some(inner) => table = inner,
            None => break,
        }
    }
    line(text, start)
}

#[cfg(test)]
mod tests {
    use super::*;
    use hookwright_core::policy::schema;
    use serde_json::Value as Json;

    const DOCUMENTED: &str = include_str!("../../../docs/POLICY.md");

    /// Every file that the documentation shows.
    fn examples() -> Vec<&'static str> {
        let blocks = DOCUMENTED.split("```toml\n").skip(1);
        blocks.map(|block| block.split_once("```").expect("the end of an example").0).collect()
    }

    fn refused(text: &str, mode: Option<Mode>) -> String {
        let error = parse_policy(text, "\"policy.toml\"", mode).expect_err("refused");
        assert_eq!(error.code, "config/invalid");
        error.message
    }

    fn fits(text: &str) -> bool {
        let json: Json = toml::from_str(text).expect("TOML");
        jsonschema::draft202012::new(&schema()).expect("a JSON Schema").is_valid(&json)
    }

    #[test]
    fn what_the_documentation_shows_is_read_and_fits_the_schema() {
        assert!(examples().len() > 1);
        for text in examples() {
            parse_policy(text, "the documentation", None).expect("read");
            assert!(fits(text), "{text}");
        }
    }

    #[test]
    fn the_schema_refuses_what_the_host_refuses() {
        for text in [
            "unknown = 1",
            "mode = \"test\"",
            "[rules]\ndrop-colum = \"confirm\"",
            "[rules]\ndrop-column = \"confirm\"",
            "[rules]\ndrop-index = \"loud\"",
            "[thresholds]\nlarge-table-rows = -1",
            "[thresholds]\nbackfill-batch-rows = 0",
            "[tombstones]\nkeep-days = \"long\"",
            "[orgs.Acme]\nmode = \"prod\"",
            "[orgs.acme]\nmodes = \"prod\"",
            "[orgs.acme.rules]\ndrop-column = \"confirm\"",
        ] {
            assert!(!fits(text), "{text}");
            refused(text, None);
        }
    }

    #[test]
    fn refusals_name_the_line_and_what_is_allowed() {
        let all = [
            refused("mode = \"dev\"\n\n[rules]\ndrop-index = \"advice\"\nrename-colum = \"advice\"", None),
            refused("[rules]\nrename-table = \"advice\"\nset-not-null = \"off\"", None),
            refused("[rules]\ndrop-index = \"loud\"", None),
            refused(
                "mode = \"prod\"\n[orgs.\"a-*\".rules]\ndrop-index = \"confirm\"\nrename-table = \"advice\"",
                None,
            ),
            refused("[rules]\n\nrename-table = \"advice\"", Some(Mode::Prod)),
            refused("[orgs.acme.thresholds]\nlarge-tabel-rows = 1", None),
            refused("[thresholds\n", None),
            refused("mode = \"prod\"", Some(Mode::Dev)),
        ];
        insta::assert_snapshot!(all.join("\n"));
    }

    #[test]
    fn the_configuration_gives_the_mode_that_the_file_leaves_open() {
        let policy = parse_policy("[orgs.acme]\nmode = \"dev\"", "x", Some(Mode::Prod)).expect("read");
        assert_eq!(policy.defaults().mode, Mode::Prod);
        assert!(!policy.is_dev_throughout());
    }
}
