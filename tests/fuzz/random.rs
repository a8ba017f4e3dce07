//! Random inputs for the fuzz targets where there is no fuzzer: samples, changed here and there. It finds less than a
//! fuzzer that watches which code runs, but it needs nothing but `cargo test`.
//!
//! `SWITCHOVER_FUZZ_SECONDS` says how long each target runs (1), `SWITCHOVER_FUZZ_SEED` where the numbers begin.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Inputs that are made do not grow beyond this.
const MAX_BYTES: usize = 4096;

/// SplitMix64.
struct Rng(u64);

impl Rng {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % end.max(1) as u64) as usize
    }

    fn byte(&mut self) -> u8 {
        self.below(256) as u8
    }

    /// Changes something.
    fn change(&mut self, input: &mut Vec<u8>, samples: &[Vec<u8>], words: &[&[u8]]) {
        let at = self.below(input.len() + 1);
        let end = (at + self.below(1 + input.len().min(64))).min(input.len());
        match self.below(7) {
            0 if at < input.len() => input[at] = self.byte(),
            1 if at < input.len() => input[at] ^= 1 << self.below(8),
            2 => drop(input.drain(at..end)),
            3 => {
                let again = input[at..end].to_vec();
                input.splice(at..at, again);
            }
            4 => {
                let word = words.get(self.below(words.len())).copied().unwrap_or_default();
                input.splice(at..at, word.iter().copied());
            }
            5 => {
                let other = &samples[self.below(samples.len())];
                let from = self.below(other.len() + 1);
                input.splice(at.., other[from..].iter().copied());
            }
            _ => {
                let more: Vec<u8> = (0..self.below(8)).map(|_| self.byte()).collect();
                input.splice(at..at, more);
            }
        }
        input.truncate(MAX_BYTES);
    }
}

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok().map(|text| text.parse().expect("a number"))
}

/// Runs a target until its time is over; panics with the input that it does not stand.
pub(crate) fn run(target: fn(&[u8]), samples: &[Vec<u8>], words: &[&[u8]]) {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let seed = number("SWITCHOVER_FUZZ_SEED").unwrap_or(since_epoch.as_nanos() as u64);
    let end = Instant::now() + Duration::from_secs(number("SWITCHOVER_FUZZ_SECONDS").unwrap_or(1));
    let mut rng = Rng(seed);
    let mut inputs = 0u64;
    while Instant::now() < end {
        let mut input = samples[rng.below(samples.len())].clone();
        for _ in 0..rng.below(8) {
            rng.change(&mut input, samples, words);
        }
        inputs += 1;
        if catch_unwind(AssertUnwindSafe(|| target(&input))).is_err() {
            panic!("seed {seed}, input {inputs}: {:?}", input.escape_ascii().to_string());
        }
    }
    println!("{inputs} inputs from seed {seed}");
}
