//! What was found of statements, compared with what is declared, and gathered by kind.

use std::collections::BTreeMap;

use hookwright_core::ddl::{Extent, LockLevel, StatementKind};

/// What a statement does to tables that were there before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Effect {
    /// Its own table.
    pub table: String,
    /// The strongest lock on each table.
    pub locks: BTreeMap<String, LockLevel>,
    /// How much of its own table it goes through.
    pub extent: Extent,
}

/// A statement that was run.
#[derive(Debug)]
pub(super) struct Found {
    pub kind: StatementKind,
    pub sql: String,
    pub declared: Effect,
    pub measured: Effect,
    pub filled: bool,
}

impl Found {
    /// Where what is declared is not what was measured.
    pub fn differs(&self) -> Option<String> {
        let Self { declared, measured, .. } = self;
        let idle = declared.extent == Extent::Rows && measured.extent < Extent::Rows;
        let extent = match declared.extent {
            // Without rows, or once all of them are filled, there is nothing to write, and nothing to look up.
            Extent::Rows => measured.extent <= Extent::Rows,
            _ => measured.extent == declared.extent,
        };
        let locks = match idle {
            true => measured.locks.iter().all(|(table, level)| declared.locks.get(table) == Some(level)),
            false => measured.locks == declared.locks,
        };
        (!extent || !locks).then(|| {
            format!("{:?}, {}\n  declared {declared:?}\n  measured {measured:?}", self.kind, self.sql)
        })
    }
}

/// What was seen of each kind.
#[derive(Debug, Default)]
pub(super) struct Seen(BTreeMap<StatementKind, Kind>);

#[derive(Debug, Default)]
struct Kind {
    example: String,
    own: Option<LockLevel>,
    others: Option<LockLevel>,
    extent: Extent,
    filled: bool,
}

impl Seen {
    pub fn take(&mut self, found: Found) {
        let kind = self.0.entry(found.kind).or_default();
        let shorter = kind.example.is_empty() || found.sql.len() < kind.example.len();
        for (table, level) in found.measured.locks {
            let slot = if table == found.measured.table { &mut kind.own } else { &mut kind.others };
            *slot = Some(level).max(*slot);
        }
        kind.extent = kind.extent.max(found.measured.extent);
        kind.filled |= found.filled;
        if shorter {
            kind.example = found.sql;
        }
    }

    /// Whether a kind was run on tables with rows.
    pub fn has(&self, kind: StatementKind) -> bool {
        self.0.get(&kind).is_some_and(|seen| seen.filled)
    }

    /// As Markdown.
    pub fn table(&self) -> String {
        let head = "| statement | its table | tables it refers to | goes through | for example |\n|---|---|---|---|---|\n";
        let line = |(kind, seen): (&StatementKind, &Kind)| {
            let which = match kind.which() {
                "" => String::new(),
                which => format!(", {which}"),
            };
            let (own, others, extent) = (level(seen.own), level(seen.others), extent(seen.extent));
            let example = seen.example.replace('|', "\\|").replace('\n', " ");
            format!("| {}{which} | {own} | {others} | {extent} | `{example}` |\n", kind.message())
        };
        format!("{head}{}", self.0.iter().map(line).collect::<String>())
    }
}

fn level(level: Option<LockLevel>) -> &'static str {
    level.map_or("–", LockLevel::as_str)
}

fn extent(extent: Extent) -> &'static str {
    match extent {
        Extent::Nothing => "–",
        Extent::Scan => "every row is read",
        Extent::Rows => "rows are written in place",
        Extent::Rewrite => "**every row is written anew**",
    }
}
