//! A change being worked out: intents applied to the model one by one, each judged.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::rules::RULES;
use super::{Answer, Case, Finding, Judgement, Probe, Rule, Settings, Verdict};
use crate::ddl::Dialect;
use crate::ident::{Ident, OrgName};
use crate::intent::{Intent, IntentError, Inverse};
use crate::model::Model;
use crate::model_names::RelationNames;
use crate::plan::{self, Sizes, Waits};
use crate::schema::Schema;
use crate::shared::unshared;
use crate::tombstone::Place;

/// A change being worked out.
pub struct Draft {
    pub(super) org: OrgName,
    pub(super) dialect: Dialect,
    pub(super) settings: Arc<Settings>,
    pub(super) model: Model,
    pub(super) entries: Vec<Entry>,
    /// Whether nothing but the schema is asked for in the end.
    schema_only: bool,
}

/// An accepted intent with what the rules say of it.
pub(super) struct Entry {
    pub plugin: Arc<str>,
    pub intent: Intent,
    pub inverse: Inverse,
    pub pending: Vec<(&'static Rule, Judgement)>,
}

/// Where a draft stood, to go back there.
pub struct Mark {
    model: Model,
    entries: usize,
}

/// Why an intent cannot be part of the change at all.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The model does not allow it.
    #[error(transparent)]
    Model(#[from] IntentError),
    /// A rule forbids it.
    #[error("{message}; {remedy}")]
    Rule {
        /// The rule's code.
        code: &'static str,
        /// What stands against it.
        message: String,
        /// What to do instead.
        remedy: String,
    },
}

impl Refusal {
    fn of(rule: &Rule, finding: Finding) -> Self {
        let remedy = finding.remedy.unwrap_or_else(|| rule.instead.to_owned());
        Self::Rule { code: rule.code, message: finding.message, remedy }
    }

    /// The refusal's stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Model(error) => error.code(),
            Self::Rule { code, .. } => code,
        }
    }
}

impl Draft {
    /// A change that does nothing yet.
    #[must_use]
    pub fn new(org: OrgName, dialect: Dialect, settings: Arc<Settings>, base: Arc<Schema>) -> Self {
        let model = Model::new(base).burying(settings.tombstones.keep_days > 0);
        Self { org, dialect, settings, model, entries: Vec::new(), schema_only: false }
    }

    /// With the names that are known of its base, if they are.
    #[must_use]
    pub fn knowing(self, names: Option<RelationNames>) -> Self {
        Self { model: self.model.knowing(names), ..self }
    }

    /// One that is worked out for its schema alone: its intents are judged and applied, and not kept.
    #[must_use]
    pub fn schema_only(self) -> Self {
        Self { schema_only: true, ..self }
    }

    /// The schema as the intents so far leave it.
    #[must_use]
    pub fn schema(&self) -> &Schema {
        self.model.schema()
    }

    /// The same, to be kept: what the change does later is not seen.
    #[must_use]
    pub fn shared_schema(&self) -> Arc<Schema> {
        self.model.shared_schema()
    }

    /// The schema before them.
    #[must_use]
    pub fn base(&self) -> &Schema {
        self.model.base()
    }

    /// Where it stands. Costs little.
    #[must_use]
    pub fn mark(&self) -> Mark {
        Mark { model: self.model.clone(), entries: self.entries.len() }
    }

    /// Takes back what was proposed since.
    pub fn back_to(&mut self, Mark { model, entries }: Mark) {
        self.model = model;
        self.entries.truncate(entries);
    }

    /// Judges an intent and applies it to the model.
    ///
    /// # Errors
    /// A [`Refusal`]; the draft is then as it was.
    pub fn propose(&mut self, plugin: &Arc<str>, intent: Intent) -> Result<(), Refusal> {
        intent.fits(self.dialect)?;
        let pending = self.judge(&intent)?;
        if self.schema_only {
            intent.apply(&mut self.model)?;
            return Ok(());
        }
        let inverse = match intent.inverse(&self.model) {
            Some(inverse) => {
                intent.apply(&mut self.model)?;
                inverse
            }
            None => {
                let before = self.model.clone();
                intent.apply(&mut self.model)?;
                intent.inverse_after(&before, &self.model)
            }
        };
        self.entries.push(Entry { plugin: plugin.clone(), intent, inverse, pending });
        Ok(())
    }

    /// Where a table or column was before the change, by the names of now; none if the change made it.
    #[must_use]
    pub fn origin(&self, place: &Place) -> Option<Place> {
        Place::origin(&self.model, place)
    }

    fn case<'a>(&'a self, intent: &'a Intent) -> Case<'a> {
        let Self { org, dialect, settings, model, .. } = self;
        Case { intent, model, settings, org, dialect: *dialect }
    }

    fn judge(&self, intent: &Intent) -> Result<Vec<(&'static Rule, Judgement)>, Refusal> {
        let case = self.case(intent);
        let mut pending = Vec::new();
        for rule in RULES {
            let Some(judgement) = (rule.judge)(&case) else { continue };
            if let Judgement::Now(finding) = &judgement {
                let weighed = self.settings.weigh(rule, finding.clone());
                if let Some(finding) = weighed.filter(|f| f.verdict == Verdict::Forbidden) {
                    return Err(Refusal::of(rule, finding));
                }
            }
            pending.push((rule, judgement));
        }
        Ok(pending)
    }

    /// The tables of before that the change touches.
    #[must_use]
    pub fn touched(&self) -> Vec<Ident> {
        let (before, after) = (&self.model.base().tables, &self.model.schema().tables);
        let filled = self.model.fills().iter().filter_map(|fill| before.get(&fill.table));
        let touched = unshared(before, after).chain(filled);
        touched.map(|table| table.name.clone()).collect::<BTreeSet<_>>().into_iter().collect()
    }

    /// Whether it makes a difference if the tables that it touches are large: only then is it worth asking.
    #[must_use]
    pub fn depends_on_sizes(&self) -> bool {
        let touched = self.touched();
        if touched.is_empty() {
            return false;
        }
        let large = Sizes::large(touched);
        let plan = plan::plan(&self.org, self.dialect, &self.model, &large);
        !plan.is_transactional() || !plan.obstacles.is_empty() || plan.strongly_locked().len() > 1
    }

    /// The tables of before of which the change takes a name away, or a column's type: what works on them under these
    /// names meanwhile would fail.
    #[must_use]
    pub fn unsettled(&self) -> Vec<Ident> {
        let unsettles = |intent: &Intent| {
            matches!(
                intent,
                Intent::RenameTable(_)
                    | Intent::DropTable(_)
                    | Intent::RenameColumn(_)
                    | Intent::DropColumn(_)
                    | Intent::ChangeType(_)
                    | Intent::PurgeTable(_)
                    | Intent::PurgeColumn(_)
            )
        };
        let any = self.entries.iter().any(|entry| unsettles(&entry.intent));
        if any { self.touched() } else { Vec::new() }
    }

    /// The questions about the rows, in order.
    pub fn probes(&self) -> impl Iterator<Item = &Probe> {
        self.entries.iter().flat_map(|e| &e.pending).filter_map(|(_, judgement)| match judgement {
            Judgement::Ask(probe, _) => Some(probe),
            Judgement::Planned(waiting, _) => Some(&waiting.probe),
            Judgement::Now(_) | Judgement::Together(..) | Judgement::Whole(_) => None,
        })
    }
}

impl Entry {
    /// The findings, with the answers that `next` gives in order, as the policy weighs them. `waits` is what the
    /// whole change goes through while users wait.
    pub(super) fn settle(
        &self,
        draft: &Draft,
        waits: &Waits,
        mut next: impl FnMut() -> Answer,
    ) -> Vec<(&'static Rule, Finding)> {
        let whole = draft.case(&self.intent);
        let settle = |(rule, judgement): &(&'static Rule, Judgement)| {
            let finding = match judgement {
                Judgement::Now(finding) => Some(finding.clone()),
                Judgement::Ask(_, then) => {
                    let answer = next();
                    then(&answer).map(|finding| finding.qualified_by(&answer))
                }
                Judgement::Planned(waiting, then) => {
                    then(&next(), waiting.alone.min(waits.extent(&waiting.table)))
                }
                Judgement::Together(table, judge) => {
                    waits.large().get(table).and_then(|_| judge(waits.large()))
                }
                Judgement::Whole(judge) => judge(&whole),
            };
            Some((*rule, draft.settings.weigh(rule, finding?)?))
        };
        self.pending.iter().filter_map(settle).collect()
    }
}
