//! Where secrets stand in a request's head: names of headers, names of query parameters, and the user in a URL.
//!
//! One list for all parts: what the agent does not capture is what tuples and reports don't show.

use std::borrow::Cow;

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
/// Query parameters whose values are secrets: in lower case, without `-`, `_` and `.`.
const SECRET_PARAMETERS: [&str; 25] = [
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
];
/// Between parameters; a fragment may hold an access token.
const SEPARATORS: [char; 2] = ['&', '#'];
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

/// A request target or a URL without its secrets: the values of [`SECRET_PARAMETERS`] and whoever stands before `@` in a
/// URL's authority. Everything else stays as it is. May be cut off anywhere.
#[must_use]
pub fn without_secrets(url: &str) -> Cow<'_, str> {
    let path_end = url.find(['?', '#']).unwrap_or(url.len());
    let (front, query) = url.split_at(path_end);
    let user = front.find("://").and_then(|at| {
        let start = at + 3;
        let rest = front.get(start..)?;
        let authority = rest.split('/').next().unwrap_or_default();
        authority.rfind('@').map(|end| start..start + end)
    });
    if user.is_none() && !query.split(SEPARATORS).any(|piece| secret_at(piece).is_some()) {
        return Cow::Borrowed(url);
    }
    let mut out = String::with_capacity(url.len() + REDACTED.len());
    match user.and_then(|user| Some((front.get(..user.start)?, front.get(user.end..)?))) {
        Some((before, after)) => out.extend([before, REDACTED, after]),
        None => out.push_str(front),
    }
    for piece in query.split_inclusive(SEPARATORS) {
        let parameters = piece.trim_end_matches(SEPARATORS);
        match secret_at(parameters).and_then(|at| parameters.get(..at)) {
            Some(name) => out.extend([name, REDACTED, piece.get(parameters.len()..).unwrap_or_default()]),
            None => out.push_str(piece),
        }
    }
    Cow::Owned(out)
}

/// Where a secret begins in what stands between two separators. It goes on to the end: whether `;` begins another
/// parameter, as for some servers, or is part of a password can't be told.
fn secret_at(parameters: &str) -> Option<usize> {
    let starts = parameters.match_indices(['?', ';']).map(|(at, _)| at + 1);
    std::iter::once(0).chain(starts).find_map(|start| {
        let (name, value) = parameters.get(start..)?.split_once('=')?;
        (!value.is_empty() && is_secret_parameter(name)).then_some(start + name.len() + 1)
    })
}

fn is_secret_parameter(name: &str) -> bool {
    let mut plain = String::new();
    let mut rest = name;
    while let Some(character) = rest.chars().next() {
        let mut taken = character.len_utf8();
        let mut character = character;
        if character == '%'
            && let Some(byte) = rest.get(1..3).and_then(|hex| u8::from_str_radix(hex, 16).ok())
        {
            (character, taken) = (char::from(byte), 3);
        }
        if !matches!(character, '-' | '_' | '.') {
            plain.push(character.to_ascii_lowercase());
        }
        rest = rest.get(taken..).unwrap_or_default();
    }
    SECRET_PARAMETERS.contains(&plain.as_str())
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
        fn no_secret_stays(before in "[a-z=&?;#%0-9]{0,20}", name in prop::sample::select(SECRET_PARAMETERS.to_vec())) {
            let url = format!("/{before}?{name}=SEC?RE;T=S&x=1");
            let shown = without_secrets(&url).into_owned();
            prop_assert!(!["SEC", "RE;", "T=S"].iter().any(|part| shown.contains(part)), "{}", shown);
        }
    }
}
