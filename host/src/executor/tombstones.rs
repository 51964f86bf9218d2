//! What a change writes of tombstones, and of the changes that it rolls back: part of its one transaction.

use hookwright_core::ddl::Dialect;
use hookwright_core::tombstone::Place;

use super::Work;
use crate::db::gate::Script;

/// The names of the tables, which are all that differs between the databases.
struct Names {
    tombstone: &'static str,
    change: &'static str,
}

const POSTGRES: Names = Names { tombstone: "hookwright.tombstone", change: "hookwright.change" };
const SQLITE: Names = Names { tombstone: "hookwright_tombstone", change: "hookwright_change" };

/// Tombstones that go, move and come.
pub(super) fn script(script: &mut Script, work: &Work<'_>) {
    let names = if script.dialect() == Dialect::Postgres { POSTGRES } else { SQLITE };
    for place in &work.tombstones.gone {
        script.sql("DELETE FROM ").sql(names.tombstone);
        at(script, work, place).sql(";\n");
    }
    moves(script, &names, work);
    for row in &work.tombstones.new {
        script.sql("INSERT INTO ").sql(names.tombstone);
        script.sql(" (org, table_name, column_name, change_id, actor, memory) VALUES (");
        script.texts([work.org.as_str(), row.place.table.as_str(), column(&row.place), &work.change_id]);
        script
            .sql(", ")
            .text_or_null(work.actor.as_deref())
            .sql(", ")
            .text_or_null(row.memory_json.as_deref());
        script.sql(");\n");
    }
    if !work.rolls_back.is_empty() {
        script.sql("UPDATE ").sql(names.change).sql(" SET rolled_back_by = ").text(&work.change_id);
        script.sql(" WHERE org = ").text(work.org.as_str()).sql(" AND id IN (");
        script.texts(work.rolls_back.iter().map(String::as_str)).sql(");\n");
    }
}

/// First all aside, then all to where they belong: two may change places. No name begins with a tilde.
fn moves(script: &mut Script, names: &Names, work: &Work<'_>) {
    let org = work.org.as_str();
    for (from, to) in &work.tombstones.moved {
        script.sql("UPDATE ").sql(names.tombstone).sql(" SET table_name = '~' || ").text(to.table.as_str());
        script.sql(", column_name = ").text(column(to));
        at(script, work, from).sql(";\n");
    }
    if !work.tombstones.moved.is_empty() {
        script
            .sql("UPDATE ")
            .sql(names.tombstone)
            .sql(" SET table_name = substr(table_name, 2) WHERE org = ");
        script.text(org).sql(" AND table_name LIKE '~%';\n");
    }
}

fn at<'s>(script: &'s mut Script, work: &Work<'_>, place: &Place) -> &'s mut Script {
    script.sql(" WHERE org = ").text(work.org.as_str()).sql(" AND table_name = ").text(place.table.as_str());
    script.sql(" AND column_name = ").text(column(place))
}

/// A table itself has no column.
fn column(place: &Place) -> &str {
    place.column.as_ref().map_or("", |c| c.as_str())
}
