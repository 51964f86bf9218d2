//! The target `policy`; what it asks for is in [`hookwright_fuzz::policy`].
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| hookwright_fuzz::policy(bytes));
