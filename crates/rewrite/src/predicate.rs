//! JMESPath over messages ([`crate::message`]): predicates, and transformations as the existing tool has them.

use jmespath::{Expression, Variable};

use crate::jq;
use crate::json::Numbers;
use crate::message::Message;
use crate::outcome::Stop;
use crate::request::Request;

/// A compiled expression.
#[derive(Debug)]
pub struct JmesPath {
    expression: Expression<'static>,
}

impl JmesPath {
    /// Compiles an expression.
    ///
    /// # Errors
    /// What is wrong with it, and where.
    pub fn new(code: &str) -> Result<Self, String> {
        let expression = jmespath::compile(code).map_err(|error| error.to_string())?;
        Ok(Self { expression })
    }

    /// Whether the expression is true for a request.
    ///
    /// # Errors
    /// When it fails, or is something else than true or false.
    pub fn test(&self, request: &mut Request<'_>) -> Result<bool, Stop> {
        self.is_true(&Message::new(request)?.text())
    }

    /// Whether the expression is true for a JSON text.
    ///
    /// # Errors
    /// When it fails, or is something else than true or false.
    pub fn is_true(&self, text: &str) -> Result<bool, Stop> {
        let found = self.search(text)?;
        found.as_boolean().ok_or_else(|| {
            Stop::failed(format!("'{}' is {}, not true or false", self.expression.as_str(), found.get_type()))
        })
    }

    /// Puts what the expression finds in the place of the request.
    ///
    /// # Errors
    /// When it fails, or finds no message.
    pub fn apply(&self, request: &mut Request<'_>) -> Result<(), Stop> {
        let message = Message::new(request)?;
        let found = self.find(&message.text())?;
        jq::write_back(&message, request, &found, Numbers::Double)
    }

    /// What the expression finds in a JSON text, as JSON.
    ///
    /// # Errors
    /// When it fails.
    pub fn find(&self, text: &str) -> Result<String, Stop> {
        Ok(self.search(text)?.to_string())
    }

    fn search(&self, text: &str) -> Result<jmespath::Rcvar, Stop> {
        let failed = |error: &dyn std::fmt::Display| Stop::failed(format!("JMESPath: {error}"));
        let data = Variable::from_json(text).map_err(|error| failed(&error))?;
        self.expression.search(data).map_err(|error| failed(&error))
    }
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use super::*;

    fn request(body: &str) -> Request<'_> {
        let headers = [b"X: 1".as_slice()].into_iter().collect();
        Request::new("POST", "/a/_search", None, headers, Cow::Borrowed(body.as_bytes()), |_, _| {
            Err(String::new())
        })
    }

    #[test]
    fn predicates() {
        for (code, wanted) in [
            ("method == 'POST'", true),
            ("contains(URI, '_search') && headers.X[0] == '1'", true),
            ("payload.inlinedJsonBody.size > `5`", false),
            ("starts_with(URI, '/b')", false),
        ] {
            assert_eq!(
                JmesPath::new(code).unwrap().test(&mut request("{\"size\":1}")).unwrap(),
                wanted,
                "{code}"
            );
        }
        for code in ["URI", "payload.nothing", "abs(URI)"] {
            assert!(JmesPath::new(code).unwrap().test(&mut request("")).is_err(), "{code}");
        }
        assert!(
            JmesPath::new("method ==").unwrap_err().contains("line 0"),
            "{}",
            JmesPath::new("method ==").unwrap_err()
        );
    }

    #[test]
    fn transformations() {
        let code = "{method: method, URI: '/b', headers: headers, payload: payload}";
        let mut changed = request("{\"n\" : 1.10}");
        JmesPath::new(code).unwrap().apply(&mut changed).unwrap();
        assert_eq!((changed.target().as_str(), changed.edited().body), ("/b", false));
    }
}
