//! The address of a cluster. A prefix path is kept, because clusters do stand behind path-routing balancers; a
//! user and password in the address are refused, because addresses are shown in errors and logs.

use std::fmt;

use hyper::Uri;
use hyper::http::uri::{Authority, Scheme};

use crate::error::{ClusterError, ClusterErrorKind};
use crate::options::without_credentials;

#[derive(Clone, Debug)]
pub(crate) struct Endpoint {
    scheme: Scheme,
    authority: Authority,
    /// Empty, or starting with a slash and not ending with one.
    prefix: String,
}

impl Endpoint {
    pub(crate) fn parse(text: &str) -> Result<Self, ClusterError> {
        let refuse = |problem: String, advice: &'static str| {
            Err(ClusterError::new(ClusterErrorKind::BadUri, without_credentials(text), problem, advice))
        };
        let form = "write it as http(s)://host[:port][/prefix]";
        let parts = match text.parse::<Uri>() {
            Ok(uri) => uri.into_parts(),
            Err(error) => return refuse(format!("not a URI: {error}"), form),
        };
        let Some(scheme) = parts.scheme else {
            return refuse("no http:// or https:// in front".to_owned(), form);
        };
        if scheme != Scheme::HTTP && scheme != Scheme::HTTPS {
            return refuse(format!("the scheme {scheme} is neither http nor https"), form);
        }
        let Some(authority) = parts.authority.filter(|authority| !authority.host().is_empty()) else {
            return refuse("no host".to_owned(), form);
        };
        if authority.as_str().contains('@') {
            return refuse(
                "credentials in the URI are refused, as it is shown in logs".to_owned(),
                "give the user name and the password apart from it",
            );
        }
        // Authority takes any digits for a port; u16 does not.
        let after_host = authority.as_str().get(authority.host().len()..).unwrap_or_default();
        if after_host.starts_with(':') && !matches!(authority.port_u16(), Some(1..)) {
            return refuse("the port is not a number from 1 to 65535".to_owned(), form);
        }
        let path = parts.path_and_query;
        if path.as_ref().is_some_and(|path| path.query().is_some()) {
            return refuse("a query does not belong to a cluster's address".to_owned(), form);
        }
        let prefix = path.map(|path| path.path().trim_end_matches('/').to_owned()).unwrap_or_default();
        Ok(Self { scheme, authority, prefix })
    }

    pub(crate) fn is_https(&self) -> bool {
        self.scheme == Scheme::HTTPS
    }

    /// The value of `Host`: with the port unless it is the scheme's own.
    pub(crate) fn host_header(&self) -> String {
        let own = if self.is_https() { 443 } else { 80 };
        match self.authority.port_u16() {
            Some(port) if port != own => format!("{}:{port}", self.authority.host()),
            _ => self.authority.host().to_owned(),
        }
    }

    /// `path` with its query, starting with a slash, under this endpoint's prefix.
    pub(crate) fn uri(&self, path: &str) -> Result<Uri, ClusterError> {
        let bad = |problem: String| {
            let advice = "percent-encode what is not allowed in a path";
            ClusterError::new(ClusterErrorKind::BadUri, format!("{self}{path}"), problem, advice)
        };
        if !path.starts_with('/') {
            return Err(bad("the path does not start with a slash".to_owned()));
        }
        Uri::builder()
            .scheme(self.scheme.clone())
            .authority(self.authority.clone())
            .path_and_query(format!("{}{path}", self.prefix))
            .build()
            .map_err(|error| bad(format!("not a path: {error}")))
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}://{}{}", self.scheme, self.authority, self.prefix)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_is_kept_and_its_last_slash_is_not_doubled() {
        for (text, path, uri) in [
            ("http://h:9200", "/_cat/indices?v=true", "http://h:9200/_cat/indices?v=true"),
            ("http://h:9200/", "/", "http://h:9200/"),
            ("https://h/es/", "/_bulk", "https://h/es/_bulk"),
            ("http://[::1]:9200", "/", "http://[::1]:9200/"),
            ("http://h", "/caf%C3%A9", "http://h/caf%C3%A9"),
        ] {
            assert_eq!(Endpoint::parse(text).unwrap().uri(path).unwrap().to_string(), uri);
        }
    }

    #[test]
    fn what_is_not_a_cluster_address_is_refused() {
        for text in [
            "",
            "localhost",
            "localhost:9200",
            "/path",
            "ftp://h",
            "http://",
            "http://h:99999",
            "http://h:0",
            "http://h:",
            "http://h:abc",
            "http://h?q=1",
            "http://h h",
            "https://user@h",
            "https://user:pw@h:9200",
        ] {
            let error = Endpoint::parse(text).expect_err(text);
            assert_eq!(error.kind(), ClusterErrorKind::BadUri, "{text}");
            assert!(!error.to_string().contains("pw@"), "{error}");
        }
    }

    #[test]
    fn a_path_that_can_not_be_sent_is_refused() {
        let endpoint = Endpoint::parse("http://h").unwrap();
        for path in ["", "a", "/a b", "/a\r\nX: y"] {
            assert_eq!(endpoint.uri(path).expect_err(path).kind(), ClusterErrorKind::BadUri);
        }
    }

    proptest::proptest! {
        #[test]
        fn no_text_panics(text in "\\PC*") {
            if let Ok(endpoint) = Endpoint::parse(&text) {
                let again = Endpoint::parse(&endpoint.to_string()).unwrap();
                assert_eq!(again.to_string(), endpoint.to_string());
            }
        }
    }
}
