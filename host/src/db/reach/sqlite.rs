//! Why an SQLite file cannot be used.
//!
//! Asked of SQLite alone. When a process closes a file that it opened by itself, the system takes away the locks that its
//! connections hold on that file; another process may then delete their log, and with it what was committed.

use std::io::ErrorKind;
use std::path::Path;
use std::time::Duration;

use hookwright_core::ddl::Dialect;
use hookwright_core::near::near;
use sqlx::{ConnectOptions, Connection, Sqlite};

use super::{CORRECT, correct};
use crate::ailing::{Ail, Ailing, ailing, directory};
use crate::db::fault::sqlite_code;
use crate::db::gate::Script;
use crate::db::{Connections, OrgDb};
use crate::executor::begin_immediate;
use crate::trouble::Trouble;

/// What is taken back at once.
const TRIED: &str = "CREATE TABLE IF NOT EXISTS hookwright_tried (it)";

/// That the file is not there.
pub(super) fn absent(pool: &Connections<Sqlite>) -> Option<Trouble> {
    let path = pool.connecting().get_filename();
    let error = std::fs::metadata(path).err().filter(|error| error.kind() == ErrorKind::NotFound);
    error.map(|_| {
        let means =
            "it was moved or deleted; Hookwright does not make a new one, since the history would be lost";
        let found = format!("the file \"{}\" is not there", path.display());
        let next = format!("put it back, or say where it is: {}", correct("sqlite:PATH"));
        Trouble::broken("db/no-file", found, means).next(next)
    })
}

/// That the directory of a file is not there.
pub(super) fn no_directory(path: &Path) -> Trouble {
    let directory = directory(path);
    let there = directory.ancestors().skip(1).find(|place| place.is_dir());
    let named =
        directory.strip_prefix(there.unwrap_or(Path::new(""))).ok().and_then(|rest| rest.iter().next());
    let others = there.and_then(|there| std::fs::read_dir(there).ok()).into_iter().flatten().flatten();
    let others =
        others.filter(|entry| entry.path().is_dir()).filter_map(|entry| entry.file_name().into_string().ok());
    let others: Vec<_> = others.collect();
    let similar = match named.and_then(|named| named.to_str()) {
        Some(named) => near(named, others.iter().map(String::as_str)),
        None => Vec::new(),
    };
    let nearby = match similar.first() {
        Some(name) => format!("; in \"{}\" there is \"{name}\"", there.unwrap_or(path).display()),
        None => String::new(),
    };
    let found = format!("the directory \"{}\" of the file is not there{nearby}", directory.display());
    let means = "the path may be misspelt, so no directory is made for it";
    let file = path.display();
    let next = format!(
        "correct it: {}; or have the directory made: {CORRECT} sqlite:{file} --create",
        correct("sqlite:PATH")
    );
    Trouble::broken("db/no-directory", found, means).next(next)
}

/// Looks whether the file can be read and written. None if it can.
pub(super) async fn cause(db: &OrgDb, pool: &Connections<Sqlite>) -> Option<Trouble> {
    if let Some(trouble) = no_file(db, pool) {
        return Some(trouble);
    }
    let path = pool.connecting().get_filename();
    let sqlx::Error::Database(said) = look(pool, Duration::ZERO).await.err()? else { return None };
    told(path, sqlite_code(said.as_ref()), said.message())
}

/// That there is nothing, or something that is no file.
pub(super) fn no_file(db: &OrgDb, pool: &Connections<Sqlite>) -> Option<Trouble> {
    let path = pool.connecting().get_filename();
    if path.is_dir() {
        let found = format!("\"{}\" is a directory, not a file", path.display());
        let file = path.join(format!("{}.db", db.org()));
        let next = format!("name a file in it: {}", correct(&format!("sqlite:{}", file.display())));
        let means = "an organisation's SQLite database is one file";
        return Some(Trouble::broken("db/not-sqlite", found, means).next(next));
    }
    absent(pool)
}

/// What a result code of SQLite says of the file.
pub(super) fn told(path: &Path, code: i32, said: &str) -> Option<Trouble> {
    // SQLITE_NOTADB.
    if code == 26 {
        return Some(foreign(path));
    }
    Some(of_file(ailing(path, code, said)?))
}

/// A file in a bad way, as a trouble of a database.
pub(in crate::db) fn of_file(Ailing { ail, found, means, next }: Ailing) -> Trouble {
    let code = match ail {
        Ail::Denied => "db/file-denied",
        Ail::Full => "db/disk-full",
        Ail::Io => "db/file-io",
        Ail::Damaged => "db/file-damaged",
    };
    Trouble::broken(code, found, means).next(next)
}

/// That the file is locked for longer than a statement waits for it.
pub(super) async fn locked(db: &OrgDb, pool: &Connections<Sqlite>) -> Option<Trouble> {
    let wait = Duration::from_millis(u64::from(db.options().lock_timeout_ms));
    let sqlx::Error::Database(said) = look(pool, wait).await.err()? else { return None };
    // SQLITE_BUSY, SQLITE_LOCKED.
    if !matches!(sqlite_code(said.as_ref()), 5 | 6) {
        return None;
    }
    let path = pool.connecting().get_filename();
    let who = db.holders_of_file().unwrap_or_else(|| "who holds it cannot be told here".to_owned());
    let found = format!("the file \"{}\" was locked for {} ms: {who}", path.display(), wait.as_millis());
    let means = "a transaction that writes is open there: changes wait for it, and then fail with db/blocked";
    let next = format!(
        "have that program end its transaction, or end it (kill PID); see who has the file: fuser -v \"{}\"",
        path.display()
    );
    Some(Trouble::warning("db/file-locked", found, means).next(next))
}

/// Begins to write, and writes nothing: a file that may only be read lets transactions begin, too.
async fn look(pool: &Connections<Sqlite>, wait: Duration) -> sqlx::Result<()> {
    let options = pool.connecting().clone().busy_timeout(wait).disable_statement_logging();
    let mut connection = options.connect().await?;
    let begun = match begin_immediate(&mut connection).await {
        // It goes with the connection.
        Ok(()) => Script::of(Dialect::Sqlite, TRIED).sqlite(&mut connection).await.map(drop),
        refused => refused,
    };
    connection.close().await.and(begun)
}

fn foreign(path: &Path) -> Trouble {
    let found = format!("the file \"{}\" is no SQLite database", path.display());
    let means = "another program wrote it, or it was damaged at its very beginning";
    let next = format!("restore it from a backup, or say where it is: {}", correct("sqlite:PATH"));
    Trouble::broken("db/not-sqlite", found, means).next(next)
}
