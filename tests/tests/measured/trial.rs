//! Runs one case step by step as the executor would, and measures every statement of it.

use std::collections::BTreeMap;
use std::fmt;

use hookwright_core::ddl::{Statement, StatementKind};
use hookwright_core::model::Model;
use hookwright_core::online::{OnlineStep, Run};
use hookwright_core::schema::Schema;
use hookwright_tests::plans::{self, Case, apply, org, planned};
use hookwright_tests::postgres::TestDatabase;
use sqlx::{AssertSqlSafe, PgConnection};

use super::found::{Effect, Found};
use super::{beside, within};

/// How the cases are run: on tables with or without rows, at once or beside the users of the tables.
#[derive(Clone, Copy)]
pub(super) struct Way {
    pub filled: bool,
    pub online: bool,
}

/// A case, run in one way.
pub(super) struct Trial<'a> {
    pub case: &'a Case,
    pub way: Way,
    pub database: &'a TestDatabase,
    pub connection: PgConnection,
    pub found: Vec<Found>,
}

impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (rows, when) =
            (if self.filled { "filled" } else { "empty" }, if self.online { "online" } else { "at once" });
        write!(f, "{rows}, {when}")
    }
}

impl Trial<'_> {
    /// Begins anew, in an empty schema.
    pub async fn run(&mut self) {
        let fresh = format!("DROP SCHEMA IF EXISTS \"{0}\" CASCADE; CREATE SCHEMA \"{0}\"", org().as_str());
        self.execute(&fresh).await;
        let first = apply(&Schema::default(), &self.case.base, true);
        for statement in planned(&first, false).statements() {
            self.execute(statement.sql()).await;
        }
        if self.way.filled {
            for insert in plans::rows(org().as_str(), first.schema()) {
                self.execute(&insert).await;
            }
        }
        for table in self.case.unlogged {
            self.execute(&format!("ALTER TABLE \"{}\".\"{table}\" SET UNLOGGED", org().as_str())).await;
        }
        for (table, column, ty) in self.case.collated {
            let alter = format!("ALTER COLUMN \"{column}\" TYPE {ty} COLLATE \"POSIX\"");
            self.execute(&format!("ALTER TABLE \"{}\".\"{table}\" {alter}", org().as_str())).await;
        }
        let mut schema = self.case.before();
        for change in &self.case.changes {
            let model = apply(&schema, change, self.case.burying);
            // A change that is refused, or that a made-up expression does not fit, is the last.
            if !matches!(self.change(&model).await, Ok(true)) {
                return;
            }
            schema = model.schema().clone();
        }
    }

    /// Whether the change can be made.
    async fn change(&mut self, model: &Model) -> Result<bool, Untyped> {
        let plan = planned(model, self.way.online);
        if !plan.obstacles.is_empty() {
            return Ok(false);
        }
        for step in &plan.prepare {
            self.step(step).await?;
            self.undo(step).await?;
        }
        for statement in plan.statements() {
            self.measure(statement).await?;
        }
        for step in &plan.finish {
            self.step(step).await?;
        }
        Ok(true)
    }

    async fn step(&mut self, step: &OnlineStep) -> Result<(), Untyped> {
        match step.run(&org()) {
            Run::Short(statements) => {
                for statement in &statements {
                    self.measure(statement).await?;
                }
                Ok(())
            }
            Run::Long(statement) | Run::Outside(statement) | Run::Index { run: statement, .. } => {
                self.measure(&statement).await
            }
            // As many blocks as a table can have.
            Run::Batches(batches) => self.measure(&batches.statement(0, u32::MAX.into())).await,
        }
    }

    /// Takes a step back, and does it once more.
    async fn undo(&mut self, step: &OnlineStep) -> Result<(), Untyped> {
        let undo = step.undo(&org());
        if undo.is_empty() {
            return Ok(());
        }
        for statement in &undo {
            self.measure(statement).await?;
        }
        self.step(step).await
    }

    async fn measure(&mut self, statement: &Statement) -> Result<(), Untyped> {
        let kind = statement.kind().unwrap_or_else(|| panic!("\"{}\" has no kind", statement.sql()));
        let measured = match kind {
            StatementKind::CreateIndexConcurrently | StatementKind::DropIndexConcurrently => {
                beside::measure(&mut self.connection, self.database, statement).await
            }
            _ => within::measure(&mut self.connection, statement).await,
        };
        match measured {
            Ok(measured) => {
                let (sql, declared) = (statement.sql().to_owned(), declared(statement));
                self.found.push(Found { kind, sql, declared, measured, filled: self.way.filled });
                Ok(())
            }
            Err(error) if self.case.unforeseen && is_about_types(&error) => Err(Untyped),
            Err(error) => panic!("{} ({}): \"{}\" fails: {error}", self.case.name, self.way, statement.sql()),
        }
    }

    async fn execute(&mut self, sql: &str) {
        let result = sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&mut self.connection).await;
        result.unwrap_or_else(|error| panic!("{}: the database refuses \"{sql}\": {error}", self.case.name));
    }
}

/// A made-up expression does not fit the types of its columns, which the core leaves to the database to find out.
struct Untyped;

/// Whether there is no such function for these types, none that an index may use, or another type was wanted.
fn is_about_types(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(|e| e.code());
    let about_a_key = error.to_string().contains("foreign key");
    !about_a_key && matches!(code.as_deref(), Some("42883" | "42804" | "42P17"))
}

fn declared(statement: &Statement) -> Effect {
    let locks = statement.locks().iter().map(|lock| (lock.table.as_str().to_owned(), lock.level));
    let table = statement.table().map(|t| t.as_str().to_owned()).unwrap_or_default();
    Effect { table, locks: locks.collect::<BTreeMap<_, _>>(), extent: statement.extent() }
}
