//! Tables of SQLite that are made anew, as a dry run shows them: with what of others is taken along.

use hookwright_core::ddl::{Statement, Step};
use hookwright_core::ident::Ident;
use hookwright_core::plan::Plan;

use crate::db::DbError;
use crate::error::Result;
use crate::executor::{self, Rebuilt};
use crate::outcome::StatementReport;
use crate::tenant::Tenant;

/// What each step of a plan that makes a table anew comes to, in order; and what would be lost.
pub(super) async fn look(tenant: &Tenant, plan: &Plan) -> Result<(Vec<Option<Rebuilt>>, Vec<DbError>)> {
    let (mut rebuilt, mut lost) = (Vec::new(), Vec::new());
    for step in &plan.steps {
        let Step::Rebuild(rebuild) = step else { continue };
        // Under the names that the plan gives it before, nothing is there yet.
        let found = match is_renamed(plan, &rebuild.before.name) {
            true => Ok(None),
            false => executor::preview(tenant.db(), rebuild).await,
        };
        match found {
            Ok(found) => rebuilt.push(found),
            Err(error @ DbError::WouldBeLost { .. }) => {
                rebuilt.push(None);
                lost.push(error);
            }
            // What moved meanwhile, the change itself finds out.
            Err(DbError::Drifted(_)) => rebuilt.push(None),
            Err(error) => return Err(error.into()),
        }
    }
    Ok((rebuilt, lost))
}

fn is_renamed(plan: &Plan, table: &Ident) -> bool {
    let renames = |s: &Statement| s.table() == Some(table) && s.message().starts_with("RENAME");
    let single = plan.steps.iter().filter_map(|step| match step {
        Step::Statement(statement) => Some(statement),
        Step::Rebuild(_) => None,
    });
    plan.renamed.values().any(|now| now == table) || single.into_iter().any(renames)
}

/// The statements of a plan's transaction, in order, as `report` tells each.
pub(super) fn statements(
    plan: &Plan,
    rebuilt: &[Option<Rebuilt>],
    report: impl Fn(&Statement) -> StatementReport,
) -> Vec<StatementReport> {
    let mut rebuilt = rebuilt.iter();
    let mut all = Vec::new();
    for step in &plan.steps {
        let found = if matches!(step, Step::Rebuild(_)) { rebuilt.next() } else { None };
        match (step, found.and_then(Option::as_ref)) {
            (Step::Rebuild(rebuild), Some(found)) => {
                let made = report(&found.create);
                let beside = |message: &str, fields: Vec<String>, sql: &String| {
                    let (message, sql) = (message.to_owned(), sql.clone());
                    StatementReport { message, fields, sql, ..made.clone() }
                };
                all.push(made.clone());
                let column =
                    |(name, sql): &(Ident, String)| beside("ADD COLUMN", vec![name.as_str().to_owned()], sql);
                all.extend(found.columns.iter().map(column));
                all.extend(found.rest.iter().chain(&rebuild.indexes).map(&report));
                all.extend(found.kept.iter().map(|sql| beside("MAKE AGAIN", Vec::new(), sql)));
            }
            _ => all.extend(step.statements().map(&report)),
        }
    }
    all
}
