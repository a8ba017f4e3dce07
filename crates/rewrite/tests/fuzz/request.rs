//! Any bytes as a body of any call: no panic, and lines and lists rewritten twice are rewritten once.
//!
//! The first byte chooses the call.

use std::borrow::Cow;

use switchover_rewrite::request::Request;
use switchover_rewrite::versions::Versions;

const CALLS: [(&str, &str); 7] = [
    ("POST", "/a/t/_bulk"),
    ("GET", "/_mget"),
    ("PUT", "/a"),
    ("POST", "/_reindex"),
    ("POST", "/_search/scroll"),
    ("POST", "/_msearch"),
    ("PUT", "/_template/x"),
];

pub(crate) fn run(input: &[u8]) {
    let Some((&call, body)) = input.split_first() else { return };
    let (method, path) = CALLS[usize::from(call) % CALLS.len()];
    let Some((method, path, once)) = rewritten(method, path, body) else { return };
    if path == "/_search/scroll" || method == "PUT" {
        // A bare id becomes JSON, and within one type there may be what looks like another.
        return;
    }
    let (.., twice) = rewritten(&method, &path, &once).expect("what was rewritten can be rewritten");
    assert_eq!(String::from_utf8_lossy(&once), String::from_utf8_lossy(&twice), "{method} {path}");
}

fn rewritten(method: &str, path: &str, body: &[u8]) -> Option<(String, String, Vec<u8>)> {
    let headers = std::iter::empty().collect();
    let mut request =
        Request::new(method, path, None, headers, Cow::Borrowed(body), |_, _| Err(String::new()));
    Versions::default().rewrite(&mut request).ok()?;
    let body = request.body().ok()?.to_vec();
    Some((request.method().to_owned(), request.path().to_owned(), body))
}
