//! The target `component`; what it asks for is in [`hookwright_fuzz::component`].
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| hookwright_fuzz::component(bytes));
