//! Tuples: a request with the answers of both clusters, one JSON line each.
//!
//! The shape is that of the existing tool's (opensearch-migrations) replayer, so that its readers keep working and its
//! files can be read here; `comparison` and timestamps are added. An older shape of it, with `body` in base64 and
//! headers as plain texts, is read too.

mod convert;
mod judge;
mod lines;
pub mod payload;
mod read;
pub mod redact;
mod time;

use std::io::Write;

use serde::Serialize;

pub use convert::{Shape, convert};
pub use judge::{
    DEAD_LETTERED, Judged, NO_SOURCE, NOT_SENT, OVERTAKEN, SENT_AGAIN, WITHOUT_SECRETS, judge, learn, unsent,
};
pub use lines::{Line, Lines, MAX_LINE_BYTES};
pub use read::{Message, Tuple};

use crate::verdict::{Comparison, Difference, Verdict};

#[derive(Serialize)]
struct Compared<'a> {
    verdict: Verdict,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    expected: Vec<&'static str>,
    differences: &'a [Difference],
}

/// Writes a comparison, as it stands in a tuple.
pub fn write_comparison(out: &mut impl Write, comparison: &Comparison) {
    write_json(
        out,
        &Compared {
            verdict: comparison.verdict,
            reason: comparison.reason.as_deref(),
            expected: comparison.expected.keys().copied().collect(),
            differences: &comparison.differences,
        },
    );
}

/// Writes a JSON string.
pub fn write_text(out: &mut impl Write, text: &str) {
    write_json(out, text);
}

fn write_json(out: &mut impl Write, value: &(impl Serialize + ?Sized)) {
    // These types can't fail; what is written to can't either, or keeps its error.
    let _ = serde_json::to_writer(out, value);
}

#[cfg(test)]
mod tests;
