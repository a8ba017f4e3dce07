//! See `tests/fuzz/bulk.rs`, which a plain test runs too.
#![no_main]

#[path = "../../tests/fuzz/bulk.rs"]
mod target;

libfuzzer_sys::fuzz_target!(|data: &[u8]| target::run(data));
