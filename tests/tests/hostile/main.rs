//! Every guest of `tests/guests/hostile` in a host, beside a neighbour: what is told, that nothing of it is left behind,
//! that no database is touched, and that the neighbour is served as before.
//!
//! A guest without a line in `survived!` does not compile.

#![allow(clippy::unwrap_used)]

mod bench;
mod fickle;
mod quota;
mod returned;
mod sql;
mod suspended;

use bench::{Bench, Told};
use hostile_guests::Hostile;

macro_rules! survived {
    ($($guest:ident $test:ident $code:literal $says:literal)+) => {
        /// What is told of a guest: the code, and what names the limit and its value, or what is wrong.
        fn told(guest: Hostile) -> Told {
            match guest {
                $(Hostile::$guest => Told { code: $code, says: $says }),+
            }
        }

        $(#[test] fn $test() {
            Bench::survives(Hostile::$guest, &told(Hostile::$guest));
        })+
    };
}

survived! {
    SpinInEntityBefore spin_in_entity_before "plugin/deadline" "ran longer than 100 ms"
    SpinInEntityAfter spin_in_entity_after "plugin/deadline" "ran longer than 100 ms"
    SpinInFieldBefore spin_in_field_before "plugin/deadline" "ran longer than 100 ms"
    SpinInFieldAfter spin_in_field_after "plugin/deadline" "ran longer than 100 ms"
    SpinInStart spin_in_start "plugin/deadline" "ran longer than 100 ms"
    SpinInRealloc spin_in_realloc "plugin/deadline" "ran longer than 100 ms"
    SpinInPostReturn spin_in_post_return "plugin/deadline" "ran longer than 100 ms"
    Sleep sleep "plugin/deadline" "wants to wait for 10000 ms, which is more than what is left of its 100 ms"
    MemoryBomb memory_bomb "plugin/memory" "the limit is 67108864"
    MemoriesBomb memories_bomb "plugin/memory" "the limit is 67108864"
    TableBomb table_bomb "plugin/table" "the limit is 100000"
    Recursion recursion "plugin/stack" "outgrew 262144 bytes"
    GiantString giant_string "plugin/output" "more than 8388608 bytes"
    GiantList giant_list "plugin/output" "more than 8388608 bytes"
    AmplifiedList amplified_list "plugin/output" "more than 8388608 bytes"
    NestedLists nested_lists "plugin/output" "more than 8388608 bytes"
    HostCallFlood host_call_flood "plugin/host-calls" "more than 10000 times"
    LogFlood log_flood "plugin/log" "more than 65536 bytes"
    PrintFlood print_flood "plugin/log" "more than 65536 bytes"
    TrapMidway trap_midway "plugin/trap" "it logged last: panicked at x"
    Exit exit "plugin/trap" "it exits with status 1"
    ReplyOutsideMemory reply_outside_memory "plugin/malformed" "malformed"
    UnknownIntent unknown_intent "plugin/malformed" "malformed"
    InvalidText invalid_text "plugin/malformed" "malformed"
    SqlInName sql_in_name "plugin/malformed" "the name \"a;--\" has ';' at position 2"
    TrailingGarbage trailing_garbage "plugin/not-a-component" ""
    Truncated truncated "plugin/not-a-component" ""
    Oversized oversized "plugin/too-large" "the limit is 33554432"
    CompileBomb compile_bomb "plugin/compile-limit" "25165824 bytes (\"compile.memory_bytes\")"
    UndeclaredImport undeclared_import "plugin/import" "wasi:http/outgoing-handler@0.2.0"
    WrongExportShape wrong_export_shape "plugin/export" "entity-hooks"
    TooManyMemories too_many_memories "plugin/over-limits" "exceeds the configured maximum of 4"
}
