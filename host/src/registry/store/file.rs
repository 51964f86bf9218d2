//! The file of the control database and its directory, for their owner alone.

use std::fs::{DirBuilder, OpenOptions};
use std::path::{Path, PathBuf};

use super::failing;
use crate::ailing::denied;
use crate::error::{Error, Result};

/// The file that was opened: SQLite goes on with one that was deleted, and what it writes there is lost.
#[derive(Debug)]
pub(super) struct Place {
    path: PathBuf,
    which: Option<(u64, u64)>,
}

impl Place {
    /// The file as it is now.
    pub(super) fn of(path: &Path) -> Self {
        Self { path: path.to_owned(), which: which(path) }
    }

    /// Whether it is still there.
    ///
    /// # Errors
    /// `control/gone`.
    pub(super) fn check(&self) -> Result<()> {
        match which(&self.path) == self.which {
            true => Ok(()),
            false => Err(failing::gone()),
        }
    }
}

fn which(path: &Path) -> Option<(u64, u64)> {
    use std::os::unix::fs::MetadataExt;
    std::fs::metadata(path).ok().map(|of| (of.dev(), of.ino()))
}

/// Makes the directory (0700) and the file (0600) where they are missing, and narrows the file's mode; whether it made the
/// file.
pub(super) fn prepare(path: &Path) -> Result<bool> {
    let missing = !path.exists();
    let made = make(path).map_err(|e| {
        let ailing = denied(path, &e.to_string());
        let message =
            format!("the control database \"{}\" cannot be made or opened: {}", path.display(), ailing.found);
        Error::new("config/invalid", message)
            .help(format!("{}; or set \"control.database\" to a path you may write", ailing.next))
    });
    made.map(|()| missing)
}

fn make(path: &Path) -> std::io::Result<()> {
    if let Some(directory) = path.parent().filter(|d| !d.as_os_str().is_empty() && !d.exists()) {
        let mut builder = DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.recursive(true).create(directory)?;
    }
    let mut options = OpenOptions::new();
    // SQLite gives its -wal and -shm files the mode of this one.
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.read(true).append(true).create(true).open(path)?;
    narrow(&file)
}

#[cfg(unix)]
fn narrow(file: &std::fs::File) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let mode = file.metadata()?.permissions().mode();
    match mode & 0o077 {
        0 => Ok(()),
        _ => file.set_permissions(std::fs::Permissions::from_mode(mode & 0o700)),
    }
}

#[cfg(not(unix))]
fn narrow(_: &std::fs::File) -> std::io::Result<()> {
    Ok(())
}
