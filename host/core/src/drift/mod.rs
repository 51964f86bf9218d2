//! Drift: where a database is not what metadata and plugins call for, who moved, and what brings them together.
//!
//! Three schemas are compared: what is called for, what the host recorded when it last changed the database, and what
//! is there. A repair is intents on what is there, judged and planned like those of any plugin.

mod adopt;
mod chosen;
mod compare;
mod exchanged;
mod extras;
mod finding;
mod known;
mod left_out;
mod loosening;
mod lost;
mod marks;
mod named;
mod narrow;
mod objects;
mod part;
mod renamed;
mod repair;
mod scope;
mod taken;
mod together;
mod undone;
mod unfit;

use std::collections::BTreeSet;
use std::sync::Arc;

pub use adopt::Adoption;
pub use finding::{Finding, Hindrance, Moved, State};
pub use left_out::LeftOut;
pub use marks::is_stranger;
pub use part::{Part, shape as index_in_words};
pub use scope::Scope;
pub use taken::{Deed, Taken, taken};
pub use unfit::Unfit;

use crate::ddl::Dialect;
use crate::ident::Ident;
use crate::intent::Intent;
use crate::metadata::Metadata;
use crate::metadata_error::MetadataError;
use crate::model::Model;
use crate::schema::names::values_check;
use crate::schema::{Schema, Table};
use compare::Three;
use known::{is_as_recorded, parted};
use loosening::loosens;
use named::{Names, applied, in_turn, names_back};

/// Times that a repair is looked at anew: a type that changes may take a default along, for one.
const ROUNDS: usize = 4;

/// What is compared.
#[derive(Debug, Clone, Copy)]
pub struct World<'a> {
    /// What metadata and plugins call for.
    pub wanted: &'a Schema,
    /// What the host recorded.
    pub recorded: &'a Schema,
    /// Every table that the database has, managed or not, as it has them.
    pub found: &'a Schema,
    /// The metadata.
    pub metadata: &'a Metadata,
    /// Which database it is: SQLite keeps no comments, and makes a table anew to change it.
    pub dialect: Dialect,
    /// Ids of findings that are left as they are.
    pub ignored: &'a BTreeSet<String>,
    /// What plugins call for that cannot be.
    pub unfit: &'a [Unfit],
    /// What is there, and can be no entity or field.
    pub beyond: &'a [LeftOut],
    /// Recorded tables that are in another schema of the database.
    pub away: &'a [Away],
    /// What the metadata deleted, whether or not it is made again.
    pub deleted: &'a Deleted,
}

/// Entities, and fields of entities, that changes deleted, by their names then.
#[derive(Debug, Clone, Default)]
pub struct Deleted(BTreeSet<(String, Option<String>)>);

impl Deleted {
    /// Whether it was deleted.
    #[must_use]
    pub fn has(&self, entity: &Ident, field: Option<&Ident>) -> bool {
        self.0.contains(&(entity.as_str().to_owned(), field.map(|field| field.as_str().to_owned())))
    }
}

impl FromIterator<(String, Option<String>)> for Deleted {
    fn from_iter<I: IntoIterator<Item = (String, Option<String>)>>(all: I) -> Self {
        Self(all.into_iter().collect())
    }
}

/// A table in another schema than its organisation's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Away {
    /// The table.
    pub table: Ident,
    /// The schema.
    pub schema: String,
}

/// How a database stands to what is called for.
#[derive(Debug, Clone)]
pub struct Drift {
    /// The differences.
    pub findings: Vec<Finding>,
    /// Those that are left as they are.
    pub ignored: Vec<Finding>,
    /// What plugins call for that cannot be, so that the tables are not compared with it.
    pub unfit: Vec<Unfit>,
    /// The host's tables as they are now, with what is dropped and kept as the record has it.
    found: Schema,
    /// Tables of nobody.
    others: Schema,
    wanted: Schema,
    /// What gives things their names back.
    renames: Vec<Intent>,
    /// What is there, and can be no entity or field.
    beyond: Vec<LeftOut>,
    metadata: Metadata,
    recorded: Schema,
    dialect: Dialect,
}

impl Drift {
    /// Compares.
    #[must_use]
    pub fn of(world: World<'_>) -> Self {
        let World { wanted, recorded, metadata, dialect, ignored, unfit, beyond, .. } = world;
        let comments = dialect == Dialect::Postgres;
        let (own, mut others) = parted(&world);
        let Names { base, renames, hindered } = names_back(&world, own, &mut others);
        let mut drift = Self {
            findings: Vec::new(),
            ignored: Vec::new(),
            unfit: unfit.to_vec(),
            found: base,
            others,
            wanted: wanted.clone(),
            renames,
            beyond: beyond.to_vec(),
            metadata: metadata.clone(),
            recorded: recorded.clone(),
            dialect,
        };
        let model = applied(&drift.found, &drift.renames);
        drift.findings = drift.renames.iter().filter_map(|rename| drift.renaming(rename)).collect();
        let there = chosen::read(model.schema());
        let told = |f: &Finding| comments || !matches!(f.part, Part::TableComment | Part::Comment(_));
        drift.findings.extend(drift.differences(&there).into_iter().filter(told));
        drift.findings.extend(lost::findings(recorded, model.schema()));
        drift.findings.extend(hindered);
        let all = drift.findings.clone();
        for mut finding in std::mem::take(&mut drift.findings) {
            finding.adoptable = drift.is_adoptable(&finding, &there);
            finding.hindrance = finding.hindrance.take().or_else(|| drift.together(&finding, &all));
            spelled(&mut finding, &there);
            drift.findings.push(finding);
        }
        drift.findings.sort();
        // Repaired one by one in this order, what a reference needs is there before it.
        drift.findings.sort_by_key(|finding| matches!(finding.part, Part::ForeignKey(_)));
        let left_alone = |f: &mut Finding| f.is_ignorable() && ignored.contains(&f.id());
        drift.ignored = drift.findings.extract_if(.., left_alone).collect();
        drift
    }

    /// Whether there is nothing to do, whatever others added.
    #[must_use]
    pub fn is_in_step(&self) -> bool {
        self.unfit.is_empty() && self.findings.iter().all(Finding::is_foreign)
    }

    /// What a scope names and nobody knows: it is neither called for, nor recorded, nor there.
    #[must_use]
    pub fn unknown(&self, scope: &Scope) -> Option<MetadataError> {
        let name = scope.table.as_ref()?;
        let schemas = [&self.wanted, &self.recorded, &self.found, &self.others];
        let tables: Vec<_> = schemas.into_iter().filter_map(|schema| schema.table(name)).collect();
        let entity = name.as_str().to_owned();
        let is_kept = self.recorded.buried.values().any(|kept| kept.table.name == *name);
        if self.beyond(scope).next().is_some() || is_kept && scope.column.is_none() {
            return None;
        }
        if tables.is_empty() {
            return Some(MetadataError::NoEntity { entity });
        }
        let column = scope.column.as_ref()?;
        let is_known = tables.iter().any(|table| table.column(column).is_some());
        (!is_known).then(|| MetadataError::NoField { entity, field: column.as_str().to_owned() })
    }

    /// Whether a repair would do nothing, and there is nothing that it could not do either.
    #[must_use]
    pub fn is_done(&self, scope: &Scope) -> bool {
        let scope = &self.meant(scope);
        let base = self.base(scope);
        let recorded = |(name, table): (&Ident, &Arc<Table>)| {
            self.recorded.tables.get(name).is_some_and(|known| Arc::ptr_eq(known, table))
        };
        let same = base.tables.len() == self.recorded.tables.len() && base.tables.iter().all(recorded);
        let is_known = self.unknown(scope).is_none();
        is_known && same && self.unfit.is_empty() && !self.findings.iter().any(|finding| scope.has(finding))
    }

    /// Whether there is nothing that an adoption would have to say anything about.
    #[must_use]
    pub fn is_adopted(&self, scope: &Scope) -> bool {
        let scope = &self.meant(scope);
        let nothing = |adoption: Adoption| adoption.metadata == self.metadata && adoption.left_out.is_empty();
        self.is_done(scope) && self.adopted(&self.metadata, "", scope).is_ok_and(nothing)
    }

    /// What brings the database to what is called for, as far as the scope goes, to be applied to [`Drift::base`].
    /// Beside them those findings for which there is nothing.
    #[must_use]
    pub fn repair(&self, scope: &Scope) -> (Vec<Intent>, Vec<Finding>) {
        let scope = &self.widened(scope);
        let names = if scope.loosening { Vec::new() } else { self.names_in(scope) };
        let base = self.base(scope);
        let made = |all| self.made(scope, &names, &base, all);
        match made(scope.column.is_some()) {
            // All there is to do cannot be done: the refusal says why.
            (all, left) if all.is_empty() && !left.is_empty() => made(true),
            done => done,
        }
    }

    /// As [`Drift::repair`], with or without conversions that no value survives.
    fn made(
        &self,
        scope: &Scope,
        names: &[Intent],
        base: &Schema,
        hopeless: bool,
    ) -> (Vec<Intent>, Vec<Finding>) {
        let mut model = Model::new(Arc::new(base.clone()));
        let mut all = in_turn(names, base);
        let refused: Vec<_> = all.extract_if(.., |intent| intent.apply(&mut model).is_err()).collect();
        let is_named = |table: &Ident, column: &Ident| {
            let check = values_check(column);
            names.iter().any(|intent| match intent {
                Intent::RenameColumn(r) => r.table == *table && r.to == *column,
                Intent::RenameCheck(r) => r.table == *table && r.to == check,
                _ => false,
            })
        };
        let values = chosen::intents(model.schema(), is_named);
        all.extend(values.into_iter().filter(|intent| intent.apply(&mut model).is_ok()));
        if hopeless {
            all.extend(refused.iter().cloned());
        }
        let loose = if scope.loosening { self.loose() } else { Vec::new() };
        let mut left = Vec::new();
        for _ in 0..ROUNDS {
            left = self.differences(model.schema());
            left.retain(|finding| scope.has(finding) && !self.ignores(finding));
            let is_loose = |f: &Finding| loose.iter().any(|one| one.table == f.table && one.part == f.part);
            left.retain(|finding| !scope.loosening || is_loose(finding));
            let found = model.schema().clone();
            let mut intents = repair::intents(&left.iter().collect::<Vec<_>>(), &self.wanted, &found);
            intents.retain(|intent| !scope.loosening || loosens(intent, &found));
            intents.retain(|intent| hopeless || !repair::is_hopeless(intent, &found));
            intents.retain(|intent| !repair::waits_for_values(intent, &all));
            let done: Vec<_> = intents.into_iter().filter(|i| i.apply(&mut model).is_ok()).collect();
            if done.is_empty() {
                break;
            }
            all.extend(done);
        }
        if scope.loosening {
            return (all, Vec::new());
        }
        let is_refused = |name: &&Intent| refused.iter().any(|r| objects::target(r) == objects::target(name));
        left.extend(names.iter().filter(is_refused).filter_map(|name| self.renaming(name)));
        left.extend(self.findings.iter().filter(|f| f.is_hindered() && scope.has(f)).cloned());
        (all, left)
    }

    /// The schema from which a repair begins: what the database has where it is to be repaired, and what the record has
    /// elsewhere. What others added is in it only if it is to go.
    #[must_use]
    pub fn base(&self, scope: &Scope) -> Schema {
        let scope = &self.widened(scope);
        let mut base = if scope.loosening { self.loosened() } else { self.there(scope) };
        let named = (!self.renames.is_empty()).then(|| applied(&self.found, &self.renames));
        let named = |table: &Ident| named.as_ref().and_then(|model| model.schema().table(table));
        let stay = self.findings.iter().filter(|f| !scope.has(f)).chain(&self.ignored);
        for finding in stay.filter(|f| f.is_foreign()) {
            let name = self.origin(&finding.table).unwrap_or_else(|| finding.table.clone());
            extras::remove(&mut base, &name, &finding.part, named(&finding.table));
        }
        for table in self.only_ignored(scope) {
            if let Some(known) = self.recorded.tables.get(table) {
                base.tables.insert(table.clone(), known.clone());
            }
        }
        if let (Some(table), Some(column)) = (&scope.table, &scope.column) {
            self.narrow(&mut base, table, column, scope);
        }
        for (name, known) in &self.recorded.tables {
            if base.tables.get(name).is_some_and(|table| is_as_recorded(table, known)) {
                base.tables.insert(name.clone(), known.clone());
            }
        }
        base
    }

    /// What the database has where it is to be repaired, and the record elsewhere.
    fn there(&self, scope: &Scope) -> Schema {
        let mut base = self.found.clone();
        if let Some(only) = &scope.table {
            let together = self.trading(only);
            let is_meant = |name: &Ident| name == only || together.contains(name);
            let here = self.found.tables.iter().filter(|(name, _)| is_meant(name));
            let here = here.map(|(name, table)| (name.clone(), table.clone()));
            let elsewhere = self.recorded.tables.iter().filter(|(name, _)| !is_meant(name));
            let elsewhere =
                elsewhere.map(|(name, table)| (name.clone(), self.as_referring(table, &together)));
            base.tables = here.chain(elsewhere).collect();
        }
        base.buried = self.kept_still(scope);
        base
    }

    /// A recorded table that refers to some others by the names that these have now.
    fn as_referring(&self, table: &Arc<Table>, moved: &BTreeSet<Ident>) -> Arc<Table> {
        if !table.foreign_keys.iter().any(|key| moved.contains(&key.table)) {
            return table.clone();
        }
        let mut table = Table::clone(table);
        for key in table.foreign_keys.iter_mut().filter(|key| moved.contains(&key.table)) {
            key.table = self.origin(&key.table).unwrap_or_else(|| key.table.clone());
        }
        Arc::new(table)
    }

    fn ignores(&self, finding: &Finding) -> bool {
        let id = finding.id();
        self.ignored.iter().any(|ignored| ignored.id() == id)
    }

    /// Of a table of which one column is to be repaired, what is not about that column is as the record has it.
    fn narrow(&self, base: &mut Schema, table: &Ident, column: &Ident, scope: &Scope) {
        let (Some(found), Some(known)) = (base.tables.get(table), self.recorded.tables.get(table)) else {
            return;
        };
        let from = self.names_in(scope).into_iter().find_map(|rename| match rename {
            Intent::RenameColumn(r) if r.table == *table && r.to == *column => Some(r.column),
            _ => None,
        });
        let narrowed = narrow::to_column(known, found, column, from.as_ref());
        base.tables.insert(table.clone(), Arc::new(narrowed));
    }

    /// Tables on which nothing is found but what is left as it is: the record of them stays what it is, too.
    fn only_ignored(&self, scope: &Scope) -> impl Iterator<Item = &Ident> {
        let found = |table: &Ident| self.findings.iter().any(|f| f.table == *table && scope.has(f));
        let tables: BTreeSet<_> = self.ignored.iter().map(|finding| &finding.table).collect();
        tables.into_iter().filter(move |table| !found(table))
    }

    /// What a table is called that was given another name by hand.
    fn origin(&self, table: &Ident) -> Option<Ident> {
        self.renames.iter().find_map(|intent| match intent {
            Intent::RenameTable(rename) if rename.to == *table => Some(rename.table.clone()),
            _ => None,
        })
    }

    fn differences(&self, found: &Schema) -> Vec<Finding> {
        let Self { wanted, recorded, metadata, .. } = self;
        Three { wanted, recorded, found, metadata }.findings()
    }
}

/// What a column of others is, in full: once it is something else, it is another finding.
fn spelled(finding: &mut Finding, found: &Schema) {
    if let (Part::Column(name), State::Extra) = (&finding.part, finding.state())
        && let Some(column) = found.table(&finding.table).and_then(|table| table.column(name))
    {
        finding.found = Some(part::in_full(column));
    }
}
