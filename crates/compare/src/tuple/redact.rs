//! What of a tuple is not for everybody's eyes.

use std::borrow::Cow;
use std::io::Write;

use switchover_rest::secrets::{
    Bodies, is_secret_header, is_url_header, without_secret_values, without_secrets,
};

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

/// A plain body as it may be shown; `None` when it may not.
#[must_use]
pub fn body(bodies: Bodies, plain: Cow<'_, [u8]>) -> Option<Cow<'_, [u8]>> {
    match bodies {
        Bodies::Open => Some(plain),
        Bodies::Mixed { within: Some(_) } if plain.is_empty() => Some(plain),
        Bodies::Mixed { within: within @ Some(_) } => {
            match without_secret_values(&plain, within, &mut |_| REDACTED.to_owned()) {
                Ok(None) => Some(plain),
                Ok(Some(shown)) => Some(Cow::Owned(shown)),
                Err(_) => None,
            }
        }
        Bodies::Mixed { within: None } | Bodies::Secret => None,
    }
}

/// What is written in the place of a payload that holds secrets.
pub fn write_payload(out: &mut impl Write) {
    // As for other payloads.
    let _ = out.write_all(b"{\"inlinedTextBody\":");
    super::write_text(out, REDACTED);
    let _ = out.write_all(b"}");
}
