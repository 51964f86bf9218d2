//! What a repair leaves as it is: with what stands against it, and what to do next.

use hookwright_core::ddl::Dialect;
use hookwright_core::drift::{Hindrance, Need, Obstacle, ObstacleKind, Unrepaired};
use hookwright_core::ident::quoted;

use super::words::{look_like_it, what};
use super::{Finding, Site, quote};
use crate::db::VIEW;
use crate::outcome::Reason;

impl Finding {
    /// What a repair left as it is.
    pub(crate) fn left(site: Site<'_>, unrepaired: &Unrepaired) -> Self {
        let Unrepaired { finding, hindrance } = unrepaired;
        let mut told = Self::of(site.org, site.dialect, finding);
        let (stands, next) = told.against(site, hindrance, finding.needs.as_ref());
        (told.hindrance, told.next) = (Some(stands), Some(next));
        told
    }

    /// What stands against the repair, and what to do then.
    fn against(&self, site: Site<'_>, hindrance: &Hindrance, needs: Option<&Need>) -> (String, String) {
        let (org, entity) = (site.org, &self.entity);
        let column = self.name.as_deref().unwrap_or_default();
        let whole = format!("hookwright sync --org {org} --entity {entity}");
        match hindrance {
            Hindrance::NoValues => {
                let (table, column) = (site.whole(entity), quote(column));
                (
                    "the column comes back empty, and the rows that are there have no values for it".to_owned(),
                    format!("fill it: UPDATE {table} SET {column} = … WHERE {column} IS NULL; then: {} --confirm", self.repair),
                )
            }
            Hindrance::Counted => (
                "the database counts the column by itself (GENERATED AS IDENTITY): it is a number, never NULL, and has no other default".to_owned(),
                format!("have it counted no more by hand: {}; then: {}", site.column(entity, column, "DROP IDENTITY"), self.repair),
            ),
            Hindrance::Key => (
                "the column is in the primary key, which is not what is called for either".to_owned(),
                format!("repair the whole table: {whole} --confirm"),
            ),
            Hindrance::NoCounterpart => (
                "what values of the type that is there are in the one that is called for, only somebody who knows them can say".to_owned(),
                match site.dialect {
                    Dialect::Postgres => self.repair.clone(),
                    Dialect::Sqlite => format!("see what the policy advises: {}; or make the table anew by hand", self.repair),
                },
            ),
            Hindrance::Refused(error) => {
                let said = error.to_string();
                let why = said.split_once("; ").map_or(said.as_str(), |(why, _)| why).to_owned();
                (why, format!("repair what it depends on first, or the whole table: {whole}; or change it by hand"))
            }
            Hindrance::InTheWay if !matches!(needs, Some(Need::Aside(_))) => (
                "PostgreSQL refuses to change it as it is".to_owned(),
                format!("have it be a table of its own again, by hand: {}; then: {whole}", self.repair),
            ),
            Hindrance::InTheWay => (
                "what is there is not Hookwright's to change, and may have the rows".to_owned(),
                format!("move it away by hand: {}; then: {whole}, and copy the rows", self.repair),
            ),
            Hindrance::Choice(like) => (
                format!("{}, and may be it: an empty one is made only if somebody confirms it", look_like_it(like)),
                self.repair.clone(),
            ),
            Hindrance::Met(obstacle) => met(site, obstacle, &self.repair),
            Hindrance::Waits => (
                "nothing is done about it, nor about what refers to it, before somebody makes room".to_owned(),
                format!("{}; then: {whole}", self.repair),
            ),
            Hindrance::Hidden => (
                "it is there, on a column whose type Hookwright has no word for, and cannot be read as long as the column has that type".to_owned(),
                format!("repair the column's type first; then: {whole}"),
            ),
            Hindrance::NoWord => (
                "Hookwright has no word for it, and touches nothing that it has no word for".to_owned(),
                self.repair.clone(),
            ),
        }
    }
}

/// What others made that has the name, and what gives it another one.
fn met(site: Site<'_>, obstacle: &Obstacle, repair: &str) -> (String, String) {
    let Obstacle { kind, name, table, is, goes, .. } = obstacle;
    let what = match kind {
        ObstacleKind::Index => "an index",
        ObstacleKind::Constraint => "a constraint",
        ObstacleKind::Column => "a column",
        ObstacleKind::Relation if is == VIEW => "a view",
        ObstacleKind::Table | ObstacleKind::Relation => "a table",
    };
    let on = if name == table { String::new() } else { format!(" on {}", quoted(table)) };
    let is = if is.is_empty() || is == VIEW { String::new() } else { format!(" ({is})") };
    let stands = format!("there is {what} {}{on}{is} already, and Hookwright did not make it", quoted(name));
    let (advice, org) = (site.out_of_the_way(obstacle), site.org);
    let drop = format!("; or have it dropped: hookwright sync --org {org} --entity {table} --extras");
    (stands, format!("{advice}; then: {repair}{}", if *goes { &drop } else { "" }))
}

/// Why a repair that did nothing at all is refused: a reason for each finding.
pub(crate) fn reasons(site: Site<'_>, left: &[Unrepaired]) -> Vec<Reason> {
    let reason = |unrepaired: &Unrepaired| {
        let told = Finding::left(site, unrepaired);
        Reason {
            code: "drift/not-repaired".to_owned(),
            message: format!(
                "{}; it is left as it is: {}",
                what(&unrepaired.finding),
                told.hindrance.unwrap_or_default()
            ),
            help: told.next.unwrap_or_default(),
        }
    };
    left.iter().map(reason).collect()
}
