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
