//! The laws of the fuzz targets, with their seeds and with what fuzzing found; `tests/fuzz/run` looks for more.

use std::path::{Path, PathBuf};

use hookwright_fuzz::TARGETS;

#[test]
fn seeds_and_findings_keep_the_laws() {
    let home = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz");
    for (name, target) in TARGETS {
        let seeds = files(&home.join("corpus").join(name));
        assert!(!seeds.is_empty(), "{name} has no seeds");
        for file in seeds.into_iter().chain(files(&home.join("regressions").join(name))) {
            println!("{}", file.display());
            target(&std::fs::read(&file).expect("a file"));
        }
    }
}

/// None, if there is no such directory.
fn files(directory: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(directory).into_iter().flatten();
    let mut files: Vec<_> = entries.map(|entry| entry.expect("an entry").path()).collect();
    files.sort();
    files
}
