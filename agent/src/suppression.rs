//! Requests that the operator does not want captured: by method, by path, by both, by a header.
//!
//! A suppressed request and its response are forwarded and leave no record, and are not gated: there is nothing to
//! wait for.

use regex::bytes::Regex;
use switchover_http1::RequestHead;

/// What is not captured.
#[derive(Debug, Clone, Default)]
pub struct Suppression {
    method: Option<Regex>,
    path: Option<Regex>,
    method_and_path: Option<Regex>,
    headers: Vec<(String, Regex)>,
}

impl Suppression {
    /// From the flags' expressions; each must match all of what it is held against.
    ///
    /// # Errors
    /// When an expression is none; names the flag.
    pub fn new(
        method: Option<&str>,
        path: Option<&str>,
        method_and_path: Option<&str>,
        headers: &[(String, String)],
    ) -> Result<Self, String> {
        let whole = |flag: &str, expression: &str| {
            Regex::new(&format!("^(?:{expression})$"))
                .map_err(|error| format!("--{flag} '{expression}' is no regular expression: {error}"))
        };
        let given = |flag, expression: Option<&str>| expression.map(|text| whole(flag, text)).transpose();
        Ok(Self {
            method: given("suppressCaptureForMethod", method)?,
            path: given("suppressCaptureForUriPath", path)?,
            method_and_path: given("suppressMethodAndPath", method_and_path)?,
            headers: headers
                .iter()
                .map(|(name, value)| Ok((name.clone(), whole("suppressCaptureForHeaderMatch", value)?)))
                .collect::<Result<_, String>>()?,
        })
    }

    /// Whether a request is not to be captured. A path's expression may be written with or without the query.
    #[must_use]
    pub fn covers(&self, head: &RequestHead<'_>) -> bool {
        let (method, target) = (head.method.as_bytes(), head.target);
        let path = || target.split(|&byte| byte == b'?').next().unwrap_or(target);
        let with_method = |target: &[u8]| [method, b" ", target].concat();
        self.method.as_ref().is_some_and(|regex| regex.is_match(method))
            || self.path.as_ref().is_some_and(|regex| regex.is_match(target) || regex.is_match(path()))
            || self.method_and_path.as_ref().is_some_and(|regex| {
                regex.is_match(&with_method(target)) || regex.is_match(&with_method(path()))
            })
            || self.headers.iter().any(|(name, regex)| {
                head.headers().any(|(other, value)| other.eq_ignore_ascii_case(name) && regex.is_match(value))
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use switchover_http1::{RequestEvent, RequestFramer};

    fn covered(suppression: &Suppression, request: &str) -> bool {
        let mut framer = RequestFramer::new();
        let (_, Some(RequestEvent::Head(head))) = framer.step(request.as_bytes()) else {
            panic!("{request}")
        };
        suppression.covers(&head)
    }

    #[test]
    fn each_rule_matches_the_whole() {
        let get = "GET /_cat/health?v HTTP/1.1\r\nUser-Agent: a\r\nuser-agent: elastic-java/7.17.0 x\r\n\r\n";
        let none = Suppression::default();
        assert!(!covered(&none, get));
        let rule = |m, p, mp, h: &[(&str, &str)]| {
            let headers: Vec<_> = h.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
            Suppression::new(m, p, mp, &headers).unwrap()
        };
        for (rule, expected) in [
            (rule(Some("GET|HEAD"), None, None, &[]), true),
            (rule(Some("GE"), None, None, &[]), false),
            (rule(None, Some("/_cat/.*"), None, &[]), true),
            (rule(None, Some("/_cat/health"), None, &[]), true),
            (rule(None, Some(r"/_cat/health\?v"), None, &[]), true),
            (rule(None, Some("/_cat"), None, &[]), false),
            (rule(None, None, Some("GET /_cat/health"), &[]), true),
            (rule(None, None, Some("POST /_cat/.*"), &[]), false),
            (rule(None, None, None, &[("USER-AGENT", r".*elastic-java/7\.17\.0.*")]), true),
            (rule(None, None, None, &[("user-agent", "elastic")]), false),
            (rule(None, None, None, &[("x", ".*"), ("user-agent", "a")]), true),
        ] {
            assert_eq!(covered(&rule, get), expected, "{rule:?}");
        }
    }

    #[test]
    fn what_is_no_expression_names_its_flag() {
        let error = Suppression::new(None, Some("("), None, &[]).unwrap_err();
        assert!(error.contains("--suppressCaptureForUriPath '('"), "{error}");
    }
}
