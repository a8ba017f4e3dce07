//! See `tests/fuzz/request.rs`, which a plain test runs too.
#![no_main]

#[path = "../../tests/fuzz/request.rs"]
mod target;

libfuzzer_sys::fuzz_target!(|data: &[u8]| target::run(data));
