//! What we say of a change: its verdict, hazards and codes.

use std::collections::BTreeSet;

use hookwright_core::policy::{Decision, Hazard, Review, Verdict};

/// What we say of a change that has every consent.
#[derive(Debug)]
pub struct Judged {
    /// The strictest verdict of its intents.
    pub verdict: Verdict,
    /// The hazards of all of them.
    pub hazards: BTreeSet<Hazard>,
    /// The codes of rules that gave more than `safe`, and of what refuses it.
    pub codes: BTreeSet<String>,
    /// Whether rows stand against it, so that no consent helps.
    pub blocked: bool,
    /// Whether it is refused whatever the rows.
    pub refused: bool,
    /// Why it does not run.
    pub reasons: Vec<String>,
    /// All that was said; none if an intent is refused.
    pub review: Option<Box<Review>>,
}

impl Judged {
    /// An intent that cannot be part of a change.
    pub fn refused(code: &str, why: String) -> Self {
        Self {
            verdict: Verdict::Forbidden,
            hazards: BTreeSet::new(),
            codes: [code.to_owned()].into(),
            blocked: false,
            refused: true,
            reasons: vec![why],
            review: None,
        }
    }

    pub fn of(review: Review) -> Self {
        let (blocked, refused, reasons) = match &review.decision {
            Decision::Execute(_) => (false, false, Vec::new()),
            Decision::Hold(reasons) => (true, false, reasons.clone()),
            Decision::Refuse(reasons) => (false, true, reasons.clone()),
        };
        let more = review.judged.iter().filter(|j| j.verdict > Verdict::Safe);
        let rules = more.filter_map(|j| j.rule).map(str::to_owned);
        let codes = rules.chain(reasons.iter().map(|r| r.code.clone())).collect();
        let verdict = review.judged.iter().map(|j| j.verdict).max().unwrap_or(Verdict::Safe);
        Self {
            verdict: if refused { Verdict::Forbidden } else { verdict },
            hazards: review.judged.iter().flat_map(|j| j.hazards.clone()).collect(),
            codes,
            blocked,
            refused,
            reasons: reasons.into_iter().map(|r| format!("{}: {}", r.code, r.message)).collect(),
            review: Some(Box::new(review)),
        }
    }
}
