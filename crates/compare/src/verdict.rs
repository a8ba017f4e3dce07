//! What comes of comparing a pair of answers.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Serialize;

/// Values shown in a difference are cut to this.
pub const MAX_SHOWN_BYTES: usize = 200;
/// Paths are cut to this.
pub const MAX_PATH_BYTES: usize = 300;
/// Differences of one pair beyond this are not listed.
pub const MAX_DIFFERENCES_PER_PAIR: usize = 20;
/// Stands for what must not be shown.
pub const REDACTED: &str = "REDACTED";

/// What came of comparing a pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Verdict {
    /// They say the same.
    Same,
    /// They differ only in ways that come with the products, each by a rule that has a name.
    ExpectedDifference,
    /// They don't say the same.
    Different,
    /// It can't be told; see [`Comparison::reason`].
    NotComparable,
}

impl Verdict {
    /// All of them, in the order of reports.
    pub const ALL: [Self; 4] = [Self::Same, Self::ExpectedDifference, Self::Different, Self::NotComparable];

    /// The name in tuples and JSON reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Same => "same",
            Self::ExpectedDifference => "expectedDifference",
            Self::Different => "different",
            Self::NotComparable => "notComparable",
        }
    }
}

/// One place where two answers differ.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// `status`, `header`, `value`, `type`, `missing` (on the target), `extra`, `length`, `order`, `body` or
    /// `noAnswer`.
    pub kind: &'static str,
    /// JSON path, every array index as `*`; empty for the whole answer.
    pub path: String,
    /// The source's value, cut.
    pub source: String,
    /// The target's value, cut.
    pub target: String,
}

/// The result of comparing one pair.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comparison {
    /// The result.
    pub verdict: Verdict,
    /// Why the pair is not comparable.
    pub reason: Option<Cow<'static, str>>,
    /// What differs, one for each kind and path.
    pub differences: Vec<Difference>,
    /// Rules that excused a difference, and how often.
    pub expected: BTreeMap<&'static str, u64>,
}

impl Comparison {
    /// The same.
    #[must_use]
    pub fn same() -> Self {
        Self { verdict: Verdict::Same, reason: None, differences: Vec::new(), expected: BTreeMap::new() }
    }

    /// Not comparable, for this reason.
    #[must_use]
    pub fn not_comparable(reason: impl Into<Cow<'static, str>>) -> Self {
        Self { verdict: Verdict::NotComparable, reason: Some(reason.into()), ..Self::same() }
    }

    /// Different in one way that concerns the answer as a whole.
    #[must_use]
    pub fn different(kind: &'static str, source: String, target: String) -> Self {
        let difference = Difference { kind, path: String::new(), source, target };
        Self { verdict: Verdict::Different, differences: vec![difference], ..Self::same() }
    }

    /// Without the values: for requests whose bodies hold secrets.
    #[must_use]
    pub fn redacted(mut self) -> Self {
        for difference in &mut self.differences {
            REDACTED.clone_into(&mut difference.source);
            REDACTED.clone_into(&mut difference.target);
        }
        self
    }
}

/// The first [`MAX_SHOWN_BYTES`] of a body.
pub(crate) fn shown(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body.get(..MAX_SHOWN_BYTES).unwrap_or(body));
    if body.len() <= MAX_SHOWN_BYTES {
        text.into_owned()
    } else {
        format!("{}...", text.trim_end_matches('\u{fffd}'))
    }
}

/// The first `limit` bytes of a text, cut between characters.
pub(crate) fn cut(text: &str, limit: usize) -> Cow<'_, str> {
    if text.len() <= limit {
        return Cow::Borrowed(text);
    }
    let end = (0..=limit).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    Cow::Owned(format!("{}...", text.get(..end).unwrap_or_default()))
}
