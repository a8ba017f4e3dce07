//! Flags that choose what is replayed.

use regex::bytes::Regex;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::selection::{Sample, Selection};

/// See [`Selection`].
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Selection")]
pub(super) struct SelectionArgs {
    /// Leave out what the source saw before: 2026-11-21T18:00:00Z or seconds since 1970
    #[arg(long, value_name = "TIME", value_parser = instant)]
    start_time: Option<i64>,
    /// Leave out what the source saw then and later
    #[arg(long, value_name = "TIME", value_parser = instant)]
    end_time: Option<i64>,
    /// Replay only these methods
    #[arg(long, value_name = "METHOD,...", value_delimiter = ',')]
    include_method: Vec<String>,
    /// Replay only paths that this (or another one given) matches
    #[arg(long, value_name = "REGEX")]
    include_path: Vec<Regex>,
    /// Leave out paths that this matches
    #[arg(long, value_name = "REGEX")]
    exclude_path: Vec<Regex>,
    /// Replay this share of the connections, each as a whole and the same in every run
    #[arg(long, value_name = "PERCENT")]
    sample: Option<Sample>,
}

impl SelectionArgs {
    pub(super) fn selection(&self) -> Selection {
        Selection {
            from: self.start_time,
            to: self.end_time,
            methods: self.include_method.clone(),
            include: self.include_path.clone(),
            exclude: self.exclude_path.clone(),
            sample: self.sample.unwrap_or_default(),
        }
    }
}

/// Unix nanoseconds.
fn instant(text: &str) -> Result<i64, String> {
    let expected = || "expected a time such as 2026-11-21T18:00:00Z, or seconds since 1970".to_owned();
    if let Ok(seconds) = text.parse::<i64>() {
        return seconds.checked_mul(1_000_000_000).ok_or_else(expected);
    }
    let instant = OffsetDateTime::parse(text, &Rfc3339).map_err(|_| expected())?;
    i64::try_from(instant.unix_timestamp_nanos()).map_err(|_| expected())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants() {
        assert_eq!(instant("1700000000"), Ok(1_700_000_000_000_000_000));
        assert_eq!(instant("2023-11-14T22:13:20Z"), Ok(1_700_000_000_000_000_000));
        assert_eq!(instant("2023-11-14T23:13:20.5+01:00"), Ok(1_700_000_000_500_000_000));
        for wrong in ["", "yesterday", "2023-11-14", "99999999999999999"] {
            assert!(instant(wrong).unwrap_err().contains("expected a time"), "{wrong}");
        }
    }
}
