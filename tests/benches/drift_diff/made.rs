//! The schema that is compared, and what hands do to it.

use sqlx::{AssertSqlSafe, PgConnection};

/// The schema's name, which is the organisation's.
pub const SCHEMA: &str = "acme";

/// Tables of one transaction: each of their relations is a lock.
const BATCH: usize = 100;

/// Makes tables of 12 columns, a primary key and two indexes; every other one refers to the one before.
pub async fn schema(session: &mut PgConnection, tables: usize) -> sqlx::Result<()> {
    run(session, format!("CREATE SCHEMA {SCHEMA}")).await?;
    for first in (0..tables).step_by(BATCH) {
        run(session, (first..tables.min(first + BATCH)).map(table).collect()).await?;
    }
    run(
        session,
        "ANALYZE pg_class; ANALYZE pg_attribute; ANALYZE pg_index; ANALYZE pg_constraint; ANALYZE pg_attrdef"
            .to_owned(),
    )
    .await
}

fn table(number: usize) -> String {
    let reference = match number % 2 {
        1 => format!(" REFERENCES {SCHEMA}.t{:05} (id) ON DELETE SET NULL", number - 1),
        _ => String::new(),
    };
    format!(
        "CREATE TABLE {SCHEMA}.t{number:05} (id uuid NOT NULL PRIMARY KEY, owner uuid{reference}, name varchar(80) NOT NULL, \
         code varchar(40), amount numeric(12,2) DEFAULT 0, count integer, total bigint, ratio double precision, \
         active boolean DEFAULT true, born date, at timestamptz, body text);\
         CREATE INDEX t{number:05}_name_idx ON {SCHEMA}.t{number:05} (name);\
         CREATE INDEX t{number:05}_owner_idx ON {SCHEMA}.t{number:05} (owner);\n"
    )
}

/// Changes one table of a hundred, each in one way.
pub async fn changes(session: &mut PgConnection, tables: usize) -> sqlx::Result<()> {
    let deeds = [
        "ALTER name DROP NOT NULL",
        "ADD extra integer",
        "DROP code",
        "ALTER amount SET DEFAULT 1",
        "ALTER name TYPE varchar(200)",
    ];
    for (deed, number) in deeds.into_iter().cycle().zip((50..tables).step_by(100)) {
        run(session, format!("ALTER TABLE {SCHEMA}.t{number:05} {deed}")).await?;
    }
    Ok(())
}

async fn run(session: &mut PgConnection, sql: String) -> sqlx::Result<()> {
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(session).await.map(drop)
}
