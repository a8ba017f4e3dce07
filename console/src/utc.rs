//! Times as people read them, in UTC.

use time::OffsetDateTime;

/// `2023-11-14 22:13:20`; `None` for no time.
pub(crate) fn date_and_time(millis: i64) -> Option<String> {
    let time = OffsetDateTime::from_unix_timestamp(millis / 1_000).ok().filter(|_| millis > 0)?;
    Some(format!(
        "{:04}-{:02}-{:02} {:02}:{:02}:{:02}",
        time.year(),
        u8::from(time.month()),
        time.day(),
        time.hour(),
        time.minute(),
        time.second()
    ))
}

/// `25h 1m 1s`; what is less than a second is left out.
pub(crate) fn duration(millis: u64) -> String {
    let seconds = millis / 1_000;
    format!("{}h {}m {}s", seconds / 3_600, seconds / 60 % 60, seconds % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations() {
        assert_eq!(duration(10_999), "0h 0m 10s");
        assert_eq!(duration(90_061_000), "25h 1m 1s");
        assert_eq!(duration(3_672_000), "1h 1m 12s");
    }
}
