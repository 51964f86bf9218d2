//! What was found to differ, and who moved it.

use serde::Serialize;
use sha2::{Digest, Sha256};

use super::{Away, Part, StrangerKind};
use crate::ident::Ident;
use crate::schema::DISABLED;

/// One difference between what metadata and plugins call for and what the database has.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// The table, by the name that it shall have; of one that nothing calls for, by its own.
    pub table: Ident,
    /// What differs.
    pub part: Part,
    /// What metadata and plugins call for.
    pub wanted: Option<String>,
    /// What the host recorded when it last changed it.
    pub recorded: Option<String>,
    /// What the database has.
    pub found: Option<String>,
    /// The name under which a table, column, index or constraint that is missing seems to be there still.
    pub renamed: Option<Ident>,
    /// What an index or constraint is called that nothing calls for: it is told by what it is on.
    pub called: Option<Ident>,
    /// Who moved.
    pub moved: Moved,
    /// Whether metadata can say what the database has.
    pub adoptable: bool,
    /// What its repair needs besides.
    pub needs: Option<Need>,
}

/// What the repair of a finding needs besides.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Need {
    /// Room: a table or column of somebody's has its name. With a free name that it could have instead.
    Room(Ident),
    /// That what is no table of an entity, and has its table's name, makes way. With a free name for it.
    Aside(Ident),
    /// That its table, a part of a partitioned one, leaves that: its whole name, as the database prints it.
    Detach(String),
    /// That its table inherits no more: the whole name of the one that it inherits from, as the database prints it.
    Disinherit(String),
    /// That somebody says whether it is one of these tables of nobody, which look just like it.
    Choice(Vec<Ident>),
    /// That somebody converts the column by hand, by these words.
    Convert(String),
    /// That its table is of no type any more (`CREATE TABLE … OF`).
    Untype,
    /// That its table comes back from another schema of the database.
    Return(String),
    /// Findings on other tables: they have one another's names, or refer to one another.
    Others,
    /// What else is found on its table: SQLite makes that anew as a whole.
    Table,
}

/// Who moved since the three were equal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Moved {
    /// The database was changed by others than the host.
    Hands,
    /// An entity or field is gone from the metadata, and what it had was kept.
    Metadata,
    /// The adoption that took it into the metadata was rolled back.
    RolledBack,
    /// A plugin, or its configuration, calls for something else than it did.
    Plugins,
    /// The database was changed by others, and plugins or metadata call for something else than they did.
    Several,
}

/// How a finding stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// It is called for, and not there.
    Missing,
    /// It is there, and not called for.
    Extra,
    /// It is there, and is something else.
    Differs,
}

impl Finding {
    /// That something is under another name than it shall have.
    pub(super) fn renamed(table: &Ident, part: Part, from: Ident, to: &Ident) -> Self {
        let (found, wanted) = (Some(from.as_str().to_owned()), Some(to.as_str().to_owned()));
        let (recorded, table) = (wanted.clone(), table.clone());
        let (renamed, called, adoptable, moved) = (Some(from), None, false, Moved::Hands);
        Self { table, part, wanted, recorded, found, renamed, called, moved, adoptable, needs: None }
    }

    /// That a table is in another schema.
    pub(super) fn elsewhere(away: &Away) -> Self {
        let Away { table, schema, called } = away;
        let there = Some("there".to_owned());
        Self {
            table: table.clone(),
            part: Part::Table,
            wanted: there.clone(),
            recorded: there,
            found: None,
            renamed: None,
            called: (called != table).then(|| called.clone()),
            moved: Moved::Hands,
            adoptable: false,
            needs: Some(Need::Return(schema.clone())),
        }
    }

    /// Whether nothing is done about it before somebody makes room.
    #[must_use]
    pub fn waits_for_room(&self) -> bool {
        matches!(self.needs, Some(Need::Room(_) | Need::Return(_)))
    }

    /// Whether something else has its table's name, or became of it.
    #[must_use]
    pub fn is_replaced(&self) -> bool {
        matches!(self.needs, Some(Need::Aside(_) | Need::Detach(_) | Need::Disinherit(_) | Need::Untype))
    }

    /// How it stands.
    #[must_use]
    pub fn state(&self) -> State {
        match (&self.wanted, &self.found) {
            (Some(_), None) => State::Missing,
            (None, Some(_)) => State::Extra,
            _ => State::Differs,
        }
    }

    /// Whether others put it there, and nothing calls for it: it is left alone unless somebody asks.
    #[must_use]
    pub fn is_foreign(&self) -> bool {
        let is_added = self.part.is_thing() && self.recorded.is_none();
        (is_added || self.is_worked_out()) && self.state() == State::Extra && self.renamed.is_none()
    }

    /// Tells it from any other, as long as it stays what it is; who moved makes no difference.
    #[must_use]
    pub fn id(&self) -> String {
        let renamed = self.renamed.as_ref().map(Ident::as_str);
        let told = serde_json::json!([
            self.table.as_str(),
            self.part.kind(),
            self.part.name(),
            self.wanted,
            self.found,
            renamed
        ]);
        let digest = hex::encode(Sha256::digest(told.to_string()));
        format!("f-{}", &digest[..10])
    }

    /// Whether it can be left as it is: not if the table or column is not there by its name, since every change of it
    /// would fail.
    #[must_use]
    pub fn is_ignorable(&self) -> bool {
        let needed = matches!(self.part, Part::Table | Part::Column(_) | Part::Kept(_));
        self.renamed.is_none() && !(needed && self.state() != State::Extra)
    }

    /// Whether it is a default that the database works out, such as the next number or a random key: metadata have no word
    /// for it, and whoever writes rows may rely on it.
    pub(super) fn is_worked_out(&self) -> bool {
        let is_value = |found: &String| serde_json::from_str::<serde_json::Value>(found).is_ok();
        matches!(self.part, Part::Default(_)) && self.found.as_ref().is_some_and(|found| !is_value(found))
    }

    /// Whether it is a foreign key whose triggers somebody switched off.
    #[must_use]
    pub fn is_switched_off(&self) -> bool {
        matches!(self.part, Part::ForeignKey(_))
            && self.found.as_ref().is_some_and(|found| found.ends_with(&format!(", {DISABLED}")))
    }

    /// Its code.
    #[must_use]
    pub fn code(&self) -> String {
        let kind = self.part.kind();
        if let Some(Need::Return(_)) = self.needs {
            return format!("drift/moved-{kind}");
        }
        match (&self.renamed, self.state()) {
            (Some(_), _) => format!("drift/renamed-{kind}"),
            (None, State::Differs) if self.found.as_deref() == Some("INVALID") => {
                "drift/invalid-index".to_owned()
            }
            (None, State::Differs) if self.found.as_ref().is_some_and(|f| f.ends_with(", NOT VALID")) => {
                format!("drift/unvalidated-{kind}")
            }
            (None, State::Differs) if self.is_switched_off() => format!("drift/disabled-{kind}"),
            (None, State::Differs) if self.part == Part::Table => "drift/replaced-table".to_owned(),
            (None, _) if self.part == Part::Unlogged => "drift/unlogged-table".to_owned(),
            (None, State::Differs) => format!("drift/{kind}"),
            (None, _) if matches!(self.part, Part::Default(_) | Part::TableComment | Part::Comment(_)) => {
                format!("drift/{kind}")
            }
            (None, State::Missing) => format!("drift/missing-{kind}"),
            (None, State::Extra) => format!("drift/extra-{kind}"),
        }
    }

    /// Where it is: `invoice`, `invoice.status`, `invoice (status, name)`.
    #[must_use]
    pub fn place(&self) -> String {
        let table = self.table.as_str();
        match (self.part.column(), self.part.name()) {
            (Some(column), _) => format!("{table}.{}", column.as_str()),
            (None, name) if matches!(self.part, Part::Stranger(StrangerKind::Column, _)) => {
                format!("{table}.{name}")
            }
            (None, name) if name.is_empty() => table.to_owned(),
            (None, name) => format!("{table} ({name})"),
        }
    }
}

impl Moved {
    /// In words, after "by".
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Hands => "hands",
            Self::Metadata | Self::RolledBack => "metadata",
            Self::Plugins => "plugins",
            Self::Several => "several",
        }
    }
}
