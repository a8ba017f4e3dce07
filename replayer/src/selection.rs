//! Which requests are replayed at all: by time, method and path, and a share of the connections.
//!
//! A connection is in the sample or not as a whole, in every run: half of a client's requests would make answers that
//! nobody ever saw.

use std::hash::Hasher;

use regex::bytes::Regex;

/// The share of connections is counted in hundredths of a percent.
const WHOLE_SAMPLE: u32 = 10_000;

/// What is left out, if anything.
#[derive(Debug, Clone, Default)]
pub struct Selection {
    /// Requests that the source saw earlier are left out (unix nanoseconds).
    pub from: Option<i64>,
    /// Requests that the source saw then or later are left out.
    pub to: Option<i64>,
    /// Only these methods; all when empty.
    pub methods: Vec<String>,
    /// Only paths that one of these matches; all when empty.
    pub include: Vec<Regex>,
    /// And none that one of these matches.
    pub exclude: Vec<Regex>,
    /// Only this share of connections.
    pub sample: Sample,
}

/// A share of connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sample(u32);

impl Default for Sample {
    fn default() -> Self {
        Self(WHOLE_SAMPLE)
    }
}

impl std::str::FromStr for Sample {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.trim_end_matches('%').parse::<f64>() {
            Ok(percent) if percent > 0.0 && percent <= 100.0 => {
                Ok(Self((percent * 100.0).round().max(1.0) as u32))
            }
            _ => Err("expected a percentage above 0 and up to 100, such as 5 or 12.5%".to_owned()),
        }
    }
}

impl Sample {
    fn holds(self, node_id: &str, connection_id: &str) -> bool {
        if self.0 >= WHOLE_SAMPLE {
            return true;
        }
        // The same in every run and on every host, unlike the standard library's hashes.
        let mut hash = Fnv::default();
        hash.write(node_id.as_bytes());
        hash.write(&[0]);
        hash.write(connection_id.as_bytes());
        hash.finish() % u64::from(WHOLE_SAMPLE) < u64::from(self.0)
    }
}

/// FNV-1a, 64 bits, and a last mixing: its low bits alone are uneven.
struct Fnv(u64);

impl Default for Fnv {
    fn default() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }
}

impl Hasher for Fnv {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }

    fn finish(&self) -> u64 {
        let mixed = (self.0 ^ (self.0 >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
        mixed ^ (mixed >> 33)
    }
}

impl Selection {
    /// Whether a request that began at `first` (unix nanoseconds) is replayed; `target` is that of its first line.
    #[must_use]
    pub fn holds(&self, node_id: &str, connection_id: &str, first: i64, method: &str, target: &[u8]) -> bool {
        let path = target.split(|byte| *byte == b'?').next().unwrap_or_default();
        self.from.is_none_or(|from| first >= from)
            && self.to.is_none_or(|to| first < to)
            && (self.methods.is_empty()
                || self.methods.iter().any(|wanted| wanted.eq_ignore_ascii_case(method)))
            && (self.include.is_empty() || self.include.iter().any(|wanted| wanted.is_match(path)))
            && !self.exclude.iter().any(|unwanted| unwanted.is_match(path))
            && self.sample.holds(node_id, connection_id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_rule_leaves_out_what_it_says() {
        let regexes =
            |patterns: &[&str]| patterns.iter().map(|pattern| Regex::new(pattern).unwrap()).collect();
        let holds = |selection: &Selection, first, method, target: &str| {
            selection.holds("n", "c", first, method, target.as_bytes())
        };
        assert!(holds(&Selection::default(), 0, "GET", "/"));
        let window = Selection { from: Some(10), to: Some(20), ..Selection::default() };
        let held: Vec<_> =
            [9, 10, 19, 20].into_iter().filter(|first| holds(&window, *first, "GET", "/")).collect();
        assert_eq!(held, [10, 19]);
        let methods = Selection { methods: vec!["post".to_owned()], ..Selection::default() };
        assert!(holds(&methods, 0, "POST", "/") && !holds(&methods, 0, "GET", "/"));
        let paths = Selection {
            include: regexes(&["^/logs", "/_bulk$"]),
            exclude: regexes(&["^/logs-debug"]),
            ..Selection::default()
        };
        assert!(holds(&paths, 0, "GET", "/logs-1/_search") && holds(&paths, 0, "POST", "/_bulk?refresh"));
        assert!(!holds(&paths, 0, "GET", "/logs-debug/_search") && !holds(&paths, 0, "GET", "/a?q=/logs"));
    }

    #[test]
    fn a_sample_takes_its_share_of_connections_and_each_as_a_whole() {
        for wrong in ["0", "-1", "101", "many", "", "NaN"] {
            assert!(wrong.parse::<Sample>().is_err(), "{wrong}");
        }
        let sample: Sample = "25%".parse().unwrap();
        let ids: Vec<String> = (0..10_000).map(|number| format!("0a0000{number:08x}")).collect();
        let taken = ids.iter().filter(|id| sample.holds("node", id)).count();
        assert!((2_300..2_700).contains(&taken), "{taken}");
        assert!(ids.iter().all(|id| sample.holds("node", id) == sample.holds("node", id)));
        let other = ids.iter().filter(|id| sample.holds("other", id)).count();
        assert_ne!(taken, other, "another node's connections of the same ids are others");
        assert_eq!(ids.iter().filter(|id| Sample::default().holds("node", id)).count(), 10_000);
    }
}
