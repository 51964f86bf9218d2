//! Runs a case: what we say of it is compared with what its file expects, and with what is measured.

use std::collections::BTreeSet;
use std::sync::Arc;

use hookwright::api::SubmitOptions;
use hookwright::outcome::{Outcome, Status};
use hookwright_core::ddl::Dialect as Core;
use hookwright_core::event::Change;
use hookwright_core::ident::Ident;
use hookwright_core::intent::Intent;
use hookwright_core::model::Model;
use hookwright_core::plan::{Sizes, plan};
use hookwright_core::policy::{Hazard, Mode, Verdict};
use hookwright_tests::scenario::Dialect;
use serde_json::Value as Json;

use super::asked::ask;
use super::bench::{Bench, Benches, identified, parse};
use super::case::Case;
use super::judged::Judged;
use super::trial::{Found, Trial};

/// What is wrong with a case on one database; nothing if all is well.
pub async fn run(benches: &mut Benches, case: &Case, dialect: Dialect) -> Vec<String> {
    let case = case.on(dialect);
    let wrong = match case.setup.is_some() || case.large {
        true => tried(&mut benches.fresh(&case).await, &case).await,
        false => tried(benches.shared(&case).await, &case).await,
    };
    wrong.into_iter().map(|what| format!("{} ({}): {what}", case.name, dialect.name())).collect()
}

async fn tried(bench: &mut Bench, case: &Case) -> Vec<String> {
    let (judged, intents) = match case.events.is_empty() {
        true => of_intents(bench, case).await,
        false => of_events(bench, case).await,
    };
    let mut wrong = as_expected(case, &judged);
    if judged.refused || intents.is_empty() {
        return wrong;
    }
    let burying = bench.settings.tombstones.keep_days > 0;
    let mut model = Model::new(Arc::new(bench.schema.clone())).burying(burying);
    for intent in &intents {
        intent.apply(&mut model).unwrap_or_else(|e| panic!("{}: {e}", case.name));
    }
    let plan = plan(bench.world.org(), bench.dialect(), &model, &sizes(bench));
    let dialect = bench.dialect();
    let writes = if bench.session.postgres().is_some() { case.writes.as_slice() } else { &[] };
    let trial = Trial { session: &mut bench.session, org: bench.world.org(), dialect, model: &model, writes };
    wrong.extend(as_measured(case, dialect, &judged, &trial.run(&plan).await));
    wrong
}

fn sizes(bench: &Bench) -> Sizes {
    Sizes::large(bench.schema.tables.keys().filter(|_| bench.large).cloned().collect::<Vec<Ident>>())
}

async fn of_intents(bench: &Bench, case: &Case) -> (Judged, Vec<Intent>) {
    let intent = |text: &String| -> Intent {
        serde_json::from_value(parse(text)).unwrap_or_else(|e| panic!("{}: {text}: {e}", case.name))
    };
    let intents: Vec<_> = case.intents.iter().map(intent).collect();
    let judged = ask(
        &bench.db,
        bench.world.org(),
        &bench.schema,
        intents.clone(),
        bench.settings.clone(),
        &sizes(bench),
    )
    .await;
    (judged, intents)
}

/// The whole way, up to where it would be executed.
async fn of_events(bench: &Bench, case: &Case) -> (Judged, Vec<Intent>) {
    let events = case.events.iter().enumerate().map(|(n, event)| identified(event, &format!("e-{n}")));
    let change = match Change::from_json(Json::Array(events.collect())) {
        Ok(change) => change,
        Err(error) => return (Judged::refused("event/invalid", format!("{error:?}")), Vec::new()),
    };
    let options =
        SubmitOptions { dry_run: true, confirm: true, allow_destructive: true, ..SubmitOptions::default() };
    match bench.world.host().submit(bench.world.org(), change, options).await {
        Err(error) => (Judged::refused(&error.code, error.to_string()), Vec::new()),
        Ok(outcome) => {
            let intents = outcome.intents.iter().map(|i| i.intent.clone()).collect();
            (of_outcome(outcome), intents)
        }
    }
}

fn of_outcome(outcome: Outcome) -> Judged {
    let more = outcome.intents.iter().filter(|i| i.verdict > Verdict::Safe);
    let rules = more.filter_map(|i| i.rule.clone());
    let codes = rules.chain(outcome.reasons.iter().map(|r| r.code.clone())).collect();
    let refused = outcome.status == Status::Rejected;
    let strictest = outcome.intents.iter().map(|i| i.verdict).max().unwrap_or(Verdict::Safe);
    Judged {
        verdict: if refused { Verdict::Forbidden } else { strictest },
        hazards: outcome.intents.iter().flat_map(|i| i.hazards.clone()).collect(),
        codes,
        blocked: outcome.status == Status::Held,
        refused,
        reasons: outcome.reasons.into_iter().map(|r| format!("{}: {}", r.code, r.message)).collect(),
        review: None,
    }
}

fn as_expected(case: &Case, judged: &Judged) -> Vec<String> {
    let mut wrong = Vec::new();
    let expected: BTreeSet<_> = case.hazards.iter().copied().collect();
    if judged.verdict != case.verdict {
        let why = judged.reasons.join("; ");
        wrong.push(format!(
            "we say {}, it is to be {} ({why})",
            judged.verdict.as_str(),
            case.verdict.as_str()
        ));
    }
    if judged.hazards != expected && !judged.refused {
        wrong.push(format!("we say {:?}, it is to be {expected:?}", judged.hazards));
    }
    if judged.blocked != case.blocked {
        wrong.push(format!(
            "rows stand against it: {}, which is not expected ({:?})",
            judged.blocked, judged.reasons
        ));
    }
    for code in case.codes.iter().filter(|code| !judged.codes.contains(*code)) {
        wrong.push(format!("{code} is not among {:?}", judged.codes));
    }
    wrong
}

/// What is declared is what was measured.
fn as_measured(case: &Case, on: Core, judged: &Judged, found: &Found) -> Vec<String> {
    let mut wrong = Vec::new();
    match (&found.failed, judged.blocked) {
        (Some(error), false) => return vec![format!("nothing stands against it, and it fails: {error}")],
        // What would lose values stands against it as well.
        (None, true) if found.hazards.contains(&Hazard::DataLoss) => return wrong,
        (None, true) => return vec!["rows stand against it, and it can be made".to_owned()],
        (Some(_), true) => return wrong,
        (None, false) => {}
    }
    let declared = |hazard| judged.hazards.contains(&hazard);
    let measured = |hazard| found.hazards.contains(&hazard);
    // What writes rows anew reads them too.
    let scan = |there: bool, rewritten: bool| there && !rewritten;
    let rewrites = (declared(Hazard::Rewrite), measured(Hazard::Rewrite));
    if rewrites.0 != rewrites.1 {
        wrong.push(format!("rewrite: declared {}, measured {}", rewrites.0, rewrites.1));
    }
    let scans = (scan(declared(Hazard::Scan), rewrites.0), scan(measured(Hazard::Scan), rewrites.1));
    if scans.0 != scans.1 {
        wrong.push(format!("scan: declared {}, measured {}", scans.0, scans.1));
    }
    for hazard in [Hazard::DataLoss, Hazard::BreaksReaders, Hazard::RefusesWrites, Hazard::LosesGuarantee] {
        if measured(hazard) && !declared(hazard) {
            wrong.push(format!("{} is measured and not declared: {:?}", hazard.as_str(), found.lost));
        }
    }
    if declared(Hazard::DataLoss) && !measured(Hazard::DataLoss) && case.cautious.is_none() && case.rows {
        wrong.push("a loss is declared, and nothing is lost".to_owned());
    }
    let harm = [Hazard::DataLoss, Hazard::Rewrite, Hazard::Scan].into_iter().find(|h| measured(*h));
    if let (Verdict::Safe, Mode::Prod, Some(harm)) = (judged.verdict, case.mode, harm)
        && !(harm == Hazard::Scan && on == Core::Sqlite)
    {
        wrong.push(format!("it is called safe, and {} is measured", harm.as_str()));
    }
    wrong
}
