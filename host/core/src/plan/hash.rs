//! What tells one plan from another: a hash over all that an approval of it allows.
//!
//! In it are the dialect; the steps beside the transaction; each step in it, with its kind and the SQL of its statements; whether foreign keys are
//! off; each entity and field that comes, changes or goes, with its stable id and what it then is; and which change dropped what is purged. Not in it
//! are the revision, the rest of the metadata, the places of fields among others, and the verdicts: so a plan is the
//! same after a change of something else, and another as soon as it would do something else.

use std::collections::BTreeMap;

use serde::Serialize;
use sha2::{Digest, Sha256};

use super::Plan;
use crate::ddl::{Dialect, Step};
use crate::metadata::{Changed, Entity, Field, Metadata, StableId};

/// The first part, so that a later way of hashing never gives the same hash for something else.
const FORM: &str = "hookwright plan 1";

/// The hash of a plan and the metadata change it comes with: SHA-256 in hex. `purged` are the changes that dropped what
/// it purges.
#[must_use]
pub fn hash(dialect: Dialect, plan: &Plan, before: &Metadata, after: &Metadata, purged: &[String]) -> String {
    let mut parts = Parts(Sha256::new());
    parts.add(FORM);
    parts.add(match dialect {
        Dialect::Postgres => "postgres",
        Dialect::Sqlite => "sqlite",
    });
    parts.add(if plan.foreign_keys_off { "foreign keys off" } else { "" });
    for (when, step) in
        plan.prepare.iter().map(|s| ("before", s)).chain(plan.finish.iter().map(|s| ("after", s)))
    {
        parts.add(when);
        parts.add(&serde_json::to_string(step).unwrap_or_else(|e| e.to_string()));
    }
    for step in &plan.steps {
        parts.add(match step {
            Step::Statement(_) => "statement",
            Step::Rebuild(_) => "rebuild",
        });
        step.statements().for_each(|statement| parts.add(statement.sql()));
    }
    // The names of what is kept are given anew once it is gone.
    purged.iter().for_each(|change| parts.add(change));
    metadata(&mut parts, before, after);
    hex::encode(parts.0.finalize())
}

/// Texts with their lengths before them, so that they cannot run into one another.
struct Parts(Sha256);

impl Parts {
    fn add(&mut self, text: &str) {
        self.0.update((text.len() as u64).to_be_bytes());
        self.0.update(text.as_bytes());
    }

    /// What becomes of a thing with an id, if it becomes another.
    fn change<T: Serialize + PartialEq>(&mut self, id: &StableId, before: Option<&T>, after: Option<&T>) {
        if before == after {
            return;
        }
        self.add(id.as_str());
        let json = after.map(|thing| serde_json::to_string(thing).unwrap_or_else(|e| e.to_string()));
        self.add(json.as_deref().unwrap_or("gone"));
    }
}

fn metadata(parts: &mut Parts, before: &Metadata, after: &Metadata) {
    let changes = Metadata::changes(before, after);
    // What comes is last.
    let (known, new): (Vec<_>, Vec<_>) = changes.into_iter().partition(|(_, change)| change.before.is_some());
    for (id, Changed { before: old, after: new }) in known.into_iter().chain(new) {
        parts.change(id, old.map(head).as_ref(), new.map(head).as_ref());
        let (old, new) = (fields(old), fields(new));
        for id in old.keys().chain(new.keys().filter(|id| !old.contains_key(*id))) {
            parts.change(id, old.get(id), new.get(id));
        }
    }
}

/// An entity without its fields.
fn head(entity: &Entity) -> (&str, Option<&str>, Option<&str>) {
    (entity.name.as_str(), entity.label.as_deref(), entity.comment.as_deref())
}

fn fields(entity: Option<&Entity>) -> BTreeMap<&StableId, &Field> {
    entity.into_iter().flat_map(|e| &e.fields).map(|f| (&f.id, f)).collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::json;

    use super::*;
    use crate::ident::OrgName;
    use crate::intent::Intent;
    use crate::model::Model;
    use crate::plan::{Sizes, plan};
    use crate::schema::Schema;

    fn planned(dialect: Dialect, column: &str) -> Plan {
        let mut model = Model::new(Arc::new(Schema::default()));
        let intent = json!({"intent": "create-table", "table": "invoice", "primaryKey": ["id"], "columns": [
            {"name": "id", "ty": {"type": "Uuid"}, "nullable": false},
            {"name": column, "ty": {"type": "Text"}, "nullable": true}]});
        let intent: Intent = serde_json::from_value(intent).expect("an intent");
        intent.apply(&mut model).expect("applied");
        plan(&OrgName::parse("acme").expect("a name"), dialect, &model, &Sizes::default())
    }

    fn entities(entities: serde_json::Value) -> Metadata {
        serde_json::from_value(entities).expect("metadata")
    }

    fn invoice(label: &str, fields: &[&str]) -> serde_json::Value {
        let fields: Vec<_> = fields.iter().map(|f| json!({"id": f, "name": f, "type": "Text"})).collect();
        json!({"id": "1", "name": "invoice", "label": label, "fields": fields})
    }

    #[test]
    fn the_same_has_the_same_hash_whatever_else_there_is() {
        let plan = planned(Dialect::Postgres, "note");
        let other = json!({"id": "2", "name": "other", "fields": []});
        let hash = |before, after| hash(Dialect::Postgres, &plan, &entities(before), &entities(after), &[]);
        let alone = hash(json!({}), json!({"invoice": invoice("Invoice", &["note"])}));
        let beside = hash(
            json!({"other": other.clone()}),
            json!({"other": other, "invoice": invoice("Invoice", &["note"])}),
        );
        assert_eq!(alone, beside);
        assert_eq!(alone.len(), 64);
        let one = |fields: &[&str]| json!({"invoice": invoice("Invoice", fields)});
        assert_eq!(hash(one(&["a", "b"]), one(&["b"])), hash(one(&["c", "a", "b"]), one(&["c", "b"])));
    }

    #[test]
    fn what_does_something_else_has_another() {
        let none = Metadata::default();
        let of = |dialect, plan: &Plan, after: serde_json::Value| {
            hash(dialect, plan, &none, &entities(after), &[])
        };
        let plan = planned(Dialect::Postgres, "note");
        let mut reversed = plan.clone();
        reversed.steps.extend(plan.steps.clone());
        let mut off = plan.clone();
        off.foreign_keys_off = true;
        let hashes = [
            of(Dialect::Postgres, &plan, json!({})),
            of(Dialect::Sqlite, &plan, json!({})),
            of(Dialect::Postgres, &planned(Dialect::Postgres, "text"), json!({})),
            of(Dialect::Postgres, &reversed, json!({})),
            of(Dialect::Postgres, &off, json!({})),
            of(Dialect::Postgres, &Plan::default(), json!({})),
            of(Dialect::Postgres, &plan, json!({"invoice": invoice("Invoice", &[])})),
            of(Dialect::Postgres, &plan, json!({"invoice": invoice("Bill", &[])})),
            of(Dialect::Postgres, &plan, json!({"invoice": invoice("Bill", &["note"])})),
        ];
        let distinct: std::collections::BTreeSet<_> = hashes.iter().collect();
        assert_eq!(distinct.len(), hashes.len());
        let purged = &["c-1".to_owned()];
        assert_ne!(
            hash(Dialect::Postgres, &plan, &none, &none, purged),
            hash(Dialect::Postgres, &plan, &none, &none, &[])
        );
        let gone =
            hash(Dialect::Postgres, &plan, &entities(json!({"invoice": invoice("Bill", &[])})), &none, &[]);
        assert!(!hashes.contains(&gone));
    }
}
