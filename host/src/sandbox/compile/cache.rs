//! What was compiled, kept from one start to the next: a file a component, named by its digest and by what the engine
//! can load, and authenticated, because machine code is run as it is.
//!
//! Files are written beside and renamed into place. One that was tampered with or cut short is told, and made anew.

use std::fs::{self, File};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use wasmtime::Engine;
use wasmtime::component::Component;

const KEY: &str = "key";
const KEY_BYTES: usize = 32;
const MAC_BYTES: usize = 32;

/// The directory of what was compiled.
#[derive(Debug)]
pub(super) struct Cache {
    dir: PathBuf,
    key: [u8; KEY_BYTES],
    limit_bytes: u64,
}

/// Where a component's machine code is kept.
pub(super) struct Entry {
    /// Its file; what it is named by is authenticated with it.
    name: String,
}

impl Cache {
    /// Opens the directory; makes it and its key where they are missing.
    pub fn open(dir: &Path, limit_bytes: u64) -> io::Result<Self> {
        private_dir(dir)?;
        Ok(Self { key: key(&dir.join(KEY))?, dir: dir.to_owned(), limit_bytes })
    }

    /// Where the machine code of a component is kept for an engine.
    pub fn entry(&self, engine: &Engine, digest: &str) -> Entry {
        let mut hasher = DefaultHasher::new();
        engine.precompile_compatibility_hash().hash(&mut hasher);
        Entry { name: format!("{digest}-{:016x}.cwasm", hasher.finish()) }
    }

    /// Whether something is kept there.
    pub fn keeps(&self, entry: &Entry) -> bool {
        self.dir.join(&entry.name).exists()
    }

    /// What is kept, if it is there and whole.
    pub fn get(&self, engine: &Engine, entry: &Entry) -> Option<Component> {
        let path = self.dir.join(&entry.name);
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return None,
            Err(error) => {
                self.told(entry, &error.to_string());
                return None;
            }
        };
        let Some((mac, code)) = bytes.split_at_checked(MAC_BYTES) else {
            self.told(entry, "it was cut short");
            return None;
        };
        if self.mac(entry, code).verify_slice(mac).is_err() {
            self.told(entry, "it is not what was written");
            return None;
        }
        let component = super::trusted(engine, code);
        component.inspect_err(|error| self.told(entry, &super::one_line(error))).ok()
    }

    /// Keeps what was compiled. That it cannot be kept is told, and costs the next start.
    pub fn put(&self, entry: &Entry, code: &[u8]) {
        let mac = self.mac(entry, code).finalize().into_bytes();
        if let Err(error) = self.write(entry, &mac, code).and_then(|()| self.shrink()) {
            let path = self.dir.display();
            tracing::warn!(%path, %error, "a compiled plugin could not be kept; the next start compiles it anew");
        }
    }

    /// Tells that what is kept is of no use, and keeps it no more.
    fn told(&self, entry: &Entry, why: &str) {
        let path = self.dir.join(&entry.name);
        fs::remove_file(&path).ok();
        tracing::warn!(path = %path.display(), why, "a compiled plugin in the cache is of no use; it is compiled anew");
    }

    fn mac(&self, entry: &Entry, code: &[u8]) -> Hmac<Sha256> {
        let mac = Hmac::<Sha256>::new_from_slice(&self.key);
        let mut mac = mac.unwrap_or_else(|_| unreachable!("a MAC takes a key of any length"));
        mac.update(entry.name.as_bytes());
        mac.update(&[0]);
        mac.update(code);
        mac
    }

    fn write(&self, entry: &Entry, mac: &[u8], code: &[u8]) -> io::Result<()> {
        let mut file = tempfile::NamedTempFile::new_in(&self.dir)?;
        file.write_all(mac)?;
        file.write_all(code)?;
        file.persist(self.dir.join(&entry.name))?;
        Ok(())
    }

    /// Removes the oldest files until the rest fits.
    fn shrink(&self) -> io::Result<()> {
        let mut kept: Vec<(SystemTime, u64, PathBuf)> = Vec::new();
        for entry in fs::read_dir(&self.dir)? {
            let (path, about) = entry.and_then(|e| Ok((e.path(), e.metadata()?)))?;
            if path.extension().is_some_and(|end| end == "cwasm") {
                kept.push((about.modified()?, about.len(), path));
            }
        }
        kept.sort();
        let mut total: u64 = kept.iter().map(|(_, bytes, _)| bytes).sum();
        // The last one is what was just written.
        for (_, bytes, path) in kept.iter().take(kept.len().saturating_sub(1)) {
            if total <= self.limit_bytes {
                break;
            }
            fs::remove_file(path)?;
            total -= bytes;
        }
        Ok(())
    }
}

/// The key of a cache, made where it is missing: whoever can read it can have the host run anything.
fn key(path: &Path) -> io::Result<[u8; KEY_BYTES]> {
    if let Some(key) = read_key(path)? {
        return Ok(key);
    }
    let fresh: [u8; KEY_BYTES] = rand::random();
    let dir = path.parent().unwrap_or(Path::new("."));
    let mut file = tempfile::NamedTempFile::new_in(dir)?;
    file.write_all(&fresh)?;
    file.as_file().sync_all()?;
    match file.persist_noclobber(path) {
        Ok(_) => Ok(fresh),
        // Another host was quicker.
        Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => {
            read_key(path)?.ok_or_else(|| io::Error::other("the key went away while it was read"))
        }
        Err(error) => Err(error.error),
    }
}

fn read_key(path: &Path) -> io::Result<Option<[u8; KEY_BYTES]>> {
    // Looked at before it is opened: opening a pipe would wait.
    let about = match fs::symlink_metadata(path) {
        Ok(about) => about,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    if !about.is_file() {
        return Err(io::Error::other(format!("\"{}\" is no file; remove it", path.display())));
    }
    let mut file = File::open(path)?;
    only_owners(&file, path)?;
    let mut bytes = Vec::with_capacity(KEY_BYTES);
    file.read_to_end(&mut bytes)?;
    bytes.try_into().map(Some).map_err(|_| {
        io::Error::other(format!("\"{}\" is not a key of {KEY_BYTES} bytes; delete it", path.display()))
    })
}

#[cfg(unix)]
fn only_owners(file: &File, path: &Path) -> io::Result<()> {
    use std::os::unix::fs::MetadataExt;
    let about = file.metadata()?;
    let is_ours = about.uid() == rustix::process::geteuid().as_raw();
    match is_ours && about.mode() & 0o077 == 0 {
        true => Ok(()),
        false => Err(io::Error::other(format!(
            "others may read the key \"{}\", or made it; delete it, and what is beside it",
            path.display()
        ))),
    }
}

#[cfg(not(unix))]
fn only_owners(_: &File, _: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(unix)]
fn private_dir(dir: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(dir)
}

#[cfg(not(unix))]
fn private_dir(dir: &Path) -> io::Result<()> {
    fs::create_dir_all(dir)
}
