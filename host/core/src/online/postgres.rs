//! The statements of each step.

use super::{Batches, OnlineStep, Run};
use crate::ddl::postgres::Postgres;
use crate::ddl::{Checking, Statement};
use crate::ident::{Ident, OrgName};
use crate::schema::{Column, Table, names};

pub(super) fn run(step: &OnlineStep, org: &OrgName) -> Run {
    let sql = Postgres { org };
    match step {
        OnlineStep::AddColumn { table, column } => {
            Run::Short(vec![sql.add_bare_column(&bare(table, None), column)])
        }
        OnlineStep::AddShadow { column, fill } => {
            let table = bare(&fill.table, Some(column));
            let mut made = vec![sql.add_bare_column(&table, column), sql.create_keeper(&table, fill)];
            made.extend(sql.create_keeper_triggers(&table, fill));
            Run::Short(made)
        }
        OnlineStep::Fill { column, fill, to } => {
            let (org, column, fill, to) = (org.clone(), column.clone(), fill.clone(), to.clone());
            Run::Batches(Batches { org, column, fill, to })
        }
        OnlineStep::Require { table, column } => Run::Short(vec![sql.add_required(table, column)]),
        OnlineStep::AddValues { table, column, values } => {
            Run::Short(vec![sql.add_values(table, column, values, Checking::Later)])
        }
        OnlineStep::AddCheck { table, check } => {
            Run::Short(vec![sql.add_check(&bare(table, None), check, Checking::Later)])
        }
        OnlineStep::AddForeignKey { table, key } => {
            Run::Short(vec![sql.add_foreign_key(table, key, Checking::Later)])
        }
        OnlineStep::Validate { table, constraint, to } => {
            Run::Long(sql.validate(table, constraint, to.as_ref()))
        }
        OnlineStep::BuildIndex { table, index } => Run::Index {
            run: sql.create_index_concurrently(&bare(table, None), index),
            name: index.name.clone(),
            clean: sql.drop_index_concurrently(table, &index.name),
        },
        OnlineStep::DropIndex { table, index } => {
            Run::Outside(sql.drop_index_concurrently(table, &index.name))
        }
    }
}

pub(super) fn undo(step: &OnlineStep, org: &OrgName) -> Vec<Statement> {
    let sql = Postgres { org };
    match step {
        OnlineStep::AddColumn { table, column } => vec![sql.drop_column_if_there(table, &column.name)],
        OnlineStep::AddShadow { column, fill } => {
            let mut undo = sql.drop_keeper(&fill.table, &fill.table, &column.name).to_vec();
            undo.push(sql.drop_column_if_there(&fill.table, &column.name));
            undo
        }
        OnlineStep::Require { table, column } => {
            vec![sql.drop_constraint_if_there(table, &names::required_check(column), None)]
        }
        OnlineStep::AddValues { table, column, .. } => {
            vec![sql.drop_constraint_if_there(table, &names::values_check(column), None)]
        }
        OnlineStep::AddCheck { table, check } => vec![sql.drop_constraint_if_there(table, &check.name, None)],
        OnlineStep::AddForeignKey { table, key } => {
            vec![sql.drop_constraint_if_there(table, &key.name, Some(&key.table))]
        }
        // Not concurrently: only within a transaction is it sure that the change is still to be taken back.
        OnlineStep::BuildIndex { table, index } => vec![sql.drop_index_if_there(table, &index.name)],
        // Values that rows got stay with them, a checked constraint goes with its own step, and
        // an index is dropped only once the change is committed.
        OnlineStep::Fill { .. } | OnlineStep::Validate { .. } | OnlineStep::DropIndex { .. } => vec![],
    }
}

pub(super) fn fill_blocks(batches: &Batches, first: u64, end: u64) -> Statement {
    let Batches { org, column, fill, to } = batches;
    Postgres { org }.fill_blocks(&bare(&fill.table, Some(column)), fill, to, first..end)
}

/// A table as far as statements need it: on PostgreSQL expressions do not depend on the columns' types.
fn bare(table: &Ident, column: Option<&Column>) -> Table {
    let mut bare = Table::new(table.clone());
    bare.columns.extend(column.map(|c| (c.name.clone(), c.clone())));
    bare
}
