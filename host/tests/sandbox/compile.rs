//! Compiling in a process of its own, and the cache of what was compiled.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use hookwright::sandbox::{CompileConfig, Limits, LoadError, Loaded, Sandbox};

use crate::support::{context, empty_world, entity_after};
use hostile_guests::{REPLY, bomb, hook};

/// The compiler that comes with the host.
fn apart() -> CompileConfig {
    CompileConfig { program: Some(env!("CARGO_BIN_EXE_hookwright").into()), ..CompileConfig::default() }
}

/// A compiler that cannot run: whatever is loaded with it was kept.
fn none() -> CompileConfig {
    CompileConfig { program: Some("/no/compiler".into()), ..CompileConfig::default() }
}

fn load(config: &CompileConfig, cache: &Path, component: &[u8]) -> Result<Loaded, LoadError> {
    Sandbox::with_cache(&Limits::default(), config, cache).unwrap().load(component)
}

/// The files of machine code in a cache.
fn kept(cache: &Path) -> Vec<PathBuf> {
    let paths = fs::read_dir(cache).unwrap().map(|entry| entry.unwrap().path());
    paths.filter(|path| path.extension().is_some_and(|end| end == "cwasm")).collect()
}

#[tokio::test]
async fn what_was_compiled_is_served_at_the_next_start() {
    let dir = tempfile::tempdir().unwrap();
    let cache = dir.path().join("compiled");
    load(&apart(), &cache, &hook(REPLY)).unwrap();
    let sandbox = Sandbox::with_cache(&Limits::default(), &none(), &cache).unwrap();
    let loaded = sandbox.load(&hook(REPLY)).unwrap();
    loaded.call(&sandbox, &context(), &entity_after(), empty_world()).await.unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&cache), mode(&cache.join("key"))), (0o700, 0o600));
}

#[test]
fn what_is_not_what_was_written_is_compiled_anew() {
    let deeds: [fn(&mut Vec<u8>); 4] = [
        |bytes| *bytes.last_mut().unwrap() ^= 1,
        |bytes| bytes[0] ^= 1,
        |bytes| bytes.truncate(bytes.len() / 2),
        |bytes| bytes.truncate(7),
    ];
    let dir = tempfile::tempdir().unwrap();
    load(&apart(), dir.path(), &hook(REPLY)).unwrap();
    let [path] = kept(dir.path()).try_into().unwrap();
    let whole = fs::read(&path).unwrap();
    for deed in deeds {
        let mut bytes = whole.clone();
        deed(&mut bytes);
        fs::write(&path, &bytes).unwrap();
        assert!(matches!(load(&none(), dir.path(), &hook(REPLY)), Err(LoadError::Compiler { .. })));
        load(&apart(), dir.path(), &hook(REPLY)).unwrap();
        load(&none(), dir.path(), &hook(REPLY)).unwrap();
    }
}

#[test]
fn the_machine_code_of_one_plugin_does_not_stand_in_for_another() {
    let dir = tempfile::tempdir().unwrap();
    load(&apart(), dir.path(), &hook(REPLY)).unwrap();
    let [one] = kept(dir.path()).try_into().unwrap();
    load(&apart(), dir.path(), &hook("unreachable")).unwrap();
    let [other] =
        kept(dir.path()).into_iter().filter(|path| *path != one).collect::<Vec<_>>().try_into().unwrap();
    fs::copy(&one, &other).unwrap();
    assert!(matches!(load(&none(), dir.path(), &hook("unreachable")), Err(LoadError::Compiler { .. })));
}

#[test]
fn a_key_that_others_may_read_is_not_trusted() {
    let dir = tempfile::tempdir().unwrap();
    load(&apart(), dir.path(), &hook(REPLY)).unwrap();
    fs::set_permissions(dir.path().join("key"), fs::Permissions::from_mode(0o644)).unwrap();
    assert!(matches!(load(&none(), dir.path(), &hook(REPLY)), Err(LoadError::Compiler { .. })));
    load(&apart(), dir.path(), &hook(REPLY)).unwrap();
}

#[test]
fn the_oldest_go_when_there_is_no_room() {
    let dir = tempfile::tempdir().unwrap();
    load(&apart(), dir.path(), &hook(REPLY)).unwrap();
    load(&CompileConfig { cache_bytes: 1, ..apart() }, dir.path(), &hook("unreachable")).unwrap();
    assert_eq!(kept(dir.path()).len(), 1);
    load(&none(), dir.path(), &hook("unreachable")).unwrap();
}

#[test]
fn a_component_that_chokes_the_compiler_meets_its_limits() {
    let dir = tempfile::tempdir().unwrap();
    let told = |limits: CompileConfig| load(&limits, dir.path(), &bomb()).unwrap_err();
    let time = told(CompileConfig { timeout_ms: 100, ..apart() });
    assert_eq!(time.code(), "plugin/compile-limit");
    assert!(time.to_string().contains("100 ms (\"compile.timeout_ms\")"), "{time}");
    let memory = told(CompileConfig { memory_bytes: 24 << 20, ..apart() });
    assert_eq!(memory.code(), "plugin/compile-limit");
    assert!(memory.to_string().contains("25165824 bytes (\"compile.memory_bytes\")"), "{memory}");
    assert!(kept(dir.path()).is_empty());
    load(&apart(), dir.path(), &hook(REPLY)).unwrap();
}

#[test]
fn a_compiler_that_the_system_ends_for_its_time_met_its_limit() {
    let dir = tempfile::tempdir().unwrap();
    let program = dir.path().join("used-up");
    fs::write(&program, "#!/bin/sh\ncat >/dev/null\nkill -XCPU $$\n").unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o700)).unwrap();
    let config = CompileConfig { program: Some(program), ..CompileConfig::default() };
    let told = load(&config, &dir.path().join("cache"), &hook(REPLY)).unwrap_err();
    assert_eq!(told, LoadError::CompileLimit { name: "timeout_ms", limit: 60_000, unit: "ms" });
}

#[test]
fn a_component_that_does_not_compile_is_told_as_without_a_process() {
    let dir = tempfile::tempdir().unwrap();
    let mut damaged = hook(REPLY);
    let code = damaged.windows(4).position(|bytes| bytes == b"\0asm").unwrap();
    damaged[code + 8..code + 64].fill(0xff);
    let within = Sandbox::new(&Limits::default()).unwrap().load(&damaged).unwrap_err();
    assert_eq!(load(&apart(), dir.path(), &damaged).unwrap_err(), within);
}

#[test]
fn the_compiler_gets_nothing_of_the_hosts_environment() {
    let dir = tempfile::tempdir().unwrap();
    let program = dir.path().join("shows-all");
    fs::write(&program, "#!/bin/sh\n/usr/bin/env >&2\npwd >&2\nexit 1\n").unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o700)).unwrap();
    let config = CompileConfig { program: Some(program), ..CompileConfig::default() };
    let Err(LoadError::Compile { what }) = load(&config, &dir.path().join("cache"), &hook(REPLY)) else {
        panic!("it ends with 1");
    };
    assert!(std::env::var_os("CARGO_MANIFEST_DIR").is_some() && !what.contains("CARGO"), "{what}");
    assert!(what.ends_with(" /"), "{what}");
}
