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
    has_schema_privilege(n.oid, 'USAGE') AND has_schema_privilege(n.oid, 'CREATE'), \
    c.relname::text, pg_get_userbyid(c.relowner)::text, pg_has_role(c.relowner, 'USAGE'), \
    has_table_privilege(c.oid, 'REFERENCES') AND has_table_privilege(c.oid, 'SELECT') FROM pg_catalog.pg_namespace n \
    LEFT JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relkind IN ('r', 'p') AND c.relname = ANY (ARRAY[";

/// What the host's role is, and what it may do with one table.
struct Standing {
    role: String,
    creates: bool,
    table: Option<Owned>,
}

struct Owned {
    name: String,
    owner: String,
    owned: bool,
    referable: bool,
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
        let Pool::Postgres(pool) = self.pool() else { return Ok(Vec::new()) };
        let mut script = Script::of(Dialect::Postgres, STANDING);
        script.texts(altered.union(referred).map(Ident::as_str)).sql("]::text[]) WHERE n.nspname = ");
        script.text(self.org().as_str()).sql(" ORDER BY c.relname");
        let script = self.only_reading(&script);
        let ask = || async {
            let mut lent = pool.acquire().await?;
            let rows = script.postgres(&mut lent).await;
            lent.answered(rows)?.iter().map(standing).collect::<sqlx::Result<Vec<_>>>()
        };
        let found = reading!(self, ask())?;
        let is_altered = |table: &Owned| altered.iter().any(|name| name.as_str() == table.name);
        let schema =
            found.first().filter(|standing| !standing.creates).map(|standing| self.no_schema(standing));
        let tables = found.iter().filter_map(|standing| {
            let table = standing.table.as_ref()?;
            match (is_altered(table), table.owned, table.referable) {
                (true, false, _) => Some(self.no_owner(&standing.role, table)),
                (false, _, false) => Some(self.no_reference(&standing.role, table)),
                _ => None,
            }
        });
        Ok(schema.into_iter().chain(tables).collect())
    }

    fn no_schema(&self, Standing { role, .. }: &Standing) -> Lacking {
        let org = self.org();
        Lacking {
            message: format!("the role \"{role}\" may not create anything in the schema \"{org}\""),
            grant: format!("GRANT USAGE, CREATE ON SCHEMA \"{org}\" TO \"{role}\""),
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

    fn no_reference(&self, role: &str, Owned { name, owner, .. }: &Owned) -> Lacking {
        let org = self.org();
        Lacking {
            message: format!(
                "a foreign key is to refer to the table \"{name}\", which belongs to the role \"{owner}\": the host, \"{role}\", may not read it and refer to it"
            ),
            grant: format!("GRANT SELECT, REFERENCES ON TABLE \"{org}\".\"{name}\" TO \"{role}\""),
        }
    }
}

fn standing(row: &PgRow) -> sqlx::Result<Standing> {
    let name: Option<String> = row.try_get(2)?;
    let table = match name {
        Some(name) => {
            Some(Owned { name, owner: row.try_get(3)?, owned: row.try_get(4)?, referable: row.try_get(5)? })
        }
        None => None,
    };
    Ok(Standing { role: row.try_get(0)?, creates: row.try_get(1)?, table })
}
