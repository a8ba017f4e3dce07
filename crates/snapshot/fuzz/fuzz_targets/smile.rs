//! See `tests/fuzz/smile.rs`, which a plain test runs too.
#![no_main]

#[path = "../../tests/fuzz/smile.rs"]
mod target;

libfuzzer_sys::fuzz_target!(|data: &[u8]| target::run(data));
