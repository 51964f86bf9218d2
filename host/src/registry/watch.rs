//! Hot reload: a directory of plugins that is watched. A new build takes the place of the last once its file
//! is whole and the sandbox accepts it; calls in flight end on the old one.
//!
//! `hookwright dev` uses it. Reads the directory, and loads on a thread of its own.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::thread::JoinHandle;
use std::time::Duration;

use notify::event::{AccessKind, AccessMode, EventKind};
use notify::{RecommendedWatcher, RecursiveMode, Watcher as _};

use super::loaded::Served;
use super::report::Report;
use crate::sandbox::{Loaded, Sandbox};

/// How long a file must be left alone before it is read, so that of a burst of builds only the last is loaded.
const SETTLE: Duration = Duration::from_millis(50);
/// The same where the writer has closed the file: it is whole, so only a burst is waited for.
const SETTLE_CLOSED: Duration = Duration::from_millis(10);

/// Why a directory cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum WatchError {
    /// It cannot be read.
    #[error("the plugin directory \"{dir}\" cannot be read; check that it exists and is permitted")]
    Directory {
        /// The directory.
        dir: PathBuf,
        /// The system's reason.
        #[source]
        source: std::io::Error,
    },
    /// It cannot be watched.
    #[error("the plugin directory \"{dir}\" cannot be watched; raise the limit of watches of the system")]
    Watch {
        /// The directory.
        dir: PathBuf,
        /// The system's reason.
        #[source]
        source: notify::Error,
    },
    /// No thread.
    #[error("the thread that watches plugins does not start; raise the limit of threads of this process")]
    Thread(#[source] std::io::Error),
}

/// A directory of plugins, each a file `*.wasm`. Cheap to clone; all clones are one.
#[derive(Clone)]
pub struct PluginDir {
    shared: Arc<Shared>,
}

struct Shared {
    sandbox: Sandbox,
    dir: PathBuf,
    served: Mutex<Served>,
    current: RwLock<Arc<Vec<Loaded>>>,
}

/// Watches for as long as it is held.
#[must_use = "the directory is watched only as long as this is held"]
pub struct Watcher {
    notify: Option<RecommendedWatcher>,
    thread: Option<JoinHandle<()>>,
}

impl PluginDir {
    /// Loads every plugin of a directory, and reports what came of each file. Bad ones are left out.
    ///
    /// # Errors
    /// A [`WatchError`] if the directory cannot be read.
    pub fn open(sandbox: Sandbox, dir: &Path) -> Result<(Self, Vec<Report>), WatchError> {
        let unreadable = |source| WatchError::Directory { dir: dir.to_owned(), source };
        let dir = dir.canonicalize().map_err(unreadable)?;
        let paths = plugins_in(&dir).map_err(unreadable)?;
        let shared = Shared { sandbox, dir, served: Mutex::default(), current: RwLock::default() };
        let reports = paths.iter().filter_map(|path| shared.refresh(path)).collect();
        Ok((Self { shared: Arc::new(shared) }, reports))
    }

    /// The plugins that serve now, in the order in which they are called.
    #[must_use]
    pub fn current(&self) -> Arc<Vec<Loaded>> {
        self.shared.current.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Watches the directory and reports each change once it serves.
    ///
    /// # Errors
    /// A [`WatchError`] if the system does not let it be watched.
    pub fn watch(&self, on_report: impl FnMut(Report) + Send + 'static) -> Result<Watcher, WatchError> {
        let (sender, events) = channel();
        let unwatchable = |source| WatchError::Watch { dir: self.shared.dir.clone(), source };
        let mut notify = notify::recommended_watcher(sender).map_err(unwatchable)?;
        notify.watch(&self.shared.dir, RecursiveMode::NonRecursive).map_err(unwatchable)?;
        let shared = self.shared.clone();
        let named = std::thread::Builder::new().name("hookwright-watch".to_owned());
        let thread = named.spawn(move || follow(&shared, &events, on_report)).map_err(WatchError::Thread)?;
        Ok(Watcher { notify: Some(notify), thread: Some(thread) })
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        // The thread ends when nobody is left to send it events.
        drop(self.notify.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Files to look at again, and how long to leave them alone before.
struct Dirty {
    paths: BTreeSet<PathBuf>,
    settle: Duration,
}

fn follow(
    shared: &Shared,
    events: &Receiver<notify::Result<notify::Event>>,
    mut on_report: impl FnMut(Report),
) {
    // What changed between opening and watching raised no event.
    let mut dirty = Dirty { paths: shared.all_paths(), settle: Duration::ZERO };
    loop {
        while !dirty.paths.is_empty() {
            match events.recv_timeout(dirty.settle) {
                Ok(event) => shared.note(event, &mut dirty),
                Err(RecvTimeoutError::Timeout) => {
                    let paths = std::mem::take(&mut dirty.paths);
                    paths.iter().filter_map(|path| shared.refresh(path)).for_each(&mut on_report);
                }
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
        match events.recv() {
            Ok(event) => shared.note(event, &mut dirty),
            Err(_) => return,
        }
    }
}

impl Shared {
    fn note(&self, event: notify::Result<notify::Event>, dirty: &mut Dirty) {
        let Ok(event) = event else {
            *dirty = Dirty { paths: self.all_paths(), settle: SETTLE };
            return;
        };
        let closed = matches!(event.kind, EventKind::Access(AccessKind::Close(AccessMode::Write)));
        if event.need_rescan() {
            dirty.paths.extend(self.all_paths());
        } else if event.kind.is_access() && !closed {
            return;
        } else {
            dirty.paths.extend(event.paths.into_iter().filter(|path| is_plugin(path)));
        }
        dirty.settle = if closed { SETTLE_CLOSED } else { SETTLE };
    }

    /// Reads a file and takes in what it holds; none if that is what it held before.
    fn refresh(&self, path: &Path) -> Option<Report> {
        let report = match self.read(path)? {
            None => self.served().remove(path)?,
            Some(bytes) => {
                if self.served().has_seen(path, &bytes) {
                    return None;
                }
                let (bytes, loaded) = self.load(path, bytes);
                self.served().put(path, &bytes, loaded)
            }
        };
        let plugins = self.served().plugins();
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = plugins;
        Some(report)
    }

    /// Loads beside what serves. A refused file may not be whole yet where writers do not say when they are
    /// done: it is refused only if it stays as it is.
    fn load(&self, path: &Path, mut bytes: Vec<u8>) -> (Vec<u8>, Result<Loaded, crate::sandbox::LoadError>) {
        loop {
            let loaded = self.sandbox.load(&bytes);
            if loaded.is_ok() {
                return (bytes, loaded);
            }
            std::thread::sleep(SETTLE);
            match self.read(path) {
                Some(Some(again)) if again != bytes => bytes = again,
                _ => return (bytes, loaded),
            }
        }
    }

    /// The file's bytes; inner none if it is gone. A file that cannot be read is as if nothing happened to it.
    fn read(&self, path: &Path) -> Option<Option<Vec<u8>>> {
        match std::fs::read(path) {
            Ok(bytes) => Some(Some(bytes)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Some(None),
            Err(error) => {
                tracing::warn!(path = %path.display(), %error, "a plugin's file cannot be read");
                None
            }
        }
    }

    /// Files that are there or were.
    fn all_paths(&self) -> BTreeSet<PathBuf> {
        let mut paths: BTreeSet<_> = self.served().paths().cloned().collect();
        paths.extend(plugins_in(&self.dir).unwrap_or_default());
        paths
    }

    fn served(&self) -> MutexGuard<'_, Served> {
        self.served.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn plugins_in(dir: &Path) -> std::io::Result<BTreeSet<PathBuf>> {
    let mut found = BTreeSet::new();
    for entry in std::fs::read_dir(dir)? {
        let path = entry?.path();
        if is_plugin(&path) {
            found.insert(path);
        }
    }
    Ok(found)
}

/// Hidden files are an editor's or a copy on its way.
fn is_plugin(path: &Path) -> bool {
    let hidden = path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
    !hidden && path.extension().is_some_and(|end| end == "wasm")
}
