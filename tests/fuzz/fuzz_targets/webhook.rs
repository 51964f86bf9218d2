//! The target `webhook`; what it asks for is in [`hookwright_fuzz::webhook`].
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| hookwright_fuzz::webhook(bytes));
