//! Steps beside the transaction, in the words of every surface.

use hookwright_core::ddl::Statement;
use hookwright_core::ident::OrgName;
use hookwright_core::online::{OnlineStep, Run};
use hookwright_core::plan::Plan;

use crate::db::{Phase, StepRow, StepState};
use crate::outcome::StepReport;

/// The steps of a plan that is not begun.
pub(super) fn planned(org: &OrgName, plan: &Plan) -> Vec<StepReport> {
    let before = plan.prepare.iter().map(|step| report(org, step, Phase::Prepare));
    before.chain(plan.finish.iter().map(|step| report(org, step, Phase::Finish))).collect()
}

/// Steps as far as the journal has them.
pub(super) fn journalled(org: &OrgName, rows: &[StepRow]) -> Vec<StepReport> {
    let of = |row: &StepRow| {
        let mut step = report(org, &row.step, row.phase);
        step.state = state(row.state).to_owned();
        (step.done, step.total) = (count(row.done), count(row.total));
        step.error.clone_from(&row.error);
        step
    };
    rows.iter().map(of).collect()
}

fn report(org: &OrgName, step: &OnlineStep, phase: Phase) -> StepReport {
    StepReport {
        when: if phase == Phase::Prepare { "before" } else { "after" }.to_owned(),
        title: step.title().to_owned(),
        table: step.table().as_str().to_owned(),
        state: state(StepState::Pending).to_owned(),
        done: 0,
        total: 0,
        sql: statements(org, step).iter().map(|s| s.sql().to_owned()).collect(),
        why: step.why().to_owned(),
        error: None,
    }
}

/// The statements of a step; of one that goes in batches, the first.
pub(super) fn statements(org: &OrgName, step: &OnlineStep) -> Vec<Statement> {
    match step.run(org) {
        Run::Short(statements) => statements,
        Run::Long(one) | Run::Outside(one) | Run::Index { run: one, .. } => vec![one],
        Run::Batches(batches) => vec![batches.statement(0, 1)],
    }
}

fn state(state: StepState) -> &'static str {
    match state {
        StepState::Pending => "pending",
        StepState::Begun => "begun",
        StepState::Done => "done",
        StepState::Undone => "undone",
    }
}

fn count(blocks: i64) -> u64 {
    u64::try_from(blocks).unwrap_or_default()
}
