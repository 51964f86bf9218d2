//! The table that the suite prints, and the judgement of each row: by the goal that is wanted, and by the bound that was
//! recorded, beyond which the suite fails.

use std::collections::BTreeMap;
use std::path::PathBuf;

use hookwright_tests::repo_root;

use crate::rounds::Compared;

/// Has the suite record what it measured as the new bounds.
const RECORD: &str = "HOOKWRIGHT_BENCH_RECORD";

/// What a ratio of ours to another is wanted to be.
#[derive(Clone, Copy)]
pub enum Goal {
    /// Smaller is better.
    AtMost(f64),
    /// Greater is better.
    AtLeast(f64),
}

/// What a value counts.
#[derive(Clone, Copy)]
pub enum Unit {
    Micros,
    Millis,
    PerSecond,
    KiB,
}

struct Row {
    id: String,
    what: String,
    unit: Unit,
    other: String,
    compared: Compared,
    goal: Option<Goal>,
}

/// All rows, and the bounds of earlier runs.
pub struct Table {
    bounds: BTreeMap<String, f64>,
    rows: Vec<Row>,
}

impl Goal {
    fn is_met(self, ratio: f64) -> bool {
        match self {
            Self::AtMost(most) => ratio <= most,
            Self::AtLeast(least) => ratio >= least,
        }
    }

    /// Whether a ratio is worse than what was recorded by more than the noise of this run.
    fn is_worse(self, ratio: f64, bound: f64, noise: f64) -> bool {
        match self {
            Self::AtMost(_) => ratio - noise > bound,
            Self::AtLeast(_) => ratio + noise < bound,
        }
    }

    fn text(self) -> String {
        match self {
            Self::AtMost(most) => format!("≤ {most}"),
            Self::AtLeast(least) => format!("≥ {least}"),
        }
    }
}

impl Unit {
    fn text(self, value: f64) -> String {
        match self {
            Self::Micros => format!("{value:.1} µs"),
            Self::Millis => format!("{value:.1} ms"),
            Self::PerSecond => format!("{value:.0} /s"),
            Self::KiB => format!("{value:.0} KiB"),
        }
    }
}

impl Table {
    pub fn open() -> anyhow::Result<Self> {
        let text = std::fs::read_to_string(file())?;
        Ok(Self { bounds: toml::from_str(&text)?, rows: Vec::new() })
    }

    /// Adds a row and prints it. `id` is its name among the bounds.
    pub fn row(
        &mut self,
        (id, what, unit): (&str, &str, Unit),
        other: &str,
        compared: Compared,
        goal: Option<Goal>,
    ) {
        if self.rows.is_empty() {
            head();
        }
        let (id, what, other) = (id.to_owned(), what.to_owned(), other.to_owned());
        let row = Row { id, what, unit, other, compared, goal };
        self.print(&row);
        self.rows.push(row);
    }

    fn print(&self, row: &Row) {
        let Compared { ours, other, ratio, noise } = row.compared;
        let goal = row.goal.map(Goal::text).unwrap_or_default();
        let told = match row.goal {
            _ if self.is_worse(row) => format!("worse than {:.3}", self.bounds[&row.id]),
            Some(goal) if goal.is_met(ratio) => "met".to_owned(),
            Some(_) => "not met".to_owned(),
            None => String::new(),
        };
        println!(
            "{:<46} {:>12} {:<38} {:>12} {ratio:>8.3} {:>7} {goal:>8}  {told}",
            row.what,
            row.unit.text(ours),
            row.other,
            row.unit.text(other),
            format!("±{noise:.3}")
        );
    }

    fn is_worse(&self, row: &Row) -> bool {
        match (row.goal, self.bounds.get(&row.id)) {
            (Some(goal), Some(bound)) => goal.is_worse(row.compared.ratio, *bound, row.compared.noise),
            _ => false,
        }
    }

    /// Ends the run: an error if a ratio is worse than its recorded bound by more than the noise.
    pub fn judge(mut self) -> anyhow::Result<()> {
        if std::env::var_os(RECORD).is_some() {
            return self.record();
        }
        let unknown = self.rows.iter().filter(|row| row.goal.is_some() && !self.bounds.contains_key(&row.id));
        for row in unknown {
            println!("\n\"{}\" has no recorded bound: run once with {RECORD}=1", row.id);
        }
        self.rows.retain(|row| row.goal.is_some());
        let worse: Vec<_> =
            self.rows.iter().filter(|row| self.is_worse(row)).map(|r| r.id.as_str()).collect();
        anyhow::ensure!(worse.is_empty(), "worse than recorded, beyond the noise: {}", worse.join(", "));
        Ok(())
    }

    /// Records the ratios of this run; those of rows that were not measured stay.
    fn record(mut self) -> anyhow::Result<()> {
        for row in self.rows.iter().filter(|row| row.goal.is_some()) {
            let ratio = (row.compared.ratio * 1e3).round() / 1e3;
            self.bounds.insert(row.id.clone(), ratio);
        }
        let bounds: String =
            self.bounds.iter().map(|(id, bound)| format!("\"{id}\" = {bound:?}\n")).collect();
        std::fs::write(file(), format!("{HEAD}{bounds}"))?;
        Ok(())
    }
}

const HEAD: &str = "# The ratio of ours to the other that each row of the suite had when it was recorded. The suite fails where a ratio is\n\
    # worse by more than the noise it measures. Recorded anew by: HOOKWRIGHT_BENCH_RECORD=1 ./tests/bench\n";

fn file() -> PathBuf {
    repo_root().join("tests/benches/suite/bounds.toml")
}

fn head() {
    println!(
        "{:<46} {:>12} {:<38} {:>12} {:>8} {:>7} {:>8}",
        "", "ours", "beside", "", "ratio", "noise", "goal"
    );
}
