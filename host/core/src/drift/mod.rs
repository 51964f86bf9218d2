//! Drift: where a database is not what metadata and plugins call for, who moved, and what brings them together.
//!
//! Three schemas are compared: what is called for, what the host recorded when it last changed the database, and what
//! is there. A repair is intents on what is there, judged and planned like those of any plugin.

mod adopt;
mod alike;
mod base;
mod chosen;
mod compare;
mod covered;
mod exchanged;
mod extras;
mod finding;
mod identity;
mod known;
mod left_out;
mod lookalikes;
mod loosening;
mod lost;
mod marks;
mod named;
mod narrow;
mod objects;
mod obstacle;
mod part;
mod renamed;
mod repair;
mod replaced;
mod scope;
mod strangers;
mod taken;
mod together;
mod undone;
mod unfit;
mod unrepaired;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

pub use adopt::Adoption;
pub use exchanged::traded;
pub use finding::{Finding, Moved, Need, State};
pub use identity::{Identities, Identity};
pub use left_out::LeftOut;
pub use marks::is_stranger;
pub use obstacle::{Obstacle, ObstacleKind};
pub use part::{Part, shape as index_in_words};
pub use scope::Scope;
pub use strangers::{Stranger, StrangerKind};
pub use taken::{Deed, Taken, taken};
pub use unfit::Unfit;
pub use unrepaired::{Hindrance, Unrepaired};

use crate::ddl::Dialect;
use crate::ident::Ident;
use crate::intent::Intent;
use crate::metadata::Metadata;
use crate::metadata_error::MetadataError;
use crate::model::Model;
use crate::schema::Schema;
use crate::schema::names::values_check;
use compare::Three;
use known::parted;
use loosening::loosens;
use named::{Names, applied, in_turn, names_back};
use obstacle::Others;

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
    /// What recorded tables and columns are called now, as far as the database knows.
    pub identities: &'a Identities,
    /// What the metadata deleted, whether or not it is made again.
    pub deleted: &'a Deleted,
    /// What is there on the host's tables, or in their place, and the model has no word for.
    pub strangers: &'a [Stranger],
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
    /// The name that it has there.
    pub called: Ident,
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
    strangers: Vec<Stranger>,
    /// Tables that are known to have no rows.
    empty: BTreeSet<Ident>,
    /// Whether somebody said that what is lost may be made anew.
    confirmed: bool,
    /// Missing tables beside some that look just like them.
    choices: BTreeMap<Ident, Vec<Ident>>,
    metadata: Metadata,
    recorded: Schema,
    dialect: Dialect,
}

impl Drift {
    /// Compares.
    #[must_use]
    pub fn of(world: World<'_>) -> Self {
        let World { wanted, recorded, metadata, dialect, ignored, unfit, beyond, strangers, .. } = world;
        let comments = dialect == Dialect::Postgres;
        let mut strangers = strangers.to_vec();
        let (own, mut others) = parted(&world, &mut strangers);
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
            strangers,
            empty: BTreeSet::new(),
            confirmed: false,
            choices: BTreeMap::new(),
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
        drift.findings.extend(drift.strange(&drift.strangers));
        let all = drift.findings.clone();
        for mut finding in std::mem::take(&mut drift.findings) {
            finding.adoptable = drift.is_adoptable(&finding, &there);
            let needs = finding.needs.take().or_else(|| drift.aside(&finding));
            let needs = needs.or_else(|| drift.converted(&finding, &there));
            let needs = needs.or_else(|| drift.choice(&finding));
            finding.needs = needs.or_else(|| drift.together(&finding, &all));
            spelled(&mut finding, &there);
            drift.findings.push(finding);
        }
        let choices = drift.findings.iter().filter_map(|finding| match &finding.needs {
            Some(Need::Choice(like)) => Some((finding.table.clone(), like.clone())),
            _ => None,
        });
        drift.choices = choices.collect();
        drift.findings.sort();
        // Repaired one by one in this order, what a reference needs is there before it.
        drift.findings.sort_by_key(|finding| matches!(finding.part, Part::ForeignKey(_)));
        let left_alone = |f: &mut Finding| f.is_ignorable() && ignored.contains(&f.id());
        drift.ignored = drift.findings.extract_if(.., left_alone).collect();
        drift
    }

    /// Which kind of database it is.
    #[must_use]
    pub fn dialect(&self) -> Dialect {
        self.dialect
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
        let is_known = self.unknown(scope).is_none();
        is_known
            && !self.records(&self.base(scope), &[])
            && self.unfit.is_empty()
            && !self.findings.iter().any(|finding| scope.has(finding))
    }

    /// Whether there is nothing that an adoption would have to say anything about.
    #[must_use]
    pub fn is_adopted(&self, scope: &Scope) -> bool {
        let scope = &self.meant(scope);
        let nothing = |adoption: Adoption| adoption.metadata == self.metadata && adoption.left_out.is_empty();
        self.is_done(scope) && self.adopted(&self.metadata, "", scope).is_ok_and(nothing)
    }

    /// What brings the database to what is called for, as far as the scope goes, to be applied to [`Drift::base`].
    /// Beside them those findings that it leaves as they are.
    #[must_use]
    pub fn repair(&self, scope: &Scope) -> (Vec<Intent>, Vec<Unrepaired>) {
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
    ) -> (Vec<Intent>, Vec<Unrepaired>) {
        let mut model = Model::new(Arc::new(base.clone()));
        let others = Others::of(self, base);
        let mut all = in_turn(names, base);
        let refused: Vec<_> =
            all.extract_if(.., |intent| others.apply(intent, &mut model).is_err()).collect();
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
        let is_loose = |f: &Finding| loose.iter().any(|one| one.table == f.table && one.part == f.part);
        let left = |found: &Schema| {
            let mut left = self.differences(found);
            left.retain(|finding| scope.has(finding) && !self.ignores(finding));
            left
        };
        for _ in 0..ROUNDS {
            let mut left = left(model.schema());
            left.retain(|finding| !scope.loosening || is_loose(finding));
            left.retain(|finding| !self.is_held_up(finding) && !others.stops(finding, &model));
            let found = model.schema().clone();
            let mut intents =
                repair::intents(&left.iter().collect::<Vec<_>>(), self.called_for(), &found, &self.empty);
            intents.retain(|intent| !scope.loosening || loosens(intent, &found));
            intents.retain(|intent| hopeless || !repair::is_hopeless(intent, &found));
            intents.retain(|intent| !repair::waits_for_values(intent, &all));
            intents.retain(|intent| !self.refers_to_waiting(intent));
            let done: Vec<_> = intents.into_iter().filter(|i| others.apply(i, &mut model).is_ok()).collect();
            if done.is_empty() {
                break;
            }
            all.extend(done);
        }
        if scope.loosening {
            return (all, Vec::new());
        }
        let mut left = left(model.schema());
        // The record has those still that something else has the name of.
        left.retain(|finding| self.in_place_of(&finding.table).is_none());
        left.extend(self.findings.iter().filter(|f| f.is_replaced() && scope.has(f)).cloned());
        left.iter_mut().for_each(|finding| self.as_known(finding));
        let is_refused = |name: &&Intent| refused.iter().any(|r| objects::target(r) == objects::target(name));
        left.extend(names.iter().filter(is_refused).filter_map(|name| self.renaming(name)));
        left.extend(self.findings.iter().filter(|f| f.waits_for_room() && scope.has(f)).cloned());
        left.extend(self.strange(&self.strangers).into_iter().filter(|f| scope.has(f) && !self.ignores(f)));
        let unrepaired = |finding: Finding| {
            let hindrance = self.hindrance(&finding, &model, &all, &others);
            Unrepaired { finding, hindrance }
        };
        let left = left.into_iter().map(unrepaired).collect();
        (all, left)
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
        let mut findings = Three { wanted, recorded, found, metadata }.findings();
        self.replaced(&mut findings);
        findings.retain(|finding| !chosen::is_left(finding, wanted, found));
        findings
    }
}

/// What a column of others is, in full: once it is something else, it is another finding. What else they added has a name.
fn spelled(finding: &mut Finding, found: &Schema) {
    let Some(table) = found.table(&finding.table).filter(|_| finding.state() == State::Extra) else { return };
    match &finding.part {
        Part::Column(name) => finding.found = table.column(name).map(part::in_full),
        part => finding.called = part::called(part, table),
    }
}
