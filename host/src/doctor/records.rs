//! Whether the rows of the bookkeeping are what changes made of them, the ledger is whole, and its triggers and indexes are there.

use super::Check;
use crate::db::OrgDb;
use crate::error::Result;
use crate::trouble::Trouble;

pub(super) async fn check(db: &OrgDb) -> Result<Check> {
    let snapshot = db.snapshot().await?;
    let changes = snapshot.revision;
    let said = match changes {
        0 => "no change yet".to_owned(),
        1 => "1 change, and what it left".to_owned(),
        changes => format!("{changes} changes, and what they left"),
    };
    let check = Check::new("records", said).with(db.parts_amiss().await?);
    if let Some(trouble) = snapshot.amiss {
        return Ok(Check { said: "not what the ledger says".to_owned(), ..check }.with([*trouble]));
    }
    let misshapen = told(db.all_misshapen(&snapshot.schema).await?);
    let holes = db.holes().await?;
    let org = db.org();
    let lacks = |what: String, means: &str| {
        Trouble::broken(
            "db/ledger-changed",
            format!("the ledger of the organisation \"{org}\" {what}"),
            means,
        )
        .next(format!(
            "put its rows back from a backup of the bookkeeping; then: hookwright doctor --org {org}"
        ))
    };
    let gone = (holes.changes != changes).then(|| {
        let rows = if holes.changes == 1 { "row" } else { "rows" };
        let what = format!("has {} {rows} for {changes} changes", holes.changes);
        lacks(what, "rows were deleted by hand: those changes cannot be shown or rolled back any more")
    });
    let mute = (holes.mute > 0).then(|| {
        let changes = if holes.mute == 1 { "change" } else { "changes" };
        let what = format!("has no event for {} {changes}", holes.mute);
        lacks(what, "rows were deleted by hand: events that are sent again would be made twice")
    });
    Ok(check.with(gone.into_iter().chain(mute)).with(misshapen))
}

/// Rows that are told one by one.
const MOST: usize = 5;

/// Some of the rows that hands edited, and how many more there are.
fn told(mut rows: Vec<Trouble>) -> Vec<Trouble> {
    let more = rows.len().saturating_sub(MOST);
    rows.truncate(MOST);
    if let Some(last) = rows.last_mut().filter(|_| more > 0) {
        last.found = format!("{}; {more} more rows of the bookkeeping are like that", last.found);
    }
    rows
}
