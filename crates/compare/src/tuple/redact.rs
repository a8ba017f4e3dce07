//! What of a tuple is not for everybody's eyes.

use std::borrow::Cow;
use std::io::Write;

use switchover_rest::secrets::{is_secret_header, is_url_header, without_secrets};

use crate::verdict::REDACTED;

/// A header's value as it may be shown.
#[must_use]
pub fn header<'a>(name: &str, value: Cow<'a, str>) -> Cow<'a, str> {
    if is_secret_header(name) {
        Cow::Borrowed(REDACTED)
    } else if is_url_header(name) {
        url(value)
    } else {
        value
    }
}

/// A request target or another URL as it may be shown.
#[must_use]
pub fn url(url: Cow<'_, str>) -> Cow<'_, str> {
    match without_secrets(&url) {
        Cow::Owned(shown) => Cow::Owned(shown),
        Cow::Borrowed(_) => url,
    }
}

/// What is written in the place of a payload that holds secrets.
pub fn write_payload(out: &mut impl Write) {
    // As for other payloads.
    let _ = out.write_all(b"{\"inlinedTextBody\":");
    super::write_text(out, REDACTED);
    let _ = out.write_all(b"}");
}
