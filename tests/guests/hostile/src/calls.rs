//! Guests that are accepted, and break or mean harm once they are called.

use hookwright_build::manifest::{self, Hook};

use crate::guest::{Guest, REPLY, Sizes, hook, plain_manifest};
use crate::system::{PACKAGES, SYSTEM};
use crate::{Hostile, SPIN, memories};

const LOG: &str = r#"(import "hookwright:hooks/host@1.0.0" "log" (func $log (param i32 i32 i32)))"#;
const ENTITIES: &str = r#"(import "hookwright:hooks/host@1.0.0" "entities" (func $entities (param i32)))"#;

pub(crate) fn component(guest: Hostile) -> Option<Vec<u8>> {
    spin(guest).or_else(|| growth(guest)).or_else(|| reply(guest)).or_else(|| talk(guest))
}

fn spin(guest: Hostile) -> Option<Vec<u8>> {
    let forever = format!("{SPIN} unreachable");
    let start = format!("(func $start {SPIN}) (start $start)");
    let of = |hook| called(&Guest { hook: &forever, ..Guest::default() }.bare(), hook);
    Some(match guest {
        Hostile::SpinInEntityBefore => of(Hook::EntityBefore),
        Hostile::SpinInEntityAfter => of(Hook::EntityAfter),
        Hostile::SpinInFieldBefore => of(Hook::FieldBefore),
        Hostile::SpinInFieldAfter => of(Hook::FieldAfter),
        Hostile::SpinInStart => Guest { items: &start, ..Guest::default() }.component(),
        Hostile::SpinInRealloc => Guest { realloc: SPIN, ..Guest::default() }.component(),
        Hostile::SpinInPostReturn => Guest { post: SPIN, ..Guest::default() }.component(),
        _ => return None,
    })
}

fn growth(guest: Hostile) -> Option<Vec<u8>> {
    let memory =
        "(loop $more (br_if $more (i32.ne (memory.grow (i32.const 16)) (i32.const -1)))) unreachable";
    let table = "(loop $more (br_if $more
        (i32.ne (table.grow $t (ref.null func) (i32.const 10000)) (i32.const -1)))) unreachable";
    let deeper = "(func $deeper (param i64) (result i64)
        (i64.add (call $deeper (i64.add (local.get 0) (i64.const 1))) (local.get 0)))";
    let recursion = format!("(drop (call $deeper (i64.const 0))) {REPLY}");
    Some(match guest {
        Hostile::MemoryBomb => Guest { hook: memory, ..Guest::default() }.component(),
        Hostile::MemoriesBomb => memories::component(3, 512),
        Hostile::TableBomb => {
            Guest { items: "(table $t 1 funcref)", hook: table, ..Guest::default() }.component()
        }
        Hostile::Recursion => Guest { items: deeper, hook: &recursion, ..Guest::default() }.component(),
        _ => return None,
    })
}

/// A guest that traps when it is told anything with `evil` in it.
#[must_use]
pub fn touchy() -> Vec<u8> {
    hook(&touchy_body())
}

/// What its hooks do.
#[must_use]
pub fn touchy_body() -> String {
    format!(
        "(local $at i32)
        (local.set $at (i32.const 32768))
        (loop $next
            (if (i32.eq (i32.load align=1 (local.get $at)) (i32.const {})) (then unreachable))
            (local.set $at (i32.add (local.get $at) (i32.const 1)))
            (br_if $next (i32.lt_u (local.get $at) (global.get $heap))))
        {REPLY}",
        i32::from_le_bytes(*b"evil")
    )
}

/// A guest that comments on the table `clock` with how often it could ask whether a moment has passed: a timer is real
/// time, whatever the clock says.
///
/// # Panics
/// If the text of it is no WebAssembly.
#[must_use]
pub fn fickle() -> Vec<u8> {
    let comment = words(&[20, 0, 16_000, 5, 0, 0, 0, 1, 16_100, 4]);
    let items = data(1024, &words(&[0, 2048, 1])) + &data(2048, &comment) + &data(16_000, b"clock");
    let letter = |place: u32| {
        format!(
            "(i32.store8 (i32.const {}) (i32.add (i32.const 97)
                (i32.and (i32.shr_u (local.get $count) (i32.const {})) (i32.const 15))))",
            16_100 + place,
            place * 4
        )
    };
    let hook = format!(
        "(local $timer i32) (local $count i32)
        (local.set $timer (call $after (i64.const 500000)))
        (loop $again
            (local.set $count (i32.add (local.get $count) (i32.const 1)))
            (br_if $again (i32.eqz (call $ready (local.get $timer)))))
        {} {REPLY}",
        (0..4).map(letter).collect::<String>()
    );
    let guest = Guest { imports: SYSTEM, items: &items, hook: &hook, ..Guest::default() };
    called(&guest.encode(&PACKAGES, "test:guest/system@1.0.0"), Hook::EntityAfter)
}

/// A guest that comments on a table with so many letters.
///
/// # Panics
/// If they do not fit its memory.
#[must_use]
pub fn comments(table: &str, letters: usize) -> Vec<u8> {
    let comment = words(&[20, 0, 16_000, table.len(), 0, 0, 0, 1, 65_536, letters]);
    let items = data(1024, &words(&[0, 2048, 1])) + &data(2048, &comment) + &data(16_000, table.as_bytes());
    let items = items + &data(65_536, &b"a".repeat(letters));
    Guest { items: &items, pages: 4, ..Guest::default() }.component()
}

/// Replies stand at 1024, as `ok(list)` with the list at 2048.
fn reply(guest: Hostile) -> Option<Vec<u8>> {
    let sizes = Sizes::of_contract();
    let list = |count: usize| data(1024, &words(&[0, 2048, count]));
    let shared = |count: usize, intent: &[usize]| {
        let one: Vec<u8> = words(intent).into_iter().chain(std::iter::repeat(0)).take(sizes.intent).collect();
        list(count) + &data(2048, &one.repeat(count))
    };
    Some(match guest {
        // `err`, its message of 9 MiB.
        Hostile::GiantString => replies(&data(1024, &words(&[1, 0, 0, 0, 9 << 20])), 160),
        Hostile::GiantList => replies(&list(20_000_000 / sizes.intent), 400),
        // Drops one table 1,000 times, whose name has 1 MiB.
        Hostile::AmplifiedList => replies(&shared(1_000, &[1, 0, 1 << 20, 1 << 20]), 40),
        // Makes 100 tables, all with the same 10,000 columns.
        Hostile::NestedLists => replies(&shared(100, &[0, 0, 0, 0, 1 << 20, 10_000]), 400),
        Hostile::UnknownIntent => replies(&shared(1, &[0xff]), 2),
        Hostile::InvalidText => replies(&(shared(1, &[1, 0, 16_000, 2]) + &data(16_000, &[0xff, 0xfe])), 2),
        Hostile::SqlInName => replies(&(shared(1, &[1, 0, 16_000, 4]) + &data(16_000, b"a;--")), 2),
        Hostile::ReplyOutsideMemory => Guest { hook: "(i32.const -8)", ..Guest::default() }.component(),
        _ => return None,
    })
}

fn talk(guest: Hostile) -> Option<Vec<u8>> {
    let ask = "(loop $again (global.set $heap (i32.const 32768)) (call $entities (i32.const 64)) (br $again)) unreachable";
    let red = r#"(data (i32.const 64) "\1b[31mred\n\07line")"#;
    let log = "(loop $again (call $log (i32.const 2) (i32.const 64) (i32.const 14)) (br $again)) unreachable";
    let last = r#"(data (i32.const 64) "panicked at x")"#;
    let trap = "(call $log (i32.const 3) (i32.const 64) (i32.const 13)) unreachable";
    let print = "(local $out i32) (local.set $out (call $stderr))
        (loop $again
            (call $write (local.get $out) (i32.const 64) (i32.const 14) (i32.const 256))
            (br_if $again (i32.eqz (i32.load8_u (i32.const 256)))))
        unreachable";
    let system = |hook: &str| {
        let guest = Guest { imports: SYSTEM, items: red, hook, ..Guest::default() };
        called(&guest.encode(&PACKAGES, "test:guest/system@1.0.0"), Hook::EntityAfter)
    };
    Some(match guest {
        Hostile::HostCallFlood => Guest { imports: ENTITIES, hook: ask, ..Guest::default() }.component(),
        Hostile::LogFlood => Guest { imports: LOG, items: red, hook: log, ..Guest::default() }.component(),
        Hostile::PrintFlood => system(print),
        Hostile::TrapMidway => {
            Guest { imports: LOG, items: last, hook: trap, ..Guest::default() }.component()
        }
        Hostile::Sleep => system("(drop (call $after (i64.const 10000000000))) unreachable"),
        Hostile::Exit => system("(call $exit (i32.const 1)) unreachable"),
        _ => return None,
    })
}

/// The component, called for one hook alone.
fn called(component: &[u8], hook: Hook) -> Vec<u8> {
    let manifest = manifest::Manifest { hooks: vec![hook], ..plain_manifest("guest") };
    manifest::embed(component, &manifest).unwrap()
}

fn replies(items: &str, pages: u32) -> Vec<u8> {
    Guest { items, pages, ..Guest::default() }.component()
}

/// Numbers as they stand in a memory.
fn words(numbers: &[usize]) -> Vec<u8> {
    numbers.iter().flat_map(|number| u32::try_from(*number).unwrap().to_le_bytes()).collect()
}

fn data(at: usize, bytes: &[u8]) -> String {
    let bytes: String = bytes.iter().map(|byte| format!("\\{byte:02x}")).collect();
    format!("(data (i32.const {at}) \"{bytes}\")")
}
