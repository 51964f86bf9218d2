//! Findings of drift that are left as they are, because somebody said so: recorded with who and why.

use hookwright_core::ident::OrgName;

use crate::drift::{Finding, Ignored};
use crate::error::{Error, Result};
use crate::host::Host;

/// Longest reason, in bytes.
const MAX_REASON_BYTES: usize = 2000;

impl Host {
    /// Leaves a finding as it is, as long as it stays what it is: it is no drift any more, and no repair touches it.
    ///
    /// # Errors
    /// `org/not-found`, `drift/not-found` if there is no such finding now, `drift/not-ignorable`, `request/invalid`.
    pub async fn ignore(
        &self,
        org: &OrgName,
        finding: &str,
        reason: &str,
        actor: Option<&str>,
    ) -> Result<Ignored> {
        let reason = reason.trim();
        if reason.is_empty() || reason.len() > MAX_REASON_BYTES || reason.contains('\0') {
            let message = format!("a reason has 1 to {MAX_REASON_BYTES} bytes and no NUL character");
            return Err(Error::new("request/invalid", message).help("say why it is left as it is"));
        }
        let drift = self.drift(org).await?;
        let Some(found) = drift.findings.iter().chain(&drift.ignored).find(|f| f.id() == finding) else {
            let message = format!("there is no finding {}", hookwright_core::ident::quoted(finding));
            return Err(Error::new("drift/not-found", message)
                .help(format!("see what there is: hookwright drift --org {org}")));
        };
        let told = Finding::of(org, drift.dialect(), found);
        if !found.is_ignorable() {
            let message = format!("it cannot be ignored: {}", told.message);
            let help = format!("every change of it would fail; repair it: {}", told.repair);
            return Err(Error::new("drift/not-ignorable", message).help(help));
        }
        let ignored = Ignored {
            finding: found.id(),
            code: told.code,
            message: told.message,
            actor: actor.map(str::to_owned),
            reason: reason.to_owned(),
            at: String::new(),
            gone: None,
        };
        self.inner.store.ignore(org, ignored).await
    }

    /// Counts a finding as drift again.
    ///
    /// # Errors
    /// `org/not-found`, `drift/not-found` if it is not ignored.
    pub async fn heed(&self, org: &OrgName, finding: &str) -> Result<()> {
        self.inner.store.heed(org, finding).await
    }

    /// What is ignored in an organisation, oldest first.
    ///
    /// # Errors
    /// `org/not-found`, `host/fault`.
    pub async fn ignored(&self, org: &OrgName) -> Result<Vec<Ignored>> {
        self.inner.store.ignored(org).await
    }
}
