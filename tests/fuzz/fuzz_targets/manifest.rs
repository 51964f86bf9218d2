//! The target `manifest`; what it asks for is in [`hookwright_fuzz::manifest`].
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| hookwright_fuzz::manifest(bytes));
