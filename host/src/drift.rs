//! Drift as it is told: each finding with what it means, and the commands that end it.
//!
//! For the command line, HTTP and the library; the comparison itself is the core's.

mod by_hand;
mod left;
mod repairs;
mod words;

use hookwright_core::ddl::Dialect;
use hookwright_core::drift::{self, Moved, Part};
use hookwright_core::ident::{OrgName, quoted};
use serde::{Deserialize, Serialize};

pub(crate) use by_hand::{Site, quote};
pub(crate) use left::reasons;
use repairs::{command, repair};
pub(crate) use repairs::{name_first, no_room, not_adopted, not_alone};
use words::{what, why};

/// A finding that somebody decided to leave as it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Ignored {
    /// The finding's id.
    pub finding: String,
    /// Its code.
    pub code: String,
    /// What it was, in a sentence.
    pub message: String,
    /// Who decided so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor: Option<String>,
    /// Why.
    pub reason: String,
    /// When (RFC 3339, UTC).
    pub at: String,
    /// Whether there is no such finding now, so that nothing is ignored unless it comes back; absent if that is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gone: Option<bool>,
}

impl Ignored {
    /// With whether it is gone. Where not all could be compared, that is not known.
    #[must_use]
    pub fn beside(self, drift: &drift::Drift) -> Self {
        let stands = drift.ignored.iter().any(|finding| finding.id() == self.finding);
        Self { gone: (stands || drift.unfit.is_empty()).then_some(!stands), ..self }
    }
}

/// Something that an adoption took into the metadata, or that it left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Adopted {
    /// The entity, by its name of afterwards.
    pub entity: String,
    /// The field; absent if it is the entity itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// What became of it: `added`, `changed`, `deleted` or `left out`.
    pub what: String,
    /// The same in a line, with the particulars: `field invoice.note: added, String(200)`.
    pub message: String,
}

impl From<drift::Taken> for Adopted {
    fn from(taken: drift::Taken) -> Self {
        let (entity, what) = (taken.entity.as_str().to_owned(), taken.deed.as_str().to_owned());
        let field = taken.field.map(|field| field.as_str().to_owned());
        let subject = match &field {
            Some(field) => format!("field {entity}.{field}"),
            None => format!("entity {entity}"),
        };
        let said = if taken.said.is_empty() { String::new() } else { format!(", {}", taken.said) };
        let message = format!("{subject}: {what}{said}");
        Self { entity, field, what, message }
    }
}

impl From<drift::LeftOut> for Adopted {
    fn from(left: drift::LeftOut) -> Self {
        let drift::LeftOut { table: entity, column: field, why } = left;
        let (what, name) = ("left out".to_owned(), quoted(&entity));
        let subject = match &field {
            Some(field) => format!("column {} of {name}", quoted(field)),
            None => format!("table {name}"),
        };
        Self { message: format!("{subject}: {what}, {why}"), entity, field, what }
    }
}

/// One difference between what metadata and plugins call for and what the database has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// Tells it from any other, as long as it stays what it is: `f-3a1c9e07b2`.
    #[serde(default)]
    pub id: String,
    /// A stable code: `drift/missing-column`.
    pub code: String,
    /// The entity whose table it is on.
    pub entity: String,
    /// What of the table differs: `column`, `type`, `index`, ….
    pub part: String,
    /// Which one, if a table has several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What metadata and plugins call for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wanted: Option<String>,
    /// What the host recorded when it last changed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recorded: Option<String>,
    /// What the database has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub found: Option<String>,
    /// Who moved: `hands`, `metadata`, `plugins` or `several`.
    pub moved: String,
    /// Whether others added it, so that it is left alone unless somebody asks.
    pub foreign: bool,
    /// What it is, in a sentence.
    pub message: String,
    /// The command that makes the database what is called for.
    pub repair: String,
    /// The command that leaves it as it is, but for the reason; absent if every change of it would fail.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ignore: Option<String>,
    /// The command that takes what the database has into the metadata, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub adopt: Option<String>,
    /// What stands against its repair: of what a repair left as it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hindrance: Option<String>,
    /// What to do about that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

impl Finding {
    /// A finding of an organisation, on its kind of database.
    #[must_use]
    pub fn of(org: &OrgName, dialect: Dialect, finding: &drift::Finding) -> Self {
        let name = finding.part.name();
        Self {
            id: finding.id(),
            code: finding.code(),
            entity: finding.table.as_str().to_owned(),
            part: finding.part.kind().to_owned(),
            name: Some(name).filter(|name| !name.is_empty()),
            wanted: finding.wanted.clone(),
            recorded: finding.recorded.clone(),
            found: finding.found.clone(),
            moved: finding.moved.as_str().to_owned(),
            foreign: finding.is_foreign(),
            message: format!("{}; {}", what(finding), why(finding)),
            repair: repair(Site { org, dialect }, finding),
            ignore: finding
                .is_ignorable()
                .then(|| format!("hookwright ignore --org {org} {} --reason \"…\"", finding.id())),
            adopt: finding.adoptable.then(|| command("adopt", org, finding)),
            hindrance: None,
            next: None,
        }
    }
}

/// All that differs, as it is told: what cannot be compared, then what was found.
#[must_use]
pub fn told(org: &OrgName, drift: &drift::Drift) -> Vec<Finding> {
    // What takes a table's other name over takes along what is in it.
    let taken_over = |finding: &drift::Finding| {
        let is_its = |of: &&drift::Finding| of.table == finding.table && of.part == Part::Table;
        let of = drift.findings.iter().find(is_its).filter(|of| of.renamed.is_some() && of.adoptable);
        of.is_some() && finding.part != Part::Table
    };
    let findings = drift.findings.iter().map(|finding| {
        let told = Finding::of(org, drift.dialect(), finding);
        if taken_over(finding) { Finding { adopt: None, ..told } } else { told }
    });
    drift.unfit.iter().map(|unfit| not_compared(org, unfit)).chain(findings).collect()
}

/// What a plugin calls for, and nothing that it stands on is made by any plugin that is bound.
fn not_compared(org: &OrgName, unfit: &drift::Unfit) -> Finding {
    let drift::Unfit { plugin, table, refusal } = unfit;
    let (entity, refusal) = (table.as_str().to_owned(), refusal.to_string());
    // What comes after is advice for who sends an event.
    let why = refusal.split(';').next().unwrap_or_default();
    Finding {
        id: String::new(),
        code: "drift/not-compared".to_owned(),
        part: "plugin".to_owned(),
        name: Some(plugin.clone()),
        wanted: None,
        recorded: None,
        found: None,
        moved: Moved::Plugins.as_str().to_owned(),
        foreign: false,
        message: format!(
            "what the plugin \"{plugin}\" calls for on \"{entity}\" cannot be compared: {why}; enable the plugin that makes it, or disable this one"
        ),
        repair: format!("hookwright plugin list --org {org}"),
        ignore: None,
        adopt: None,
        hindrance: None,
        next: None,
        entity,
    }
}

/// Whether an adoption takes anything in, or there was nothing to take in.
///
/// # Errors
/// `drift/not-adopted`, with the first thing that stays as it is.
pub(crate) fn taken_in(
    org: &OrgName,
    drift: &drift::Drift,
    scope: &drift::Scope,
    nothing: bool,
    left_out: &[drift::LeftOut],
) -> crate::error::Result<()> {
    let finding = || drift.findings.iter().find(|finding| scope.has(finding)).map(what);
    let first = left_out.first().map(|left| Adopted::from(left.clone()).message).or_else(finding);
    let Some(first) = first.filter(|_| nothing) else { return Ok(()) };
    Err(not_adopted(org, scope, &format!("the metadata can say nothing of what differs in {scope}: {first}")))
}

/// Whether there is what a scope names: a name that is misspelt would otherwise be in step.
///
/// # Errors
/// `metadata/not-found`.
pub(crate) fn reached(drift: &drift::Drift, scope: &drift::Scope) -> crate::error::Result<()> {
    drift.unknown(scope).map_or(Ok(()), |unknown| Err(unknown.into()))
}
