//! Standard Webhooks: what the three headers of a signed request say, and whether a secret made its signature.
//!
//! The HTTP surface and the control database call it. Pure: the clock is passed in, and nothing is parsed but the headers.
//! Source of the rules: <https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md>.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::event::MAX_ID_BYTES;

/// The header with the message's id.
pub const ID_HEADER: &str = "webhook-id";
/// The header with the time it was sent at, in seconds since 1970.
pub const TIMESTAMP_HEADER: &str = "webhook-timestamp";
/// The header with its signatures.
pub const SIGNATURE_HEADER: &str = "webhook-signature";
/// Most signatures of one request: a sender that changes its secret gives two.
pub const MAX_SIGNATURES: usize = 16;
/// Longest header with signatures: so many, each of any version known today.
pub const MAX_SIGNATURE_BYTES: usize = 2048;
/// Digits of a time: enough until the year 33658.
const MAX_DIGITS: usize = 12;
/// Bytes of a secret that is made here; those of others have 24 to 64.
pub const SECRET_BYTES: usize = 32;
const MAX_SECRET_BYTES: usize = 64;
const SECRET_MARK: &str = "whsec_";

/// What is wrong with a signed request. None of it tells anything about secrets.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs)]
pub enum SignatureError {
    #[error("the header \"{header}\" is missing, or given more than once")]
    NotOnce { header: &'static str },
    #[error("the header \"{header}\" is not {wanted}")]
    Malformed { header: &'static str, wanted: String },
    #[error(
        "the request says that it was sent at {sent}, and it is {now} here: {apart} s apart, at most {tolerance} s are taken"
    )]
    Stale { sent: u64, now: u64, apart: u64, tolerance: u64 },
}

/// The headers of a signed request, read and bounded; nothing is verified yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signed {
    id: String,
    timestamp: u64,
    signatures: Vec<[u8; 32]>,
}

impl Signed {
    /// Reads the values of the three headers, each of which is to be there once.
    ///
    /// # Errors
    /// [`SignatureError::NotOnce`], [`SignatureError::Malformed`] with the limit.
    pub fn read(id: &[&[u8]], timestamp: &[&[u8]], signature: &[&[u8]]) -> Result<Self, SignatureError> {
        let id = once(ID_HEADER, id)?;
        let timestamp = once(TIMESTAMP_HEADER, timestamp)?;
        let signature = once(SIGNATURE_HEADER, signature)?;
        Ok(Self { id: read_id(id)?, timestamp: read_timestamp(timestamp)?, signatures: v1(signature)? })
    }

    /// The message's id: the same whenever the same message is sent again.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Checks that it was sent about now, in seconds since 1970.
    ///
    /// # Errors
    /// [`SignatureError::Stale`].
    pub fn is_current(&self, now: u64, tolerance: u64) -> Result<(), SignatureError> {
        let (sent, apart) = (self.timestamp, self.timestamp.abs_diff(now));
        match apart <= tolerance {
            true => Ok(()),
            false => Err(SignatureError::Stale { sent, now, apart, tolerance }),
        }
    }

    /// Whether one of its signatures is this secret's over the body, compared in constant time.
    #[must_use]
    pub fn is_by(&self, secret: &Secret, body: &[u8]) -> bool {
        let mac = secret.over(&self.id, self.timestamp, body);
        // Without an early end: how many signatures were compared tells nothing either.
        self.signatures.iter().fold(false, |found, given| mac.clone().verify_slice(given).is_ok() | found)
    }
}

/// A secret that sender and host share. It has no form that shows it but [`Secret::expose`].
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Vec<u8>);

impl Secret {
    /// The secret of these bytes.
    #[must_use]
    pub fn new(bytes: [u8; SECRET_BYTES]) -> Self {
        Self(bytes.to_vec())
    }

    /// Reads `whsec_` and base64, or base64 alone.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.strip_prefix(SECRET_MARK).unwrap_or(text);
        let bytes = BASE64.decode(text).ok()?;
        (24..=MAX_SECRET_BYTES).contains(&bytes.len()).then_some(Self(bytes))
    }

    /// Its text, for its owner and the control database alone.
    #[must_use]
    pub fn expose(&self) -> String {
        format!("{SECRET_MARK}{}", BASE64.encode(&self.0))
    }

    /// The header `webhook-signature` of a message, as a sender makes it.
    #[must_use]
    pub fn sign(&self, id: &str, timestamp: u64, body: &[u8]) -> String {
        format!("v1,{}", BASE64.encode(self.over(id, timestamp, body).finalize().into_bytes()))
    }

    fn over(&self, id: &str, timestamp: u64, body: &[u8]) -> Hmac<Sha256> {
        // HMAC itself fills a key up to a block with zeros (RFC 2104), and no secret is longer.
        let mut block = [0; MAX_SECRET_BYTES];
        block[..self.0.len()].copy_from_slice(&self.0);
        Hmac::<Sha256>::new(&block.into()).chain_update(format!("{id}.{timestamp}.")).chain_update(body)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(***)")
    }
}

fn once<'a>(header: &'static str, values: &[&'a [u8]]) -> Result<&'a [u8], SignatureError> {
    match values {
        [value] => Ok(value),
        _ => Err(SignatureError::NotOnce { header }),
    }
}

fn read_id(id: &[u8]) -> Result<String, SignatureError> {
    let wanted = || format!("1 to {MAX_ID_BYTES} printable ASCII characters without a space");
    let plain = (1..=MAX_ID_BYTES).contains(&id.len()) && id.iter().all(u8::is_ascii_graphic);
    let text = std::str::from_utf8(id).ok().filter(|_| plain);
    text.map(str::to_owned).ok_or_else(|| SignatureError::Malformed { header: ID_HEADER, wanted: wanted() })
}

/// In the one form that a sender prints: what is signed is the text, and no two texts may stand for one time.
fn read_timestamp(digits: &[u8]) -> Result<u64, SignatureError> {
    let canonical = (1..=MAX_DIGITS).contains(&digits.len())
        && digits.iter().all(u8::is_ascii_digit)
        && digits.first() != Some(&b'0');
    let text = std::str::from_utf8(digits).ok().filter(|_| canonical);
    text.and_then(|text| text.parse().ok()).ok_or_else(|| SignatureError::Malformed {
        header: TIMESTAMP_HEADER,
        wanted: format!("seconds since 1970, in at most {MAX_DIGITS} digits"),
    })
}

/// The signatures of version 1. Others are passed over, as the standard has it.
fn v1(given: &[u8]) -> Result<Vec<[u8; 32]>, SignatureError> {
    let malformed = |wanted: String| SignatureError::Malformed { header: SIGNATURE_HEADER, wanted };
    if given.len() > MAX_SIGNATURE_BYTES {
        return Err(malformed(format!("at most {MAX_SIGNATURE_BYTES} bytes")));
    }
    let parts: Vec<&[u8]> = given.split(|byte| *byte == b' ').filter(|part| !part.is_empty()).collect();
    if parts.len() > MAX_SIGNATURES {
        return Err(malformed(format!("at most {MAX_SIGNATURES} signatures")));
    }
    let signature = |part: &&[u8]| BASE64.decode(part.strip_prefix(b"v1,")?).ok()?.try_into().ok();
    match parts.iter().filter_map(signature).collect::<Vec<_>>() {
        none if none.is_empty() => {
            Err(malformed("one or more of \"v1,\" and base64, with spaces between".to_owned()))
        }
        signatures => Ok(signatures),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // From the tests of the libraries of the standard.
    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const ID: &str = "msg_p5jXN8AQM9LWM0D4loKWxJek";
    const TIMESTAMP: &str = "1614265330";
    const BODY: &[u8] = br#"{"test": 2432232314}"#;
    const SIGNATURE: &str = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";

    fn read(id: &str, timestamp: &str, signature: &str) -> Result<Signed, SignatureError> {
        Signed::read(&[id.as_bytes()], &[timestamp.as_bytes()], &[signature.as_bytes()])
    }

    fn secret() -> Secret {
        Secret::parse(SECRET).expect("a secret")
    }

    #[test]
    fn the_vector_of_the_standard_is_verified_and_made() {
        let signed = read(ID, TIMESTAMP, SIGNATURE).expect("read");
        assert!(signed.is_by(&secret(), BODY));
        assert_eq!(secret().sign(ID, 1_614_265_330, BODY), SIGNATURE);
        assert_eq!(secret().expose(), SECRET);
    }

    #[test]
    fn one_of_several_signatures_is_enough_and_other_versions_are_passed_over() {
        let other = Secret::new([7; SECRET_BYTES]).sign(ID, 1_614_265_330, BODY);
        let all = format!("v1a,AAAA {other}  {SIGNATURE} v2,x");
        assert!(read(ID, TIMESTAMP, &all).expect("read").is_by(&secret(), BODY));
        assert!(!read(ID, TIMESTAMP, &other).expect("read").is_by(&secret(), BODY));
    }

    #[test]
    fn whatever_is_changed_breaks_it() {
        let by = |id, timestamp, body| read(id, timestamp, SIGNATURE).expect("read").is_by(&secret(), body);
        assert!(by(ID, TIMESTAMP, BODY));
        assert!(!by("msg_p5jXN8AQM9LWM0D4loKWxJel", TIMESTAMP, BODY));
        assert!(!by(ID, "1614265331", BODY));
        assert!(!by(ID, TIMESTAMP, br#"{"test": 2432232315}"#));
        assert!(!by(ID, TIMESTAMP, b""));
    }

    #[test]
    fn headers_are_bounded_and_in_one_form() {
        let long = "x".repeat(MAX_ID_BYTES + 1);
        for id in ["", "a b", "a\n", "é", &long] {
            assert!(matches!(read(id, TIMESTAMP, SIGNATURE), Err(SignatureError::Malformed { .. })), "{id}");
        }
        for time in ["", "0", "01614265330", "+1614265330", "-1", "1614265330.5", " 1", "1234567890123"] {
            assert!(matches!(read(ID, time, SIGNATURE), Err(SignatureError::Malformed { .. })), "{time}");
        }
        let many = [SIGNATURE; MAX_SIGNATURES + 1].join(" ");
        let (short, wide) = ("v1,AAAA", format!("{SIGNATURE} {}", "x".repeat(MAX_SIGNATURE_BYTES)));
        for signature in ["", " ", "v1", "v1,", "v2,AAAA", "g0hM9SsE", short, &many, &wide] {
            let error = read(ID, TIMESTAMP, signature).expect_err(signature);
            assert!(matches!(error, SignatureError::Malformed { .. }), "{error}");
        }
        let (id, time, signature) = (ID.as_bytes(), TIMESTAMP.as_bytes(), SIGNATURE.as_bytes());
        let twice = Signed::read(&[id, id], &[time], &[signature]).expect_err("twice");
        assert_eq!(twice, SignatureError::NotOnce { header: ID_HEADER });
        let none = Signed::read(&[id], &[time], &[]).expect_err("none");
        assert_eq!(none, SignatureError::NotOnce { header: SIGNATURE_HEADER });
    }

    #[test]
    fn it_is_current_for_a_while_before_and_after() {
        let signed = read(ID, TIMESTAMP, SIGNATURE).expect("read");
        let sent = 1_614_265_330;
        for now in [sent - 300, sent, sent + 300] {
            assert_eq!(signed.is_current(now, 300), Ok(()));
        }
        for now in [0, sent - 301, sent + 301, u64::MAX] {
            let error = signed.is_current(now, 300).expect_err("stale").to_string();
            assert!(error.contains("at most 300 s") && error.contains(TIMESTAMP), "{error}");
        }
    }

    #[test]
    fn no_form_shows_the_secret() {
        assert_eq!(format!("{:?}", secret()), "Secret(***)");
        for wrong in ["", "whsec_", "whsec_AAAA", "whsec_!", &BASE64.encode([0; 65])] {
            assert!(Secret::parse(wrong).is_none(), "{wrong}");
        }
    }
}
