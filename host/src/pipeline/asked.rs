//! What a change asks of rows: before it is judged, and once more if rows that came in between stand against it. The look
//! takes no lock, so the database alone finds those, and it seldom says which they are.

use std::collections::HashSet;
use std::time::Duration;

use hookwright_core::ddl::{self, Demand, Statement, demands};
use hookwright_core::ident::{Ident, quoted};
use hookwright_core::plan::Sizes;
use hookwright_core::policy::{Answer, Answers, Draft, Probe};
use hookwright_core::schema::{Schema, Table};
use tracing::Instrument;

use super::facts::{self, Wanted};
use super::report;
use crate::db::{About, ProbeAnswer};
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

    /// Which rows stand against the change now, as far as it asked for such; of the table that was refused, if it is known.
    async fn again(&self, tenant: &Tenant, on: Option<&About>) -> Option<String> {
        let refused = match on {
            Some(About::Constraint { table, .. } | About::Columns { table, .. }) => Some(table.as_str()),
            Some(About::Check(_) | About::Values) | None => None,
        };
        let is_of = |statement: &Statement| statement.table().map(Ident::as_str) == refused;
        let known = refused.is_some() && self.statements.iter().any(is_of);
        let (mut probes, mut statements) = (Vec::new(), Vec::new());
        for (probe, statement) in self.probes.iter().zip(&self.statements) {
            if finds_rows(probe) && (!known || is_of(statement)) && !statements.contains(statement) {
                probes.push(probe);
                statements.push(statement.clone());
            }
        }
        let found = tenant.db().probe(&statements).await.ok()?;
        let told = |(probe, found)| told(probe, &answer(found)?);
        let mut all: Vec<_> = probes.into_iter().zip(found).filter_map(told).collect();
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

/// Whether what a probe finds is told of rows.
fn finds_rows(probe: &Probe) -> bool {
    !matches!(probe, Probe::Rows { .. } | Probe::Dangling { .. } | Probe::Dependents { .. })
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
/// demand, or those that came after the look at them. Others wait for the change meanwhile, so it is no longer looked than
/// a probe may take; nothing is told then.
pub(super) async fn against(
    tenant: &Tenant,
    wanted: &Wanted,
    schemas: (&Schema, &Schema),
    asked: Option<&Asked>,
    on: Option<&About>,
) -> Against {
    let limit = Duration::from_millis(u64::from(tenant.db().options().probe_timeout_ms));
    tokio::time::timeout(limit, looked(tenant, wanted, schemas, asked, on)).await.unwrap_or_default()
}

async fn looked(
    tenant: &Tenant,
    wanted: &Wanted,
    (before, after): (&Schema, &Schema),
    asked: Option<&Asked>,
    on: Option<&About>,
) -> Against {
    let physical = before.physical();
    let tables: Vec<_> = wanted.altered.iter().filter_map(|table| physical.table(table)).collect();
    let demanded = tables.iter().map(|table| {
        let mut all = demands(table, tenant.org());
        let becomes = after.table(&table.name).map(|table| demands(table, tenant.org())).unwrap_or_default();
        all.extend(becomes.into_iter().filter(|demand| is_of(demand, table, after)));
        all
    });
    let concerned = concerned(&tables, demanded.collect(), on);
    for (table, demands) in tables.iter().zip(concerned).filter(|(_, demands)| !demands.is_empty()) {
        let unmet = tenant.db().unmet(&table.name, &demands).await.unwrap_or_default();
        if let Some(first) = unmet.first() {
            let shown = Some(first.demand.shown.sql().to_owned());
            return Against { told: Some(first.told(&table.name)), shown };
        }
    }
    let told = match asked {
        Some(asked) => asked.again(tenant, on).await,
        None => None,
    };
    Against { told, shown: None }
}

/// Of each table the demands, each once; only those that a refusal is about, if it says so in names of before the change.
fn concerned(tables: &[&Table], mut all: Vec<Vec<Demand>>, on: Option<&About>) -> Vec<Vec<Demand>> {
    let is_meant = |demand: &Demand| match on {
        Some(About::Check(said)) => demand.check.as_ref() == Some(said),
        Some(About::Columns { names, .. }) => {
            demand.columns.iter().any(|column| names.iter().any(|name| name == column.as_str()))
        }
        Some(About::Constraint { .. } | About::Values) | None => true,
    };
    let known = match on {
        // Of columns whose values are to be distinct nothing is demanded here.
        Some(About::Columns { names, .. }) => tables
            .iter()
            .any(|table| names.iter().all(|name| table.columns.keys().any(|column| column.as_str() == name))),
        _ => all.iter().flatten().any(is_meant),
    };
    for demands in &mut all {
        let mut seen = HashSet::new();
        demands.retain(|demand| (!known || is_meant(demand)) && seen.insert(demand.shown.sql().to_owned()));
    }
    all
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

#[cfg(test)]
mod tests {
    use hookwright_core::field_type::FieldType;
    use hookwright_core::ident::OrgName;
    use hookwright_core::schema::Column;

    use super::*;

    /// Of what is demanded before and after the change, the rows are asked once, and only what the refusal is about.
    #[test]
    fn what_a_refusal_is_about_is_asked_once() {
        let mut table = Table::new(Ident::parse("invoice").expect("a name"));
        for name in ["note", "word"] {
            let name = Ident::parse(name).expect("a name");
            let column =
                Column { nullable: false, ..Column::new(name.clone(), FieldType::String { length: 5 }) };
            table.columns.insert(name, column);
        }
        let org = OrgName::parse("acme").expect("a name");
        let twice = || [demands(&table, &org), demands(&table, &org)].concat();
        let asked = |on: Option<About>| -> Vec<_> {
            let of = concerned(&[&table], vec![twice()], on.as_ref()).concat();
            of.iter()
                .map(|demand| demand.shown.sql().replace("SELECT * FROM \"invoice\" WHERE ", ""))
                .collect()
        };
        let columns =
            |name: &str| About::Columns { table: "invoice".to_owned(), names: vec![name.to_owned()] };
        assert_eq!(asked(None).len(), 4);
        assert_eq!(asked(Some(columns("note"))), ["\"note\" IS NULL", "NOT (length(\"note\") <= 5)"]);
        assert_eq!(
            asked(Some(About::Check("length(\"word\") <= 5".to_owned()))),
            ["NOT (length(\"word\") <= 5)"]
        );
        // A column that gets its name by the change, and a check of somebody's.
        assert_eq!(asked(Some(columns("remark"))).len(), 4);
        assert_eq!(asked(Some(About::Check("mine".to_owned()))).len(), 4);
    }
}
