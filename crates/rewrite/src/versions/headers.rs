//! Headers that OpenSearch refuses: media types of Elasticsearch's own, and what Elasticsearch before 6 took for JSON
//! without looking.

use super::Versions;
use crate::request::Request;

const JSON: &str = "application/json";
const LINES: &str = "application/x-ndjson";
const VENDOR: &str = "application/vnd.elasticsearch+";

/// Media types that bodies may have (beside JSON).
const UNDERSTOOD: [&str; 5] = ["json", "yaml", "cbor", "smile", "protobuf"];

pub(super) fn rewrite(versions: &Versions, request: &mut Request<'_>) {
    if !versions.to_opensearch() {
        return;
    }
    for name in ["Accept", "Content-Type"] {
        let Some(value) = request.headers().get(name).map(text) else { continue };
        if value.contains(VENDOR) {
            let plain: Vec<String> = value.split(',').map(without_vendor).collect();
            request.edit_headers(|headers| headers.set(name, &[&plain.join(", ")]));
        }
    }
    if !versions.takes_any_media() {
        return;
    }
    let is_lines = request.path().ends_with("/_bulk") || request.path().ends_with("/_msearch");
    let given = request.headers().get("Content-Type").map(text).unwrap_or_default();
    if UNDERSTOOD.iter().any(|known| given.contains(known)) {
        return;
    }
    let first = request.body().ok().and_then(|body| body.trim_ascii_start().first().copied());
    if matches!(first, Some(b'{' | b'[')) {
        request.edit_headers(|headers| headers.set("Content-Type", &[if is_lines { LINES } else { JSON }]));
    }
}

fn text(value: &[u8]) -> String {
    String::from_utf8_lossy(value).to_ascii_lowercase()
}

/// `application/vnd.elasticsearch+json; compatible-with=8` says `application/json`.
fn without_vendor(media: &str) -> String {
    let media = media.trim();
    match media.strip_prefix(VENDOR) {
        Some(rest) => format!("application/{}", rest.split(';').next().unwrap_or_default().trim()),
        None => media.to_owned(),
    }
}
