//! A serving host's watch for drift: it looks often whether anything changed, which costs one round trip a database,
//! and compares an organisation where something did.
//!
//! `serve` runs it, and so may a program that embeds the host.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use futures_util::{StreamExt, stream};
use hookwright_core::ident::OrgName;

use crate::api::OrgInfo;
use crate::config::Scheme;
use crate::db::Fingerprint;
use crate::error::{Error, Result};
use crate::host::Host;
use crate::tenant::Bound;

/// Databases that are asked at the same time.
const DATABASES: usize = 8;
/// Organisations of one database that are compared at the same time.
const COMPARISONS: usize = 2;

/// What is known of each organisation since the last look.
pub struct DriftWatch {
    host: Host,
    known: HashMap<OrgName, Known>,
    /// The state of the registry at the last look.
    registry: Option<(i64, u64)>,
}

/// What became of one look at all organisations.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Round {
    /// Organisations that there are.
    pub organisations: usize,
    /// Those that were compared.
    pub compared: usize,
    /// Those that did not answer, or could not be compared.
    pub failed: usize,
}

#[derive(Default)]
struct Known {
    fingerprint: Option<Fingerprint>,
    plugins: Option<Arc<Vec<Arc<Bound>>>>,
    /// The findings that the log was told of, as sentences.
    told: Vec<String>,
    /// The code of what stood in the way, as the log was told.
    trouble: Option<String>,
}

/// How a look is taken.
#[derive(Clone, Copy)]
struct Look {
    /// Whether all is compared, and told again.
    whole: bool,
    /// Whether plugins may have changed.
    registry: bool,
}

/// Organisations of one database.
struct Group {
    first: OrgInfo,
    members: Vec<(OrgName, Known)>,
}

impl DriftWatch {
    pub(crate) fn new(host: Host) -> Self {
        Self { host, known: HashMap::new(), registry: None }
    }

    /// Takes a look at all organisations. Those of which schema, metadata or plugins moved are compared, and with
    /// `whole` all of them; the log is told of findings that it was not told of, and with `whole` of all. In `dev` mode
    /// what only loosens is repaired.
    pub async fn round(&mut self, whole: bool) -> Round {
        let (orgs, registry) = match self.registered().await {
            Ok(registered) => registered,
            Err(error) => {
                tracing::warn!(code = error.code, %error, "it is not known which organisations there are");
                return Round::default();
            }
        };
        let look = Look { whole, registry: self.registry != Some(registry) };
        self.registry = Some(registry);
        let (groups, host) = (self.groups(orgs), &self.host);
        let looks = stream::iter(groups).map(|group| look.at(host, group)).buffer_unordered(DATABASES);
        let looked: Vec<_> = looks.collect().await;
        let mut round = Round::default();
        for (org, known, compared) in looked.into_iter().flatten() {
            round.organisations += 1;
            round.compared += usize::from(compared);
            round.failed += usize::from(known.trouble.is_some());
            self.known.insert(org, known);
        }
        round
    }

    async fn registered(&self) -> Result<(Vec<OrgInfo>, (i64, u64))> {
        Ok((self.host.org_list().await?, self.host.inner.tenants.state().await?))
    }

    /// The organisations by database; those that did not answer are asked last, so that nobody waits for them.
    fn groups(&mut self, orgs: Vec<OrgInfo>) -> Vec<Group> {
        let mut known = std::mem::take(&mut self.known);
        let mut groups: BTreeMap<String, Group> = BTreeMap::new();
        for org in orgs {
            let member = (org.name.clone(), known.remove(&org.name).unwrap_or_default());
            let group = groups.entry(org.database.expose().to_owned());
            group.or_insert_with(|| Group { first: org, members: Vec::new() }).members.push(member);
        }
        let mut groups: Vec<_> = groups.into_values().collect();
        groups.sort_by_key(|group| group.members.iter().all(|(_, known)| known.trouble.is_some()));
        groups
    }
}

impl Look {
    async fn at(self, host: &Host, group: Group) -> Vec<(OrgName, Known, bool)> {
        let Group { first, members } = group;
        let names: Vec<_> = members.iter().map(|(org, _)| org.clone()).collect();
        let patience = &host.config().database;
        let patience =
            Duration::from_millis(patience.connect_timeout_ms + u64::from(patience.probe_timeout_ms));
        let asked = within(patience, fingerprints(host, &first, &names)).await;
        let asked = &asked;
        let looks = stream::iter(members).map(|(org, mut known)| async move {
            let found = match asked {
                Ok(found) => self.compared(host, &org, &mut known, found.get(&org)).await,
                Err(error) => Err((error.code.clone(), error.to_string())),
            };
            let compared = *found.as_ref().unwrap_or(&false);
            known.note(&org, self, found.err());
            (org, known, compared)
        });
        looks.buffer_unordered(COMPARISONS).collect().await
    }

    /// Compares an organisation, if anything moved; says whether it did.
    async fn compared(
        self,
        host: &Host,
        org: &OrgName,
        known: &mut Known,
        found: Option<&Fingerprint>,
    ) -> std::result::Result<bool, (String, String)> {
        let told = |error: Error| (error.code.clone(), error.to_string());
        let mut moved = self.whole || found.is_none() || known.fingerprint.as_ref() != found;
        if moved || self.registry {
            let plugins = host.tenant(org).await.map_err(told)?.plugins();
            moved |= known.plugins.as_ref().is_none_or(|before| !Arc::ptr_eq(before, &plugins));
            known.plugins = Some(plugins);
        }
        if !moved {
            return Ok(false);
        }
        // What changes while it is compared is compared next time: the fingerprint is that of before.
        known.fingerprint = None;
        let patience = Duration::from_millis(host.config().database.statement_timeout_ms.into());
        let findings = within(patience, host.loosened(org)).await.map_err(told)?;
        known.fingerprint = found.cloned();
        known.tell(org, self, findings);
        Ok(true)
    }
}

impl Known {
    fn tell(&mut self, org: &OrgName, look: Look, findings: Vec<crate::drift::Finding>) {
        let sentences: Vec<_> = findings.iter().map(|finding| finding.message.clone()).collect();
        if sentences.is_empty() && !self.told.is_empty() {
            tracing::info!(%org, "the database is in step again");
        }
        if look.whole || sentences != self.told {
            for crate::drift::Finding { code, message, repair, .. } in findings {
                tracing::warn!(%org, code, repair, "{message}");
            }
        }
        self.told = sentences;
    }

    fn note(&mut self, org: &OrgName, look: Look, trouble: Option<(String, String)>) {
        match trouble {
            Some((code, error)) => {
                if look.whole || self.trouble.as_ref() != Some(&code) {
                    tracing::warn!(%org, code, error, "it is not known whether the database is in step");
                }
                self.trouble = Some(code);
            }
            None => {
                if self.trouble.take().is_some() {
                    tracing::info!(%org, "the database answers again");
                }
            }
        }
    }
}

/// The fingerprints of organisations of one database. A database server is asked without making anything ready there.
async fn fingerprints(
    host: &Host,
    first: &OrgInfo,
    orgs: &[OrgName],
) -> Result<HashMap<OrgName, Fingerprint>> {
    Ok(match first.database.scheme() {
        Scheme::Postgres => {
            host.inner.tenants.connect(&first.name, &first.database)?.fingerprints(orgs).await?
        }
        Scheme::Sqlite => host.tenant(&first.name).await?.db().fingerprints(orgs).await?,
    })
}

async fn within<T>(patience: Duration, work: impl Future<Output = Result<T>>) -> Result<T> {
    tokio::time::timeout(patience, work).await.unwrap_or_else(|_| {
        let message = format!("the database did not answer within {} s", patience.as_secs());
        Err(Error::new("db/unreachable", message)
            .help("see what it is busy with: hookwright doctor --org NAME"))
    })
}
