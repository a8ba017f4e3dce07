//! Lots: each connection draws one, and the target serves those whose lot is below the weight. So a weight that rises
//! moves only the connections that it has to, and one that falls back moves the same ones back.

use crate::identity;
use std::sync::atomic::{AtomicU64, Ordering};

/// 2^64 divided by the golden ratio: multiples of it, modulo 2^64, are spread evenly however many there are. Drawn at
/// random, ten connections at 10 % would often be none or three.
const GOLDEN_STEP: u64 = 0x9e37_79b9_7f4a_7c15;

/// A number from 0 to 99.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lot(u8);

impl Lot {
    /// This number, modulo 100.
    #[must_use]
    pub fn new(number: u8) -> Self {
        Self(number % super::WHOLE_PERCENT)
    }

    /// Whether the target serves it at this weight.
    #[must_use]
    pub fn is_below(self, weight: u8) -> bool {
        self.0 < weight
    }
}

/// Where lots come from.
#[derive(Debug)]
pub struct Lots(AtomicU64);

impl Default for Lots {
    fn default() -> Self {
        Self(AtomicU64::new(identity::random()))
    }
}

impl Lots {
    /// The next one.
    #[must_use]
    pub fn draw(&self) -> Lot {
        let place = self.0.fetch_add(GOLDEN_STEP, Ordering::Relaxed);
        let share = (u128::from(place) * u128::from(super::WHOLE_PERCENT)) >> u64::BITS;
        Lot::new(share as u8)
    }
}
