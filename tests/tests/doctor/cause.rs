//! What is asked of a trouble.

use hookwright::api::OrgOptions;
use hookwright::doctor::Examined;
use hookwright::error::Error;
use hookwright::trouble::Trouble;
use hookwright_core::ident::OrgName;
use hookwright_tests::world::TestHost;

/// The trouble of this code.
pub fn trouble<'e>(examined: &'e Examined, code: &str) -> &'e Trouble {
    let mut all = examined.checks.iter().flat_map(|check| &check.troubles);
    let found = all.find(|trouble| trouble.code == code);
    let found = found.unwrap_or_else(|| panic!("no {code} in {examined:#?}"));
    assert!(!found.means.is_empty() && !found.next.is_empty(), "{found:?}");
    found
}

/// Whether a check found nothing at all.
pub fn is_clear(examined: &Examined, check: &str) -> bool {
    let found = examined.checks.iter().find(|c| c.check == check);
    found.unwrap_or_else(|| panic!("no check \"{check}\": {examined:#?}")).troubles.is_empty()
}

/// Registers an organisation at an address, which must fail with this code; gives the error.
pub async fn refused(url: &str, code: &str) -> Error {
    let home = TestHost::start().await;
    let org = OrgName::parse("acme").unwrap();
    let error = home.host().org_add(&org, url, OrgOptions::default()).await.expect_err(url);
    assert_eq!(error.code, code, "{url}: {error}; {}", error.help);
    assert!(!error.to_string().contains("secret") && !error.help.contains("secret"), "{error}");
    error
}
