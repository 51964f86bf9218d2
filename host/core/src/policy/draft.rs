//! A change being worked out: intents applied to the model one by one, each judged.

use std::sync::Arc;

use super::rules::RULES;
use super::{Answer, Case, Finding, Judgement, Mode, Probe, Verdict};
use crate::ddl::Dialect;
use crate::ident::OrgName;
use crate::intent::{Intent, IntentError};
use crate::model::Model;
use crate::schema::Schema;

/// A change being worked out.
pub struct Draft {
    pub(super) org: OrgName,
    pub(super) dialect: Dialect,
    pub(super) mode: Mode,
    pub(super) model: Model,
    pub(super) entries: Vec<Entry>,
}

/// An accepted intent with what the rules say of it.
pub(super) struct Entry {
    pub plugin: Arc<str>,
    pub intent: Intent,
    pub pending: Vec<(&'static str, Judgement)>,
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
    pub fn new(org: OrgName, dialect: Dialect, mode: Mode, base: Arc<Schema>) -> Self {
        Self { org, dialect, mode, model: Model::new(base), entries: Vec::new() }
    }

    /// The schema as the intents so far leave it.
    #[must_use]
    pub fn schema(&self) -> &Schema {
        self.model.schema()
    }

    /// Judges an intent and applies it to the model.
    ///
    /// # Errors
    /// A [`Refusal`]; the draft is then as it was.
    pub fn propose(&mut self, plugin: &Arc<str>, intent: Intent) -> Result<(), Refusal> {
        let pending = self.judge(&intent)?;
        intent.apply(&mut self.model)?;
        self.entries.push(Entry { plugin: plugin.clone(), intent, pending });
        Ok(())
    }

    fn judge(&self, intent: &Intent) -> Result<Vec<(&'static str, Judgement)>, Refusal> {
        let case = Case { intent, model: &self.model, mode: self.mode };
        let mut pending = Vec::new();
        for rule in RULES {
            match (rule.judge)(&case) {
                Some(Judgement::Now(Finding { verdict: Verdict::Forbidden, message, remedy, .. })) => {
                    let remedy = remedy.unwrap_or_else(|| rule.instead.to_owned());
                    return Err(Refusal::Rule { code: rule.code, message, remedy });
                }
                Some(judgement) => pending.push((rule.code, judgement)),
                None => {}
            }
        }
        Ok(pending)
    }

    /// The questions about the rows, in order.
    pub fn probes(&self) -> impl Iterator<Item = &Probe> {
        self.entries.iter().flat_map(|e| &e.pending).filter_map(|(_, judgement)| match judgement {
            Judgement::Ask(probe, _) => Some(probe),
            Judgement::Now(_) => None,
        })
    }
}

impl Entry {
    /// The findings, with the answers that `next` gives in order.
    pub(super) fn settle(&self, mut next: impl FnMut() -> Answer) -> Vec<(&'static str, Finding)> {
        let settle = |(code, judgement): &(&'static str, Judgement)| match judgement {
            Judgement::Now(finding) => Some((*code, finding.clone())),
            Judgement::Ask(_, then) => then(&next()).map(|finding| (*code, finding)),
        };
        self.pending.iter().filter_map(settle).collect()
    }
}
