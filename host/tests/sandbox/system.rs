//! Guests that import WASI, as those of other languages do, get a system that is empty and always the same.

use hookwright::sandbox::{Fault, Limits, Question, Run, Sandbox, Share};
use hookwright_core::hook::HookReply;

use crate::support::{context, empty_world, entity_after};
use hostile_guests::{Guest, PACKAGES, REPLY, SYSTEM, with_manifest};

async fn run(hook: &str) -> Run {
    let items = r#"(data (i32.const 64) "printed\nlines\n")"#;
    let guest = Guest { imports: SYSTEM, items, hook, ..Guest::default() };
    let component = with_manifest(&guest.encode(&PACKAGES, "test:guest/system@1.0.0"), "guest");
    let sandbox = Sandbox::new(&Limits { log_bytes: 4096, ..Limits::default() }).unwrap();
    let guest = sandbox.load(&component).unwrap();
    let (cx, call) = (context(), entity_after());
    let question = Question { cx: &cx, call: &call, world: empty_world() };
    let first = guest.run(&sandbox, Share::WHOLE, question.clone()).await;
    let second = guest.run(&sandbox, Share::WHOLE, question).await;
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
