//! See `tests/fuzz/secrets.rs`, which a plain test runs too.
#![no_main]

#[path = "../../tests/fuzz/secrets.rs"]
mod target;

libfuzzer_sys::fuzz_target!(|data: &[u8]| target::run(data));
