//! The answers: everything is in this program, so the page works without any other server.

use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, HOST, HeaderName, HeaderValue, RETRY_AFTER};
use hyper::{HeaderMap, Method, Response, StatusCode, Uri};
use serde_json::Value;

use super::latest::Latest;
use super::names::Names;
use super::{metrics, page};

pub(super) const STYLE: &str = include_str!("assets/style.css");
pub(super) const SCRIPT: &str = include_str!("assets/page.js");

const HTML: &str = "text/html; charset=utf-8";
const JSON: &str = "application/json";
const TEXT: &str = "text/plain; charset=utf-8";

/// Scripts and styles of ours alone, no frames around us, nothing sent elsewhere.
const HEADERS: [(&str, &str); 6] = [
    (
        "content-security-policy",
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    ),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("referrer-policy", "no-referrer"),
    ("cross-origin-resource-policy", "same-origin"),
    ("cross-origin-opener-policy", "same-origin"),
];

/// What is served.
#[derive(Debug)]
pub(super) struct Site {
    pub(super) names: Names,
    pub(super) latest: Latest,
}

impl Site {
    pub(super) fn answer(&self, method: &Method, uri: &Uri, headers: &HeaderMap) -> Response<Full<Bytes>> {
        // A request to a proxy has its host in the address.
        let host = headers.get(HOST).and_then(|host| host.to_str().ok());
        let authority = uri.authority().map(hyper::http::uri::Authority::as_str);
        if ![host, authority].into_iter().flatten().all(|name| self.names.has(name)) || host.is_none() {
            let text = "this name is not known here: use localhost or an IP address, or start `switchover serve` with --allow-host NAME\n";
            return reply(StatusCode::MISDIRECTED_REQUEST, TEXT, text.to_owned());
        }
        if method != Method::GET {
            let mut refused = reply(StatusCode::METHOD_NOT_ALLOWED, TEXT, "only GET\n".to_owned());
            refused.headers_mut().insert(ALLOW, HeaderValue::from_static("GET"));
            return refused;
        }
        let shown = self.latest.get();
        match (uri.path(), &shown.overview) {
            ("/", _) => reply(StatusCode::OK, HTML, page::whole(&shown)),
            ("/style.css", _) => reply(StatusCode::OK, "text/css; charset=utf-8", STYLE.to_owned()),
            ("/page.js", _) => reply(StatusCode::OK, "text/javascript; charset=utf-8", SCRIPT.to_owned()),
            ("/favicon.ico", _) => reply(StatusCode::NO_CONTENT, TEXT, String::new()),
            ("/metrics", _) => reply(
                StatusCode::OK,
                "application/openmetrics-text; version=1.0.0; charset=utf-8",
                metrics::text(&shown),
            ),
            ("/api/v1/status", Some(overview)) => {
                let mut document = serde_json::to_value(overview).unwrap_or_default();
                if let Value::Object(members) = &mut document {
                    let age = u64::try_from(shown.age.as_millis()).unwrap_or(u64::MAX);
                    members.insert("ageMs".to_owned(), age.into());
                    members.insert("lookError".to_owned(), shown.error.clone().into());
                }
                reply(StatusCode::OK, JSON, document.to_string())
            }
            ("/api/v1/status", None) => {
                let reason = shown.error.as_deref().unwrap_or("the first look is not over");
                let body = serde_json::json!({ "error": reason }).to_string();
                let mut not_yet = reply(StatusCode::SERVICE_UNAVAILABLE, JSON, body);
                not_yet.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("2"));
                not_yet
            }
            _ => {
                let text = "no such page; there are / /metrics /api/v1/status\n";
                reply(StatusCode::NOT_FOUND, TEXT, text.to_owned())
            }
        }
    }
}

fn reply(status: StatusCode, kind: &'static str, body: String) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(body)));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    for (name, value) in HEADERS {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    response
}

#[cfg(test)]
mod tests;
