//! Who may know whom: the pure core, the modules of the host, the gate for SQL, transactions.

use super::source::{close_of, line_of, lines_with, places};
use super::{File, Violation};

const CORE: &str = "host/core/";
const HOST: &str = "host/src/";

/// What the pure core does without, in its code.
const IMPURE: &[&str] = &[
    "async",
    "sqlx",
    "wasmtime",
    "axum",
    "tokio",
    "std::fs",
    "std::net",
    "SystemTime",
    "Instant::now",
    "Timestamp::now",
    "Zoned::now",
];
/// The same modules, imported in a group.
const IMPURE_OF_STD: &[&str] = &["fs", "net"];
/// And in its dependencies.
const IMPURE_CRATES: &[&str] = &[
    "axum",
    "futures-util",
    "hookwright",
    "notify",
    "rand",
    "reqwest",
    "sqlx",
    "tempfile",
    "tokio",
    "tower-http",
    "wasmtime",
    "wasmtime-wasi",
];

/// The one place of dynamic SQL.
const GATE: &str = "host/src/db/gate.rs";

/// Where a transaction may begin, and why there.
const TRANSACTIONS: &[&str] = &[
    // an org's transactions: this is what the executor is
    "host/src/executor",
    // the control database, which holds no org's schema
    "host/src/registry",
];

/// Modules that never see one another.
const APART: [&str; 3] = ["http", "sandbox", "db"];
/// Where databases and guests may meet.
const JOINERS: &[&str] = &[
    "host/src/pipeline.rs",
    "host/src/pipeline",
    "host/src/lib.rs",
    "host/src/executor",
    // they hold what the pipeline joins, and their settings
    "host/src/host.rs",
    "host/src/tenant.rs",
    "host/src/tenants.rs",
    "host/src/config",
];

/// Text becomes SQL in one file.
pub(super) fn sql_gate(files: &[File]) -> Vec<Violation> {
    let outside = files.iter().filter(|file| file.is_in("host") && file.path != GATE);
    let instead = format!("pass a rendered statement to \"{GATE}\"");
    each(outside, |file| lines_with(&file.code, "AssertSqlSafe"), "\"AssertSqlSafe\"", &instead)
}

/// Transactions begin in one place.
pub(super) fn transactions(files: &[File]) -> Vec<Violation> {
    let outside =
        files.iter().filter(|file| file.is_in(HOST) && !TRANSACTIONS.iter().any(|place| file.is_in(place)));
    let begins = |file: &File| {
        let mut lines = lines_with(&file.bare, "\"BEGIN");
        lines.extend(lines_with(&file.code, ".begin("));
        lines.extend(lines_with(&file.code, ".begin_with("));
        lines.retain(|&line| !file.is_test(line));
        lines
    };
    let instead = "let the executor do it, or say in the tidy test why this is none of an org's";
    each(outside, begins, "a transaction", instead)
}

/// The core is functions of values.
pub(super) fn pure_core(files: &[File]) -> Vec<Violation> {
    let mut all = Vec::new();
    for file in files.iter().filter(|file| file.is_in(CORE)) {
        let words = IMPURE.iter().flat_map(|word| {
            let lines = lines_with(&file.code, word).into_iter();
            lines.map(move |line| (line, (*word).to_owned()))
        });
        let grouped = group(&file.code, "std").into_iter();
        let grouped = grouped.filter(|(_, name)| IMPURE_OF_STD.contains(&name.as_str()));
        for (line, word) in words.chain(grouped).filter(|(line, _)| !file.is_test(*line)) {
            let instead = "take a value as an argument and leave this to the host";
            all.push(Violation::new(file, line, format!("\"{word}\" in the pure core"), instead));
        }
    }
    all
}

/// And has no crate that could make it more.
pub(super) fn core_dependencies(files: &[File]) -> Vec<Violation> {
    let mut all = Vec::new();
    for file in files.iter().filter(|file| file.path == "host/core/Cargo.toml") {
        let manifest: toml::Table = match file.text.parse() {
            Ok(manifest) => manifest,
            Err(error) => {
                all.push(Violation::new(file, 1, error.message(), "write TOML"));
                continue;
            }
        };
        let dependencies = manifest.get("dependencies").and_then(toml::Value::as_table);
        let names = dependencies.into_iter().flat_map(|table| table.keys());
        for name in names.filter(|name| IMPURE_CRATES.contains(&name.as_str())) {
            let line = file.text.lines().position(|line| line.starts_with(name.as_str()));
            let banned = format!("the pure core depends on \"{name}\"");
            let instead = "keep it in the host, which calls the core";
            all.push(Violation::new(file, line.map_or(1, |line| line + 1), banned, instead));
        }
    }
    all
}

/// HTTP, guests and databases are joined by the pipeline alone.
pub(super) fn modules(files: &[File]) -> Vec<Violation> {
    let mut all = Vec::new();
    for file in files.iter().filter(|file| file.is_in(HOST)) {
        let uses = |module: &str| first_use(file, module);
        if let Some(own) = APART.into_iter().find(|module| is_of(file, module)) {
            for other in APART.into_iter().filter(|other| *other != own) {
                let banned = format!("\"{own}\" uses \"{other}\"");
                let instead = "join them in the pipeline";
                all.extend(uses(other).map(|line| Violation::new(file, line, banned, instead)));
            }
        } else if !JOINERS.iter().any(|place| file.is_in(place))
            && let (Some(line), Some(_)) = (uses("sandbox"), uses("db"))
        {
            let instead = "only the pipeline and the executor do; call them";
            all.push(Violation::new(file, line, "\"sandbox\" and \"db\" joined here", instead));
        }
    }
    all
}

fn is_of(file: &File, module: &str) -> bool {
    file.is_in(&format!("{HOST}{module}")) || file.path == format!("{HOST}{module}.rs")
}

/// The first line that names a module of the crate's root.
fn first_use(file: &File, module: &str) -> Option<usize> {
    let direct = lines_with(&file.code, &format!("crate::{module}")).into_iter();
    let grouped = group(&file.code, "crate").into_iter();
    let grouped = grouped.filter(|(_, name)| name == module).map(|(line, _)| line);
    let mut lines: Vec<_> = direct.chain(grouped).collect();
    // from a file beside the modules, or from a module's own root, they are one step up
    let up = "super::".repeat(depth(&file.path));
    lines.extend(lines_with(&file.code, &format!("{up}{module}")).iter().filter(|_| !up.is_empty()));
    lines.into_iter().filter(|&line| !file.is_test(line)).min()
}

/// How many modules lie between a file of the host and the crate's root.
fn depth(path: &str) -> usize {
    let inside = path.strip_prefix(HOST).unwrap_or(path);
    let parts = inside.split('/').count();
    if inside.ends_with("/mod.rs") { parts - 1 } else { parts }
}

/// What `use root::{…}` names at the top of its groups, with lines.
fn group(code: &str, root: &str) -> Vec<(usize, String)> {
    let opening = format!("{root}::{{");
    let mut names = Vec::new();
    for at in places(code, &opening) {
        let open = at + opening.len() - 1;
        let (mut depth, mut name_follows) = (0, true);
        for (offset, c) in code[open..close_of(code, open)].char_indices() {
            match c {
                '{' => depth += 1,
                '}' => depth -= 1,
                ',' if depth == 1 => name_follows = true,
                c if name_follows && depth == 1 && c.is_alphabetic() => {
                    let rest = &code[open + offset..];
                    let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_');
                    let name = &rest[..end.unwrap_or(rest.len())];
                    names.push((line_of(code, open + offset), name.to_owned()));
                    name_follows = false;
                }
                _ => {}
            }
        }
    }
    names
}

fn each<'a>(
    files: impl Iterator<Item = &'a File>,
    lines: impl Fn(&File) -> Vec<usize>,
    banned: &str,
    instead: &str,
) -> Vec<Violation> {
    let found = files.flat_map(|file| lines(file).into_iter().map(move |line| (file, line)));
    found.map(|(file, line)| Violation::new(file, line, banned, instead)).collect()
}

#[cfg(test)]
#[path = "layers_tests.rs"]
mod tests;
