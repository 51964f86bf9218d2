//! What happened, counted by all who take part, and printed at the end.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Findings that are printed; the rest is counted.
const SHOWN: usize = 30;

/// Counts, and what is wrong.
#[derive(Debug, Default)]
pub struct Tally(Mutex<Counts>);

#[derive(Debug, Default)]
struct Counts {
    counts: BTreeMap<(&'static str, String), u64>,
    longest: Duration,
    findings: Vec<String>,
}

impl Tally {
    /// Counts one more of a kind; `what` tells those of a kind apart.
    pub fn count(&self, kind: &'static str, what: &str) {
        self.add(kind, what, 1);
    }

    /// Counts so many more.
    pub fn add(&self, kind: &'static str, what: &str, more: u64) {
        *self.counts().counts.entry((kind, what.to_owned())).or_default() += more;
    }

    /// How long a client waited until an event had a definite answer.
    pub fn waited(&self, time: Duration) {
        let mut counts = self.counts();
        counts.longest = counts.longest.max(time);
    }

    /// Something is wrong.
    pub fn finding(&self, what: String) {
        eprintln!("WRONG: {what}");
        self.counts().findings.push(what);
    }

    /// Prints all of it. An error if anything is wrong.
    pub fn judge(&self) -> anyhow::Result<()> {
        let counts = self.counts();
        for ((kind, what), count) in &counts.counts {
            println!("{:<60} {count:>9}", format!("{kind}{what}"));
        }
        println!(
            "{:<60} {:>7.1} s",
            "longest wait of a client for a definite answer",
            counts.longest.as_secs_f64()
        );
        println!("{:<60} {:>9}", "findings", counts.findings.len());
        for finding in counts.findings.iter().take(SHOWN) {
            println!("  {finding}");
        }
        anyhow::ensure!(counts.findings.is_empty(), "{} things are wrong", counts.findings.len());
        Ok(())
    }

    fn counts(&self) -> MutexGuard<'_, Counts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
