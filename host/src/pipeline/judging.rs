//! What a plugin asks for in one reply: bounded, granted, judged intent by intent, and applied to the model.
//!
//! `work.rs` hands replies in. Whoever asks for more than one plugin may, broke, as if it had not replied. What the
//! organisation or its schema does not allow is refused, and the plugin works.

use std::sync::Arc;

use hookwright_core::drift::Unfit;
use hookwright_core::event::Event;
use hookwright_core::hook::HookCall;
use hookwright_core::intent::Intent;
use hookwright_core::policy::Refusal;
use hookwright_core::schema::Table;

use super::report::refused;
use super::work::Worker;
use crate::error::{Error, Result};
use crate::processor::Busy;
use crate::tenant::Bound;

/// Intents that are judged before others get a turn.
const AT_ONCE: usize = 16;

/// Why what a plugin asks for is not taken.
enum NotTaken {
    /// The organisation, or its schema, does not allow it.
    Refused(Error),
    /// It is more than a plugin may ask for, or makes no sense by itself.
    Broke { code: &'static str, error: Box<Error> },
}

impl From<Error> for NotTaken {
    fn from(error: Error) -> Self {
        Self::Refused(error)
    }
}

impl Worker<'_> {
    /// Takes what a plugin asks for; whether it works, or broke, is known then.
    pub(super) async fn take(
        &mut self,
        plugin: &Bound,
        event: &Event,
        call: &HookCall,
        intents: Vec<Intent>,
    ) -> Result<()> {
        let before = self.caller.may_skip(plugin).then(|| (self.draft.mark(), self.room));
        match self.taken(plugin, intents).await {
            Ok(()) => self.caller.works(plugin).await,
            Err(NotTaken::Refused(error)) => {
                self.caller.works(plugin).await?;
                Err(error)
            }
            Err(NotTaken::Broke { code, error }) => {
                self.caller.breaks(plugin, call, code, &error).await?;
                let Some((draft, room)) = before else { return Err(*error) };
                self.draft.back_to(draft);
                self.room = room;
                self.caller.does_without(plugin, event, call, *error);
                Ok(())
            }
        }
    }

    async fn taken(&mut self, plugin: &Bound, intents: Vec<Intent>) -> Result<(), NotTaken> {
        self.take_room(plugin, intents.iter().map(Intent::size).sum())?;
        let (mut intents, mut effort) = (intents.into_iter(), 0);
        while intents.len() > 0 {
            // Many of them would hold the thread for long.
            for _ in 0..AT_ONCE.min(intents.len()) {
                tokio::task::consume_budget().await;
            }
            self.in_time()?;
            let busy = Busy::begin();
            let judged =
                intents.by_ref().take(AT_ONCE).try_for_each(|intent| self.judge(plugin, intent, &mut effort));
            self.caller.spend(busy.so_far());
            judged?;
        }
        Ok(())
    }

    fn judge(&mut self, plugin: &Bound, intent: Intent, effort: &mut usize) -> Result<(), NotTaken> {
        let schema = self.draft.schema();
        *effort += schema.table(intent.table()).map_or(1, Table::weight);
        // What refers to a name is looked for in every table.
        if matches!(intent, Intent::RenameTable(_) | Intent::RenameColumn(_)) {
            *effort += schema.tables.len();
        }
        self.bear(plugin, *effort)?;
        plugin.check_grant(&intent)?;
        self.propose(&plugin.name, intent)
    }

    /// Each intent copies and compares the table that it is on: thousands on one with thousands of parts would take
    /// minutes, which the limits of the guest do not see.
    fn bear(&self, plugin: &Bound, effort: usize) -> Result<(), NotTaken> {
        let most = self.caller.limits().effort;
        if effort as u64 <= most {
            return Ok(());
        }
        let (name, org) = (&plugin.name, &plugin.org);
        let message = format!(
            "the plugin \"{name}\" asks for too much in one reply: its intents, each counted with the parts of its table, come to more than {most} (\"sandbox.effort\")"
        );
        let help = format!(
            "let the plugin ask for fewer columns, indexes and checks at once, or raise \"sandbox.effort\" in the configuration of the host; to do without it: hookwright plugin disable --org {org} {name}"
        );
        Err(broke("plugin/effort", message, help))
    }

    /// All plugins share what one change may ask for; one reply that would take more than all of it is its plugin's fault.
    fn take_room(&mut self, plugin: &Bound, size: usize) -> Result<(), NotTaken> {
        let (size, most) = (size as u64, self.caller.limits().change_intents);
        if let Some(left) = self.room.checked_sub(size) {
            self.room = left;
            return Ok(());
        }
        const COUNTED: &str =
            "counted with the columns, values and parts of expressions that they bring along";
        if size <= most {
            let message = format!(
                "the plugins ask for more than {most} intents in one change, {COUNTED}, which is the limit (\"sandbox.change_intents\")"
            );
            return Err(Error::new("change/intents", message).into());
        }
        let (name, org) = (&plugin.name, &plugin.org);
        let message = format!(
            "the plugin \"{name}\" asks for {size} intents in one reply, {COUNTED}; a whole change may have {most} (\"sandbox.change_intents\")"
        );
        let help = format!(
            "let the plugin ask for less at once, or raise \"sandbox.change_intents\" in the configuration of the host; to do without it: hookwright plugin disable --org {org} {name}"
        );
        Err(broke("plugin/intents", message, help))
    }

    fn propose(&mut self, plugin: &Arc<str>, intent: Intent) -> Result<(), NotTaken> {
        let table = intent.table().clone();
        let Err(refusal) = self.draft.propose(plugin, intent) else { return Ok(()) };
        match (&mut self.unfit, &refusal) {
            (Some(unfit), _) => {
                // Once for each table: what is missing there is the same for all that a plugin asks for.
                if !unfit.iter().any(|known| *known.plugin == **plugin && known.table == table) {
                    unfit.push(Unfit { plugin: plugin.to_string(), table, refusal });
                }
                Ok(())
            }
            (None, Refusal::Model(error)) if error.is_of_itself() => {
                Err(NotTaken::Broke { code: error.code(), error: Box::new(refused(plugin, &refusal)) })
            }
            (None, _) => Err(refused(plugin, &refusal).into()),
        }
    }
}

fn broke(code: &'static str, message: String, help: String) -> NotTaken {
    NotTaken::Broke { code, error: Box::new(Error::new("plugin/fault", message).coded(code).help(help)) }
}
