//! What is wrong with a file of SQLite, told by the code that SQLite gave: rights, room, damage. Reads nothing of the file
//! itself (see `db/reach/sqlite.rs`), only what the system says of it.
//!
//! The databases of organisations and the control database call it.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use rustix::fs::{Access, AtFlags, CWD, accessat, statvfs};
use rustix::io::Errno;

/// What is wrong with a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ail {
    /// It may not be read or written.
    Denied,
    /// There is no room for more of it.
    Full,
    /// It cannot be read or written, and the system alone knows why.
    Io,
    /// It is not what SQLite wrote.
    Damaged,
}

/// A file in a bad way, told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Ailing {
    pub ail: Ail,
    pub found: String,
    pub means: &'static str,
    pub next: String,
}

/// With less than this, a disk has no room for a change.
const SCARCE_BYTES: u64 = 1 << 20;

/// What a primary result code of SQLite says of a file; none if it says nothing of it.
pub(crate) fn ailing(path: &Path, code: i32, said: &str) -> Option<Ailing> {
    match code {
        // SQLITE_PERM, SQLITE_READONLY, SQLITE_CANTOPEN, SQLITE_AUTH.
        3 | 8 | 14 | 23 => Some(denied(path, said)),
        // SQLITE_IOERR: it is what SQLite says of a log that does not fit, too.
        10 if free(path).is_some_and(|(free, _)| free < SCARCE_BYTES) => Some(full(path, said)),
        10 => Some(io(path, said)),
        // SQLITE_FULL.
        13 => Some(full(path, said)),
        // SQLITE_CORRUPT.
        11 => Some(damaged(path, said)),
        _ => None,
    }
}

/// That this user may not use the file, what is beside it, or their directory: the first of them, with whose it is.
pub(crate) fn denied(path: &Path, said: &str) -> Ailing {
    let beside = |ending: &str| PathBuf::from(format!("{}{ending}", path.display()));
    let files = [path.to_owned(), beside("-wal"), beside("-shm"), beside("-journal")];
    let of_files = files.iter().filter(|file| file.exists()).map(|file| (file.as_path(), false));
    if !directory(path).is_dir() {
        return no_directory(directory(path), said);
    }
    let refused =
        std::iter::once((directory(path), true)).chain(of_files).find_map(|(place, is_directory)| {
            let wanted = Access::READ_OK | Access::WRITE_OK;
            let wanted = if is_directory { wanted | Access::EXEC_OK } else { wanted };
            let why = accessat(CWD, place, wanted, AtFlags::EACCESS).err()?;
            Some((place, is_directory, why))
        });
    let (found, next) = match refused {
        Some((place, _, Errno::ROFS)) => (
            format!("the file system of \"{}\" is mounted read-only: {said}", place.display()),
            format!("mount it writable; see how it is mounted: findmnt --target \"{}\"", place.display()),
        ),
        Some((place, is_directory, _)) => not_ours(place, is_directory, said),
        None => (
            format!("the file \"{}\" cannot be read or written: {said}", path.display()),
            format!("see what keeps it so: ls -la \"{0}\"*; lsattr \"{0}\"", path.display()),
        ),
    };
    let means = "SQLite writes the file and, beside it, its log: the user that the host runs as needs the right to both, and to their directory";
    Ailing { ail: Ail::Denied, found, means, next }
}

fn no_directory(place: &Path, said: &str) -> Ailing {
    let found = format!("\"{}\" is no directory, so no file can be in it: {said}", place.display());
    let means = "a file is where the path has a directory";
    Ailing { ail: Ail::Denied, found, means, next: "use another path".to_owned() }
}

fn not_ours(place: &Path, is_directory: bool, said: &str) -> (String, String) {
    let me = rustix::process::geteuid().as_raw();
    let (owner, mode) = std::fs::metadata(place).map_or((me, 0), |of| (of.uid(), of.mode() & 0o7777));
    let what = if is_directory { "directory" } else { "file" };
    let found = format!(
        "the {what} \"{}\" may not be read and written by the user \"{}\", whom the host runs as: it belongs to \"{}\", with the mode {mode:04o} ({said})",
        place.display(),
        user(me),
        user(owner)
    );
    let rights = if is_directory { "u+rwx" } else { "u+rw" };
    let chmod = format!("chmod {rights} \"{}\"", place.display());
    let chown = format!("chown {} \"{}\" && {chmod}", user(me), place.display());
    let next = match (owner == me, is_directory) {
        (true, _) => chmod,
        (false, false) => format!("as root: {chown}"),
        (false, true) => {
            format!(
                "use a file in a directory of that user; or, if this one is to be its own, as root: {chown}"
            )
        }
    };
    (found, next)
}

/// That there is no room.
pub(crate) fn full(path: &Path, said: &str) -> Ailing {
    let room = free(path)
        .map(|(free, all)| format!("; its file system has {} KiB of {} KiB left", free >> 10, all >> 10));
    let found =
        format!("there is no room for the file \"{}\": {said}{}", path.display(), room.unwrap_or_default());
    let means = "nothing was changed; a change needs room for the file and, beside it, its log";
    let next =
        format!("free space there: df -h \"{}\"; then send the change again", directory(path).display());
    Ailing { ail: Ail::Full, found, means, next }
}

fn io(path: &Path, said: &str) -> Ailing {
    let found = format!("the system could not read or write the file \"{}\": {said}", path.display());
    let means = "the disk or the network file system under it fails, or a limit of the user is reached; there is room on it";
    let next = format!(
        "see the system's log (dmesg, journalctl -k); then whether the file is whole: sqlite3 \"{}\" 'PRAGMA integrity_check'",
        path.display()
    );
    Ailing { ail: Ail::Io, found, means, next }
}

fn damaged(path: &Path, said: &str) -> Ailing {
    let file = path.display();
    let found = format!("the file \"{file}\" is damaged: {said}");
    let means = "a disk, a copy that was taken while it was written, or another program wrote over it; nothing more is written to it";
    let next = format!(
        "restore it from a backup; see what is damaged: sqlite3 \"{file}\" 'PRAGMA integrity_check'; save what can be read: sqlite3 \"{file}\" .recover | sqlite3 \"{file}.saved\""
    );
    Ailing { ail: Ail::Damaged, found, means, next }
}

/// Where a file is.
pub(crate) fn directory(path: &Path) -> &Path {
    path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Bytes that the file system has left for this user, and all that it has.
fn free(path: &Path) -> Option<(u64, u64)> {
    let of = statvfs(directory(path)).ok()?;
    Some((of.f_bavail.saturating_mul(of.f_frsize), of.f_blocks.saturating_mul(of.f_frsize)))
}

/// The name of a user, or its number.
fn user(uid: u32) -> String {
    let all = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    let named = all.lines().find_map(|line| {
        let mut parts = line.split(':');
        let (name, number) = (parts.next()?, parts.nth(1)?);
        (number == uid.to_string()).then(|| name.to_owned())
    });
    named.unwrap_or_else(|| uid.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_told_apart_and_each_names_the_file() {
        let directory = tempfile::tempdir().expect("a directory");
        let file = directory.path().join("a.db");
        std::fs::write(&file, "").expect("written");
        for (code, ail) in [(8, Ail::Denied), (13, Ail::Full), (10, Ail::Io), (11, Ail::Damaged)] {
            let told = ailing(&file, code, "said").expect("told");
            assert_eq!(told.ail, ail);
            assert!(
                told.found.contains(&file.display().to_string()) && told.found.contains("said"),
                "{told:?}"
            );
        }
        assert_eq!(ailing(&file, 1, "a syntax error"), None);
    }

    /// Whoever runs the tests may be the superuser, whom no mode keeps out.
    #[test]
    fn whose_a_file_is_decides_what_is_advised() {
        let directory = tempfile::tempdir().expect("a directory");
        let file = directory.path().join("a.db");
        std::fs::write(&file, "").expect("written");
        let (found, next) = not_ours(&file, false, "said");
        assert!(found.contains("with the mode 0"), "{found}");
        assert_eq!(next, format!("chmod u+rw \"{}\"", file.display()));
    }
}
