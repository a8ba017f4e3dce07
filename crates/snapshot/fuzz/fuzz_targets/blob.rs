//! See `tests/fuzz/blob.rs`, which a plain test runs too.
#![no_main]

#[path = "../../tests/fuzz/blob.rs"]
mod target;

libfuzzer_sys::fuzz_target!(|data: &[u8]| target::run(data));
