//! jq expressions (jaq) over messages ([`crate::message`]).
//!
//! Numbers keep their digits. An expression has no access to the environment, to files or to the command line; it is
//! not limited in time: a loop without end hangs its request.

use jaq_core::load::{self, Arena, File, Loader};
use jaq_core::{Compiler, Ctx, Filter, Vars, data, unwrap_valr};
use jaq_json::Val;

use crate::json::{self, Numbers};
use crate::message::Message;
use crate::outcome::Stop;
use crate::request::Request;

/// What an expression could leave the sandbox by.
const NOT_OFFERED: [&str; 3] = ["env", "halt", "halt_error"];

type Data = data::JustLut<Val>;

/// A compiled expression.
pub struct Jq {
    filter: Filter<Data>,
}

impl std::fmt::Debug for Jq {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Jq")
    }
}

impl Jq {
    /// Compiles an expression.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn new(code: &str) -> Result<Self, String> {
        let defs = jaq_core::defs().chain(jaq_std::defs()).chain(jaq_json::defs());
        let defs = defs.filter(|def| !NOT_OFFERED.contains(&def.name));
        let funs = jaq_core::funs().chain(jaq_std::funs()).chain(jaq_json::funs());
        let funs = funs.filter(|(name, ..)| !NOT_OFFERED.contains(name));
        let arena = Arena::default();
        let modules = Loader::new(defs)
            .load(&arena, File { code, path: () })
            .map_err(|errors| format!("not a jq expression: {}", syntax(&errors)))?;
        let filter = Compiler::default().with_funs(funs).compile(modules).map_err(|errors| {
            let names = errors.iter().flat_map(|(_, names)| names.iter().map(|(name, _)| *name));
            format!("not a jq expression: unknown: {}", names.collect::<Vec<_>>().join(", "))
        })?;
        Ok(Self { filter })
    }

    /// Lets the expression change a request: it maps the message to the message.
    ///
    /// # Errors
    /// When it fails or has not exactly one result.
    pub fn apply(&self, request: &mut Request<'_>) -> Result<(), Stop> {
        let message = Message::new(request)?;
        let result = self.run(&message.text())?;
        write_back(&message, request, &result, Numbers::Exact)
    }

    /// What the expression makes of a JSON text.
    ///
    /// # Errors
    /// When it fails or has not exactly one result.
    pub fn run(&self, text: &str) -> Result<String, Stop> {
        let input = jaq_json::read::parse_single(text.as_bytes())
            .map_err(|error| Stop::failed(format!("jq: {error}")))?;
        let context = Ctx::<Data>::new(&self.filter.lut, Vars::new([]));
        let mut results = self.filter.id.run((context, input)).map(unwrap_valr);
        match (results.next(), results.next()) {
            (Some(Ok(result)), None) => Ok(result.to_string()),
            (Some(Err(error)), _) | (_, Some(Err(error))) => Err(Stop::failed(format!("jq: {error}"))),
            (None, _) => Err(Stop::failed("jq: no result")),
            (Some(Ok(_)), Some(Ok(_))) => Err(Stop::failed("jq: more than one result")),
        }
    }
}

/// What was expected, and the text from there on.
fn syntax(errors: &load::Errors<&str, ()>) -> String {
    let expected = |expected: &str, found: &str| match found {
        "" => format!("expected {expected} at the end"),
        found => format!("expected {expected} before '{found}'"),
    };
    let told = errors.iter().flat_map(|(_, error)| match error {
        load::Error::Io(errors) => errors.iter().map(|(_, error)| error.clone()).collect::<Vec<_>>(),
        load::Error::Lex(errors) => {
            errors.iter().map(|(what, found)| expected(what.as_str(), found)).collect()
        }
        load::Error::Parse(errors) => {
            errors.iter().map(|(what, found)| expected(what.as_str(), found)).collect()
        }
    });
    told.collect::<Vec<_>>().join("; ")
}

/// Writes a whole message back.
pub(crate) fn write_back(
    message: &Message,
    request: &mut Request<'_>,
    result: &str,
    numbers: Numbers,
) -> Result<(), Stop> {
    let payload = json::Pointer::parse("/payload").map_err(|error| Stop::failed(error.to_string()))?;
    let wrong = |error| Stop::failed(format!("the result is no request: {error}"));
    let payload = json::get(result.as_bytes(), &payload).map_err(wrong)?;
    let payload = payload.map(|payload| String::from_utf8_lossy(payload).into_owned());
    message.write_back(request, result, Some(payload.as_deref().unwrap_or("{}")), numbers)
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use super::*;

    fn run(code: &str, body: &str) -> Result<(String, Option<String>), Stop> {
        let headers = [b"X: 1".as_slice()].into_iter().collect();
        let mut request =
            Request::new("POST", "/a", None, headers, Cow::Borrowed(body.as_bytes()), |_, _| {
                Err(String::new())
            });
        Jq::new(code).unwrap().apply(&mut request)?;
        let line = format!("{} {}", request.method(), request.target());
        Ok((line, request.into_edited_body().map(|body| String::from_utf8(body).unwrap())))
    }

    #[test]
    fn numbers_and_spaces_survive() {
        let body = "{ \"big\":1234567890123456789012345, \"n\" : 1.10,\"s\":\"x\"}\n";
        assert_eq!(run(".", body).unwrap(), ("POST /a".to_owned(), None));
        let (line, edited) =
            run(".payload.inlinedJsonBody.s |= ascii_upcase | .URI += \"?x=1\" | .headers.X = [\"2\"]", body)
                .unwrap();
        assert_eq!((line.as_str(), edited.unwrap()), ("POST /a?x=1", body.replace("\"x\"", "\"X\"")));
        let (_, edited) = run(".payload.inlinedJsonBody.big += 1", body).unwrap();
        assert_eq!(edited.unwrap(), body.replace("2345,", "2346,"));
        assert_eq!(run("del(.payload)", body).unwrap().1.as_deref(), Some(""));
    }

    #[test]
    fn what_goes_wrong_is_told() {
        for wrong in [".a |", "nosuch(1)", "env", "halt", "$ENV", "input"] {
            assert!(Jq::new(wrong).is_err(), "{wrong}");
        }
        for wrong in ["error(\"mine\")", "empty", "., .", "5", ".URI = 5"] {
            assert!(matches!(run(wrong, "{}"), Err(Stop::Failed { .. })), "{wrong}");
        }
        assert!(run("error(\"mine\")", "").unwrap_err().to_string().contains("mine"));
    }
}
