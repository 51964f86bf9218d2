//! Hot reload, without sleeping: every step waits for the report of the one before.

use std::path::Path;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use hookwright::registry::report::Report;
use hookwright::registry::watch::{PluginDir, Watcher};
use hookwright_build::manifest::{self, Hook};
use tempfile::TempDir;

use crate::support::sandbox;
use hostile_guests::{Guest, REPLY, hook, plain_manifest};

struct Watched {
    files: TempDir,
    plugins: PluginDir,
    reports: Receiver<Report>,
    _watcher: Watcher,
}

impl Watched {
    fn new(first: &[u8]) -> Self {
        let files = TempDir::new().unwrap();
        std::fs::write(files.path().join("a.wasm"), first).unwrap();
        let (plugins, _) = PluginDir::open(sandbox(), files.path()).unwrap();
        let (sender, reports) = channel();
        let watcher = plugins.watch(move |report| drop(sender.send(report))).unwrap();
        Self { files, plugins, reports, _watcher: watcher }
    }

    fn write(&self, name: &str, bytes: &[u8]) {
        std::fs::write(self.files.path().join(name), bytes).unwrap();
    }

    fn report(&self) -> String {
        let report = self.reports.recv_timeout(Duration::from_secs(60)).expect("a report");
        report.to_string()
    }

    fn names(&self) -> Vec<String> {
        self.plugins.current().iter().map(|plugin| plugin.manifest.name.clone()).collect()
    }

    fn digest(&self) -> String {
        self.plugins.current()[0].digest.to_string()
    }
}

/// A build of the plugin `guest` that differs from others by its number.
fn build(number: u32) -> Vec<u8> {
    hook(&format!("(drop (i32.const {number})) {REPLY}"))
}

fn short(watched: &Watched) -> String {
    watched.digest()[..6].to_owned()
}

#[test]
fn a_new_build_takes_the_place_of_the_last() {
    let watched = Watched::new(&build(1));
    let old = short(&watched);
    let mut manifest = plain_manifest("guest");
    manifest.hooks.push(Hook::FieldBefore);
    manifest.grants.push("drop-column".to_owned());
    watched.write("a.wasm", &manifest::embed(&Guest::default().bare(), &manifest).unwrap());
    let wanted =
        |new| format!("reloaded guest 0.1.0 {old}… → {new}… · hooks +field.before · grants +drop-column");
    let report = watched.report();
    assert_eq!(report, wanted(short(&watched)));
}

#[test]
fn a_bad_build_leaves_the_last_good_one() {
    let watched = Watched::new(&build(1));
    let good = short(&watched);
    watched.write("a.wasm", b"\0asm half a file");
    let report = watched.report();
    assert!(report.starts_with("refused guest: plugin/not-a-component: "), "{report}");
    assert!(report.ends_with(&format!(" · still serving {good}…")), "{report}");
    assert_eq!(short(&watched), good);
    watched.write("a.wasm", &build(2));
    assert!(watched.report().starts_with("reloaded guest "));
    assert_ne!(short(&watched), good);
}

#[test]
fn files_come_and_go() {
    let watched = Watched::new(&build(1));
    let other = manifest::embed(&Guest::default().bare(), &plain_manifest("earlier")).unwrap();
    watched.write(".b.wasm.part", &other);
    let dir: &Path = watched.files.path();
    std::fs::rename(dir.join(".b.wasm.part"), dir.join("b.wasm")).unwrap();
    assert!(watched.report().starts_with("loaded earlier 0.1.0 "));
    assert_eq!(watched.names(), ["earlier", "guest"]);
    std::fs::remove_file(dir.join("a.wasm")).unwrap();
    assert!(watched.report().starts_with("removed guest 0.1.0 "));
    assert_eq!(watched.names(), ["earlier"]);
}

#[test]
fn one_name_is_served_by_one_file() {
    let watched = Watched::new(&build(1));
    watched.write("b.wasm", &build(2));
    let report = watched.report();
    assert!(report.starts_with("refused b.wasm: plugin/name-taken: \"a.wasm\" "), "{report}");
    assert_eq!(watched.names(), ["guest"]);
}

#[test]
fn the_last_build_of_a_burst_serves() {
    let watched = Watched::new(&build(0));
    let last = build(20);
    let sandbox = sandbox();
    let wanted = sandbox.load(&last).unwrap().digest;
    (1..=19).map(build).for_each(|bytes| watched.write("a.wasm", &bytes));
    watched.write("a.wasm", &last);
    let mut reports = 0;
    while watched.digest() != *wanted {
        watched.report();
        reports += 1;
        assert!(reports < 20, "every build of the burst was loaded");
    }
}

#[test]
fn what_changed_before_watching_is_seen() {
    let files = TempDir::new().unwrap();
    let path = files.path().join("a.wasm");
    std::fs::write(&path, build(1)).unwrap();
    let (plugins, opened) = PluginDir::open(sandbox(), files.path()).unwrap();
    assert!(opened[0].to_string().starts_with("loaded guest 0.1.0 "));
    std::fs::write(&path, build(2)).unwrap();
    let (sender, reports) = channel();
    let watcher = plugins.watch(move |report| drop(sender.send(report))).unwrap();
    let report: Report = reports.recv_timeout(Duration::from_secs(60)).expect("a report");
    assert!(report.to_string().starts_with("reloaded guest "));
    drop(watcher);
}

#[test]
fn a_missing_directory_is_named() {
    let error = PluginDir::open(sandbox(), Path::new("no/such/dir")).map(drop).unwrap_err();
    let text = "the plugin directory \"no/such/dir\" cannot be read; check that it exists and is permitted";
    assert_eq!(error.to_string(), text);
}
