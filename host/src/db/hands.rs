//! Which rows of metadata and model hands have touched, and whose: what the bookkeeping's triggers noted.

use super::{DbError, OrgDb, Pool};
use crate::trouble::Trouble;

/// Rows that are named; the others are counted.
const MOST: usize = 4;

/// What was done to a row: its kind and name, the deed, when, by which role and program.
type Hand = (String, String, String, String, Option<String>, Option<String>);

const POSTGRES: &str = "SELECT kind, name, deed, to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"'), \
    role, nullif(program, '') FROM hookwright.hand WHERE org = $1 ORDER BY at DESC, kind, name";

const SQLITE: &str = "SELECT kind, name, deed, strftime('%Y-%m-%dT%H:%M:%SZ', at), NULL, NULL FROM hookwright_hand WHERE org = $1 \
    ORDER BY at DESC, kind, name";

impl OrgDb {
    /// A trouble with rows of the bookkeeping, with the rows that hands touched, where that was noted.
    pub(super) async fn with_hands(&self, trouble: Trouble) -> Trouble {
        // It only tells more of what was found.
        match self.hands().await {
            Ok(hands) if !hands.is_empty() => {
                Trouble { found: format!("{}; by hand {}", trouble.found, told(&hands)), ..trouble }
            }
            _ => trouble,
        }
    }

    async fn hands(&self) -> Result<Vec<Hand>, DbError> {
        on_either!(self, Hand, POSTGRES, SQLITE, [self.org().as_str()], fetch_all)
    }

    /// Forgets what was noted: what is there now counts.
    pub(super) async fn forget_hands(&self) -> sqlx::Result<()> {
        let org = self.org().as_str();
        match self.pool() {
            Pool::Postgres(pool) => {
                let query = sqlx::query("DELETE FROM hookwright.hand WHERE org = $1").bind(org);
                query.execute(&mut *pool.acquire().await?).await.map(drop)
            }
            Pool::Sqlite(pool) => {
                let query = sqlx::query("DELETE FROM hookwright_hand WHERE org = $1").bind(org);
                query.execute(&mut *pool.acquire().await?).await.map(drop)
            }
        }
    }
}

fn told(hands: &[Hand]) -> String {
    let each: Vec<_> = hands.iter().take(MOST).map(row).collect();
    let more = hands.len().saturating_sub(MOST);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{}{more} ({})", each.join(", "), last(&hands[0]))
}

/// Such as `deleted the field "account.note"`.
fn row((kind, name, deed, ..): &Hand) -> String {
    let name = name.escape_default();
    let what = if kind == "model" { "model of the table" } else { kind };
    match deed.as_str() {
        "INSERT" => format!("added the {what} \"{name}\""),
        "DELETE" => format!("deleted the {what} \"{name}\""),
        "TRUNCATE" => format!("emptied the table {kind}"),
        _ => format!("edited the {what} \"{name}\""),
    }
}

fn last((_, _, _, at, role, program): &Hand) -> String {
    let role = role.as_ref().map(|role| format!(" by the role \"{}\"", role.escape_default()));
    let program = program.as_ref().map(|program| format!(" with \"{}\"", program.escape_default()));
    format!("last at {at}{}{}", role.unwrap_or_default(), program.unwrap_or_default())
}
