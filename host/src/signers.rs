//! Whether a plugin is signed as its organisation asks: when it is bound, and again whenever it is loaded.
//!
//! The host's administration and `tenants.rs` ask. No I/O.

use hookwright_core::ident::OrgName;
use hookwright_core::signature::{PluginSignature, PublicKey};
use sha2::{Digest, Sha256};
use std::sync::LazyLock;

use crate::api::SignerInfo;
use crate::embedded::SCHEMA_SYNC;
use crate::error::{Error, Result};

/// The plugin that comes with the host needs no signature: it is as good as the host.
static OWN: LazyLock<String> = LazyLock::new(|| hex::encode(Sha256::digest(SCHEMA_SYNC)));

/// What an organisation asks of the signatures of plugins.
pub(crate) struct Signers {
    /// Whether every plugin needs one.
    pub required: bool,
    /// The keys it takes.
    pub keys: Vec<SignerInfo>,
}

impl Signers {
    /// Checks a plugin by the digest of its component.
    ///
    /// # Errors
    /// `plugin/bad-signature` if it has one that is not right, needed or not; `plugin/unsigned`, `plugin/unknown-signer`
    /// where one is needed.
    pub fn check(
        &self,
        org: &OrgName,
        plugin: &str,
        digest: &str,
        signature: Option<&PluginSignature>,
    ) -> Result<()> {
        let refused = |code: &str, what: String| {
            let known = self.known();
            let message = format!(
                "the plugin \"{plugin}\" (component {digest}) {what}; keys known for \"{org}\": {known}"
            );
            Err(Error::new("plugin/unsigned", message).coded(code).of_org(org))
        };
        match signature {
            Some(signature) if !signature.is_of(digest) => {
                let what = format!("has a signature by {} that is not right", signature.key());
                refused("plugin/bad-signature", what)
            }
            _ if !self.required || digest == *OWN => Ok(()),
            Some(signature) if self.knows(signature.key()) => Ok(()),
            Some(signature) => refused(
                "plugin/unknown-signer",
                format!("is signed by {}, which is not known", signature.key()),
            ),
            None => refused("plugin/unsigned", "is not signed, and the policy has require-signed".to_owned()),
        }
    }

    fn knows(&self, key: &PublicKey) -> bool {
        self.keys.iter().any(|signer| signer.key == *key)
    }

    fn known(&self) -> String {
        let all: Vec<_> =
            self.keys.iter().map(|signer| format!("{} (\"{}\")", signer.key, signer.name)).collect();
        if all.is_empty() { "none".to_owned() } else { all.join(", ") }
    }
}

#[cfg(test)]
mod tests {
    use hookwright_core::signature::SecretKey;

    use super::*;

    const DIGEST: &str = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";

    #[test]
    fn what_is_asked_is_checked() {
        let org = OrgName::parse("acme").expect("a name");
        let (known, other) = (SecretKey::new(&[1; 32]), SecretKey::new(&[2; 32]));
        let signers = |required| {
            let signer = SignerInfo { name: "ci".into(), key: known.public(), added_at: String::new() };
            Signers { required, keys: vec![signer] }
        };
        let check = |required, signature: Option<PluginSignature>| {
            let checked = signers(required).check(&org, "guard", DIGEST, signature.as_ref());
            checked.map_err(|error| (error.code.clone(), error.message)).err()
        };
        let (right, wrong) = (known.sign(DIGEST), known.sign("00"));
        assert_eq!(check(true, Some(right)), None);
        for (signature, code) in [
            (None, "plugin/unsigned"),
            (Some(other.sign(DIGEST)), "plugin/unknown-signer"),
            (Some(wrong), "plugin/bad-signature"),
        ] {
            let (told, message) = check(true, signature).expect("refused");
            assert_eq!(told, code);
            assert!(message.contains(DIGEST) && message.contains(&known.public().to_string()), "{message}");
        }
        assert_eq!(check(false, None), None);
        assert_eq!(check(false, Some(other.sign(DIGEST))), None);
        assert_eq!(check(false, Some(wrong)).expect("refused").0, "plugin/bad-signature");
        signers(true).check(&org, "schema-sync", &OWN, None).expect("the host's own");
    }
}
