//! What no file says, whatever its language, and the one that must be there.

use super::{File, Violation};

/// Directories of somebody's machine. Joined here so that this file may itself be checked.
const MACHINE_PATHS: &[&str] = &[concat!("/wo", "rk/"), concat!("/ro", "ot/")];

/// Hosts that packages come from: whoever builds has configured theirs.
const PACKAGE_HOSTS: &[&str] = &[
    concat!("crates", ".io"),
    concat!("npmjs", ".org"),
    concat!("npmjs", ".com"),
    concat!("pypi", ".org"),
    concat!("pythonhosted", ".org"),
    concat!("debian", ".org"),
    concat!("golang", ".org"),
    concat!("rust-lang", ".org/dist"),
];

/// Written by tools, with hosts in them.
const LOCK_FILES: &[&str] = &["Cargo.lock", "package-lock.json", "uv.lock"];

/// The licence is there.
pub(super) fn licence(files: &[File]) -> Vec<Violation> {
    if files.iter().any(|file| file.path == "LICENSE") {
        return Vec::new();
    }
    let file = File::new("LICENSE", "");
    vec![Violation::new(&file, 1, "no licence", "add the text of the Apache License 2.0")]
}

/// Nothing of the machine it was written on.
pub(super) fn machine_texts(files: &[File]) -> Vec<Violation> {
    let mut all = Vec::new();
    for file in files.iter().filter(|file| !is_lock(&file.path)) {
        for (line, text) in (1..).zip(file.text.lines()) {
            for path in MACHINE_PATHS.iter().filter(|path| has_path(text, path)) {
                let banned = format!("the machine's path \"{path}\"");
                all.push(Violation::new(file, line, banned, "use a path inside the repository"));
            }
            for host in PACKAGE_HOSTS.iter().filter(|host| text.contains(*host)) {
                let banned = format!("the package host \"{host}\"");
                let instead = "name the package and the tool that installs it";
                all.push(Violation::new(file, line, banned, instead));
            }
        }
    }
    all
}

fn is_lock(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    LOCK_FILES.contains(&name)
}

/// Whether a path begins with these directories, rather than having them in its middle.
fn has_path(text: &str, path: &str) -> bool {
    text.match_indices(path).any(|(at, _)| {
        let before = text[..at].chars().next_back();
        !before.is_some_and(|c| c.is_alphanumeric() || "_-.".contains(c))
    })
}

#[cfg(test)]
mod tests {
    use super::super::found;
    use super::*;

    #[test]
    fn a_missing_licence_is_found() {
        assert_eq!(found(licence, "LICENSE", "Apache"), [""; 0]);
        assert_eq!(found(licence, "README.md", "").len(), 1);
    }

    #[test]
    fn paths_of_a_machine_are_found() {
        for path in MACHINE_PATHS {
            assert_eq!(
                found(machine_texts, "a.md", &format!("\nsee {path}x")),
                [format!("a.md:2: the machine's path \"{path}\"; use a path inside the repository")]
            );
            assert_eq!(found(machine_texts, "a.md", &format!("see at{path}x")), [""; 0]);
        }
    }

    #[test]
    fn package_hosts_are_found_outside_lock_files() {
        for host in PACKAGE_HOSTS {
            let text = format!("source = \"https://{host}/x\"");
            assert_eq!(found(machine_texts, "a.toml", &text).len(), 1, "{host}");
            assert_eq!(found(machine_texts, "sdk/Cargo.lock", &text), [""; 0]);
        }
    }
}
