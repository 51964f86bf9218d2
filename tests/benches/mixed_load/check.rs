//! Whether all is as the accepted events call for, asked of the database and not of the hosts.

use std::collections::{BTreeMap, BTreeSet};

use sqlx::{PgConnection, Row};

use crate::client::Load;
use crate::model::{Column, Org, Table};

const UNDER_WAY: &str = "SELECT (SELECT count(*) FROM hookwright.held) + (SELECT count(*) FROM hookwright.journal) \
    + (SELECT count(*) FROM hookwright.step)";
/// Sessions of the hosts that are at something.
const BUSY: &str = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'hookwright' \
    AND datname = current_database() AND state <> 'idle'";
const LEDGER: &str = "SELECT e.event_id, c.revision, c.status FROM hookwright.change c \
    LEFT JOIN hookwright.event e ON e.org = c.org AND e.change_id = c.id WHERE c.org = $1 ORDER BY c.revision";
const EVENTS: &str = "SELECT count(*) FROM hookwright.event WHERE org = $1";
const COLUMNS: &str = "SELECT table_name::text, column_name::text, data_type::text, is_nullable = 'YES', \
    column_default::text FROM information_schema.columns WHERE table_schema = $1";
const FIELDS: &str = "SELECT e.name || '.' || f.name FROM hookwright.entity e \
    JOIN hookwright.field f ON f.org = e.org AND f.entity_id = e.id WHERE e.org = $1";
/// What a dropped column is called from then on.
const DROPPED: &str = "hookwright_dropped_";

/// Notes everything that is wrong.
pub async fn look(load: &Load, server: &mut PgConnection) -> anyhow::Result<()> {
    quiet(server).await?;
    let under_way: i64 = sqlx::query_scalar(UNDER_WAY).fetch_one(&mut *server).await?;
    if under_way != 0 {
        load.tally.finding(format!("{under_way} rows of changes that are held or under way"));
    }
    for org in &load.orgs {
        let org = org.lock().await;
        for what in of_org(&org, server).await? {
            load.tally.finding(format!("{}: {what}", org.name));
        }
    }
    match load.hosts.command(&["drift", "--all", "--json"]) {
        Ok(told) => load.tally.add(
            "organisations compared, in step",
            "",
            told.matches("\"inStep\":true").count() as u64,
        ),
        Err(error) => load.tally.finding(format!("drift: {error}")),
    }
    Ok(())
}

/// Waits until no host has a statement under way.
async fn quiet(server: &mut PgConnection) -> sqlx::Result<()> {
    loop {
        let busy: i64 = sqlx::query_scalar(BUSY).fetch_one(&mut *server).await?;
        if busy == 0 {
            return Ok(());
        }
        sqlx::query("SELECT pg_sleep(0.1)").execute(&mut *server).await?;
    }
}

async fn of_org(org: &Org, server: &mut PgConnection) -> sqlx::Result<Vec<String>> {
    let mut wrong = ledger(org, server).await?;
    let found = tables(org, server).await?;
    for name in found.keys().chain(org.tables.keys()).collect::<BTreeSet<_>>() {
        let (there, wanted) = (found.get(name), org.tables.get(name));
        if there != wanted {
            wrong.push(format!("the table {name} is {there:?}, and was to be {wanted:?}"));
        }
    }
    let fields: Vec<String> = sqlx::query_scalar(FIELDS).bind(&org.name).fetch_all(server).await?;
    let of_table = |(name, table): (&String, &Table)| {
        table.columns.keys().map(|column| format!("{name}.{column}")).collect::<Vec<_>>()
    };
    let wanted: BTreeSet<_> = org.tables.iter().flat_map(of_table).collect();
    if !wanted.iter().eq(fields.iter().collect::<BTreeSet<_>>()) || fields.len() != wanted.len() {
        wrong.push(format!("the metadata have {fields:?}, and were to have {wanted:?}"));
    }
    Ok(wrong)
}

/// Each accepted event is there once, in the order in which they were accepted, and nothing else is.
async fn ledger(org: &Org, server: &mut PgConnection) -> sqlx::Result<Vec<String>> {
    let rows = sqlx::query(LEDGER).bind(&org.name).fetch_all(&mut *server).await?;
    let events: i64 = sqlx::query_scalar(EVENTS).bind(&org.name).fetch_one(server).await?;
    let mut wrong = Vec::new();
    let found: Vec<Option<String>> = rows.iter().map(|row| row.get(0)).collect();
    let told = |row: &sqlx::postgres::PgRow| (row.get::<i64, _>(1), row.get::<String, _>(2));
    for (row, revision) in rows.iter().map(told).zip(1..) {
        if row != (revision, "applied".to_owned()) {
            wrong.push(format!("the change at {revision} is {row:?}"));
        }
    }
    if usize::try_from(events) != Ok(org.accepted.len()) {
        wrong.push(format!("{events} events are in the ledger, and {} were accepted", org.accepted.len()));
    }
    let ids: Vec<_> = found.iter().map(Option::as_deref).collect();
    let accepted: Vec<_> = org.accepted.iter().map(|id| Some(id.as_str())).collect();
    if ids != accepted {
        let at = ids.iter().zip(&accepted).take_while(|(found, accepted)| found == accepted).count();
        let (found, accepted) = (&ids[at..], &accepted[at..]);
        wrong.push(format!("from {at} on the ledger has {found:?}, and {accepted:?} were accepted"));
    }
    for id in org.refused.iter().filter(|id| ids.contains(&Some(id.as_str()))) {
        wrong.push(format!("{id} was refused, and is in the ledger"));
    }
    Ok(wrong)
}

async fn tables(org: &Org, server: &mut PgConnection) -> sqlx::Result<BTreeMap<String, Table>> {
    let mut tables: BTreeMap<String, Table> = BTreeMap::new();
    for row in sqlx::query(COLUMNS).bind(&org.name).fetch_all(server).await? {
        let table = tables.entry(row.get(0)).or_default();
        let name: String = row.get(1);
        if name.starts_with(DROPPED) {
            table.dropped += 1;
            continue;
        }
        table.columns.insert(name, Column { ty: row.get(2), nullable: row.get(3), default: row.get(4) });
    }
    Ok(tables)
}
