//! A change is made, and measured: what it locks while it goes through rows, what it leaves of the values, whether
//! programs that knew the schema before can go on.

use std::collections::{BTreeMap, BTreeSet};

use hookwright_core::ddl::{Dialect, Extent, Statement};
use hookwright_core::ident::{Ident, OrgName};
use hookwright_core::model::Model;
use hookwright_core::online::{OnlineStep, Run};
use hookwright_core::plan::Plan;
use hookwright_core::policy::Hazard;
use hookwright_core::schema::Table;
use hookwright_tests::measure::{self, Tables};

use super::meaning::is_same;
use super::session::{Refused, Session, Texts};

/// What was found.
#[derive(Debug, Default)]
pub struct Found {
    /// Hazards that were measured.
    pub hazards: BTreeSet<Hazard>,
    /// Why it failed, if it did.
    pub failed: Option<String>,
    /// What of the values is not as before, for people.
    pub lost: Vec<String>,
}

/// A change on trial.
pub struct Trial<'a> {
    pub session: &'a mut Session,
    pub org: &'a OrgName,
    pub dialect: Dialect,
    pub model: &'a Model,
    pub writes: &'a [String],
}

type Contents = BTreeMap<Ident, Vec<Texts>>;

impl Trial<'_> {
    /// Makes it. A change that is one transaction is taken back.
    pub async fn run(mut self, plan: &Plan) -> Found {
        let before = self.contents().await;
        let accepted = self.accepted_alone().await;
        let (pages, orphans) = (self.pages().await, self.orphans().await);
        let mut found = Found::default();
        if let Err(error) = self.make(plan, &before, &mut found).await {
            found.failed = Some(error.text);
            self.session.rollback().await;
            return found;
        }
        if self.orphans().await > orphans {
            found.failed = Some("rows refer to nothing".to_owned());
            self.session.rollback().await;
            return found;
        }
        let rebuilt = self.pages().await;
        if pages
            .iter()
            .any(|(table, page)| !before[table].is_empty() && rebuilt.get(table).is_some_and(|p| p != page))
        {
            found.hazards.insert(Hazard::Rewrite);
        }
        self.look(&before, &mut found).await;
        for (write, was) in self.writes.iter().zip(accepted) {
            match (was, self.accepts(write).await) {
                (true, false) => drop(found.hazards.insert(Hazard::RefusesWrites)),
                (false, true) => drop(found.hazards.insert(Hazard::LosesGuarantee)),
                _ => {}
            }
        }
        self.session.rollback().await;
        found
    }

    async fn make(&mut self, plan: &Plan, before: &Contents, found: &mut Found) -> Result<(), Refused> {
        for step in &plan.prepare {
            self.step(step, before, found).await?;
        }
        self.session.begin().await;
        for statement in plan.statements() {
            self.statement(statement, before, found).await?;
        }
        if !plan.is_transactional() {
            self.session.must("COMMIT").await;
        }
        for step in &plan.finish {
            self.step(step, before, found).await?;
        }
        if !plan.is_transactional() {
            self.session.begin().await;
        }
        Ok(())
    }

    /// On SQLite, whose foreign keys are off meanwhile: rows that refer to nothing.
    async fn orphans(&mut self) -> usize {
        match self.dialect {
            Dialect::Postgres => 0,
            Dialect::Sqlite => self.session.must("PRAGMA foreign_key_check").await.len(),
        }
    }

    async fn step(&mut self, step: &OnlineStep, before: &Contents, found: &mut Found) -> Result<(), Refused> {
        let statements = match step.run(self.org) {
            Run::Index { run, .. } => return self.session.texts(run.sql()).await.map(drop),
            Run::Outside(one) => return self.session.texts(one.sql()).await.map(drop),
            Run::Short(statements) => statements,
            Run::Long(one) => vec![one],
            // As many blocks as a table can have.
            Run::Batches(batches) => vec![batches.statement(0, u32::MAX.into())],
        };
        self.session.begin().await;
        for statement in &statements {
            self.statement(statement, before, found).await?;
        }
        self.session.must("COMMIT").await;
        Ok(())
    }

    /// Runs a statement, and notes what it goes through of tables with rows while their users wait.
    async fn statement(
        &mut self,
        statement: &Statement,
        before: &Contents,
        found: &mut Found,
    ) -> Result<(), Refused> {
        let was = self.tables().await;
        self.session.texts(statement.sql()).await?;
        let is = self.tables().await;
        let Some(session) = self.session.postgres() else {
            // Which rows SQLite reads nobody tells.
            let reads = matches!(statement.message(), "CREATE INDEX" | "UPDATE");
            if reads && statement.table().is_some_and(|t| self.had_rows(t, before)) {
                found.hazards.insert(Hazard::Scan);
            }
            return Ok(());
        };
        let locks = measure::strongest(measure::locks(session, None).await, &was);
        for (oid, table) in &was {
            let Some(now) = is.get(oid) else { continue };
            let waiting = locks.get(&table.name).is_some_and(|level| level.blocks());
            if !waiting || !Ident::parse(&table.name).is_ok_and(|name| self.had_rows(&name, before)) {
                continue;
            }
            match measure::extent(table, now) {
                Extent::Nothing => {}
                Extent::Scan | Extent::Rows => drop(found.hazards.insert(Hazard::Scan)),
                Extent::Rewrite => drop(found.hazards.insert(Hazard::Rewrite)),
            }
        }
        Ok(())
    }

    /// A table by any of its names.
    fn had_rows(&self, table: &Ident, before: &Contents) -> bool {
        let origin = self.model.origin(table).unwrap_or_else(|| table.clone());
        before.get(&origin).is_some_and(|rows| !rows.is_empty())
    }

    async fn tables(&mut self) -> Tables {
        match self.session.postgres() {
            Some(session) => measure::tables(session, self.org).await,
            None => Tables::new(),
        }
    }

    /// On SQLite: where tables begin in the file, by their names before.
    async fn pages(&mut self) -> BTreeMap<Ident, String> {
        if self.dialect == Dialect::Postgres {
            return BTreeMap::new();
        }
        let rows = self.session.must("SELECT name, rootpage FROM sqlite_master WHERE type = 'table'").await;
        let mut pages = BTreeMap::new();
        for row in rows {
            let (Some(name), Some(page)) = (&row[0], &row[1]) else { continue };
            let Ok(name) = Ident::parse(name) else { continue };
            let origin = self.model.origin(&name).unwrap_or(name);
            if self.model.base().table(&origin).is_some() {
                pages.insert(origin, page.clone());
            }
        }
        pages
    }

    /// Every value of every table there was.
    async fn contents(&mut self) -> Contents {
        let tables: Vec<_> = self.model.base().tables.values().cloned().collect();
        let mut contents = Contents::new();
        for table in tables {
            let columns: Vec<_> = table.columns.keys().cloned().collect();
            let rows = self.values(&table.name, &columns, &table.primary_key).await;
            contents.insert(table.name.clone(), rows.expect("a table of the model is read"));
        }
        contents
    }

    async fn values(
        &mut self,
        table: &Ident,
        columns: &[Ident],
        key: &[Ident],
    ) -> Result<Vec<Texts>, Refused> {
        let cast = if self.dialect == Dialect::Postgres { "::text" } else { "" };
        let list = |names: &[Ident]| {
            names.iter().map(|n| format!("\"{}\"{cast}", n.as_str())).collect::<Vec<_>>().join(", ")
        };
        let order = if key.is_empty() { String::new() } else { format!(" ORDER BY {}", list(key)) };
        self.session.texts(&format!("SELECT {} FROM \"{}\"{order}", list(columns), table.as_str())).await
    }

    /// Compares what there is with what there was.
    async fn look(&mut self, before: &Contents, found: &mut Found) {
        let base: Vec<_> = self.model.base().tables.values().cloned().collect();
        for table in base.iter().filter(|t| !before[&t.name].is_empty()) {
            if !self.reads_as_before(table).await {
                found.hazards.insert(Hazard::BreaksReaders);
            }
            let lost = self.lost(table, &before[&table.name]).await;
            if !lost.is_empty() {
                found.hazards.insert(Hazard::DataLoss);
                found.lost.extend(lost);
            }
        }
    }

    async fn reads_as_before(&mut self, table: &Table) -> bool {
        let columns: Vec<_> = table.columns.keys().map(|c| format!("\"{}\"", c.as_str())).collect();
        self.accepts(&format!("SELECT {} FROM \"{}\" LIMIT 1", columns.join(", "), table.name.as_str())).await
    }

    async fn lost(&mut self, table: &Table, before: &[Texts]) -> Vec<String> {
        let schema = self.model.schema();
        let Some(now) =
            schema.tables.values().find(|t| self.model.origin(&t.name).as_ref() == Some(&table.name))
        else {
            return vec![format!("the rows of \"{}\"", table.name.as_str())];
        };
        let of = |before: &Ident| {
            let moved =
                now.columns.keys().find(|c| self.model.column_origin(&now.name, c).as_ref() == Some(before));
            moved.or_else(|| now.columns.keys().find(|c| *c == before)).cloned()
        };
        let pairs: Vec<_> = table.columns.values().map(|column| (column, of(&column.name))).collect();
        let key: Vec<_> = table.primary_key.iter().filter_map(of).collect();
        let there: Vec<_> = pairs.iter().filter_map(|(_, now)| now.clone()).collect();
        let (name, types) = (now.name.clone(), now.columns.clone());
        let after = self.values(&name, &there, &key).await.expect("a table of the model is read");
        let mut lost = Vec::new();
        if after.len() != before.len() {
            lost.push(format!("{} rows of \"{}\"", before.len().abs_diff(after.len()), table.name.as_str()));
        }
        let mut place = 0;
        for (index, (was, now)) in pairs.iter().enumerate() {
            let Some(now) = now else {
                lost.push(format!("the column \"{}\"", was.name.as_str()));
                continue;
            };
            for (old, new) in before.iter().zip(&after) {
                let same = match (&old[index], &new[place]) {
                    (None, _) => true,
                    (Some(old), Some(new)) => is_same(old, &was.ty, new, &types[now].ty),
                    (Some(_), None) => false,
                };
                if !same {
                    lost.push(format!("\"{}\" {:?} -> {:?}", was.name.as_str(), old[index], new[place]));
                    break;
                }
            }
            place += 1;
        }
        lost
    }

    /// Whether statements are accepted now.
    async fn accepted_alone(&mut self) -> Vec<bool> {
        let mut accepted = Vec::new();
        for write in self.writes {
            self.session.begin().await;
            accepted.push(self.accepts(write).await);
            self.session.rollback().await;
        }
        accepted
    }

    /// Tries a statement within a transaction, and takes it back.
    async fn accepts(&mut self, sql: &str) -> bool {
        self.session.must("SAVEPOINT trial").await;
        let accepted = self.session.texts(sql).await.is_ok();
        self.session.must("ROLLBACK TO trial").await;
        self.session.must("RELEASE trial").await;
        accepted
    }
}
