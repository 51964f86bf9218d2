//! Which processes have the lock of an SQLite file, or have it open: as far as Linux tells this user. SQLite itself does
//! not know. Reads `/proc` alone, and opens nothing of the file (see `reach/sqlite.rs`).

use std::collections::BTreeSet;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// Processes that are named.
const MOST: usize = 3;

/// A lock as the kernel lists it.
#[derive(Debug, PartialEq, Eq)]
struct Lock {
    pid: i64,
    writes: bool,
    inode: u64,
}

/// Who is in the way of a writer of the file, in words; none where nothing is known of it.
pub(crate) fn who(file: &Path) -> Option<String> {
    let beside = |ending: &str| PathBuf::from(format!("{}{ending}", file.display()));
    let files = [file.to_owned(), beside("-shm")];
    let inodes: Vec<_> = files.iter().filter_map(|file| Some(std::fs::metadata(file).ok()?.ino())).collect();
    let locks = std::fs::read_to_string("/proc/locks").ok()?;
    let of_file = |lock: &Lock| inodes.contains(&lock.inode);
    let writing = locks.lines().filter_map(lock).filter(|lock| lock.writes && of_file(lock));
    let writing: BTreeSet<_> = writing.map(|lock| lock.pid).collect();
    if !writing.is_empty() {
        return Some(format!("it is held by {}", listed(&writing)));
    }
    let (open, hidden) = opened_by(&inodes);
    let hidden = match hidden {
        true => "; processes of other users may have it open, too: this one may not see that (run as root: fuser -v FILE)"
            .replace("FILE", &file.display().to_string()),
        false => String::new(),
    };
    match open.is_empty() {
        true if hidden.is_empty() => None,
        true => Some(format!("no process that this user may look at has it open{hidden}")),
        false => Some(format!("it is open in {}{hidden}", listed(&open))),
    }
}

/// A line such as `1: POSIX  ADVISORY  WRITE 1234 08:01:5678 120 120`.
fn lock(line: &str) -> Option<Lock> {
    // One that waits for another's begins with an arrow, and holds nothing.
    let words: Vec<_> = line.split_whitespace().collect();
    let [_, _, _, kind, pid, place, ..] = words.as_slice() else { return None };
    let inode = place.rsplit(':').next()?.parse().ok()?;
    (words[1] != "->").then_some(Lock { pid: pid.parse().ok()?, writes: *kind == "WRITE", inode })
}

fn listed(pids: &BTreeSet<i64>) -> String {
    let each: Vec<_> = pids.iter().take(MOST).map(|pid| process(*pid)).collect();
    let more = pids.len().saturating_sub(MOST);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{}{more}", each.join(", "))
}

fn process(pid: i64) -> String {
    if pid == i64::from(std::process::id()) {
        return format!("this host itself (process {pid})");
    }
    match std::fs::read_to_string(format!("/proc/{pid}/comm")) {
        Ok(program) => format!("the process {pid} (\"{}\")", program.trim().escape_default()),
        Err(_) if pid <= 0 => {
            "a process that cannot be seen from here, such as one outside this container".to_owned()
        }
        Err(_) => format!("the process {pid}, whose program this user may not see"),
    }
}

/// Other processes that have one of the files open, and whether there are some that may not be looked at.
fn opened_by(inodes: &[u64]) -> (BTreeSet<i64>, bool) {
    let (mut found, mut hidden) = (BTreeSet::new(), false);
    for entry in std::fs::read_dir("/proc").into_iter().flatten().flatten() {
        let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse::<i64>().ok()) else {
            continue;
        };
        if pid == i64::from(std::process::id()) {
            continue;
        }
        match std::fs::read_dir(entry.path().join("fd")) {
            Ok(all) => {
                let inode = |fd: std::fs::DirEntry| Some(std::fs::metadata(fd.path()).ok()?.ino());
                if all.flatten().filter_map(inode).any(|inode| inodes.contains(&inode)) {
                    found.insert(pid);
                }
            }
            Err(error) => hidden |= error.kind() == std::io::ErrorKind::PermissionDenied,
        }
    }
    (found, hidden)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_the_kernel_are_read() {
        let held = lock("1: POSIX  ADVISORY  WRITE 1234 08:01:5678 120 120");
        assert_eq!(held, Some(Lock { pid: 1234, writes: true, inode: 5678 }));
        assert_eq!(lock("1: -> POSIX  ADVISORY  WRITE 9 08:01:5678 120 120"), None);
        assert!(!lock("2: POSIX  ADVISORY  READ  7 00:2f:1 0 EOF").expect("a lock").writes);
        assert_eq!(lock("nothing of the kind"), None);
    }
}
