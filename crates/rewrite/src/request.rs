//! A request as rewriting sees it: method, path, query, headers and decoded body, each with whether it was edited.

use std::borrow::Cow;

use crate::headers::Headers;
use crate::outcome::Stop;

/// Decodes a body: its `Content-Encoding` and its bytes in; what it says, or why it can't be told, out.
pub type Decode = fn(&[u8], &[u8]) -> Result<Vec<u8>, String>;

/// What of a request was edited.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Edited {
    /// Method, path or query.
    pub line: bool,
    /// Headers.
    pub headers: bool,
    /// The body.
    pub body: bool,
}

impl Edited {
    /// Whether anything was.
    #[must_use]
    pub fn any(self) -> bool {
        self.line || self.headers || self.body
    }
}

/// A request on its way through the rules.
#[derive(Debug, Clone)]
pub struct Request<'a> {
    method: Cow<'a, str>,
    path: Cow<'a, str>,
    query: Option<Cow<'a, str>>,
    headers: Headers<'a>,
    body: Cow<'a, [u8]>,
    /// The content coding that the body still has, and who takes it off.
    coded: Option<(Vec<u8>, Decode)>,
    edited: Edited,
}

impl<'a> Request<'a> {
    /// `body` is without transfer coding; `decode` takes off its content coding when somebody asks for it.
    #[must_use]
    pub fn new(
        method: &'a str,
        path: &'a str,
        query: Option<&'a str>,
        headers: Headers<'a>,
        body: Cow<'a, [u8]>,
        decode: Decode,
    ) -> Self {
        let coding = headers.get("content-encoding").filter(|_| !body.is_empty());
        Self {
            coded: coding.map(|coding| (coding.to_vec(), decode)),
            method: method.into(),
            path: path.into(),
            query: query.map(Cow::Borrowed),
            headers,
            body,
            edited: Edited::default(),
        }
    }

    /// The method.
    #[must_use]
    pub fn method(&self) -> &str {
        &self.method
    }

    /// The path, percent-encoded as it came.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// What follows the `?`.
    #[must_use]
    pub fn query(&self) -> Option<&str> {
        self.query.as_deref()
    }

    /// The headers.
    #[must_use]
    pub fn headers(&self) -> &Headers<'a> {
        &self.headers
    }

    /// What was edited so far.
    #[must_use]
    pub fn edited(&self) -> Edited {
        self.edited
    }

    /// Path and query.
    #[must_use]
    pub fn target(&self) -> String {
        match &self.query {
            Some(query) => format!("{}?{query}", self.path),
            None => self.path.to_string(),
        }
    }

    /// What the body says, decompressed.
    ///
    /// # Errors
    /// Why it can't be decompressed.
    pub fn body(&mut self) -> Result<&[u8], String> {
        if let Some((coding, decode)) = &self.coded {
            self.body = Cow::Owned(decode(coding, &self.body)?);
            self.coded = None;
        }
        Ok(&self.body)
    }

    /// Another method.
    pub fn set_method(&mut self, method: impl Into<Cow<'a, str>>) {
        let method = method.into();
        if method != self.method {
            self.method = method;
            self.edited.line = true;
        }
    }

    /// Another path.
    pub fn set_path(&mut self, path: impl Into<Cow<'a, str>>) {
        let path = path.into();
        if path != self.path {
            self.path = path;
            self.edited.line = true;
        }
    }

    /// Another query; an empty one is none.
    pub fn set_query(&mut self, query: Option<String>) {
        let query = query.filter(|query| !query.is_empty());
        if query.as_deref() != self.query.as_deref() {
            self.query = query.map(Cow::Owned);
            self.edited.line = true;
        }
    }

    /// Changes headers; `change` says whether it did.
    pub fn edit_headers(&mut self, change: impl FnOnce(&mut Headers<'a>) -> bool) {
        self.edited.headers |= change(&mut self.headers);
    }

    /// Another body, not compressed.
    pub fn set_body(&mut self, body: Vec<u8>) {
        self.coded = None;
        self.body = Cow::Owned(body);
        self.edited.body = true;
    }

    /// To be called once all rules are through: a rule that took the `Content-Encoding` away means the plain body.
    ///
    /// # Errors
    /// When the body can't be decompressed, or a rule wants another coding.
    pub fn settle(&mut self) -> Result<(), Stop> {
        let now = self.headers.get("content-encoding").map(<[u8]>::to_vec);
        match (&self.coded, now) {
            _ if !self.edited.headers || self.edited.body => Ok(()),
            (Some((coding, _)), Some(now)) if *coding == now => Ok(()),
            (Some(_), None) => {
                let plain = self.body().map_err(Stop::failed)?.to_vec();
                self.set_body(plain);
                Ok(())
            }
            (None, None) => Ok(()),
            (_, Some(_)) => Err(Stop::failed("a rule can't change the Content-Encoding, only take it away")),
        }
    }

    /// The edited body, when there is one.
    #[must_use]
    pub fn into_edited_body(self) -> Option<Vec<u8>> {
        self.edited.body.then(|| self.body.into_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn coded() -> Request<'static> {
        let headers = [b"Content-Encoding: gzip".as_slice()].into_iter().collect();
        let decode: Decode = |coding, bytes| {
            assert_eq!(coding, b"gzip");
            std::str::from_utf8(bytes)
                .map(|text| text.to_uppercase().into_bytes())
                .map_err(|_| "damaged".to_owned())
        };
        Request::new("POST", "/a", None, headers, Cow::Borrowed(b"coded"), decode)
    }

    #[test]
    fn a_coding_comes_off_when_somebody_looks_or_takes_it_away() {
        let mut request = coded();
        assert_eq!(request.body().unwrap(), b"CODED");
        assert!(!request.edited().any());
        let mut request = coded();
        request.edit_headers(|headers| headers.remove("content-encoding"));
        request.settle().unwrap();
        assert_eq!(request.into_edited_body().unwrap(), b"CODED");
        let mut request = coded();
        request.edit_headers(|headers| headers.set("content-encoding", &["br"]));
        assert!(request.settle().is_err());
    }
}
