//! What each fuzz target does with bytes from outside, and the laws it asks for.
//!
//! The targets in `fuzz_targets/` call one function each; the test `fuzzed` calls them with the seeds of `corpus/` and with
//! what fuzzing found, which is kept in `regressions/`. `tests/fuzz/run` runs them all for a while.

use std::sync::LazyLock;

use hookwright::config::parse_policy;
use hookwright::sandbox::{Limits, Sandbox};
use hookwright_build::manifest::{self, SECTION};
use hookwright_core::ddl::print_expr;
use hookwright_core::event::Change;
use hookwright_core::expr::{self, Expr};
use hookwright_core::webhook::{SECRET_BYTES, Secret, Signed};
use wasm_encoder::{Component, CustomSection};

/// A target's name, and what it does with bytes.
pub type Target = (&'static str, fn(&[u8]));

/// All targets.
pub const TARGETS: [Target; 6] = [
    ("component", component),
    ("event", event),
    ("expression", expression),
    ("manifest", manifest),
    ("policy", policy),
    ("webhook", webhook),
];

/// The longest error: what it quotes from outside is clipped.
const LONGEST: usize = 4096;

/// Events as JSON. What the ledger keeps of an event is the same event again.
///
/// # Panics
/// If a law does not hold.
pub fn event(bytes: &[u8]) {
    let change = match Change::parse(bytes) {
        Ok(change) => change,
        Err(error) => return told(&error.to_string()),
    };
    for event in change.events {
        let again = Change::parse(event.json.to_string().as_bytes()).expect("what was kept can be read");
        let [again] = again.events.as_slice() else { panic!("one event is kept as one") };
        assert_eq!((&again.body, again.digest()), (&event.body, event.digest()));
        told(&event.subject());
    }
}

/// The bytes as a component's manifest. A manifest that can be read can be written, and is the same again.
///
/// # Panics
/// If a law does not hold.
pub fn manifest(bytes: &[u8]) {
    let mut component = Component::new();
    component.section(&CustomSection { name: SECTION.into(), data: bytes.into() });
    match manifest::read(component.as_slice()) {
        Ok(read) => {
            let bare = Component::new().finish();
            let again = manifest::read(&manifest::embed(&bare, &read).expect("it can be written"));
            assert_eq!(again.expect("it can be read"), read);
        }
        Err(error) => told(&error.to_string()),
    }
}

/// An expression, as a plugin writes it and as a database prints it. What is kept of it is read back as the same.
///
/// # Panics
/// If a law does not hold.
pub fn expression(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    match expr::parse(text) {
        Ok(read) => {
            let kept = serde_json::to_value(&read).expect("it can be kept");
            assert_eq!(serde_json::from_value::<Expr>(kept).expect("it can be read"), read);
        }
        Err(error) => told(&error.to_string()),
    }
    if let Ok(read) = expr::parse_printed(text) {
        assert!(!print_expr(&read).is_empty());
    }
}

/// The bytes as a component, up to its machine code. None of it is run.
///
/// # Panics
/// If a law does not hold.
pub fn component(bytes: &[u8]) {
    static SANDBOX: LazyLock<Sandbox> =
        LazyLock::new(|| Sandbox::new(&Limits::default()).expect("a sandbox"));
    if let Err(error) = SANDBOX.load(bytes) {
        told(&error.to_string());
    }
}

/// A policy file.
///
/// # Panics
/// If a law does not hold.
pub fn policy(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    match parse_policy(text, "the policy", None) {
        Ok(policy) => drop(policy.patterns().count() + usize::from(policy.is_dev_throughout())),
        Err(error) => told(&error.message),
    }
}

/// The headers of a signed request, one a line: id, time, signatures, then the body. What is read is what its sender's
/// secret signs, and what another signs is not.
///
/// # Panics
/// If a law does not hold.
pub fn webhook(bytes: &[u8]) {
    let mut lines = bytes.splitn(4, |byte| *byte == b'\n');
    let mut next = || lines.next().unwrap_or_default();
    let (id, time, signatures, body) = (next(), next(), next(), next());
    if let Err(error) = Signed::read(&[id], &[time], &[signatures]) {
        told(&error.to_string());
    }
    let (secret, other) = (Secret::new([1; SECRET_BYTES]), Secret::new([2; SECRET_BYTES]));
    let text = |bytes| std::str::from_utf8(bytes).unwrap_or_default();
    let Ok(sent) = text(time).parse() else { return };
    let signature = secret.sign(text(id), sent, body);
    // Whether headers can be read depends on id and time alone, once the signature is well formed.
    if let Ok(signed) = Signed::read(&[id], &[time], &[signature.as_bytes()]) {
        assert!(signed.is_by(&secret, body) && !signed.is_by(&other, body));
        assert!(signed.is_current(sent, 0).is_ok());
    }
}

/// What is told is short, and has no character that a terminal or log takes for more than text.
fn told(text: &str) {
    assert!(text.len() <= LONGEST, "{} bytes are told", text.len());
    let unclean = text.chars().find(|c| c.is_control() && *c != '\n');
    assert_eq!(unclean, None, "in {text:?}");
}
