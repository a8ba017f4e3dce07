//! See `tests/fuzz/response.rs`, which a plain test runs too.
#![no_main]

#[expect(dead_code, reason = "the other target uses the rest")]
#[path = "../../tests/framing/driver.rs"]
mod driver;
#[path = "../../tests/fuzz/response.rs"]
mod target;

libfuzzer_sys::fuzz_target!(|data: &[u8]| target::run(data));
