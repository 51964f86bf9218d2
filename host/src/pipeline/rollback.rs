//! Rollbacks: a new change that undoes one that was made, if nothing it touched was changed since and the inverse of
//! each of its intents is known. Else nothing is done, and it is said why.

use std::collections::BTreeSet;

use hookwright_core::ident::quoted;
use hookwright_core::intent::Touch;
use hookwright_core::undo::{Undo, Unknown};
use serde::de::DeserializeOwned;

use super::report;
use super::restore::taken;
use super::work::Worker;
use crate::db::{LaterRow, UndoRow};
use crate::error::{Error, Result};

/// Intents that a message names; the rest are counted.
const MOST: usize = 5;

impl Worker<'_> {
    pub(super) async fn roll_back(&mut self, change: &str) -> Result<()> {
        let row = self.made(change).await?;
        let undo = self.undo_of(&row)?;
        self.not_overtaken(&row, &undo).await?;
        let (before, known) = (self.metadata.clone(), self.kept());
        self.metadata().undo(&undo.metadata).map_err(|e| taken(&e))?;
        let dialect = self.tenant.db().dialect();
        // A name that this database does not keep needs no renaming back.
        for intent in undo.intents.into_iter().filter(|intent| intent.fits(dialect).is_ok()) {
            self.own(intent).map_err(|refused| self.overtaken(&row.id, refused))?;
        }
        self.remember(&before, &known, &[]);
        self.rolls_back.push(row.id);
        Ok(())
    }

    /// What an intent that undoes it works on is something else by now.
    fn overtaken(&self, change: &str, refused: Error) -> Error {
        if refused.entry.code != "intent/invalid" {
            return refused;
        }
        let message =
            format!("the change {change} cannot be rolled back: what it made was changed since: {refused}");
        let help = format!("see what came since: hookwright history --org {}", self.tenant.org());
        Error::new("change/overtaken", message).help(help)
    }

    /// The change, which must be made and not undone.
    async fn made(&self, change: &str) -> Result<UndoRow> {
        let (db, org) = (self.tenant.db(), self.tenant.org());
        let Some(row) = db.undo(change).await? else {
            let held = db.held(change).await?.ok_or_else(|| report::no_such_change(org, change))?;
            let message = format!("the change {change} is {}: nothing of it was done", held.status);
            let help = format!("see what it is waiting for: hookwright show {change} --org {org}");
            return Err(Error::new("change/irreversible", message).help(help));
        };
        let by = row.rolled_back_by.as_deref();
        match by.or_else(|| self.rolls_back.contains(&row.id).then_some("this very change")) {
            None => Ok(row),
            Some(by) => {
                let message = format!("the change {change} was rolled back already, by {by}");
                let help = format!("to have it again, roll that back: hookwright rollback {by} --org {org}");
                Err(Error::new("change/undone", message).help(help))
            }
        }
    }

    fn undo_of(&self, row: &UndoRow) -> Result<Undo> {
        let Some(json) = &row.undo else {
            let message =
                format!("the change {} was made by an older host, which kept nothing to undo it by", row.id);
            return Err(Error::new("change/irreversible", message));
        };
        let undo: Undo = self.parsed(&row.id, json)?;
        match undo.unknown.is_empty() {
            true => Ok(undo),
            false => Err(unknown(&row.id, &undo.unknown)),
        }
    }

    fn parsed<T: DeserializeOwned>(&self, change: &str, json: &str) -> Result<T> {
        let damaged = |e| {
            let what = format!("its undo does not parse: {e}");
            Error::from(self.tenant.db().misshapen("change", change, &what))
        };
        serde_json::from_str(json).map_err(damaged)
    }

    /// Whether no later change touched what this one did. What was rolled back meanwhile does not count, nor do the
    /// changes that rolled it back.
    async fn not_overtaken(&self, row: &UndoRow, undo: &Undo) -> Result<()> {
        let later = self.tenant.db().later(row.revision).await?;
        let after: BTreeSet<_> = later.iter().map(|l| l.id.clone()).collect();
        let mut undone: BTreeSet<String> = self.rolls_back.iter().cloned().collect();
        for LaterRow { id, touched, rolls_back } in later {
            if undone.contains(&id) {
                continue;
            }
            let targets: Vec<String> = rolls_back.map_or(Ok(Vec::new()), |json| self.parsed(&id, &json))?;
            if !targets.is_empty() && targets.iter().all(|t| after.contains(t) && !undone.contains(t)) {
                undone.extend(targets);
                continue;
            }
            let touched: Option<BTreeSet<Touch>> = touched.map(|json| self.parsed(&id, &json)).transpose()?;
            if touched.is_none_or(|touched| undo.meets(&touched)) {
                let message =
                    format!("the change {} cannot be rolled back: {id} changed what it touched", row.id);
                let org = self.tenant.org();
                let help = format!("see what it did: hookwright show {id} --org {org}; roll that back first");
                return Err(Error::new("change/overtaken", message).help(help));
            }
        }
        Ok(())
    }
}

fn unknown(change: &str, unknown: &[Unknown]) -> Error {
    let one = |u: &Unknown| {
        let (kind, table) = (u.intent.kind().as_str(), quoted(u.intent.table().as_str()));
        format!("{kind} on {table}: {}", u.why)
    };
    let mut all: Vec<_> = unknown.iter().take(MOST).map(one).collect();
    if unknown.len() > MOST {
        all.push(format!("{} more", unknown.len() - MOST));
    }
    let message =
        format!("the change {change} cannot be rolled back, since nothing undoes {}", all.join("; "));
    Error::new("change/irreversible", message)
}
