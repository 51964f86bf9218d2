//! Signatures of plugins: ed25519 over the digest of a component.
//!
//! The host makes and keeps them, and asks here whether one is right. Pure: bytes of a new key are passed in.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use ed25519_dalek::pkcs8::spki::der::pem::LineEnding;
use ed25519_dalek::pkcs8::{DecodePrivateKey, EncodePrivateKey, KeypairBytes};
use ed25519_dalek::{Signer, SigningKey, VerifyingKey};
use serde::{Serialize, Serializer};

const MARK: &str = "ed25519:";
/// Longest text of a signature: mark, key and signature in base64.
pub const MAX_SIGNATURE_BYTES: usize = 160;

/// The public half of a key: `ed25519:` and base64.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PublicKey(VerifyingKey);

impl PublicKey {
    /// Reads its text. A weak key, for which signatures can be made by anybody, is none.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = BASE64.decode(text.strip_prefix(MARK)?).ok()?.try_into().ok()?;
        VerifyingKey::from_bytes(&bytes).ok().filter(|key| !key.is_weak()).map(Self)
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{MARK}{}", BASE64.encode(self.0.as_bytes()))
    }
}

impl Serialize for PublicKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// What a key says of a component: the public key, `:`, and the signature in base64.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PluginSignature {
    key: PublicKey,
    signature: ed25519_dalek::Signature,
}

impl PluginSignature {
    /// Reads its text.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (key, signature) =
            Some(text).filter(|text| text.len() <= MAX_SIGNATURE_BYTES)?.rsplit_once(':')?;
        let bytes: [u8; 64] = BASE64.decode(signature).ok()?.try_into().ok()?;
        Some(Self { key: PublicKey::parse(key)?, signature: ed25519_dalek::Signature::from_bytes(&bytes) })
    }

    /// The key that is to have made it.
    #[must_use]
    pub fn key(&self) -> &PublicKey {
        &self.key
    }

    /// Whether its key made it for the component of this digest (sha256, hex).
    #[must_use]
    pub fn is_of(&self, digest: &str) -> bool {
        self.key.0.verify_strict(&message(digest), &self.signature).is_ok()
    }
}

impl fmt::Display for PluginSignature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.key, BASE64.encode(self.signature.to_bytes()))
    }
}

/// The secret half of a key. It has no form that shows it but [`SecretKey::to_pem`].
pub struct SecretKey(SigningKey);

impl SecretKey {
    /// The key of these bytes, which are to be random.
    #[must_use]
    pub fn new(bytes: &[u8; 32]) -> Self {
        Self(SigningKey::from_bytes(bytes))
    }

    /// Reads PKCS #8 in PEM, as this and other programs write it.
    #[must_use]
    pub fn from_pem(text: &str) -> Option<Self> {
        SigningKey::from_pkcs8_pem(text).ok().map(Self)
    }

    /// Its text in PKCS #8, for a file of its owner alone. Without the public half, which not every program can read there.
    #[must_use]
    pub fn to_pem(&self) -> Option<String> {
        let bytes = KeypairBytes { secret_key: self.0.to_bytes(), public_key: None };
        bytes.to_pkcs8_pem(LineEnding::LF).ok().map(|text| (*text).clone())
    }

    /// The public half.
    #[must_use]
    pub fn public(&self) -> PublicKey {
        PublicKey(self.0.verifying_key())
    }

    /// Signs the component of this digest (sha256, hex).
    #[must_use]
    pub fn sign(&self, digest: &str) -> PluginSignature {
        PluginSignature { key: self.public(), signature: self.0.sign(&message(digest)) }
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretKey(***)")
    }
}

/// Says what it is about, so that a signature made for anything else is none of a plugin.
fn message(digest: &str) -> Vec<u8> {
    format!("hookwright plugin sha256:{digest}").into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIGEST: &str = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";
    // RFC 8032, 7.1, test 1.
    const SECRET: &str = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60";
    const PUBLIC: &str = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";

    fn key() -> SecretKey {
        SecretKey::new(&hex::decode(SECRET).expect("hex").try_into().expect("32 bytes"))
    }

    #[test]
    fn a_signature_is_of_one_component_and_one_key() {
        let signature = PluginSignature::parse(&key().sign(DIGEST).to_string()).expect("read");
        assert!(signature.is_of(DIGEST));
        assert!(!signature.is_of(&DIGEST.replace('2', "3")) && !signature.is_of(""));
        assert_eq!(*signature.key(), key().public());
        let other = SecretKey::new(&[7; 32]);
        let mixed = PluginSignature { key: other.public(), ..signature };
        assert!(!mixed.is_of(DIGEST));
    }

    #[test]
    fn keys_have_the_texts_of_other_programs() {
        let public = PublicKey::parse(&key().public().to_string()).expect("read");
        assert_eq!(hex::encode(public.0.as_bytes()), PUBLIC);
        let pem = key().to_pem().expect("a text");
        assert_eq!(SecretKey::from_pem(&pem).expect("read").public(), key().public());
        // Made by: openssl genpkey -algorithm ed25519
        let openssl = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n-----END PRIVATE KEY-----\n";
        assert_eq!(pem, openssl);
    }

    #[test]
    fn what_is_no_key_or_signature_is_refused() {
        let whole = key().sign(DIGEST).to_string();
        let weak = format!("{MARK}{}", BASE64.encode([0; 32]));
        for wrong in ["", "ed25519:", "ed25519:AAAA", &weak, &whole[8..], &whole] {
            assert!(PublicKey::parse(wrong).is_none(), "{wrong}");
        }
        let long = format!("{whole}{}", " ".repeat(MAX_SIGNATURE_BYTES));
        for wrong in ["", ":", &whole[1..], &whole[..whole.len() - 4], &format!("{weak}:AAAA"), &long] {
            assert!(PluginSignature::parse(wrong).is_none(), "{wrong}");
        }
        assert!(whole.len() <= MAX_SIGNATURE_BYTES);
        assert!(
            SecretKey::from_pem("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n").is_none()
        );
        assert_eq!(format!("{:?}", key()), "SecretKey(***)");
    }
}
