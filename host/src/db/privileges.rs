//! Privileges on the tables of an organisation that a change needs and the host's role lacks (PostgreSQL).

use std::collections::BTreeSet;

use hookwright_core::ddl::Dialect;
use hookwright_core::ident::Ident;
use sqlx::Row;
use sqlx::postgres::PgRow;

use super::gate::Script;
use super::{DbError, OrgDb, Pool};

/// A privilege that is missing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lacking {
    /// Who lacks what.
    pub message: String,
    /// The statement that mends it.
    pub grant: String,
}

impl From<Lacking> for DbError {
    fn from(Lacking { message, grant }: Lacking) -> Self {
        Self::Denied { message, grant }
    }
}

/// Only a member of the role that owns a table may alter it.
const NOT_OWNED: &str = "SELECT c.relname::text FROM pg_catalog.pg_class c \
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
    WHERE n.nspname = $1 AND c.relname = ANY ($2) AND c.relkind IN ('r', 'p') AND NOT pg_has_role(c.relowner, 'USAGE')";

/// The schema, with each table that is there of those that are asked for.
const STANDING: &str = "SELECT current_user::text, \
    ARRAY(SELECT p FROM unnest(ARRAY['USAGE', 'CREATE']) p WHERE NOT has_schema_privilege(n.oid, p)), \
    c.relname::text, pg_get_userbyid(c.relowner)::text, pg_has_role(c.relowner, 'USAGE'), \
    ARRAY(SELECT p FROM unnest(ARRAY['SELECT', 'UPDATE', 'REFERENCES']) p WHERE NOT has_table_privilege(c.oid, p)) FROM pg_catalog.pg_namespace n \
    LEFT JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relkind IN ('r', 'p') AND c.relname = ANY (ARRAY[";

/// What the host's role is, and what it may do with one table.
struct Standing {
    role: String,
    lacks: Vec<String>,
    table: Option<Owned>,
}

struct Owned {
    name: String,
    owner: String,
    owned: bool,
    /// Of `SELECT`, `UPDATE` and `REFERENCES`.
    lacks: Vec<String>,
}

impl Owned {
    /// Those of some privileges that are missing.
    fn lacking(&self, of: &[&str]) -> String {
        let lacks = self.lacks.iter().map(String::as_str).filter(|privilege| of.contains(privilege));
        lacks.collect::<Vec<_>>().join(", ")
    }
}

impl OrgDb {
    /// Those of the tables that the host's role may not alter. They are asked for by name: the catalogue finds the
    /// tables of a schema only by going through those of all.
    ///
    /// # Errors
    /// What the database says.
    pub async fn not_owned(&self, tables: &[Ident]) -> Result<BTreeSet<Ident>, DbError> {
        let Pool::Postgres(pool) = self.pool() else { return Ok(BTreeSet::new()) };
        let tables: Vec<_> = tables.iter().map(Ident::as_str).collect();
        let ask = || async {
            let mut lent = pool.acquire().await?;
            let query = sqlx::query_scalar::<_, String>(NOT_OWNED).bind(self.org().as_str()).bind(&tables);
            let names = query.fetch_all(&mut *lent).await;
            lent.answered(names)
        };
        let names = reading!(self, ask())?;
        Ok(names.iter().filter_map(|name| Ident::parse(name).ok()).collect())
    }

    /// What the host's role lacks to alter some tables, and to have foreign keys refer to others.
    ///
    /// # Errors
    /// What the database says.
    pub async fn lacking(
        &self,
        altered: &BTreeSet<Ident>,
        referred: &BTreeSet<Ident>,
    ) -> Result<Vec<Lacking>, DbError> {
        let found = self.standing_of(altered.union(referred)).await?;
        let is_altered = |table: &Owned| altered.iter().any(|name| name.as_str() == table.name);
        let schema = found
            .first()
            .filter(|standing| !standing.lacks.is_empty())
            .map(|standing| self.no_schema(standing));
        let tables = found.iter().filter_map(|standing| {
            let table = standing.table.as_ref()?;
            let refers = table.lacking(&["SELECT", "REFERENCES"]);
            match (is_altered(table), table.owned) {
                (true, false) => Some(self.no_owner(&standing.role, table)),
                (false, _) if !refers.is_empty() => Some(self.no_reference(&standing.role, table, &refers)),
                _ => None,
            }
        });
        Ok(schema.into_iter().chain(tables).collect())
    }

    /// What the host's role lacks on tables that it owns: an owner can take privileges from itself. Without them a table can
    /// be altered, and its rows can be neither looked at nor filled.
    ///
    /// # Errors
    /// What the database says.
    pub async fn given_away(&self, tables: &BTreeSet<Ident>) -> Result<Vec<Lacking>, DbError> {
        let found = self.standing_of(tables.iter()).await?;
        let stripped = found.iter().filter_map(|standing| {
            let table = standing.table.as_ref().filter(|table| table.owned && !table.lacks.is_empty())?;
            let (org, role, name, lacks) = (self.org(), &standing.role, &table.name, table.lacks.join(", "));
            Some(Lacking {
                message: format!(
                    "the role \"{role}\" lacks {lacks} on the table \"{name}\", although it may alter it: the privilege was revoked from its owner"
                ),
                grant: format!("GRANT {lacks} ON TABLE \"{org}\".\"{name}\" TO \"{role}\""),
            })
        });
        Ok(stripped.collect())
    }

    async fn standing_of<'t>(
        &self,
        tables: impl Iterator<Item = &'t Ident>,
    ) -> Result<Vec<Standing>, DbError> {
        let Pool::Postgres(pool) = self.pool() else { return Ok(Vec::new()) };
        let mut script = Script::of(Dialect::Postgres, STANDING);
        script.texts(tables.map(Ident::as_str)).sql("]::text[]) WHERE n.nspname = ");
        script.text(self.org().as_str()).sql(" ORDER BY c.relname");
        let script = self.only_reading(&script);
        let ask = || async {
            let mut lent = pool.acquire().await?;
            let rows = script.postgres(&mut lent).await;
            lent.answered(rows)?.iter().map(standing).collect::<sqlx::Result<Vec<_>>>()
        };
        reading!(self, ask())
    }

    fn no_schema(&self, Standing { role, lacks, .. }: &Standing) -> Lacking {
        let (org, lacks) = (self.org(), lacks.join(", "));
        Lacking {
            message: format!("the role \"{role}\" lacks {lacks} on the schema \"{org}\""),
            grant: format!("GRANT {lacks} ON SCHEMA \"{org}\" TO \"{role}\""),
        }
    }

    fn no_owner(&self, role: &str, Owned { name, owner, .. }: &Owned) -> Lacking {
        let org = self.org();
        Lacking {
            message: format!(
                "the table \"{name}\" belongs to the role \"{owner}\", and only its owner may alter it: the host is \"{role}\""
            ),
            grant: format!("ALTER TABLE \"{org}\".\"{name}\" OWNER TO \"{role}\""),
        }
    }

    fn no_reference(&self, role: &str, Owned { name, owner, .. }: &Owned, lacks: &str) -> Lacking {
        let org = self.org();
        Lacking {
            message: format!(
                "a foreign key is to refer to the table \"{name}\", which belongs to the role \"{owner}\": the host, \"{role}\", lacks {lacks} on it"
            ),
            grant: format!("GRANT {lacks} ON TABLE \"{org}\".\"{name}\" TO \"{role}\""),
        }
    }
}

fn standing(row: &PgRow) -> sqlx::Result<Standing> {
    let name: Option<String> = row.try_get(2)?;
    let table = match name {
        Some(name) => {
            Some(Owned { name, owner: row.try_get(3)?, owned: row.try_get(4)?, lacks: row.try_get(5)? })
        }
        None => None,
    };
    Ok(Standing { role: row.try_get(0)?, lacks: row.try_get(1)?, table })
}
