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
    kept: Option<Kept>,
}

/// The items of a bulk that are left of those that were captured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// Their places among all, from 0, in order.
    pub places: Vec<usize>,
    /// How many there were.
    pub of: usize,
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
            kept: None,
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

    /// Of the `of` items of a bulk, these were left out, by their places in order.
    pub fn leave_out(&mut self, left_out: &[usize], of: usize) {
        if left_out.is_empty() {
            return;
        }
        let before = self.kept.take().unwrap_or_else(|| Kept { places: (0..of).collect(), of });
        let stays = |(at, place)| left_out.binary_search(&at).is_err().then_some(place);
        let places = before.places.into_iter().enumerate().filter_map(stays).collect();
        self.kept = Some(Kept { places, of: before.of });
    }

    /// The items of a bulk that rules have left; `None` when no rule said that it left one out.
    #[must_use]
    pub fn kept(&self) -> Option<&Kept> {
        self.kept.as_ref()
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
    fn items_left_out_twice_keep_their_first_places() {
        let mut request = coded();
        request.leave_out(&[], 5);
        assert_eq!(request.kept(), None);
        request.leave_out(&[0, 3], 5);
        request.leave_out(&[1], 3);
        assert_eq!(request.kept(), Some(&Kept { places: vec![1, 4], of: 5 }));
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
