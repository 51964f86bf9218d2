//! Why an SQLite file cannot be used.

use std::path::Path;

use hookwright_core::ident::OrgName;
use sqlx::Sqlite;

use crate::db::Connections;
use crate::trouble::Trouble;

/// The first bytes of every SQLite file.
const MAGIC: &[u8] = b"SQLite format 3\0";

/// Looks at the file without opening it as a database. None if it can be read and written.
pub(super) fn cause(org: &OrgName, pool: &Connections<Sqlite>) -> Option<Trouble> {
    let options = pool.connecting();
    let path = options.get_filename();
    let shown = path.display();
    let directory = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if !path.exists() {
        let means =
            "it was moved or deleted; Hookwright does not make a new one, since the history would be lost";
        let next =
            format!("put it back, or say where it is: hookwright org update {org} --database sqlite:PATH");
        return Some(
            Trouble::broken("db/no-file", format!("the file \"{shown}\" is not there"), means).next(next),
        );
    }
    let begin = match head(path) {
        Ok(begin) => begin,
        Err(error) => {
            let found = format!("the file \"{shown}\" cannot be read: {error}");
            let means = "the user that the host runs as has no right to it";
            return Some(
                Trouble::broken("db/file-denied", found, means).next(format!("chmod u+rw \"{shown}\"")),
            );
        }
    };
    if !begin.is_empty() && begin != MAGIC {
        let found = format!("the file \"{shown}\" is no SQLite database");
        let means = "another program wrote it, or it was damaged at its very beginning";
        let next = format!(
            "restore it from a backup, or say where it is: hookwright org update {org} --database sqlite:PATH"
        );
        return Some(Trouble::broken("db/not-sqlite", found, means).next(next));
    }
    let writable = std::fs::OpenOptions::new().write(true).open(path).err();
    writable.map(|error| {
        let found = format!("the file \"{shown}\" cannot be written: {error}");
        let means = "SQLite writes the file and, beside it, its log: both need the right to write";
        let next = format!(
            "chmod u+rw \"{shown}\"; chmod u+rwx \"{}\"; or mount the file system writable",
            directory.display()
        );
        Trouble::broken("db/file-denied", found, means).next(next)
    })
}

fn head(path: &Path) -> std::io::Result<Vec<u8>> {
    use std::io::Read;
    let mut begin = Vec::new();
    std::fs::File::open(path)?.take(MAGIC.len() as u64).read_to_end(&mut begin)?;
    Ok(begin)
}
