//! A request as rewriting sees it: method, path, query, headers and decoded body, each with whether it was edited.

use std::borrow::Cow;

use crate::headers::Headers;

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
    decode: Option<Decode>,
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
        let query = query.map(Cow::Borrowed);
        Self {
            method: method.into(),
            path: path.into(),
            query,
            headers,
            body,
            decode: Some(decode),
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
        if let Some(decode) = self.decode.take()
            && !self.body.is_empty()
            && let Some(coding) = self.headers.get("content-encoding")
        {
            match decode(coding, &self.body) {
                Ok(decoded) => self.body = Cow::Owned(decoded),
                Err(reason) => {
                    self.decode = Some(decode);
                    return Err(reason);
                }
            }
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
        self.decode = None;
        self.body = Cow::Owned(body);
        self.edited.body = true;
    }

    /// The edited body, when there is one.
    #[must_use]
    pub fn into_edited_body(self) -> Option<Vec<u8>> {
        self.edited.body.then(|| self.body.into_owned())
    }
}
