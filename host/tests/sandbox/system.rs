//! Guests that import WASI, as those of other languages do, get a system that is empty and always the same.

use hookwright::sandbox::{Fault, Limits, Run, Sandbox};
use hookwright_core::hook::HookReply;

use crate::guests::{Guest, REPLY, with_manifest};
use crate::support::{context, empty_world, entity_after};

/// As much of the system interface as the guests here use.
const PACKAGES: [&str; 5] = [
    "package wasi:io@0.2.0;
    interface error { resource error; }
    interface streams {
        use error.{error};
        variant stream-error { last-operation-failed(error), closed }
        resource output-stream {
            blocking-write-and-flush: func(contents: list<u8>) -> result<_, stream-error>;
        }
    }",
    "package wasi:cli@0.2.0;
    interface stderr { use wasi:io/streams@0.2.0.{output-stream}; get-stderr: func() -> output-stream; }
    interface exit { exit: func(status: result); }",
    "package wasi:clocks@0.2.0;
    interface wall-clock { record datetime { seconds: u64, nanoseconds: u32 } now: func() -> datetime; }",
    "package wasi:random@0.2.0;
    interface random { get-random-u64: func() -> u64; }",
    "package test:guest@1.0.0;
    world system {
        include hookwright:hooks/plugin@1.0.0;
        import wasi:cli/stderr@0.2.0;
        import wasi:cli/exit@0.2.0;
        import wasi:clocks/wall-clock@0.2.0;
        import wasi:random/random@0.2.0;
        import wasi:io/streams@0.2.0;
    }",
];

const IMPORTS: &str = r#"
    (import "wasi:cli/exit@0.2.0" "exit" (func $exit (param i32)))
    (import "wasi:clocks/wall-clock@0.2.0" "now" (func $now (param i32)))
    (import "wasi:random/random@0.2.0" "get-random-u64" (func $random (result i64)))
    (import "wasi:cli/stderr@0.2.0" "get-stderr" (func $stderr (result i32)))
    (import "wasi:io/streams@0.2.0" "[method]output-stream.blocking-write-and-flush"
        (func $write (param i32 i32 i32 i32)))
    (import "hookwright:hooks/host@1.0.0" "log" (func $log (param i32 i32 i32)))"#;

async fn run(hook: &str) -> Run {
    let items = r#"(data (i32.const 64) "printed\nlines\n")"#;
    let guest = Guest { imports: IMPORTS, items, hook, ..Guest::default() };
    let component = with_manifest(&guest.encode(&PACKAGES, "test:guest/system@1.0.0"), "guest");
    let sandbox = Sandbox::new(&Limits { log_bytes: 4096, ..Limits::default() }).unwrap();
    let guest = sandbox.load(&component).unwrap();
    let first = guest.run(&sandbox, &context(), &entity_after(), empty_world()).await;
    let second = guest.run(&sandbox, &context(), &entity_after(), empty_world()).await;
    assert_eq!((&first.reply, &first.log), (&second.reply, &second.log));
    first
}

#[tokio::test]
async fn the_clock_stands_still() {
    let hook = format!(
        "(call $now (i32.const 128))
        (if (i64.ne (i64.load (i32.const 128)) (i64.const 1577836800)) (then unreachable)) {REPLY}"
    );
    assert_eq!(run(&hook).await.reply, Ok(HookReply::Intents(vec![])));
}

#[tokio::test]
async fn random_numbers_are_the_same_in_each_call() {
    // Logs eight of the bits as two letters; `run` compares the logs of two calls.
    let hook = format!(
        "(local $bits i64) (local.set $bits (call $random))
        (i32.store8 (i32.const 200) (i32.add (i32.const 97) (i32.and (i32.const 15) (i32.wrap_i64 (local.get $bits)))))
        (i32.store8 (i32.const 201) (i32.add (i32.const 97)
            (i32.and (i32.const 15) (i32.wrap_i64 (i64.shr_u (local.get $bits) (i64.const 30))))))
        (call $log (i32.const 1) (i32.const 200) (i32.const 2)) {REPLY}"
    );
    assert_eq!(run(&hook).await.log.len(), 1);
}

#[tokio::test]
async fn what_is_printed_goes_to_the_log() {
    let hook = format!("(call $write (call $stderr) (i32.const 64) (i32.const 14) (i32.const 256)) {REPLY}");
    let log: Vec<_> = run(&hook).await.log.iter().map(ToString::to_string).collect();
    assert_eq!(log, ["error: printed", "error: lines"]);
}

#[tokio::test]
async fn a_flood_of_print_ends() {
    let hook = "(local $out i32) (local.set $out (call $stderr))
        (loop $again
            (call $write (local.get $out) (i32.const 64) (i32.const 14) (i32.const 256))
            (br_if $again (i32.eqz (i32.load8_u (i32.const 256)))))
        unreachable";
    assert_eq!(run(hook).await.reply, Err(Fault::Log { limit_bytes: 4096 }));
}

#[tokio::test]
async fn an_exit_is_a_trap() {
    let fault = run("(call $exit (i32.const 1)) unreachable").await.reply.unwrap_err();
    let Fault::Trap { message, .. } = fault else { panic!("{fault:?}") };
    assert_eq!(message, "it exits with status 1");
}
