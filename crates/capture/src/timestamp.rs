//! Wall-clock instants as records carry them.

use std::time::{SystemTime, UNIX_EPOCH};

const NANOS_PER_SECOND: i128 = 1_000_000_000;

/// Seconds and nanoseconds since the Unix epoch, the shape of `google.protobuf.Timestamp`.
///
/// `nanos` is below 1,000,000,000 and counts forwards, also before the epoch.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default, Hash)]
pub struct Timestamp {
    /// Whole seconds since the epoch, negative before it.
    pub seconds: i64,
    /// Nanoseconds after `seconds`.
    pub nanos: u32,
}

impl Timestamp {
    /// The present, by the wall clock.
    #[must_use]
    pub fn now() -> Self {
        match SystemTime::now().duration_since(UNIX_EPOCH) {
            Ok(since) => Self {
                seconds: i64::try_from(since.as_secs()).unwrap_or(i64::MAX),
                nanos: since.subsec_nanos(),
            },
            Err(before) => Self::from_unix_nanos(-(before.duration().as_nanos() as i128)),
        }
    }

    /// From nanoseconds since the epoch; clamped to what 64 bits of seconds hold.
    #[must_use]
    pub fn from_unix_nanos(nanos: i128) -> Self {
        let seconds = nanos.div_euclid(NANOS_PER_SECOND);
        let clamped = seconds.clamp(i64::MIN.into(), i64::MAX.into()) as i64;
        Self { seconds: clamped, nanos: nanos.rem_euclid(NANOS_PER_SECOND) as u32 }
    }

    /// Nanoseconds since the epoch. Never overflows.
    #[must_use]
    pub fn unix_nanos(self) -> i128 {
        i128::from(self.seconds) * NANOS_PER_SECOND + i128::from(self.nanos)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn nanos_round_trip(seconds: i64, nanos in 0u32..1_000_000_000) {
            let ts = Timestamp { seconds, nanos };
            prop_assert_eq!(Timestamp::from_unix_nanos(ts.unix_nanos()), ts);
        }

        #[test]
        fn order_is_the_order_of_nanos(a: i64, b: i64, x in 0u32..1_000_000_000, y in 0u32..1_000_000_000) {
            let (a, b) = (Timestamp { seconds: a, nanos: x }, Timestamp { seconds: b, nanos: y });
            prop_assert_eq!(a.cmp(&b), a.unix_nanos().cmp(&b.unix_nanos()));
        }
    }

    #[test]
    fn before_the_epoch_nanos_count_forwards() {
        assert_eq!(Timestamp::from_unix_nanos(-1), Timestamp { seconds: -1, nanos: 999_999_999 });
    }

    #[test]
    fn now_is_after_this_was_written() {
        assert!(Timestamp::now().seconds > 1_780_000_000);
    }
}
