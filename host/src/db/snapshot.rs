//! The organisation as one consistent read sees it: revision, metadata, schema model.

use std::collections::BTreeMap;
use std::sync::Arc;

use hookwright_core::ident::Ident;
use hookwright_core::metadata::{Entity, Field, Metadata, StableId};
use hookwright_core::model_names::RelationNames;
use hookwright_core::schema::{BURIED_PREFIX, Schema, Table};
use hookwright_core::shared::Shared;
use hookwright_core::spec::FieldSpec;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::amiss::Ledger;
use super::kept::Kept;
use super::{BOOKKEEPING_VERSION, DbError, OrgDb, Pool};
use crate::trouble::Trouble;

/// The organisation at one revision.
#[derive(Debug, Clone)]
pub struct Snapshot {
    /// How many changes led to it.
    pub revision: i64,
    /// The last of them; none if there was none.
    pub change: Option<String>,
    /// Its entities.
    pub metadata: Arc<Metadata>,
    /// Its tables, as the model has them.
    pub schema: Arc<Schema>,
    /// The names in it, if the change that led to it looked at them.
    pub names: Option<RelationNames>,
    /// The rows it is made of.
    pub kept: Kept,
    /// What tells whether hands have touched the rows since.
    pub touched: i64,
    /// What others changed of the bookkeeping: nothing is to be worked out from it then.
    pub amiss: Option<Box<Trouble>>,
}

/// Where the history of an organisation is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Point {
    /// How many changes there were.
    pub revision: i64,
    /// The last of them; none if there was none.
    pub change: Option<String>,
    /// What tells whether hands have touched the rows of metadata, model or ledger.
    pub touched: i64,
}

/// What the ledger has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Holes {
    /// Changes.
    pub(crate) changes: i64,
    /// Those of them without an event.
    pub(crate) mute: i64,
}

impl Snapshot {
    /// Where the history is at it.
    #[must_use]
    pub fn point(&self) -> Point {
        Point { revision: self.revision, change: self.change.clone(), touched: self.touched }
    }
}

/// An entity as it is kept: without its fields.
#[derive(Deserialize)]
struct KeptEntity {
    #[serde(default)]
    label: Option<String>,
    #[serde(default)]
    comment: Option<String>,
}

/// A row of the one statement that reads all, which is one snapshot on either database:
/// what kind it is of, its position, and texts.
type Row = (i64, i64, Option<String>, Option<String>, Option<String>, Option<String>);

const POSTGRES: &str = "\
    SELECT 0::bigint, o.revision, c.id, (c.undo -> 'kept')::text, o.touched::text, NULL FROM hookwright.org o \
    LEFT JOIN hookwright.change c ON c.org = o.org AND c.revision = o.revision WHERE o.org = $1 UNION ALL \
    SELECT 1::bigint, 0::bigint, id, name, spec::text, NULL FROM hookwright.entity WHERE org = $1 UNION ALL \
    SELECT 2::bigint, position::bigint, entity_id, id, spec::text, name FROM hookwright.field WHERE org = $1 UNION ALL \
    SELECT 3::bigint, 0::bigint, name, NULL, definition::text, NULL FROM hookwright.model WHERE org = $1 UNION ALL \
    SELECT 4::bigint, coalesce((SELECT max(revision) FROM hookwright.change WHERE org = $1), 0), \
        (SELECT min(event_id) FROM hookwright.event WHERE org = $1), (SELECT max(version)::text FROM hookwright.meta), \
        (SELECT obj_description(oid, 'pg_namespace') FROM pg_namespace WHERE nspname = $1), NULL";

const SQLITE: &str = "\
    SELECT 0, o.revision, c.id, CASE WHEN json_valid(c.undo) THEN json_extract(c.undo, '$.kept') END, CAST(o.touched AS TEXT), NULL \
    FROM hookwright_org o \
    LEFT JOIN hookwright_change c ON c.org = o.org AND c.revision = o.revision WHERE o.org = $1 UNION ALL \
    SELECT 1, 0, id, name, spec, NULL FROM hookwright_entity WHERE org = $1 UNION ALL \
    SELECT 2, position, entity_id, id, spec, name FROM hookwright_field WHERE org = $1 UNION ALL \
    SELECT 3, 0, name, NULL, definition, NULL FROM hookwright_model WHERE org = $1 UNION ALL \
    SELECT 4, coalesce((SELECT max(revision) FROM hookwright_change WHERE org = $1), 0), \
        (SELECT min(event_id) FROM hookwright_event WHERE org = $1), (SELECT CAST(max(version) AS TEXT) FROM hookwright_meta), NULL, NULL";

const HOLES_POSTGRES: &str = "\
    SELECT count(*), count(*) FILTER (WHERE NOT EXISTS \
        (SELECT FROM hookwright.event e WHERE e.org = $1 AND e.change_id = c.id)) FROM hookwright.change c WHERE c.org = $1";

const HOLES_SQLITE: &str = "\
    SELECT count(*), count(*) FILTER (WHERE c.id NOT IN \
        (SELECT change_id FROM hookwright_event WHERE org = $1)) FROM hookwright_change c WHERE c.org = $1";

const POINT_POSTGRES: &str = "\
    SELECT o.revision, c.id, o.touched FROM hookwright.org o \
    LEFT JOIN hookwright.change c ON c.org = o.org AND c.revision = o.revision WHERE o.org = $1";

const POINT_SQLITE: &str = "\
    SELECT o.revision, c.id, o.touched FROM hookwright_org o \
    LEFT JOIN hookwright_change c ON c.org = o.org AND c.revision = o.revision WHERE o.org = ?";

impl OrgDb {
    /// The organisation as it is now.
    ///
    /// # Errors
    /// What the database says, or [`DbError::Bookkeeping`].
    pub async fn snapshot(&self) -> Result<Snapshot, DbError> {
        let org = self.org().as_str();
        let read = || async {
            match self.pool() {
                Pool::Postgres(pool) => {
                    let mut lent = pool.acquire().await?;
                    let rows = sqlx::query_as::<_, Row>(POSTGRES).bind(org).fetch_all(&mut *lent).await;
                    lent.answered(rows)
                }
                Pool::Sqlite(pool) => {
                    let mut lent = pool.acquire().await?;
                    let rows = sqlx::query_as::<_, Row>(SQLITE).bind(org).fetch_all(&mut *lent).await;
                    lent.answered(rows)
                }
            }
        };
        let rows = reading!(self, read())?;
        match assemble(rows) {
            Ok((mut snapshot, ledger)) => {
                if ledger.version > BOOKKEEPING_VERSION {
                    return Err(DbError::Version { found: ledger.version, known: BOOKKEEPING_VERSION });
                }
                let at = (snapshot.revision, snapshot.change.as_deref());
                let exchanged = self.exchanged(ledger.mark.as_deref()).await?;
                let amiss = exchanged.or_else(|| self.amiss(at, &ledger, &snapshot.kept));
                if let Some(trouble) = amiss {
                    snapshot.amiss = Some(Box::new(self.with_hands(trouble).await));
                }
                Ok(snapshot)
            }
            Err(what) => Err(self.told(DbError::Bookkeeping { org: self.org().to_string(), what }).await),
        }
    }

    /// Where the history is, alone.
    ///
    /// # Errors
    /// What the database says.
    pub async fn point(&self) -> Result<Point, DbError> {
        let (revision, change, touched) = on_either!(
            self,
            (i64, Option<String>, i64),
            POINT_POSTGRES,
            POINT_SQLITE,
            [self.org().as_str()],
            fetch_one
        )?;
        Ok(Point { revision, change, touched })
    }

    /// What the ledger lacks. Goes through all of it.
    ///
    /// # Errors
    /// What the database says.
    pub(crate) async fn holes(&self) -> Result<Holes, DbError> {
        let (changes, mute) =
            on_either!(self, (i64, i64), HOLES_POSTGRES, HOLES_SQLITE, [self.org().as_str()], fetch_one)?;
        Ok(Holes { changes, mute })
    }

    /// The change that led to a revision, if the database has it.
    ///
    /// # Errors
    /// What the database says.
    pub async fn change_at(&self, revision: i64) -> Result<Option<String>, DbError> {
        let org = self.org().as_str();
        let found = on_either!(
            self,
            (String,),
            "SELECT id FROM hookwright.change WHERE org = $1 AND revision = $2",
            "SELECT id FROM hookwright_change WHERE org = ? AND revision = ?",
            [org, revision],
            fetch_optional
        )?;
        Ok(found.map(|(id,)| id))
    }
}

fn assemble(rows: Vec<Row>) -> Result<(Snapshot, Ledger), String> {
    let mut point = None;
    let mut ledger = Ledger::default();
    let mut kept = Kept::default();
    let mut schema = Schema::default();
    let mut entities = Vec::new();
    let mut fields: BTreeMap<String, Vec<(i64, Field)>> = BTreeMap::new();
    for (kind, number, first, second, json, name) in rows {
        if kind == 0 {
            point = Some((number, first, json.and_then(|touched| touched.parse().ok()).unwrap_or_default()));
            ledger.recorded = second;
            continue;
        }
        if kind == 4 {
            (ledger.last, ledger.events, ledger.mark) = (number, first.is_some(), json);
            ledger.version = second.and_then(|version| version.parse().ok()).unwrap_or_default();
            continue;
        }
        let (first, second, json) = (text(first), text(second), text(json));
        match kind {
            1 => {
                kept.entity(&first, &second, &json);
                entities.push((first, second, json));
            }
            2 => {
                let spec: FieldSpec = parse(&json, "field", &second)?;
                // Its name is in its specification, too: a change writes both.
                let other = name.filter(|name| name != spec.name.as_str());
                kept.field((&second, &first), number, &json, other.as_deref());
                let field = Field { id: id(&second)?, spec };
                fields.entry(first).or_default().push((number, field));
            }
            // The name tells which it is: no table of an entity may begin so.
            _ if first.starts_with(BURIED_PREFIX) => {
                kept.table(&first, &json);
                let name = Ident::parse(&first).map_err(|e| e.to_string())?;
                schema.buried.insert(name, Arc::new(parse(&json, "dropped table", &first)?));
            }
            _ => {
                kept.table(&first, &json);
                schema.insert(parse::<Table>(&json, "table", &first)?);
            }
        }
    }
    let (revision, change, touched) = point.ok_or("it has no row of the organisation")?;
    let metadata = Arc::new(Metadata { entities: join(entities, fields)? });
    let (schema, names) = (Arc::new(schema), None);
    Ok((Snapshot { revision, change, metadata, schema, names, kept, touched, amiss: None }, ledger))
}

fn join(
    entities: Vec<(String, String, String)>,
    mut fields: BTreeMap<String, Vec<(i64, Field)>>,
) -> Result<Shared<Entity>, String> {
    let mut joined = Shared::new();
    for (key, name, json) in entities {
        let mut of = fields.remove(&key).unwrap_or_default();
        of.sort_by_key(|(position, _)| *position);
        let fields = of.into_iter().map(|(_, field)| field).collect();
        let KeptEntity { label, comment } = parse(&json, "entity", &name)?;
        let name = Ident::parse(&name).map_err(|e| e.to_string())?;
        joined.insert(name.clone(), Arc::new(Entity { id: id(&key)?, name, label, comment, fields }));
    }
    match fields.iter().find_map(|(entity, of)| Some((entity, of.first()?))) {
        None => Ok(joined),
        Some((entity, (_, field))) => Err(format!(
            "the field \"{}\" belongs to the entity with the id \"{}\", and there is no such entity",
            field.spec.name.as_str(),
            entity.escape_default()
        )),
    }
}

fn text(of: Option<String>) -> String {
    of.unwrap_or_default()
}

fn parse<T: DeserializeOwned>(json: &str, what: &str, name: &str) -> Result<T, String> {
    serde_json::from_str(json).map_err(|e| format!("the {what} \"{name}\" does not parse: {e}"))
}

fn id(text: &str) -> Result<StableId, String> {
    serde_json::from_value(serde_json::Value::from(text)).map_err(|e| e.to_string())
}
