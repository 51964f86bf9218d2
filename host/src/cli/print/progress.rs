//! How far a change with steps is, on stderr: a bar on a terminal, a line for each step elsewhere.

use std::io::IsTerminal;

use indicatif::{ProgressBar, ProgressStyle};

use super::{Out, clean};
use crate::outcome::{Outcome, StepReport};

/// The progress of one change.
pub(crate) struct Progress {
    out: Out,
    bar: Option<ProgressBar>,
    /// What was shown last.
    last: Option<String>,
}

impl Progress {
    pub fn new(out: Out) -> Self {
        let bar = std::io::stderr().is_terminal().then(|| {
            let bar = ProgressBar::new(100);
            let style = ProgressStyle::with_template("{msg}  {bar:30} {percent}%  {elapsed}");
            bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
            bar
        });
        Self { out, bar, last: None }
    }

    /// Shows how far a change is, or what it waits for.
    pub fn show(&mut self, outcome: &Outcome) {
        let (text, percent) = match (outcome.reasons.first(), current(outcome)) {
            (Some(why), _) if outcome.is_under_way() => (format!("waits: {}", clean(&why.message)), 100),
            (_, Some((number, step))) => (described(outcome, number, step), percent(step)),
            (_, None) => return,
        };
        match &self.bar {
            Some(bar) => {
                bar.set_message(text.clone());
                bar.set_position(percent);
            }
            None if self.last.as_ref() != Some(&text) => self.out.talk(&text),
            None => {}
        }
        self.last = Some(text);
    }

    /// Takes the bar away.
    pub fn end(self) {
        if let Some(bar) = self.bar {
            bar.finish_and_clear();
        }
    }
}

fn described(outcome: &Outcome, number: usize, step: &StepReport) -> String {
    format!("step {} of {}: {} {}", number + 1, outcome.steps.len(), step.title, clean(&step.table))
}

/// The first step that is not done.
fn current(outcome: &Outcome) -> Option<(usize, &StepReport)> {
    outcome.steps.iter().enumerate().find(|(_, step)| matches!(step.state.as_str(), "pending" | "begun"))
}

fn percent(step: &StepReport) -> u64 {
    step.done.saturating_mul(100).checked_div(step.total).unwrap_or_default().min(100)
}
