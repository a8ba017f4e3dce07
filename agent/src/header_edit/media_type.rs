//! Media types that clients of Elasticsearch 8 and later use, and OpenSearch refuses with 406.

use regex::bytes::Regex;
use std::sync::LazyLock;

/// The headers that hold them.
const NAMES: [&str; 2] = ["accept", "content-type"];

/// `application/vnd.elasticsearch+json; compatible-with=8` is `application/json` in the version's own format.
static VENDOR: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r#"application/vnd\.elasticsearch\+([a-z0-9.-]+)(?:[ \t]*;[ \t]*compatible-with[ \t]*=[ \t]*"?[0-9]+"?)?"#).ok()
});

/// Adds a header's line to `out`, with plain media types.
pub(super) fn plain(name: &[u8], line: &[u8], out: &mut Vec<u8>) {
    let holds = NAMES.iter().any(|wanted| wanted.as_bytes().eq_ignore_ascii_case(name));
    match VENDOR.as_ref().filter(|_| holds) {
        Some(vendor) => out.extend_from_slice(&vendor.replace_all(line, &b"application/$1"[..])),
        None => out.extend_from_slice(line),
    }
}
