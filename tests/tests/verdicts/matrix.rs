//! Every pair of types, with values that are hard on both: what is said of a change from one to the other is what comes
//! of it when it is made.
//!
//! A value that cannot be converted must stand against the change beforehand; one that would become another must be
//! called a loss; whatever writes the table anew, or reads it while it is locked, must be called so, and nothing else.

use hookwright_core::conversion::{Conversion, conversion};
use hookwright_core::ddl::{Dialect, Extent};
use hookwright_core::field_type::FieldType;
use hookwright_core::policy::{Hazard, Mode, Settings, Verdict};
use hookwright_core::schema::Schema;
use hookwright_tests::measure;
use serde_json::{Value as Json, json};

use super::ground::Ground;
use super::judged::Judged;
use super::meaning::{is_beyond_events, is_same, is_text};
use super::values::{types, values};

/// What was found, for the report and the document.
#[derive(Debug, Default)]
pub struct Found {
    pub pairs: usize,
    pub values: usize,
    pub wrong: Vec<String>,
}

/// Tries every pair on one database.
pub async fn all(dialect: Dialect) -> Found {
    let mut ground = Ground::new(dialect).await;
    let mut found = Found::default();
    for from in types() {
        let intents = [json!({"intent": "create-table", "table": "t", "columns": [
            {"name": "id", "ty": {"type": "Int"}, "nullable": false},
            {"name": "v", "ty": from, "nullable": true}], "primaryKey": ["id"]})];
        let schema = ground.make(&intents).await;
        for to in types().into_iter().filter(|to| *to != from) {
            let mut pair =
                Pair { ground: &mut ground, schema: &schema, from: &from, to: &to, found: &mut found };
            pair.run().await;
            found.pairs += 1;
        }
    }
    ground.close().await;
    found
}

struct Pair<'a> {
    ground: &'a mut Ground,
    schema: &'a Schema,
    from: &'a FieldType,
    to: &'a FieldType,
    found: &'a mut Found,
}

impl Pair<'_> {
    fn change(&self) -> [Json; 1] {
        let both = |a: &FieldType, b: &FieldType| a.values().is_some() && b.values().is_some();
        match both(self.from, self.to) {
            true => {
                [json!({"intent": "set-values", "table": "t", "column": "v", "values": self.to.values()})]
            }
            false => [json!({"intent": "change-type", "table": "t", "column": "v", "ty": self.to})],
        }
    }

    fn wrong(&mut self, what: &str) {
        let (from, to) = (self.from.describe(), self.to.describe());
        self.found.wrong.push(format!("{:?}: {from} -> {to}: {what}", self.ground.dialect));
    }

    async fn judge(&self) -> Judged {
        self.ground.judge(self.schema, &self.change(), Settings::of(Mode::Prod)).await
    }

    async fn run(&mut self) {
        if conversion(self.from, self.to) == Conversion::Impossible {
            return self.refused().await;
        }
        let mut kept = Vec::new();
        let none = std::iter::once("NULL".to_owned());
        for value in values(self.from, self.ground.dialect).into_iter().chain(none) {
            if self.insert(&[&value]).await && self.value(&value).await {
                kept.push(value);
            }
        }
        self.together(&kept).await;
    }

    /// Types without any sensible way between them.
    async fn refused(&mut self) {
        let judged = self.judge().await;
        if judged.verdict != Verdict::Forbidden {
            self.wrong("has no counterparts, and is not refused");
        }
    }

    /// Whether the type takes the values at all.
    async fn insert(&mut self, values: &[&str]) -> bool {
        let rows =
            values.iter().enumerate().map(|(n, v)| format!("({n}, {v})")).collect::<Vec<_>>().join(", ");
        let clear = if self.ground.dialect == Dialect::Postgres { "TRUNCATE t" } else { "DELETE FROM t" };
        self.ground.session.texts(&format!("{clear}; INSERT INTO t (id, v) VALUES {rows}")).await.is_ok()
    }

    /// Tries one value alone; whether the change can be made with it.
    async fn value(&mut self, value: &str) -> bool {
        self.found.values += 1;
        let old = self.read().await.first().cloned().flatten();
        let judged = self.judge().await;
        let Some(review) = &judged.review else {
            self.wrong(&format!("{value}: refused, {:?}", judged.reasons));
            return false;
        };
        let ran = self.ground.begin(&review.plan).await;
        let new = if ran.is_ok() { self.read().await.first().cloned().flatten() } else { None };
        self.ground.session.rollback().await;
        if old.is_none() && (new.is_some() || ran.is_err() || judged.blocked) {
            self.wrong(&format!("NULL: becomes {new:?}, {:?}", judged.reasons));
        }
        let (Some(old), lossy) = (old, judged.hazards.contains(&Hazard::DataLoss)) else { return false };
        let same = new.as_deref().is_some_and(|new| is_same(&old, self.from, new, self.to));
        match (&ran, judged.blocked) {
            (Err(error), false) => {
                self.wrong(&format!("{value}: nothing stands against it, and it fails: {}", error.text));
            }
            (Ok(()), true) if same && !self.spelt_anew(&old, new.as_deref()) => {
                self.wrong(&format!("{value}: it stands against the change, which gives {new:?}"));
            }
            (Ok(()), false) if !same && !lossy => {
                self.wrong(&format!("{value}: becomes {new:?}, and is not called a loss"));
            }
            _ => {}
        }
        ran.is_ok() && !judged.blocked
    }

    /// A text that is read as something that is not written so may have meant something else; and that it meant
    /// infinity nobody knows.
    fn spelt_anew(&self, old: &str, new: Option<&str>) -> bool {
        is_text(self.from) && !is_text(self.to) && (new != Some(old) || is_beyond_events(old, self.to))
    }

    /// All values that can be converted at once: what the change costs.
    async fn together(&mut self, values: &[String]) {
        let values: Vec<_> = values.iter().map(String::as_str).collect();
        if values.is_empty() || !self.insert(&values).await {
            return;
        }
        let judged = self.judge().await;
        let Some(review) = &judged.review else { return };
        let org = self.ground.org.clone();
        if self.ground.dialect == Dialect::Sqlite {
            let rebuilt = review.plan.foreign_keys_off;
            self.costs(&judged, if rebuilt { Extent::Rewrite } else { Extent::Nothing });
            return;
        }
        // Within the transaction: between two, the server may add up what it counted.
        self.ground.session.begin().await;
        let Some(session) = self.ground.session.postgres() else { return };
        let before = measure::tables(session, &org).await;
        if let Err(error) = self.ground.run(&review.plan).await {
            self.ground.session.rollback().await;
            return self.wrong(&format!("fails with all values: {}", error.text));
        }
        let Some(session) = self.ground.session.postgres() else { return };
        let after = measure::tables(session, &org).await;
        self.ground.session.rollback().await;
        let extent = before.iter().filter_map(|(oid, was)| Some(measure::extent(was, after.get(oid)?))).max();
        self.costs(&judged, extent.unwrap_or_default());
    }

    fn costs(&mut self, judged: &Judged, extent: Extent) {
        let declared = (judged.hazards.contains(&Hazard::Rewrite), judged.hazards.contains(&Hazard::Scan));
        let measured = (extent == Extent::Rewrite, matches!(extent, Extent::Scan | Extent::Rows));
        if declared != measured {
            self.wrong(&format!("declared {:?}, measured {extent:?}", judged.hazards));
        }
        if judged.verdict == Verdict::Safe && extent != Extent::Nothing {
            self.wrong(&format!("is called safe, measured {extent:?}"));
        }
    }

    async fn read(&mut self) -> Vec<Option<String>> {
        let text = match self.ground.dialect {
            Dialect::Postgres => "SELECT v::text FROM t ORDER BY id",
            Dialect::Sqlite => "SELECT v FROM t ORDER BY id",
        };
        let rows = self.ground.session.texts(text).await.unwrap_or_else(|e| panic!("not read: {}", e.text));
        rows.into_iter().map(|mut row| row.remove(0)).collect()
    }
}
