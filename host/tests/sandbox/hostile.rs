//! Guests that break, or mean harm: each ends with a fault that says what it did, gives its place back, and
//! leaves the next call alone.

use std::time::Duration;

use hookwright::sandbox::{Blame, Fault, Limits, Question, Run, Sandbox, Share};
use hookwright_core::hook::HookReply;
use hookwright_core::schema::Schema;

use crate::support::{context, empty_world, entity_after, sandbox, world};
use hostile_guests::{Guest, REPLY, hook};

const SPIN: &str = "(loop $again (br $again))";

/// Runs the guest once, and then a harmless one in the same sandbox.
async fn run(limits: Limits, component: &[u8]) -> Run {
    let sandbox = Sandbox::new(&limits).unwrap();
    let guest = sandbox.load(component).unwrap();
    let (cx, call, world) = (context(), entity_after(), empty_world());
    let run = guest.run(&sandbox, Share::WHOLE, Question { cx: &cx, call: &call, world }).await;
    assert_eq!(sandbox.free_places(), limits.concurrent_calls as usize);
    let harmless = sandbox.load(&hook(REPLY)).unwrap();
    let called = harmless.call(&sandbox, &context(), &entity_after(), empty_world()).await.unwrap();
    assert_eq!(called.reply, HookReply::Intents(vec![]));
    run
}

async fn fault(component: &[u8]) -> Fault {
    run(Limits::default(), component).await.reply.unwrap_err()
}

async fn told(component: &[u8]) -> (&'static str, String) {
    let fault = fault(component).await;
    assert_eq!(fault.blame(), Blame::Guest);
    (fault.code(), fault.to_string())
}

#[tokio::test]
async fn a_spin_meets_the_deadline_wherever_it_is() {
    let in_hook = format!("{SPIN} unreachable");
    let guests = [
        Guest { hook: &in_hook, ..Guest::default() },
        Guest { items: "(func $start (loop $again (br $again))) (start $start)", ..Guest::default() },
        Guest { realloc: SPIN, ..Guest::default() },
        Guest { post: SPIN, ..Guest::default() },
    ];
    for guest in guests {
        assert_eq!(fault(&guest.component()).await, Fault::Deadline { limit_ms: 100 });
    }
}

#[tokio::test]
async fn a_spin_does_not_hold_the_thread() {
    let sandbox = Sandbox::new(&Limits { deadline_ms: 60_000, ..Limits::default() }).unwrap();
    let spinner = sandbox.load(&hook(&format!("{SPIN} unreachable"))).unwrap();
    let (cx, call) = (context(), entity_after());
    let spinning = spinner.call(&sandbox, &cx, &call, empty_world());
    // The caller goes away: the test has one thread, so this can only end if the guest yields.
    assert!(tokio::time::timeout(Duration::from_millis(30), spinning).await.is_err());
    // Its instance goes where it ran, at the end of its tick.
    while sandbox.free_places() < 32 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_call_ends_by_the_clock_too() {
    let limits = Limits { deadline_ms: 60_000, call_timeout_ms: 40, ..Limits::default() };
    let run = run(limits, &hook(&format!("{SPIN} unreachable"))).await;
    assert_eq!(run.reply, Err(Fault::Timeout { limit_ms: 40 }));
}

#[tokio::test]
async fn past_the_last_place_calls_wait_and_are_refused() {
    let limits = Limits { concurrent_calls: 1, queue_wait_ms: 20, deadline_ms: 60_000, ..Limits::default() };
    let sandbox = Sandbox::new(&limits).unwrap();
    let spinner = sandbox.load(&hook(&format!("{SPIN} unreachable"))).unwrap();
    let (cx, call) = (context(), entity_after());
    let first = spinner.call(&sandbox, &cx, &call, empty_world());
    let second = spinner.call(&sandbox, &cx, &call, empty_world());
    let refused = tokio::select! { biased; _ = first => panic!("it spins"), second = second => second };
    let fault = refused.unwrap_err();
    assert_eq!((fault.code(), fault.blame()), ("host/overloaded", Blame::Host));
}

#[tokio::test]
async fn memory_is_bounded() {
    let bomb = "(loop $more (br_if $more (i32.ne (memory.grow (i32.const 16)) (i32.const -1)))) unreachable";
    let limits = Limits { memory_bytes: 4 << 20, ..Limits::default() };
    let run = run(limits, &hook(bomb)).await;
    let wanted = Fault::Memory { limit_bytes: 4 << 20, wanted_bytes: (2 + 64) * 65536 };
    assert_eq!(run.reply, Err(wanted));
    assert_eq!(run.memory_peak_bytes, (2 + 48) * 65536);
}

#[tokio::test]
async fn a_denied_guest_may_go_on() {
    let body = format!("(drop (memory.grow (i32.const 60000))) {REPLY}");
    let run = run(Limits::default(), &hook(&body)).await;
    assert_eq!(run.reply, Ok(HookReply::Intents(vec![])));
}

#[tokio::test]
async fn recursion_is_bounded() {
    let items = "(func $deeper (param i64) (result i64)
        (i64.add (call $deeper (i64.add (local.get 0) (i64.const 1))) (local.get 0)))";
    let body = format!("(drop (call $deeper (i64.const 0))) {REPLY}");
    let guest = Guest { items, hook: &body, ..Guest::default() };
    assert_eq!(fault(&guest.component()).await, Fault::Stack { limit_bytes: 256 << 10 });
}

#[tokio::test]
async fn tables_are_bounded() {
    let bomb = "(loop $more (br_if $more
        (i32.ne (table.grow $t (ref.null func) (i32.const 10000)) (i32.const -1)))) unreachable";
    let guest = Guest { items: "(table $t 1 funcref)", hook: bomb, ..Guest::default() };
    let fault = fault(&guest.component()).await;
    assert_eq!(fault, Fault::Table { limit: 100_000, wanted: 100_001 });
}

#[tokio::test]
async fn replies_are_bounded() {
    // A rejection whose message has 9 MiB.
    let items = r#"(data (i32.const 1024) "\01\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\90\00")"#;
    let guest = Guest { items, pages: 160, ..Guest::default() };
    assert_eq!(fault(&guest.component()).await, Fault::Output { limit_bytes: 8 << 20 });
}

#[tokio::test]
async fn host_calls_are_bounded() {
    let imports = r#"(import "hookwright:hooks/host@1.0.0" "entities" (func $entities (param i32)))"#;
    let body = "(loop $again (global.set $heap (i32.const 32768)) (call $entities (i32.const 64)) (br $again)) unreachable";
    let guest = Guest { imports, hook: body, ..Guest::default() };
    let limits = Limits { host_calls: 50, ..Limits::default() };
    assert_eq!(run(limits, &guest.component()).await.reply, Err(Fault::HostCalls { limit: 50 }));
}

#[tokio::test]
async fn the_log_is_bounded_and_kept() {
    let imports = r#"(import "hookwright:hooks/host@1.0.0" "log" (func $log (param i32 i32 i32)))"#;
    let items = r#"(data (i32.const 64) "\1b[31mred\n\07line")"#;
    let body =
        "(loop $again (call $log (i32.const 2) (i32.const 64) (i32.const 14)) (br $again)) unreachable";
    let guest = Guest { imports, items, hook: body, ..Guest::default() };
    let run = run(Limits { log_bytes: 1024, ..Limits::default() }, &guest.component()).await;
    assert_eq!(run.reply, Err(Fault::Log { limit_bytes: 1024 }));
    assert_eq!(run.log.len(), 1024 / (14 + 32));
    assert_eq!(run.log[0].to_string(), "warn: red line");
}

#[tokio::test]
async fn a_trap_says_what_and_where() {
    let imports = r#"(import "hookwright:hooks/host@1.0.0" "log" (func $log (param i32 i32 i32)))"#;
    let items = r#"(data (i32.const 64) "panicked at x")"#;
    let body = "(call $log (i32.const 3) (i32.const 64) (i32.const 13)) unreachable";
    let fault = fault(&Guest { imports, items, hook: body, ..Guest::default() }.component()).await;
    assert_eq!((fault.code(), fault.blame()), ("plugin/trap", Blame::Guest));
    let Fault::Trap { message, backtrace } = fault else { panic!("{fault:?}") };
    assert_eq!(message, "wasm `unreachable` instruction executed; it logged last: panicked at x");
    assert!(backtrace.contains("wasm"), "{backtrace}");
}

#[tokio::test]
async fn a_stack_that_grows_out_of_the_memory_is_told_as_likely() {
    // As compilers have it: the stack begins within the memory, and grows down to its start.
    let items = "(global $stack (mut i32) (i32.const 4096))
        (func $deeper
            (global.set $stack (i32.sub (global.get $stack) (i32.const 1024)))
            (i32.store (global.get $stack) (i32.const 7))
            (call $deeper))";
    let (code, message) =
        told(&Guest { items, hook: "(call $deeper) unreachable", ..Guest::default() }.component()).await;
    assert_eq!(code, "plugin/trap");
    assert!(message.contains("out of bounds memory access, most likely because the stack"), "{message}");
}

#[tokio::test]
async fn large_things_that_are_asked_for_again_and_again_count_as_time() {
    let imports = r#"(import "hookwright:hooks/host@1.0.0" "config" (func $config (param i32)))"#;
    let body = "(loop $again (global.set $heap (i32.const 32768)) (call $config (i32.const 64)) (br $again)) unreachable";
    let component = Guest { imports, hook: body, pages: 64, ..Guest::default() }.component();
    let sandbox = Sandbox::new(&Limits::default()).unwrap();
    let guest = sandbox.load(&component).unwrap();
    let large = world(serde_json::json!({"text": "a".repeat(2 << 20)}), Schema::default());
    let fault = guest.call(&sandbox, &context(), &entity_after(), large).await.unwrap_err();
    // The guest's own time may be over before.
    assert_eq!(fault.code(), "plugin/deadline", "{fault}");
}

#[tokio::test]
async fn a_reply_outside_the_memory_is_malformed() {
    for hook in ["(i32.const -8)", "(i32.const 1025)"] {
        let (code, message) = told(&Guest { hook, ..Guest::default() }.component()).await;
        assert_eq!(code, "plugin/malformed", "{message}");
    }
}

#[tokio::test]
async fn sql_in_a_name_is_malformed() {
    // One intent, drop-table, of a table named `a;--`.
    let items = r#"(data (i32.const 1024) "\00\00\00\00\00\08\00\00\01\00\00\00")
        (data (i32.const 2048) "\01\00\00\00\00\00\00\00\b8\0b\00\00\04\00\00\00")
        (data (i32.const 3000) "a;--")"#;
    let (code, message) = told(&Guest { items, ..Guest::default() }.component()).await;
    assert_eq!(code, "plugin/malformed");
    let wanted = "what the plugin handed over is malformed: intent 1 (drop-table): the name \"a;--\" has ';' at position 2";
    assert!(message.starts_with(wanted), "{message}");
}

#[tokio::test]
async fn intents_are_counted() {
    let items = r#"(data (i32.const 1024) "\00\00\00\00\00\08\00\00\03\00\00\00")"#;
    let component = Guest { items, ..Guest::default() }.component();
    let run = run(Limits { intents: 2, ..Limits::default() }, &component).await;
    assert_eq!(run.reply, Err(Fault::Intents { limit: 2, count: 3 }));
}

#[tokio::test]
async fn a_storm_of_faults_leaks_nothing() {
    let sandbox = sandbox();
    let trap = sandbox.load(&hook("unreachable")).unwrap();
    let (cx, call) = (context(), entity_after());
    let calls = (0..200).map(|_| trap.call(&sandbox, &cx, &call, empty_world()));
    for called in futures_util::future::join_all(calls).await {
        assert_eq!(called.map_err(|fault| fault.code()).unwrap_err(), "plugin/trap");
    }
    assert_eq!(sandbox.free_places(), 32);
}
