//! See `tests/fuzz/columns.rs`, which a plain test runs too.
#![no_main]

#[path = "../../tests/fuzz/damaged.rs"]
mod damaged;
#[path = "../../tests/shared/index.rs"]
mod index;
#[path = "../../tests/fuzz/columns.rs"]
mod target;

libfuzzer_sys::fuzz_target!(|data: &[u8]| target::run(data));
