//! What a change asks of rows: before it is judged, and once more if rows that came in between stand against it. The look
//! takes no lock, so the database alone finds those, and it seldom says which they are.

use hookwright_core::ddl::{self, Demand, Statement, demands};
use hookwright_core::ident::{Ident, quoted};
use hookwright_core::plan::Sizes;
use hookwright_core::policy::{Answer, Answers, Draft, Probe};
use hookwright_core::schema::{Schema, Table};
use tracing::Instrument;

use super::facts::{self, Wanted};
use super::report;
use crate::db::ProbeAnswer;
use crate::error::Result;
use crate::executor::{self, RetryPolicy};
use crate::telemetry::TARGET;
use crate::tenant::Tenant;

/// The questions of a draft.
pub(super) struct Asked {
    probes: Vec<Probe>,
    statements: Vec<Statement>,
}

/// What was found of rows that stand against a change.
#[derive(Debug, Default)]
pub(super) struct Against {
    /// Which rows, and what they stand against.
    pub told: Option<String>,
    /// Shows them.
    pub shown: Option<String>,
}

impl Asked {
    pub fn of(tenant: &Tenant, draft: &Draft) -> Self {
        let probes: Vec<_> = draft.probes().cloned().collect();
        let statement = |probe| ddl::probe(probe, tenant.db().dialect(), tenant.org(), draft.base());
        let statements = probes.iter().map(statement).collect();
        Self { probes, statements }
    }

    /// The answers that a draft's judgements depend on.
    pub async fn answers(
        &self,
        tenant: &Tenant,
        draft: &Draft,
        sizes: &Sizes,
        retry: &RetryPolicy,
    ) -> Result<Answers> {
        let (db, statements) = (tenant.db(), &self.statements);
        let span = tracing::debug_span!(target: TARGET, "probes", probes = statements.len());
        let found = match executor::ask(db, statements, retry).instrument(span).await {
            Ok(found) => found,
            Err(error) => {
                let wanted = Wanted::at_most(draft);
                let schemas = (draft.base(), draft.schema());
                return Err(facts::explained(tenant, &wanted, schemas, None, error).await);
            }
        };
        let mut answers = Answers::new();
        for (index, found) in found.into_iter().enumerate() {
            match answer(found) {
                Some(answer) => answers.insert(index, answer),
                // The steps of a large table find out, and are taken back if rows stand against them.
                None if statements[index].table().is_some_and(|t| sizes.is_large(t)) => {
                    answers.insert(index, Answer { rows: true, unknown: true, ..Answer::default() })
                }
                None => {
                    let table = statements[index].table().map(|t| t.as_str().to_owned()).unwrap_or_default();
                    return Err(report::probe_timed_out(&table));
                }
            };
        }
        Ok(answers)
    }

    /// Which rows stand against the change now, as far as it asked for such.
    async fn again(&self, tenant: &Tenant) -> Option<String> {
        let found = tenant.db().probe(&self.statements).await.ok()?;
        let told = |(probe, found)| told(probe, &answer(found)?);
        let mut all: Vec<_> = self.probes.iter().zip(found).filter_map(told).collect();
        all.dedup();
        (!all.is_empty()).then(|| all.join("; "))
    }
}

fn answer(found: ProbeAnswer) -> Option<Answer> {
    let ProbeAnswer::Found { rows, failing, sample } = found else { return None };
    let failing = u64::try_from(failing).unwrap_or_default();
    let sample = sample.iter().map(|text| quoted(text)).collect();
    Some(Answer { rows, failing, sample, ..Answer::default() })
}

/// What rows that a probe found are; none if it is not about rows, or found none.
fn told(probe: &Probe, answer: &Answer) -> Option<String> {
    if answer.failing == 0 {
        return None;
    }
    let of = |table: &Ident| format!("{} of \"{}\"", answer.count(), table.as_str());
    let named = |columns: &[Ident]| {
        let each: Vec<_> = columns.iter().map(|column| format!("\"{}\"", column.as_str())).collect();
        each.join(", ")
    };
    let keys = || match answer.sample.is_empty() {
        true => String::new(),
        false => format!(" (such as the one with the key {})", answer.sample.join(", ")),
    };
    Some(match probe {
        Probe::Nulls { table, column } => {
            let leaves = answer.verb("leaves", "leave");
            format!("{} {leaves} \"{}\" NULL{}", of(table), column.as_str(), keys())
        }
        Probe::Duplicates { table, columns } => {
            format!("{} share {}{}", of(table), named(columns), answer.examples())
        }
        Probe::Repeats { table, .. } => format!("{} repeat what is to be unique{}", of(table), keys()),
        Probe::Orphans { table, columns, .. } => {
            let refers = answer.verb("refers", "refer");
            format!("{} {refers} to nothing by {}{}", of(table), named(columns), answer.examples())
        }
        Probe::Misfits { table, column, to, .. } | Probe::Unconvertible { table, column, to, .. } => {
            let has = answer.verb("has", "have");
            let (column, ty, examples) = (column.as_str(), to.describe(), answer.examples());
            format!("{} {has} a value of \"{column}\" without a counterpart in {ty}{examples}", of(table))
        }
        Probe::Violations { table, .. } => {
            format!("{} {} not meet the condition{}", of(table), answer.verb("does", "do"), keys())
        }
        Probe::Rows { .. } | Probe::Dangling { .. } | Probe::Dependents { .. } => return None,
    })
}

/// Which rows stand against a change that a database refused for its rows: those that were written past what the tables
/// demand, or those that came after the look at them.
pub(super) async fn against(
    tenant: &Tenant,
    wanted: &Wanted,
    (before, after): (&Schema, &Schema),
    asked: Option<&Asked>,
) -> Against {
    let physical = before.physical();
    for table in wanted.altered.iter().filter_map(|table| physical.table(table)) {
        let mut asked = demands(table, tenant.org());
        let becomes = after.table(&table.name).map(|table| demands(table, tenant.org())).unwrap_or_default();
        asked.extend(becomes.into_iter().filter(|demand| is_of(demand, table, after)));
        let unmet = tenant.db().unmet(&table.name, &asked).await.unwrap_or_default();
        if let Some(first) = unmet.first() {
            let shown = Some(first.demand.shown.sql().to_owned());
            return Against { told: Some(first.told(&table.name)), shown };
        }
    }
    let told = match asked {
        Some(asked) => asked.again(tenant).await,
        None => None,
    };
    Against { told, shown: None }
}

/// Whether what is demanded afterwards can be asked of the rows as they are.
fn is_of(demand: &Demand, before: &Table, after: &Schema) -> bool {
    let ty = |table: &Table, column: &Ident| table.column(column).map(|c| c.ty.clone());
    let after = after.table(&before.name);
    demand.columns.iter().all(|column| {
        let was = ty(before, column);
        was.is_some() && was == after.and_then(|after| ty(after, column))
    })
}
