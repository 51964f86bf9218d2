//! The `hookwright` binary as a child process: its output by lines, its end by force.
//!
//! For the tests of the command line and of crashes. Blocks the calling thread; a child never
//! outlives its [`Process`].

use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Condvar, Mutex, OnceLock};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::repo_root;

/// The environment variable that names the binary to test instead of the one built here.
pub const BINARY_VARIABLE: &str = "HOOKWRIGHT_BIN";

/// A command of the binary under test, in `directory`, without any setting of the person who runs the tests.
pub fn hookwright<S: AsRef<OsStr>>(directory: &Path, arguments: impl IntoIterator<Item = S>) -> Command {
    let mut command = Command::new(binary());
    command.args(arguments).current_dir(directory);
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("HOOKWRIGHT_") {
            command.env_remove(name);
        }
    }
    command
}

/// The binary under test; built once per test process, so that it is never an old one.
pub fn binary() -> &'static Path {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(|| match std::env::var_os(BINARY_VARIABLE) {
        Some(path) => PathBuf::from(path),
        None => build(),
    })
}

/// Builds the binary in the profile of this test. With all targets of the workspace, because any other selection
/// takes other features of the dependencies and so builds them anew.
fn build() -> PathBuf {
    let test = std::env::current_exe().expect("this test is a file");
    let profile = test.parent().and_then(Path::parent);
    let profile = profile.expect("a test lies in target/PROFILE/deps");
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["build", "-q", "--workspace", "--all-targets"]);
    if profile.ends_with("release") {
        cargo.arg("--release");
    }
    let status = cargo.current_dir(repo_root()).status();
    assert!(status.is_ok_and(|status| status.success()), "the binary \"hookwright\" does not build");
    profile.join(format!("hookwright{}", std::env::consts::EXE_SUFFIX))
}

/// A running child whose output is kept.
#[derive(Debug)]
pub struct Process {
    child: Child,
    output: Arc<Output>,
    readers: Vec<JoinHandle<()>>,
}

/// How a child ended.
#[derive(Debug)]
pub struct Ended {
    /// Its exit status.
    pub status: ExitStatus,
    /// The lines of its standard output.
    pub stdout: Vec<String>,
    /// The lines of its standard error.
    pub stderr: Vec<String>,
}

impl Process {
    /// Starts a command, with nothing on its standard input.
    ///
    /// # Panics
    /// If it cannot be started.
    pub fn spawn(command: &mut Command) -> Self {
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap_or_else(|error| panic!("{command:?} does not start: {error}"));
        let output = Arc::new(Output::default());
        let readers = vec![
            read(child.stdout.take(), output.clone(), Stream::Out),
            read(child.stderr.take(), output.clone(), Stream::Err),
        ];
        Self { child, output, readers }
    }

    /// The process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Waits for a line, of either stream, that contains `text`, those already written included.
    ///
    /// # Panics
    /// If the child ends or `patience` is over before; with all that the child wrote.
    pub fn wait_for_line(&self, text: &str, patience: Duration) -> String {
        self.output.wait_for(text, patience)
    }

    /// Ends the child as `kill -9` does, wherever it is, and waits for its end.
    pub fn kill(mut self) -> Ended {
        self.child.kill().expect("the child takes a signal");
        self.wait()
    }

    /// Waits for the child's own end.
    ///
    /// # Panics
    /// If the system cannot tell.
    pub fn wait(mut self) -> Ended {
        let status = self.child.wait().expect("the child's status");
        for reader in self.readers.drain(..) {
            reader.join().expect("a reader ends with its stream");
        }
        let lines = self.output.lines.lock().expect("no panic while reading");
        Ended { status, stdout: lines.of(Stream::Out), stderr: lines.of(Stream::Err) }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stream {
    Out,
    Err,
}

#[derive(Debug, Default)]
struct Lines {
    all: Vec<(Stream, String)>,
    closed: usize,
}

impl Lines {
    fn of(&self, stream: Stream) -> Vec<String> {
        let lines = self.all.iter().filter(|(of, _)| *of == stream);
        lines.map(|(_, line)| line.clone()).collect()
    }
}

#[derive(Debug, Default)]
struct Output {
    lines: Mutex<Lines>,
    changed: Condvar,
}

impl Output {
    fn change(&self, change: impl FnOnce(&mut Lines)) {
        change(&mut self.lines.lock().expect("no panic while reading"));
        self.changed.notify_all();
    }

    fn wait_for(&self, text: &str, patience: Duration) -> String {
        let deadline = Instant::now() + patience;
        let mut lines = self.lines.lock().expect("no panic while reading");
        loop {
            if let Some((_, line)) = lines.all.iter().find(|(_, line)| line.contains(text)) {
                return line.clone();
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if lines.closed == 2 || left.is_zero() {
                let all: Vec<_> = lines.all.iter().map(|(_, line)| line.clone()).collect();
                // the readers go on after the panic and must not find the lock poisoned
                drop(lines);
                panic!("no line with \"{text}\" in:\n{}", all.join("\n"));
            }
            let waited = self.changed.wait_timeout(lines, left);
            lines = waited.expect("no panic while reading").0;
        }
    }
}

fn read(from: Option<impl Read + Send + 'static>, output: Arc<Output>, stream: Stream) -> JoinHandle<()> {
    let from = BufReader::new(from.expect("the stream is piped"));
    std::thread::spawn(move || {
        for line in from.split(b'\n').map_while(Result::ok) {
            let line = String::from_utf8_lossy(&line).into_owned();
            output.change(|lines| lines.all.push((stream, line)));
        }
        output.change(|lines| lines.closed += 1);
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENCE: Duration = Duration::from_secs(20);

    fn shell(script: &str) -> Process {
        Process::spawn(Command::new("sh").args(["-c", script]))
    }

    #[test]
    fn lines_and_status_are_kept() {
        let process = shell("echo one; echo two >&2; exit 3");
        assert_eq!(process.wait_for_line("tw", PATIENCE), "two");
        let ended = process.wait();
        assert_eq!(ended.status.code(), Some(3));
        assert_eq!((ended.stdout, ended.stderr), (vec!["one".into()], vec!["two".into()]));
    }

    #[test]
    fn a_killed_child_has_no_exit_code() {
        let process = shell("echo ready; exec sleep 60");
        process.wait_for_line("ready", PATIENCE);
        assert_eq!(process.kill().status.code(), None);
    }

    #[test]
    #[should_panic(expected = "no line with \"never\" in:\nready")]
    fn a_line_that_never_comes_is_told_with_what_came() {
        shell("echo ready").wait_for_line("never", PATIENCE);
    }
}
