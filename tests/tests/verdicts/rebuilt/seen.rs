//! All that is in a file, compared.

use std::collections::BTreeMap;

use super::cases::Change;
use crate::session::{Session, Texts};

/// All that is in a file.
#[derive(Debug, PartialEq)]
pub struct Seen {
    /// By kind and name: the table it is on, and its text.
    objects: BTreeMap<(String, String), (String, String)>,
    /// By table: each row by its rowid or key, each value with its type.
    rows: BTreeMap<String, Vec<BTreeMap<String, String>>>,
    broken: Vec<String>,
}

impl Seen {
    pub async fn of(session: &mut Session) -> Self {
        let own =
            "name NOT LIKE 'hookwright\\_%' ESCAPE '\\' AND tbl_name NOT LIKE 'hookwright\\_%' ESCAPE '\\'";
        let query = format!("SELECT type, name, tbl_name, coalesce(sql, '') FROM sqlite_master WHERE {own}");
        let mut objects = BTreeMap::new();
        for row in session.must(&query).await {
            let mut texts = row.into_iter().map(Option::unwrap_or_default);
            let mut next = || texts.next().unwrap_or_default();
            objects.insert((next(), next()), (next(), next()));
        }
        let mut rows = BTreeMap::new();
        let tables = "SELECT name, wr FROM pragma_table_list WHERE schema = 'main' AND type = 'table' AND name NOT LIKE 'hookwright\\_%' ESCAPE '\\' AND name <> 'sqlite_schema'";
        for row in session.must(tables).await {
            let (name, bare) = (row[0].clone().unwrap_or_default(), row[1].as_deref() == Some("1"));
            rows.insert(name.clone(), Self::rows(session, &name, bare).await);
        }
        let mut broken = Vec::new();
        for check in ["PRAGMA integrity_check", "PRAGMA foreign_key_check"] {
            broken.extend(session.must(check).await.into_iter().map(|row| format!("{row:?}")));
        }
        Self { objects, rows, broken }
    }

    async fn rows(session: &mut Session, table: &str, without_rowid: bool) -> Vec<BTreeMap<String, String>> {
        let columns = session.must(&format!("SELECT name FROM pragma_table_xinfo('{table}')")).await;
        let mut names: Vec<_> = columns.into_iter().filter_map(|mut row| row.remove(0)).collect();
        if !without_rowid {
            names.push("rowid".to_owned());
        }
        let value = |name: &String| format!("typeof(\"{name}\") || ' ' || quote(\"{name}\")");
        let values: Vec<_> = names.iter().map(value).collect();
        let found = session.must(&format!("SELECT {} FROM \"{table}\" ORDER BY 1", values.join(", "))).await;
        let row =
            |row: Texts| names.iter().cloned().zip(row.into_iter().map(Option::unwrap_or_default)).collect();
        found.into_iter().map(row).collect()
    }

    /// Whether all that there was is there: under new names where there are some, but the values that were to change.
    pub fn is_kept_in(&self, after: &Self, asked: &Change) -> Result<(), String> {
        let mut broken = after.broken.iter();
        // A reference that goes takes its broken rows along.
        let named = |row: &String| row.replace("\"t\"", &format!("{:?}", asked.table));
        let before: Vec<_> = self.broken.iter().map(named).collect();
        if !broken.all(|now| before.contains(now) || self.broken.contains(now)) {
            return Err(format!("{:?} becomes {:?}", self.broken, after.broken));
        }
        for ((kind, name), (table, sql)) in self.objects.iter().filter(|((_, name), _)| name != "t") {
            let own =
                table == "t" && kind == "index" && (name.starts_with("t_") || name.starts_with("sqlite_"));
            let Some((_, now)) = after.objects.get(&(kind.clone(), name.clone())) else {
                if own {
                    continue;
                }
                return Err(format!("the {kind} {name} is gone"));
            };
            if asked.renamed.is_empty() && !own && now.trim() != sql.trim() {
                return Err(format!("the {kind} {name} was {sql}, and is {now}"));
            }
        }
        for (table, rows) in &self.rows {
            let now = if table == "t" { asked.table } else { table };
            let Some(found) = after.rows.get(now) else { return Err(format!("the table {table} is gone")) };
            if rows.len() != found.len() {
                return Err(format!("{table} had {} rows, and has {}", rows.len(), found.len()));
            }
            for (old, new) in rows.iter().zip(found) {
                for (column, value) in
                    old.iter().filter(|(c, _)| !(table == "t" && asked.changes.contains(&c.as_str())))
                {
                    let renamed = asked.renamed.iter().find(|(from, _)| table == "t" && from == column);
                    let name = renamed.map_or(column.as_str(), |(_, to)| to);
                    if new.get(name) != Some(value) {
                        return Err(format!("{table}.{column} was {value}, and is {:?}", new.get(name)));
                    }
                }
            }
        }
        Ok(())
    }
}
