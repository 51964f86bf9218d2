//! How what is missing of the bookkeeping, or was changed in it, is taken out of a backup: commands that were tried.
//!
//! `pg_restore --table` brings no key, index or trigger; a list of what is to be restored does.

use super::{OrgDb, Pool};

/// What is not there of the bookkeeping, by its full name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Missing {
    Table(String),
    Column { table: String, name: String },
    Function(String),
}

/// Indexes of PostgreSQL's tables that are not named like their table and `_pkey`: a list names an index alone.
const INDEXES: [(&str, &str); 3] =
    [("change", "change_revision"), ("field", "field_entity"), ("held", "held_open")];

impl std::fmt::Display for Missing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Table(name) => write!(f, "the table {name}"),
            Self::Column { table, name } => write!(f, "the column \"{name}\" of {table}"),
            Self::Function(name) => write!(f, "the function {name}"),
        }
    }
}

impl Missing {
    /// What is restored for it.
    pub(super) fn restored(&self) -> &str {
        match self {
            Self::Table(name) | Self::Column { table: name, .. } | Self::Function(name) => name,
        }
    }
}

impl OrgDb {
    /// The commands that put it back. A table that lacks a column is put back whole.
    pub(super) fn put_back(&self, missing: &[Missing]) -> String {
        let mut names: Vec<_> = missing.iter().map(Missing::restored).collect();
        names.dedup();
        let columns = missing.iter().filter(|missing| matches!(missing, Missing::Column { .. }));
        let mut partial: Vec<_> =
            columns.map(|column| format!("DROP TABLE {}; ", column.restored())).collect();
        partial.dedup();
        let (first, of) = (partial.concat(), self.backup_of(&names));
        match first.is_empty() {
            true => format!("put it back from a backup: {of}"),
            false => format!("put the whole table back from a backup: {first}then {of}"),
        }
    }

    fn backup_of(&self, names: &[&str]) -> String {
        match self.pool() {
            Pool::Postgres(_) => {
                let bare = names.iter().map(|name| name.trim_start_matches("hookwright."));
                let with_indexes = bare.flat_map(|name| {
                    let index = INDEXES.iter().find(|(table, _)| *table == name).map(|(_, index)| *index);
                    [Some(name), index].into_iter().flatten()
                });
                let all = with_indexes.collect::<Vec<_>>().join("|");
                format!(
                    "pg_restore --list BACKUP | grep -E ' hookwright ({all})[ (]' > LIST, then pg_restore --use-list LIST --dbname {} BACKUP",
                    self.place()
                )
            }
            Pool::Sqlite(_) => {
                format!("sqlite3 BACKUP '.dump {}' | sqlite3 \"{}\"", names.join(" "), self.place())
            }
        }
    }

    /// How rows are put back: a backup is looked at beside.
    pub(super) fn rows_back(&self) -> String {
        match self.pool() {
            Pool::Postgres(_) => "put them back from a backup, which can be looked at beside: createdb BESIDE; psql BESIDE -c 'CREATE SCHEMA hookwright'; pg_restore --schema=hookwright --dbname BESIDE BACKUP".to_owned(),
            Pool::Sqlite(_) => "put them back from a backup, which can be looked at: sqlite3 BACKUP '.dump hookwright_entity hookwright_field hookwright_model'".to_owned(),
        }
    }

    /// The database's name, or the file's path.
    fn place(&self) -> String {
        match self.pool() {
            Pool::Postgres(pool) => {
                let options = pool.connecting();
                options.get_database().unwrap_or_else(|| options.get_username()).to_owned()
            }
            Pool::Sqlite(pool) => pool.connecting().get_filename().display().to_string(),
        }
    }
}
