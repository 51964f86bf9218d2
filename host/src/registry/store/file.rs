//! The file of the control database and its directory, for their owner alone.

use std::fs::{DirBuilder, OpenOptions};
use std::path::Path;

use crate::error::{Error, Result};

/// Makes the directory (0700) and the file (0600) where they are missing, and narrows the file's mode.
pub(super) fn prepare(path: &Path) -> Result<()> {
    make(path).map_err(|e| {
        let message = format!("the control database \"{}\" cannot be made or opened: {e}", path.display());
        Error::new("config/invalid", message).help("set \"control.database\" to a path you may write")
    })
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
