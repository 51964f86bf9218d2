//! The target `event`; what it asks for is in [`hookwright_fuzz::event`].
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| hookwright_fuzz::event(bytes));
