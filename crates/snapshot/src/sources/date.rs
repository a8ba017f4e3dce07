//! Instants in the date formats of mappings, as servers print them.

use time::{Duration, OffsetDateTime};

/// How a date field's values are printed: the first of its formats.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum DateFormat {
    /// `2026-01-31T10:20:30.123Z`: always three digits of the second's fraction.
    Millis,
    /// The same with three to nine digits.
    Nanos,
    EpochMillis,
    EpochSecond,
    /// Letters of Java's patterns and what stands between them.
    Pattern(Vec<Part>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    Year,
    Month,
    Day,
    Hour,
    Minute,
    Second,
    Millis,
    Literal(char),
}

impl DateFormat {
    /// From a mapping's `format`, of which the first alternative is printed; `None`: one that is not known here.
    pub(crate) fn parse(format: &str) -> Option<Self> {
        match format.split("||").next().unwrap_or_default() {
            "strict_date_optional_time" | "date_optional_time" => Some(Self::Millis),
            "strict_date_optional_time_nanos" => Some(Self::Nanos),
            "epoch_millis" => Some(Self::EpochMillis),
            "epoch_second" => Some(Self::EpochSecond),
            pattern => pattern_of(pattern).map(Self::Pattern),
        }
    }

    /// Whether a text in this format and no other is the only one for its instant.
    pub(crate) fn is_exact(&self) -> bool {
        match self {
            Self::Millis | Self::Nanos => false,
            Self::EpochMillis => true,
            // Parts of a second are lost.
            Self::EpochSecond => false,
            Self::Pattern(parts) => {
                [Part::Year, Part::Month, Part::Day].iter().all(|part| parts.contains(part))
            }
        }
    }

    /// An instant in this format; `None` where the format can't hold it.
    pub(crate) fn print(&self, instant: Instant) -> Option<String> {
        let millis = instant.nanos.div_euclid(1_000_000);
        match self {
            Self::EpochMillis => return Some(millis.to_string()),
            Self::EpochSecond if instant.nanos % 1_000_000_000 != 0 => return None,
            Self::EpochSecond => return Some(instant.nanos.div_euclid(1_000_000_000).to_string()),
            Self::Millis | Self::Nanos | Self::Pattern(_) => {}
        }
        let time = OffsetDateTime::UNIX_EPOCH
            .checked_add(Duration::new(
                i64::try_from(instant.nanos.div_euclid(1_000_000_000)).ok()?,
                i32::try_from(instant.nanos.rem_euclid(1_000_000_000)).ok()?,
            ))
            .filter(|time| (0..10_000).contains(&time.year()))?;
        let day = format!("{:04}-{:02}-{:02}", time.year(), u8::from(time.month()), time.day());
        let clock = format!("{:02}:{:02}:{:02}", time.hour(), time.minute(), time.second());
        match self {
            Self::Pattern(parts) => {
                let mut text = String::new();
                for part in parts {
                    match part {
                        Part::Year => text += &format!("{:04}", time.year()),
                        Part::Month => text += &format!("{:02}", u8::from(time.month())),
                        Part::Day => text += &format!("{:02}", time.day()),
                        Part::Hour => text += &format!("{:02}", time.hour()),
                        Part::Minute => text += &format!("{:02}", time.minute()),
                        Part::Second => text += &format!("{:02}", time.second()),
                        Part::Millis => text += &format!("{:03}", time.millisecond()),
                        Part::Literal(literal) => text.push(*literal),
                    }
                }
                Some(text)
            }
            Self::Nanos => {
                let fraction = format!("{:09}", time.nanosecond());
                let (always, more) = fraction.split_at(3);
                Some(format!("{day}T{clock}.{always}{}Z", more.trim_end_matches('0')))
            }
            _ => Some(format!("{day}T{clock}.{:03}Z", time.millisecond())),
        }
    }
}

/// A point in time, in nanoseconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Instant {
    pub(crate) nanos: i128,
}

/// Only patterns whose parts all have a fixed width, in which every part stands for itself.
fn pattern_of(pattern: &str) -> Option<Vec<Part>> {
    let mut parts = Vec::new();
    let mut rest = pattern;
    const LETTERS: [(&str, Part); 8] = [
        ("yyyy", Part::Year),
        ("uuuu", Part::Year),
        ("MM", Part::Month),
        ("dd", Part::Day),
        ("HH", Part::Hour),
        ("mm", Part::Minute),
        ("ss", Part::Second),
        ("SSS", Part::Millis),
    ];
    while let Some(first) = rest.chars().next() {
        if first.is_ascii_alphabetic() {
            let run = rest.len() - rest.trim_start_matches(first).len();
            let (letters, after) = rest.split_at(run);
            parts.push(LETTERS.iter().find(|(known, _)| *known == letters)?.1);
            rest = after;
        } else if let Some(quoted) = rest.strip_prefix('\'') {
            let (text, after) = quoted.split_once('\'')?;
            parts.extend(text.chars().map(Part::Literal));
            rest = after;
        } else if matches!(first, '-' | '/' | '.' | ':' | ' ' | ',') {
            parts.push(Part::Literal(first));
            rest = rest.get(1..)?;
        } else {
            return None;
        }
    }
    Some(parts).filter(|parts| parts.iter().any(|part| !matches!(part, Part::Literal(_))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn print(format: &str, millis: i128) -> Option<String> {
        DateFormat::parse(format)?.print(Instant { nanos: millis * 1_000_000 })
    }

    #[test]
    fn instants_as_servers_print_them() {
        let at = 1_767_225_620_050;
        for (format, expected) in [
            ("strict_date_optional_time||epoch_millis", "2026-01-01T00:00:20.050Z"),
            ("date_optional_time", "2026-01-01T00:00:20.050Z"),
            ("strict_date_optional_time_nanos", "2026-01-01T00:00:20.050Z"),
            ("epoch_millis||yyyy", "1767225620050"),
            ("yyyy-MM-dd HH:mm:ss", "2026-01-01 00:00:20"),
            ("uuuu/MM/dd'T'HH:mm:ss.SSS", "2026/01/01T00:00:20.050"),
            ("yyyyMMdd", "20260101"),
        ] {
            assert_eq!(print(format, at).as_deref(), Some(expected), "{format}");
        }
        assert_eq!(print("strict_date_optional_time", -1).as_deref(), Some("1969-12-31T23:59:59.999Z"));
        assert_eq!(print("epoch_second", 5000).as_deref(), Some("5"));
        let nanos = DateFormat::Nanos.print(Instant { nanos: 1_234_567_890 });
        assert_eq!(nanos.as_deref(), Some("1970-01-01T00:00:01.23456789Z"));
    }

    #[test]
    fn what_can_not_be_printed_is_told() {
        assert_eq!(print("epoch_second", 5001), None);
        assert_eq!(print("strict_date_optional_time", i64::MAX.into()), None);
        for format in ["basic_date", "yyyy-MM-dd HH:mm:ss Z", "d.M.yyyy", "", "E", "yyyy'"] {
            assert_eq!(DateFormat::parse(format), None, "{format}");
        }
    }
}
