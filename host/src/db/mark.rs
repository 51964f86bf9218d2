//! What tells whose an organisation's schema is, whatever it is called: a comment on it, which goes with it when somebody
//! gives it another name, or copies the database. PostgreSQL alone: an SQLite file has the bookkeeping in itself.

use hookwright_core::ddl::Dialect;
use hookwright_core::ident::OrgName;

use sqlx::postgres::PgConnection;

use super::gate::Script;
use super::{DbError, OrgDb, Pool};
use crate::trouble::Trouble;

/// How the comment begins; the organisation's name follows.
const MARK: &str = "Hookwright: the organisation ";

/// Marks a schema that has no comment, if the host's role may.
pub(super) fn mark(org: &OrgName) -> Script {
    let mut script = Script::new(Dialect::Postgres);
    script.sql(
        "DO $$ BEGIN IF pg_catalog.obj_description((SELECT oid FROM pg_catalog.pg_namespace WHERE nspname = ",
    );
    script
        .text(org.as_str())
        .sql("), 'pg_namespace') IS NULL THEN COMMENT ON SCHEMA ")
        .schema(org)
        .sql(" IS ");
    script.text(&format!("{MARK}{org}"));
    script.sql("; END IF; EXCEPTION WHEN insufficient_privilege THEN NULL; END $$;\n");
    script
}

/// The schema that has an organisation's mark.
const OWN: &str = "SELECT n.nspname::text FROM pg_catalog.pg_namespace n WHERE pg_catalog.obj_description(n.oid, 'pg_namespace') = $1";

impl OrgDb {
    /// That the schema of the organisation's name is another one's, by the comment on it, and its own is elsewhere. What was
    /// only copied, or renamed for good, is not.
    pub(crate) async fn exchanged(&self, mark: Option<&str>) -> Result<Option<Trouble>, DbError> {
        let org = self.org();
        let whose = mark.and_then(|mark| mark.strip_prefix(MARK)).filter(|whose| *whose != org.as_str());
        let (Some(whose), Pool::Postgres(pool)) = (whose, self.pool()) else { return Ok(None) };
        let ask = || async {
            let mut lent = pool.acquire().await?;
            let own = sqlx::query_scalar(OWN).bind(format!("{MARK}{org}")).fetch_optional(&mut *lent).await;
            lent.answered(own)
        };
        let own: Option<String> = reading!(self, ask())?;
        Ok(own.map(|own| self.told_exchanged(whose, &own)))
    }

    /// That the schema is gone of an organisation that had one.
    pub(crate) async fn schema_gone(&self) -> Trouble {
        let Pool::Postgres(pool) = self.pool() else { return self.told_gone(None) };
        match pool.acquire().await {
            Ok(mut lent) => self.schema_gone_from(&mut lent).await,
            Err(_) => self.told_gone(None),
        }
    }

    /// The same over a connection: its comment tells what it is called now.
    pub(super) async fn schema_gone_from(&self, connection: &mut PgConnection) -> Trouble {
        let own = sqlx::query_scalar(OWN).bind(format!("{MARK}{}", self.org())).fetch_optional(connection);
        self.told_gone(own.await.ok().flatten())
    }

    fn told_gone(&self, own: Option<String>) -> Trouble {
        let org = self.org();
        let found =
            format!("the schema \"{org}\" is not there, and the organisation \"{org}\" has a history");
        let anew =
            format!("or begin with empty tables: CREATE SCHEMA \"{org}\", then hookwright sync --org {org}");
        match own {
            Some(own) => {
                let means = "somebody gave it another name, with all the rows in it; nothing is done, since empty tables in its place would only hide that";
                let found = format!("{found}; by its comment the schema \"{own}\" is the one");
                Trouble::broken("db/no-schema", found, means)
                    .next(format!("give it its name back: ALTER SCHEMA \"{own}\" RENAME TO \"{org}\""))
            }
            None => {
                let means = "it was dropped with all the rows in it, since no schema has its comment; nothing is done, since empty tables in its place would only hide that";
                Trouble::broken("db/no-schema", found, means).next(format!(
                    "restore it from a backup; {anew}; if it has another name and lost its comment: ALTER SCHEMA OTHER RENAME TO \"{org}\""
                ))
            }
        }
    }

    fn told_exchanged(&self, whose: &str, own: &str) -> Trouble {
        let org = self.org();
        let found = format!(
            "the schema \"{org}\" is that of the organisation \"{whose}\", and the one of \"{org}\" is called \"{own}\""
        );
        let means = "somebody gave schemas other names by hand: a change would be made in the tables of another organisation, so nothing is done";
        Trouble::broken("db/schemas-exchanged", found, means).next(format!(
            "give them their names back: ALTER SCHEMA \"{org}\" RENAME TO \"{org}-passing\"; ALTER SCHEMA \"{own}\" RENAME TO \"{org}\"; ALTER SCHEMA \"{org}-passing\" RENAME TO \"{whose}\"; then: hookwright doctor --org {org}"
        ))
    }
}
