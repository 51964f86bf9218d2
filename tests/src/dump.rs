//! An organisation's database as text: what must be the same before a drop and after the restore.
//!
//! On PostgreSQL what `pg_dump` writes, schema and rows; on SQLite the definitions of the file and all rows.

use std::path::PathBuf;
use std::process::Command;

use crate::scenario::Dialect;
use crate::world::World;

/// The organisation's own tables with all that is on them, and their rows.
///
/// # Panics
/// If they cannot be read.
pub async fn dump(world: &World) -> String {
    match world.dialect() {
        Dialect::Postgres => postgres(world),
        Dialect::Sqlite => sqlite(world).await,
    }
}

fn postgres(world: &World) -> String {
    let schema = format!("--schema=\"{}\"", world.org().as_str());
    let mut command = Command::new(pg_dump());
    command.args([&schema, "--no-owner", "--inserts", "--rows-per-insert=1"]).arg(world.url());
    let output = command.output().expect("pg_dump runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    // Rows come in the order in which they lie there, which a new version of a row changes; the key in \restrict is random.
    let text = String::from_utf8(output.stdout).expect("a text");
    let (mut rows, rest): (Vec<_>, Vec<_>) = text
        .lines()
        .filter(|l| !l.contains("restrict"))
        .partition(|l| l.starts_with("INSERT") || l.starts_with('\t'));
    rows.sort_unstable();
    [rest.join("\n"), rows.join("\n")].join("\n")
}

/// The newest there is: Debian's, or the PATH's.
fn pg_dump() -> PathBuf {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let version = |path: &PathBuf| path.file_name().and_then(|n| n.to_str()?.parse::<u32>().ok());
    let newest = versions.map(|entry| entry.path()).max_by_key(version);
    let found = newest.map(|path| path.join("bin/pg_dump")).filter(|path| path.is_file());
    found.unwrap_or_else(|| PathBuf::from("pg_dump"))
}

async fn sqlite(world: &World) -> String {
    let own = "name NOT LIKE 'hookwright%' AND tbl_name NOT LIKE 'hookwright%' AND name NOT LIKE 'sqlite_%'";
    let objects =
        format!("SELECT type, name, tbl_name, sql FROM sqlite_master WHERE {own} ORDER BY type, name");
    let mut all = world.rows(&objects).await.expect("the definitions are read");
    let tables = format!("SELECT name FROM sqlite_master WHERE type = 'table' AND {own} ORDER BY name");
    for table in world.rows(&tables).await.expect("the tables are read") {
        all.push(format!("-- {table}"));
        let mut rows = world.rows(&format!("SELECT * FROM \"{table}\"")).await.expect("the rows are read");
        rows.sort_unstable();
        all.extend(rows);
    }
    all.join("\n")
}
