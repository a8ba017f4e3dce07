//! Values with units: sizes (`512KiB`, `10GiB`) and durations (`250ms`, `30s`).

use std::time::Duration;

/// Splits `"512 KiB"` into the number and its unit.
fn number_and_unit(text: &str) -> Option<(u64, &str)> {
    let text = text.trim();
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    Some((number.parse().ok()?, unit.trim_start()))
}

/// A size in bytes: a whole number with an optional unit (B, KB, MB, GB, TB, KiB, MiB, GiB, TiB; case ignored).
///
/// # Errors
/// What is accepted, for clap to print after the flag and the value.
pub fn size(text: &str) -> Result<u64, String> {
    const ACCEPTED: &str = "expected a size such as 1048576, 512KiB, 64MiB or 10GiB";
    let (number, unit) = number_and_unit(text).ok_or(ACCEPTED)?;
    let factor: u64 = match unit.to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "kb" => 1000,
        "mb" => 1000 * 1000,
        "gb" => 1000 * 1000 * 1000,
        "tb" => 1000 * 1000 * 1000 * 1000,
        "k" | "kib" => 1 << 10,
        "m" | "mib" => 1 << 20,
        "g" | "gib" => 1 << 30,
        "t" | "tib" => 1 << 40,
        _ => return Err(ACCEPTED.to_owned()),
    };
    number.checked_mul(factor).ok_or_else(|| format!("too large; {ACCEPTED}"))
}

/// A duration: a whole number with a unit (ms, s, m, h). A bare number is refused: its unit would be a guess.
///
/// # Errors
/// What is accepted, for clap to print after the flag and the value.
pub fn duration(text: &str) -> Result<Duration, String> {
    const ACCEPTED: &str = "expected a duration such as 250ms, 30s, 5m or 1h";
    let (number, unit) = number_and_unit(text).ok_or(ACCEPTED)?;
    let millis: u64 = match unit.to_ascii_lowercase().as_str() {
        "ms" => 1,
        "s" => 1000,
        "m" | "min" => 60 * 1000,
        "h" => 60 * 60 * 1000,
        _ => return Err(ACCEPTED.to_owned()),
    };
    number.checked_mul(millis).map(Duration::from_millis).ok_or_else(|| format!("too long; {ACCEPTED}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes() {
        assert_eq!(size("0"), Ok(0));
        assert_eq!(size("512KiB"), Ok(512 << 10));
        assert_eq!(size("10GiB"), Ok(10 << 30));
        assert_eq!(size("64 MB"), Ok(64_000_000));
        for wrong in ["", "KiB", "-1", "1.5GiB", "10 parsecs", "99999999999999999999", "99999999999TiB"] {
            assert!(size(wrong).unwrap_err().contains("expected a size"), "{wrong}");
        }
    }

    #[test]
    fn durations() {
        assert_eq!(duration("250ms"), Ok(Duration::from_millis(250)));
        assert_eq!(duration("30s"), Ok(Duration::from_secs(30)));
        assert_eq!(duration("1h"), Ok(Duration::from_secs(3600)));
        for wrong in ["", "10", "-5s", "s", "18446744073709551615h"] {
            assert!(duration(wrong).unwrap_err().contains("expected a duration"), "{wrong}");
        }
    }
}
