//! Guests that are refused before any of their code runs.

use crate::guest::{Guest, REPLY, hook, with_manifest};
use crate::{Hostile, memories};

/// Bytes beyond what a component may have by default.
const TOO_MANY: usize = 33 << 20;

pub(crate) fn component(guest: Hostile) -> Option<Vec<u8>> {
    let whole = hook(REPLY);
    Some(match guest {
        Hostile::TrailingGarbage => [&whole, &b"; DROP TABLE account"[..]].concat(),
        Hostile::Truncated => whole[..whole.len() / 2].to_vec(),
        Hostile::Oversized => [whole, vec![0; TOO_MANY]].concat(),
        Hostile::CompileBomb => bomb(),
        Hostile::UndeclaredImport => {
            text("(component (import \"wasi:http/outgoing-handler@0.2.0\" (instance)))")
        }
        Hostile::WrongExportShape => text(
            "(component (instance $i) (export \"hookwright:hooks/entity-hooks@1.0.0\" (instance $i))
            (export \"hookwright:hooks/field-hooks@1.0.0\" (instance $i)))",
        ),
        Hostile::TooManyMemories => memories::component(8, 1),
        _ => return None,
    })
}

fn text(component: &str) -> Vec<u8> {
    with_manifest(&wat::parse_str(component).unwrap(), "guest")
}

/// A component that takes the compiler long: jumps from everywhere to everywhere in one function.
#[must_use]
pub fn bomb() -> Vec<u8> {
    let depth = 1_000;
    let (open, close) = ("(block ".repeat(depth), ")".repeat(depth));
    let labels: String = (0..depth).map(|label| format!("{label} ")).collect();
    let jump = format!("(if (local.get 0) (then (br_table {labels} (local.get 0))))").repeat(400);
    let items = format!("(func $bomb (param i32) {open} {jump} {close})");
    Guest { items: &items, ..Guest::default() }.component()
}
