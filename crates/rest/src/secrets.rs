//! Where secrets stand in requests and answers: names of headers, names of query parameters, the user in a URL, and the
//! calls whose bodies are about users, passwords and keys.
//!
//! One list for all parts: what the agent does not capture is what tuples and reports don't show.

mod bodies;
mod json;

pub use bodies::{Bodies, bodies};
pub use json::{NotJson, without_secret_values};

use std::borrow::Cow;
use std::ops::Range;

/// Headers whose values are secrets, in lower case.
pub const SECRET_HEADERS: [&str; 8] = [
    "authorization",
    "proxy-authorization",
    "cookie",
    "set-cookie",
    "x-api-key",
    "x-amz-security-token",
    "es-security-runas-user",
    "es-secondary-authorization",
];
/// Query parameters and settings whose values are secrets: in lower case, without `-`, `_` and `.`.
const SECRET_NAMES: [&str; 38] = [
    "token",
    "accesstoken",
    "idtoken",
    "refreshtoken",
    "authtoken",
    "apitoken",
    "sessiontoken",
    "securitytoken",
    "xamzsecuritytoken",
    "xamzsignature",
    "signature",
    "sig",
    "apikey",
    "xapikey",
    "apisecret",
    "secret",
    "secretkey",
    "clientsecret",
    "password",
    "passwd",
    "pwd",
    "auth",
    "authorization",
    "credentials",
    "jwt",
    "accesskey",
    "accesskeyid",
    "secretaccesskey",
    "accountkey",
    "storagekey",
    "privatekey",
    "encryptionkey",
    "passphrase",
    "passwordhash",
    "sastoken",
    "bearertoken",
    "connectionstring",
    "credential",
];
/// Longer names are none of [`SECRET_NAMES`].
const MAX_NAME_BYTES: usize = 24;
/// Between parameters; a fragment may hold an access token.
const SEPARATORS: [u8; 2] = [b'&', b'#'];
/// Stands for a secret.
const REDACTED: &str = "REDACTED";

/// Whether a header's value is a secret.
#[must_use]
pub fn is_secret_header(name: &str) -> bool {
    SECRET_HEADERS.iter().any(|secret| name.eq_ignore_ascii_case(secret))
}

/// Whether a header's value is a URL, which may hold secrets.
#[must_use]
pub fn is_url_header(name: &str) -> bool {
    ["location", "content-location", "referer"].iter().any(|header| name.eq_ignore_ascii_case(header))
}

/// A request target or a URL without its secrets: the values of [`SECRET_NAMES`] and whoever stands before `@` in a
/// URL's authority. Everything else stays as it is. May be cut off anywhere.
#[must_use]
pub fn without_secrets(url: &str) -> Cow<'_, str> {
    let spans = secret_spans(url.as_bytes());
    if spans.is_empty() {
        return Cow::Borrowed(url);
    }
    let mut out = String::with_capacity(url.len() + REDACTED.len());
    let mut copied = 0;
    for span in spans {
        // What bounds a secret is ASCII, so it begins and ends with a character.
        out.extend([url.get(copied..span.start).unwrap_or_default(), REDACTED]);
        copied = span.end;
    }
    out.push_str(url.get(copied..).unwrap_or_default());
    Cow::Owned(out)
}

/// Where secrets lie in a request target or URL, in order; none is empty. See [`without_secrets`].
#[must_use]
pub fn secret_spans(url: &[u8]) -> Vec<Range<usize>> {
    let path_end = url.iter().position(|byte| matches!(byte, b'?' | b'#')).unwrap_or(url.len());
    let (front, query) = url.split_at(path_end);
    let mut spans = Vec::from_iter(user_span(front));
    let mut start = path_end;
    for piece in query.split(|byte| SEPARATORS.contains(byte)) {
        let end = start + piece.len();
        spans.extend(secret_at(piece).map(|at| start + at..end));
        start = end + 1;
    }
    spans
}

/// Whoever stands before `@` in the authority of a URL.
fn user_span(front: &[u8]) -> Option<Range<usize>> {
    let start = front.windows(3).position(|three| three == b"://")? + 3;
    let authority = front.get(start..)?.split(|byte| *byte == b'/').next()?;
    let end = start + authority.iter().rposition(|byte| *byte == b'@')?;
    (end > start).then_some(start..end)
}

/// Where a secret begins in what stands between two separators. It goes on to the end: whether `;` begins another
/// parameter, as for some servers, or is part of a password can't be told.
fn secret_at(parameters: &[u8]) -> Option<usize> {
    let begins = |(at, byte): (usize, &u8)| matches!(byte, b'?' | b';').then_some(at + 1);
    let starts = parameters.iter().enumerate().filter_map(begins);
    std::iter::once(0).chain(starts).find_map(|start| {
        let rest = parameters.get(start..)?;
        let equals = rest.iter().position(|byte| *byte == b'=')?;
        let (name, value) = (rest.get(..equals)?, rest.get(equals + 1..)?);
        (!value.is_empty() && is_secret_name(name)).then_some(start + equals + 1)
    })
}

/// Whether what is called so is a secret: a query parameter, percent-encoded or not, or a part of a setting's name.
#[must_use]
pub fn is_secret_name(name: &[u8]) -> bool {
    let mut plain = [0; MAX_NAME_BYTES];
    let mut length = 0;
    let mut rest = name;
    while let Some((&first, after)) = rest.split_first() {
        let (byte, after) = match (first, after) {
            (b'%', [high, low, behind @ ..]) => match (hex(*high), hex(*low)) {
                (Some(high), Some(low)) => (high * 16 + low, behind),
                _ => (first, after),
            },
            _ => (first, after),
        };
        rest = after;
        if matches!(byte, b'-' | b'_' | b'.') {
            continue;
        }
        let Some(place) = plain.get_mut(length) else { return false };
        *place = byte.to_ascii_lowercase();
        length += 1;
    }
    let plain = plain.get(..length).unwrap_or_default();
    SECRET_NAMES.iter().any(|secret| secret.as_bytes() == plain)
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn secrets_go_and_the_rest_stays() {
        for (url, shown) in [
            ("/a/_search?q=token:x&size=1", "/a/_search?q=token:x&size=1"),
            ("/a/_search?token=s3cret&size=1", "/a/_search?token=REDACTED&size=1"),
            ("/_bulk?refresh&access_token=a=b==", "/_bulk?refresh&access_token=REDACTED"),
            ("/a?x=1;API-Key=k;y=1&z=1", "/a?x=1;API-Key=REDACTED&z=1"),
            ("/a?%74oken=k&%61pi%5fkey=k", "/a?%74oken=REDACTED&%61pi%5fkey=REDACTED"),
            (
                "/a?X-Amz-Algorithm=AWS4&X-Amz-Signature=ab&X-Amz-Security-Token=cd&X-Amz-Date=1",
                "/a?X-Amz-Algorithm=AWS4&X-Amz-Signature=REDACTED&X-Amz-Security-Token=REDACTED&X-Amz-Date=1",
            ),
            ("/a?password=&pwd", "/a?password=&pwd"),
            ("/a?password=p?q=1#access_token=t", "/a?password=REDACTED#access_token=REDACTED"),
            ("http://bob:pw@h:9200/a@b?x=1", "http://REDACTED@h:9200/a@b?x=1"),
            ("https://t0ken@h", "https://REDACTED@h"),
            ("/a@b?user=c@d", "/a@b?user=c@d"),
            ("/_security/api_key?id=1&name=x", "/_security/api_key?id=1&name=x"),
            ("/a?tokenizer=standard&secrets=1", "/a?tokenizer=standard&secrets=1"),
        ] {
            assert_eq!(without_secrets(url), shown);
        }
        assert!(
            SECRET_NAMES.iter().all(|name| name.len() <= MAX_NAME_BYTES && is_secret_name(name.as_bytes()))
        );
        assert!(is_secret_header("ES-Secondary-Authorization") && !is_secret_header("x-opaque-id"));
    }

    proptest! {
        #[test]
        fn any_text_is_read_and_nothing_is_redacted_twice(url in "\\PC{0,60}") {
            let once = without_secrets(&url).into_owned();
            let twice = without_secrets(&once).into_owned();
            prop_assert_eq!(twice, once);
        }

        #[test]
        fn no_secret_stays(before in "[a-z=&?;#%0-9]{0,20}", name in prop::sample::select(SECRET_NAMES.to_vec())) {
            let url = format!("/{before}?{name}=SEC?RE;T=S&x=1");
            let shown = without_secrets(&url).into_owned();
            prop_assert!(!["SEC", "RE;", "T=S"].iter().any(|part| shown.contains(part)), "{}", shown);
        }
    }
}
