//! What else is in the organisation's schema: other tools and their tables. They are left alone.

use std::collections::BTreeMap;

use super::{Check, Patient};
use crate::db::{Foreign, ForeignKind};
use crate::error::Result;
use crate::trouble::Trouble;

/// Tables in which tools remember what they did, and the tools.
const TOOLS: &[(&str, &str)] = &[
    ("_prisma_migrations", "Prisma"),
    ("__drizzle_migrations", "Drizzle"),
    ("__efmigrationshistory", "Entity Framework"),
    ("alembic_version", "Alembic"),
    ("ar_internal_metadata", "Rails"),
    ("atlas_schema_revisions", "Atlas"),
    ("databasechangelog", "Liquibase"),
    ("django_migrations", "Django"),
    ("flyway_schema_history", "Flyway"),
    ("goose_db_version", "goose"),
    ("knex_migrations", "Knex"),
    ("mikro_orm_migrations", "MikroORM"),
    ("pgmigrations", "node-pg-migrate"),
    ("schema_migrations", "golang-migrate, dbmate or Rails"),
    ("sequelizemeta", "Sequelize"),
    ("typeorm_metadata", "TypeORM"),
    ("_sqlx_migrations", "sqlx"),
];

pub(super) async fn check(patient: &Patient<'_>) -> Result<Check> {
    let tenant = &patient.tenant;
    let managed = tenant.snapshot().await?.schema.physical().tables.keys().cloned().collect();
    let foreign = tenant.db().inspect(Some(&managed)).await?.foreign;
    let tools = foreign.iter().filter(|f| f.kind == ForeignKind::Table).filter_map(tool);
    Ok(Check::new("others", said(&foreign)).with(tools))
}

fn said(foreign: &[Foreign]) -> String {
    if foreign.is_empty() {
        return "nothing but the host's own is there".to_owned();
    }
    let mut counts: BTreeMap<ForeignKind, usize> = BTreeMap::new();
    foreign.iter().for_each(|f| *counts.entry(f.kind).or_default() += 1);
    let each: Vec<_> =
        counts.iter().map(|(kind, count)| format!("{count} {}", word(*kind, *count))).collect();
    format!("{} of others, left alone", each.join(", "))
}

fn word(kind: ForeignKind, count: usize) -> String {
    match (count, kind) {
        (1, _) => kind.as_str().to_owned(),
        (_, ForeignKind::Index) => "indexes".to_owned(),
        _ => format!("{}s", kind.as_str()),
    }
}

fn tool(foreign: &Foreign) -> Option<Trouble> {
    let name = foreign.table.to_lowercase();
    let (_, tool) = TOOLS.iter().find(|(table, _)| *table == name)?;
    let found = format!("{tool} changes this schema, too: it keeps its migrations in \"{}\"", foreign.table);
    let means = "two tools in one schema may each take the other's changes for drift; Hookwright leaves tables alone that it did not make";
    Some(Trouble::note("schema/another-tool", found, means).next(
        "let one of them own each table: keep the entities' tables out of its configuration, or give it a schema of its own",
    ))
}
