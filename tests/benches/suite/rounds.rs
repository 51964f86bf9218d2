//! What contestants took, round by round, and how one compares with another. Only ratios within a round count: whatever
//! else the machine does then, it does to both.

use std::collections::BTreeMap;

/// What several contestants took, or did, in rounds in which each had its turn.
#[derive(Default)]
pub struct Rounds {
    of: BTreeMap<String, Vec<f64>>,
}

/// How one fares beside another.
pub struct Compared {
    /// Median of what is measured.
    pub ours: f64,
    /// Median of the other.
    pub other: f64,
    /// Median over the rounds of ours divided by the other.
    pub ratio: f64,
    /// Half the distance between the quartiles of these ratios: what the rounds differed by themselves.
    pub noise: f64,
}

impl Rounds {
    /// Notes what a contestant took in this round.
    pub fn note(&mut self, contestant: &str, value: f64) {
        self.of.entry(contestant.to_owned()).or_default().push(value);
    }

    /// Compares two contestants that were in every round.
    pub fn compare(&self, ours: &str, other: &str) -> Compared {
        let (ours, other) = (&self.of[ours], &self.of[other]);
        let ratios: Vec<_> = ours.iter().zip(other).map(|(ours, other)| ours / other).collect();
        let noise = (quantile(&ratios, 0.75) - quantile(&ratios, 0.25)) / 2.0;
        Compared { ours: median(ours), other: median(other), ratio: median(&ratios), noise }
    }
}

fn median(values: &[f64]) -> f64 {
    quantile(values, 0.5)
}

/// The value below which a part of them lies, between the two nearest.
fn quantile(values: &[f64], part: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let at = part * (sorted.len() - 1) as f64;
    let (below, above) = (sorted[at.floor() as usize], sorted[at.ceil() as usize]);
    below + (above - below) * at.fract()
}
