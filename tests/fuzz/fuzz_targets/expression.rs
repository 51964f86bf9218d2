//! The target `expression`; what it asks for is in [`hookwright_fuzz::expression`].
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| hookwright_fuzz::expression(bytes));
