//! What the policy says of intents on a schema, asked without a host: proposed, probed and reviewed, with every consent.

use std::sync::Arc;

use hookwright::db::{OrgDb, ProbeAnswer};
use hookwright_core::ddl;
use hookwright_core::event::Consent;
use hookwright_core::ident::OrgName;
use hookwright_core::intent::Intent;
use hookwright_core::plan::Sizes;
use hookwright_core::policy::{Answer, Answers, Draft, Settings, review};
use hookwright_core::schema::Schema;

use super::judged::Judged;

/// Asks; also gives the draft's model of the changed schema, through the review.
pub async fn ask(
    db: &OrgDb,
    org: &OrgName,
    base: &Schema,
    intents: Vec<Intent>,
    settings: Settings,
    sizes: &Sizes,
) -> Judged {
    let base = Arc::new(base.clone());
    let mut draft = Draft::new(org.clone(), db.dialect(), Arc::new(settings), base.clone());
    for intent in intents {
        if let Err(refusal) = draft.propose(&"test".into(), intent) {
            return Judged::refused(refusal.code(), refusal.to_string());
        }
    }
    let answers = answers(db, org, &draft, &base).await;
    let consent = Consent { confirm: true, allow_destructive: true, dry_run: true };
    Judged::of(review(draft, &answers, sizes, consent))
}

async fn answers(db: &OrgDb, org: &OrgName, draft: &Draft, base: &Schema) -> Answers {
    let ask = |probe| ddl::probe(probe, db.dialect(), org, base);
    let statements: Vec<_> = draft.probes().map(ask).collect();
    let found = db.probe(&statements).await.unwrap_or_else(|e| panic!("a probe fails: {e:?}"));
    let answer = |found| match found {
        ProbeAnswer::Found { rows, failing, sample } => {
            Answer { rows, failing: u64::try_from(failing).unwrap_or_default(), sample, ..Answer::default() }
        }
        ProbeAnswer::TimedOut => panic!("a probe runs out of time"),
    };
    found.into_iter().map(answer).enumerate().collect()
}
