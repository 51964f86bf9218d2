//! Drift: where a database is not what metadata and plugins call for, who moved, and what brings them together.
//!
//! Three schemas are compared: what is called for, what the host recorded when it last changed the database, and what
//! is there. A repair is intents on what is there, judged and planned like those of any plugin.

mod adopt;
mod base;
mod chosen;
mod compare;
mod exchanged;
mod extras;
mod finding;
mod left_out;
mod marks;
mod named;
mod narrow;
mod part;
mod renamed;
mod repair;
mod scope;
mod strangers;
mod taken;
mod undone;
mod unfit;
mod unrepaired;

use std::collections::BTreeSet;
use std::sync::Arc;

pub use adopt::Adoption;
pub use finding::{Finding, Moved, State};
pub use left_out::LeftOut;
pub use part::{Part, shape as index_in_words};
pub use scope::Scope;
pub use strangers::{Stranger, StrangerKind};
pub use taken::{Deed, Taken, taken};
pub use unfit::Unfit;
pub use unrepaired::{Hindrance, Unrepaired};

use crate::conversion::{Conversion, conversion};
use crate::ident::Ident;
use crate::intent::Intent;
use crate::metadata::Metadata;
use crate::metadata_error::MetadataError;
use crate::model::Model;
use crate::schema::names::values_check;
use crate::schema::{Schema, Table};
use compare::Three;
use named::{applied, in_turn, names_back};

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
    /// Whether the database keeps comments.
    pub comments: bool,
    /// Ids of findings that are left as they are.
    pub ignored: &'a BTreeSet<String>,
    /// What plugins call for that cannot be.
    pub unfit: &'a [Unfit],
    /// What is there, and can be no entity or field.
    pub beyond: &'a [LeftOut],
    /// What is there on the host's tables, or in their place, and the model has no word for.
    pub strangers: &'a [Stranger],
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
    metadata: Metadata,
    recorded: Schema,
}

impl Drift {
    /// Compares.
    #[must_use]
    pub fn of(world: World<'_>) -> Self {
        let World { wanted, recorded, metadata, comments, ignored, unfit, beyond, strangers, .. } = world;
        let mut strangers = strangers.to_vec();
        let (own, mut others) = parted(&world, &mut strangers);
        let (base, renames) = names_back(&world, own, &mut others);
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
            metadata: metadata.clone(),
            recorded: recorded.clone(),
        };
        let model = applied(&drift.found, &drift.renames);
        drift.findings = drift.renames.iter().filter_map(|rename| drift.renaming(rename)).collect();
        let there = chosen::read(model.schema());
        let told = |f: &Finding| comments || !matches!(f.part, Part::TableComment | Part::Comment(_));
        drift.findings.extend(drift.differences(&there).into_iter().filter(told));
        drift.findings.extend(drift.strange(&drift.strangers));
        for mut finding in std::mem::take(&mut drift.findings) {
            finding.adoptable = drift.is_adoptable(&finding, &there);
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
        if self.beyond(scope).next().is_some() {
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
        let is_known = self.unknown(scope).is_none();
        is_known
            && !self.records(&self.base(scope), &[])
            && self.unfit.is_empty()
            && !self.findings.iter().any(|finding| scope.has(finding))
    }

    /// Whether there is nothing that an adoption would have to say anything about.
    #[must_use]
    pub fn is_adopted(&self, scope: &Scope) -> bool {
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
        let mut all = in_turn(names, base);
        all.retain(|intent| intent.apply(&mut model).is_ok());
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
        let left = |found: &Schema| {
            let mut left = self.differences(found);
            left.retain(|finding| scope.has(finding) && !self.ignores(finding));
            left
        };
        for _ in 0..ROUNDS {
            let mut left = left(model.schema());
            left.retain(|finding| self.in_place_of(&finding.table).is_none());
            let found = model.schema().clone();
            let mut intents =
                repair::intents(&left.iter().collect::<Vec<_>>(), &self.wanted, &found, &self.empty);
            intents.retain(|intent| !scope.loosening || loosens(intent, &found));
            intents.retain(|intent| hopeless || !repair::is_hopeless(intent, &found));
            intents.retain(|intent| !repair::waits_for_values(intent, &all));
            let done: Vec<_> = intents.into_iter().filter(|i| i.apply(&mut model).is_ok()).collect();
            if done.is_empty() {
                break;
            }
            all.extend(done);
        }
        let mut left = if scope.loosening { Vec::new() } else { left(model.schema()) };
        left.extend(self.strange(&self.strangers).into_iter().filter(|f| scope.has(f) && !self.ignores(f)));
        let unrepaired = |finding: Finding| {
            let hindrance = unrepaired::hindrance(&finding, &self.wanted, &model, &all);
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
        findings
    }
}

/// Whether an intent leaves every row and program what it may do: a column may be NULL, is wider, or is found faster.
fn loosens(intent: &Intent, found: &Schema) -> bool {
    match intent {
        Intent::DropNotNull(_) => true,
        Intent::CreateIndex(index) => !index.index.unique,
        Intent::ChangeType(change) => {
            let column = found.table(&change.table).and_then(|t| t.column(&change.column));
            column.is_some_and(|was| {
                was.unread.is_none() && conversion(&was.ty, &change.ty) == Conversion::Widening
            })
        }
        _ => false,
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

/// The host's tables among those that are there, with what is dropped and kept as the record has it; and the others.
fn parted(world: &World<'_>, strangers: &mut Vec<Stranger>) -> (Schema, Schema) {
    let World { wanted, recorded, found, beyond, .. } = world;
    let (mut own, mut others) = (Schema::default(), Schema::default());
    for (name, table) in &found.tables {
        if let Some(buried) = recorded.buried.get(name) {
            own.buried.insert(name.clone(), buried.clone());
        } else if let Some(known) = recorded.tables.get(name) {
            let alone = if table.foreign_keys.len() > known.foreign_keys.len() {
                strangers::alone(table, known, strangers)
            } else {
                table.clone()
            };
            own.tables.insert(name.clone(), as_known(&alone, known, world.comments));
        } else if wanted.tables.contains_key(name) {
            own.tables.insert(name.clone(), table.clone());
        } else if !beyond.iter().any(|left| left.is_table(name)) {
            others.tables.insert(name.clone(), table.clone());
        }
    }
    (own, others)
}

/// The record's table, if that is what was found: what is one and the same need not be compared again.
fn as_known(found: &Arc<Table>, recorded: &Arc<Table>, comments: bool) -> Arc<Table> {
    if comments && recorded.buried.is_empty() {
        return if alike(found, recorded) { recorded } else { found }.clone();
    }
    let dressed = dressed(found, recorded, comments);
    if alike(&dressed, recorded) { recorded.clone() } else { Arc::new(dressed) }
}

/// A table with its dropped columns as the record has them; and with its comments, where the database keeps none.
fn dressed(found: &Table, recorded: &Table, comments: bool) -> Table {
    let mut table = found.clone();
    if !comments {
        table.comment.clone_from(&recorded.comment);
        let of = |name: &Ident| recorded.column(name).and_then(|c| c.comment.clone());
        table.columns.values_mut().for_each(|column| column.comment = of(&column.name));
    }
    for (kept, buried) in &recorded.buried {
        if table.columns.shift_remove(kept).is_some() {
            table.buried.insert(kept.clone(), buried.clone());
        }
    }
    table
}

/// Whether a table is what the record says, names of constraints included. SQLite has none for primary keys.
fn alike(found: &Table, recorded: &Table) -> bool {
    let names = |t: &Table| {
        let uniques = t.uniques.iter().map(|u| u.name.clone());
        let keys = t.foreign_keys.iter().map(|k| k.name.clone());
        let indexes = t.indexes.iter().map(|i| i.name.clone());
        uniques.chain(keys).chain(indexes).collect::<Vec<_>>()
    };
    found == recorded
        && found.buried.len() == recorded.buried.len()
        && found.primary_key_name.as_ref().is_none_or(|name| *name == recorded.key_name())
        && names(found) == names(recorded)
}
