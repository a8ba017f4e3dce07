//! Wall-clock instants as records carry them.

mod calendar;

use std::fmt;
use std::time::{SystemTime, UNIX_EPOCH};

use calendar::civil_from_days;

const NANOS_PER_SECOND: i128 = 1_000_000_000;
const SECONDS_PER_DAY: i64 = 86_400;

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
        SystemTime::now().into()
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

impl From<SystemTime> for Timestamp {
    fn from(time: SystemTime) -> Self {
        let nanos = match time.duration_since(UNIX_EPOCH) {
            Ok(since) => since.as_nanos() as i128,
            Err(before) => -(before.duration().as_nanos() as i128),
        };
        Self::from_unix_nanos(nanos)
    }
}

/// RFC 3339 in UTC with nanoseconds, which sorts as it reads and which every JSON tool takes.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = civil_from_days(self.seconds.div_euclid(SECONDS_PER_DAY));
        let second = self.seconds.rem_euclid(SECONDS_PER_DAY);
        let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
        write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{:09}Z", self.nanos)
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

    #[test]
    fn known_instants() {
        for (seconds, text) in [
            (0, "1970-01-01T00:00:00.000000007Z"),
            (-1, "1969-12-31T23:59:59.000000007Z"),
            (951_782_400, "2000-02-29T00:00:00.000000007Z"),
            (951_868_799, "2000-02-29T23:59:59.000000007Z"),
            (951_868_800, "2000-03-01T00:00:00.000000007Z"),
            (1_795_262_400, "2026-11-21T12:00:00.000000007Z"),
            (4_107_542_399, "2100-02-28T23:59:59.000000007Z"),
            (4_107_542_400, "2100-03-01T00:00:00.000000007Z"),
            (-62_167_219_200, "0000-01-01T00:00:00.000000007Z"),
        ] {
            assert_eq!(Timestamp { seconds, nanos: 7 }.to_string(), text);
        }
    }

    #[test]
    fn a_timestamp_beyond_all_calendars_does_not_panic() {
        for seconds in [i64::MIN, i64::MAX] {
            assert!(Timestamp { seconds, nanos: 0 }.to_string().ends_with('Z'));
        }
    }
}
