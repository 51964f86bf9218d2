//! Why the control database fails: rights, room, damage, told by the code that SQLite gave. Without its path, since requests
//! are answered with it, too; the command line adds that.

use std::path::Path;

use crate::ailing::{Ail, ailing};
use crate::db::{sqlite_code, who_holds};
use crate::error::Error;

/// The codes of troubles with the control database begin so.
const AREA: &str = "control/";
const LOCKED: &str = "control/locked";

/// The trouble behind an error.
pub(super) fn of(error: &sqlx::Error) -> Error {
    let (code, what, help) = match told(error) {
        Some(Ail::Denied) => (
            "control/file-denied",
            "the control database may not be read or written by the user that the host runs as",
            "give the file of \"control.database\", what is beside it and their directory to that user: chown, chmod u+rw; see whether its file system is mounted read-only",
        ),
        Some(Ail::Full) => (
            "control/disk-full",
            "there is no room for the control database",
            "free space where the file of \"control.database\" is (df -h); then send the request again",
        ),
        Some(Ail::Io) => (
            "control/file-io",
            "the system could not read or write the control database",
            "see the system's log (dmesg), and whether there is room where the file of \"control.database\" is (df -h)",
        ),
        Some(Ail::Damaged) => (
            "control/damaged",
            "the control database is damaged",
            "stop the host, put the file of \"control.database\" back from a backup, and start it; what organisations have is in their own databases: without a backup, move the file away and add them again (hookwright org add)",
        ),
        None if is_locked(error) => (
            LOCKED,
            "the control database is locked by another program",
            "send the request again a little later; see who has it: fuser -v the file of \"control.database\"; have it end its transaction, or end it",
        ),
        None => ("host/fault", "the control database failed", "see the host's log for the request id"),
    };
    Error::new(code, what).help(help)
}

/// SQLITE_BUSY, SQLITE_LOCKED.
pub(super) fn is_locked(error: &sqlx::Error) -> bool {
    matches!(error, sqlx::Error::Database(said) if matches!(sqlite_code(said.as_ref()), 5 | 6))
}

fn told(error: &sqlx::Error) -> Option<Ail> {
    let sqlx::Error::Database(said) = error else { return None };
    match sqlite_code(said.as_ref()) {
        // SQLITE_NOTADB.
        26 => Some(Ail::Damaged),
        code => ailing(Path::new(""), code, "").map(|ailing| ailing.ail),
    }
}

/// The same with the file, for those who may know where it is.
pub(crate) fn at(error: Error, path: &Path) -> Error {
    let is_told = error.message.contains(&path.display().to_string());
    match error.code.starts_with(AREA) && !is_told {
        true => {
            let message = format!("{} (\"{}\")", error.message, path.display());
            let who = if error.code == LOCKED { who_holds(path) } else { None };
            let message = match who {
                Some(who) => format!("{message}: {who}"),
                None => message,
            };
            let help =
                error.help.replace("the file of \"control.database\"", &format!("\"{}\"", path.display()));
            Error { message, help, ..error }
        }
        false => error,
    }
}

/// That it is not the file any more that the host opened.
pub(super) fn gone() -> Error {
    let what = "the control database was deleted or replaced while the host was running";
    Error::new("control/gone", what).help(
        "stop the host, put the file of \"control.database\" back where it was, and start it: what it wrote since would be lost",
    )
}

#[cfg(test)]
mod tests {
    use super::super::{Store, testing};
    use super::*;

    #[tokio::test]
    async fn a_file_that_is_gone_or_another_is_told_and_not_made_anew() {
        let (store, dir) = testing::store().await;
        let path = dir.path().join("sub/control.db");
        assert!(store.orgs().await.is_ok() && store.is_new());
        assert!(!Store::open(&path).await.expect("opened again").is_new());
        std::fs::rename(&path, dir.path().join("aside.db")).expect("moved");
        assert_eq!(store.generation().await.expect_err("it is gone").code, "control/gone");
        assert!(store.ping().await.is_err() && !path.exists());
        std::fs::copy(dir.path().join("aside.db"), &path).expect("copied");
        assert_eq!(store.generation().await.expect_err("it is another").code, "control/gone");
        let told = at(gone(), &path);
        assert!(told.message.contains(&path.display().to_string()), "{told}");
        assert!(told.help.contains(&path.display().to_string()), "{}", told.help);
    }

    #[tokio::test]
    async fn a_damaged_file_is_told_by_that() {
        let (store, dir) = testing::store().await;
        let path = dir.path().join("sub/control.db");
        store.close().await;
        let mut bytes = std::fs::read(&path).expect("read");
        bytes[4096..].fill(b'x');
        std::fs::write(&path, bytes).expect("written");
        let error = Store::open(&path).await.expect_err("damaged");
        assert_eq!(error.code, "config/invalid", "{error}");
        assert!(error.message.contains("control.db\" is damaged"), "{error}");
        assert!(error.help.contains(".recover"), "{}", error.help);
    }
}
