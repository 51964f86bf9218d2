//! Whether the server has connections left (PostgreSQL).

use super::Check;
use crate::db::{OrgDb, Own, ServerLoad};
use crate::error::Error;
use crate::trouble::Trouble;

pub(super) async fn check(db: &OrgDb) -> Check {
    match db.server_load().await {
        Ok(None) => Check::new("connections", "a file needs none"),
        Ok(Some(found)) => {
            let check = of(&found, db.own_connections());
            match db.limited().await {
                Ok(limited) => check.with(limited),
                Err(_) => check,
            }
        }
        Err(error) => Check::failed("connections", &Error::from(error)),
    }
}

fn of(found: &ServerLoad, own: Option<Own>) -> Check {
    let left = found.left();
    let check = Check::new("connections", format!("{left} of {} are left", found.allowed));
    let few = (found.allowed / 10).max(3);
    if left > few {
        return check;
    }
    let what = match left {
        0 => "the server has no connection left".to_owned(),
        1 => "the server has one connection left".to_owned(),
        left => format!("the server has {left} connections left"),
    };
    let means = "once there are none, every program that wants another one is refused (SQLSTATE 53300)";
    let trouble = Trouble::warning("db/few-connections", format!("{what}: {found}"), means);
    check.with([trouble.next(own.map(|own| found.advice(&own)).unwrap_or_default())])
}
