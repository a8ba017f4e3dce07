//! Figures as people read them.

use crate::utc;

/// `1,234,567`.
pub(crate) fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// `1.5 GiB`.
#[expect(clippy::cast_precision_loss, reason = "shown with two digits")]
pub(crate) fn bytes(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["B", "KiB", "MiB", "GiB", "TiB"];
    let mut shown = bytes as f64;
    let mut units = UNITS.iter();
    let mut unit = units.next();
    // What would be rounded to 1024 is one of the next unit.
    while shown >= 1023.95
        && let Some(next) = units.next()
    {
        shown /= 1024.0;
        unit = Some(next);
    }
    let unit = unit.copied().unwrap_or_default();
    if bytes < 1024 { format!("{bytes} B") } else { format!("{shown:.1} {unit}") }
}

/// A rate, a number without its unit: `0.4`, `12`, `1,240`.
pub(crate) fn rate(per_second: f64) -> String {
    if !per_second.is_finite() || per_second < 0.0 {
        return "?".to_owned();
    }
    if per_second > 0.0 && per_second < 9.95 {
        return format!("{per_second:.1}");
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "not negative; the cast saturates"
    )]
    count(per_second.round() as u64)
}

/// Bytes a second.
pub(crate) fn byte_rate(per_second: f64) -> String {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "not negative; the cast saturates"
    )]
    let whole = per_second.max(0.0) as u64;
    format!("{}/s", bytes(whole))
}

/// A time that is left or has passed: `40 s`, `12 min`, `2 h 5 min`, `3 d 4 h`.
pub(crate) fn span(seconds: u64) -> String {
    match (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60) {
        (0, 0, 0) => format!("{seconds} s"),
        (0, 0, minutes) => format!("{minutes} min"),
        (0, hours, minutes) => format!("{hours} h {minutes} min"),
        (days, hours, _) => format!("{days} d {hours} h"),
    }
}

/// `2026-11-22 05:20:13 UTC`.
pub(crate) fn time(unix_ms: u64) -> String {
    let shown = i64::try_from(unix_ms).ok().and_then(utc::date_and_time);
    shown.map_or_else(|| "never".to_owned(), |shown| format!("{shown} UTC"))
}

/// `42.0%`; never 100.0% of what is not all of it.
pub(crate) fn percent(percent: f64) -> String {
    let shown = if percent < 100.0 { (percent * 10.0).floor() / 10.0 } else { 100.0 };
    format!("{shown:.1}%")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_and_rates() {
        assert_eq!([0, 7, 999, 1_000, 1_234_567].map(count).join(" "), "0 7 999 1,000 1,234,567");
        assert_eq!([0.0, 0.04, 0.44, 9.94, 9.96, 1_239.6].map(rate).join(" "), "0 0.0 0.4 9.9 10 1,240");
        assert_eq!([f64::NAN, f64::INFINITY, -1.0].map(rate).join(" "), "? ? ?");
    }

    #[test]
    fn sizes() {
        assert_eq!(
            [0, 1023, 1024, 1536, 1024 * 1024 - 1, 3 << 30, u64::MAX].map(bytes).join(", "),
            "0 B, 1023 B, 1.0 KiB, 1.5 KiB, 1.0 MiB, 3.0 GiB, 16777216.0 TiB"
        );
        assert_eq!(byte_rate(1536.0), "1.5 KiB/s");
    }

    #[test]
    fn times() {
        assert_eq!(
            [0, 59, 60, 3_599, 3_600, 90_000].map(span).join(", "),
            "0 s, 59 s, 1 min, 59 min, 1 h 0 min, 1 d 1 h"
        );
        assert_eq!(
            (time(0).as_str(), time(1_700_000_000_000).as_str()),
            ("never", "2023-11-14 22:13:20 UTC")
        );
    }

    #[test]
    fn almost_all_is_not_all() {
        assert_eq!([0.0, 42.04, 99.99, 100.0].map(percent).join(" "), "0.0% 42.0% 99.9% 100.0%");
    }
}
