//! JSON without its secrets: values of secret names, and users in URLs, are replaced; the rest stays as it was written,
//! but for the space between tokens.

use std::fmt;

use serde::Deserializer as _;
use serde::de::{MapAccess, SeqAccess, Visitor};
use serde_json::Deserializer;
use serde_json::value::RawValue;

use super::{is_secret_header, is_secret_name, secret_spans};

/// Deeper values are not looked into.
const MAX_DEPTH: usize = 64;
/// Names under which everything is secret: headers of any name, credentials of any name, accounts of notifications.
const SECRET_OBJECTS: [&str; 4] = ["headers", "credential", "credentials", "notification"];

/// It is not JSON, or too deep to tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no JSON, or deeper than {MAX_DEPTH} levels")]
pub struct NotJson;

/// One JSON value in which secrets are what `replace` makes of them; with `within` only in objects of that name.
/// `None` when there are none in it.
///
/// # Errors
/// When it can't be told.
pub fn without_secret_values(
    json: &[u8],
    within: Option<&str>,
    replace: &mut dyn FnMut(&[u8]) -> String,
) -> Result<Option<Vec<u8>>, NotJson> {
    let value: &RawValue = serde_json::from_slice(json).map_err(|_| NotJson)?;
    let mut walk = Walk { out: Vec::with_capacity(json.len()), within, replace, found: false };
    walk.value(value, Place { looked_at: within.is_none(), secret: false, depth: 0 })?;
    Ok(walk.found.then_some(walk.out))
}

struct Walk<'w> {
    out: Vec<u8>,
    within: Option<&'w str>,
    replace: &'w mut dyn FnMut(&[u8]) -> String,
    found: bool,
}

/// Where a value stands.
#[derive(Clone, Copy)]
struct Place {
    /// Secrets are looked for.
    looked_at: bool,
    /// It is one.
    secret: bool,
    depth: usize,
}

impl Place {
    /// Of what is called so in an object.
    fn under(self, name: &str, within: Option<&str>) -> Self {
        let looked_at = self.looked_at || within == Some(name);
        let secret = |name: &str| {
            is_secret_name(name.as_bytes()) || is_secret_header(name) || SECRET_OBJECTS.contains(&name)
        };
        // Settings are written nested or with dots.
        let secret = self.secret || (looked_at && (secret(name) || name.split('.').any(secret)));
        Self { looked_at, secret, depth: self.depth + 1 }
    }
}

impl Walk<'_> {
    fn value(&mut self, value: &RawValue, place: Place) -> Result<(), NotJson> {
        let raw = value.get();
        if place.depth > MAX_DEPTH {
            return Err(NotJson);
        }
        match raw.as_bytes().first() {
            Some(b'{' | b'[') => {
                let parts = Parts { walk: self, place };
                Deserializer::from_str(raw).deserialize_any(parts).map_err(|_| NotJson)
            }
            Some(b'"') if place.looked_at => {
                let text: String = serde_json::from_str(raw).map_err(|_| NotJson)?;
                self.text(raw, &text, place.secret);
                Ok(())
            }
            Some(b'-' | b'0'..=b'9') if place.secret => {
                let replaced = (self.replace)(raw.as_bytes());
                self.put(&replaced);
                Ok(())
            }
            _ => {
                self.out.extend_from_slice(raw.as_bytes());
                Ok(())
            }
        }
    }

    fn text(&mut self, raw: &str, text: &str, secret: bool) {
        if secret && !text.is_empty() {
            let replaced = (self.replace)(text.as_bytes());
            return self.put(&replaced);
        }
        let spans = if text.contains("://") { secret_spans(text.as_bytes()) } else { Vec::new() };
        if spans.is_empty() {
            return self.out.extend_from_slice(raw.as_bytes());
        }
        let (mut url, mut copied) = (String::new(), 0);
        for span in spans {
            url.push_str(text.get(copied..span.start).unwrap_or_default());
            url.push_str(&(self.replace)(text.as_bytes().get(span.clone()).unwrap_or_default()));
            copied = span.end;
        }
        url.push_str(text.get(copied..).unwrap_or_default());
        self.put(&url);
    }

    /// In the place of a value.
    fn put(&mut self, text: &str) {
        self.found = true;
        self.key(text);
    }

    fn key(&mut self, text: &str) {
        // A vector takes everything, and text is JSON.
        let _ = serde_json::to_writer(&mut self.out, text);
    }
}

/// The parts of an object or array, one after the other: names that stand twice stay.
struct Parts<'p, 'w> {
    walk: &'p mut Walk<'w>,
    place: Place,
}

impl<'de> Visitor<'de> for Parts<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object or an array")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let Self { walk, place } = self;
        walk.out.push(b'{');
        let mut first = true;
        while let Some(name) = map.next_key::<String>()? {
            if !std::mem::take(&mut first) {
                walk.out.push(b',');
            }
            walk.key(&name);
            walk.out.push(b':');
            let value = map.next_value::<&RawValue>()?;
            walk.value(value, place.under(&name, walk.within)).map_err(serde::de::Error::custom)?;
        }
        walk.out.push(b'}');
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut values: A) -> Result<(), A::Error> {
        let Self { walk, place } = self;
        walk.out.push(b'[');
        let mut first = true;
        while let Some(value) = values.next_element::<&RawValue>()? {
            if !std::mem::take(&mut first) {
                walk.out.push(b',');
            }
            let place = Place { depth: place.depth + 1, ..place };
            walk.value(value, place).map_err(serde::de::Error::custom)?;
        }
        walk.out.push(b']');
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shown(json: &str, within: Option<&str>) -> Option<String> {
        let out = without_secret_values(json.as_bytes(), within, &mut |_| "#".to_owned()).unwrap();
        out.map(|bytes| String::from_utf8(bytes).unwrap())
    }

    #[test]
    fn secret_values_go_and_the_rest_stays() {
        for (json, expected) in [
            (r#"{"type":"fs","settings":{"location":"/a","n":1.50}}"#, None),
            (
                r#"{ "type":"s3", "settings":{"bucket":"b","access_key":"AK","secret_key":"S\"K","n":1.50} }"#,
                Some(
                    r##"{"type":"s3","settings":{"bucket":"b","access_key":"#","secret_key":"#","n":1.50}}"##,
                ),
            ),
            (
                r#"{"persistent":{"cloud.aws.secret_key":"x","a.password":12,"b.password":null,"auth":true}}"#,
                Some(
                    r##"{"persistent":{"cloud.aws.secret_key":"#","a.password":"#","b.password":null,"auth":true}}"##,
                ),
            ),
            (
                r#"{"xpack":{"notification":{"slack":{"url":"https://h/x"}},"a":"b"}}"#,
                Some(r##"{"xpack":{"notification":{"slack":{"url":"#"}},"a":"b"}}"##),
            ),
            (r#"{"p\u0061ssword":["x",{"y":"z"}]}"#, Some(r##"{"password":["#",{"y":"#"}]}"##)),
            (
                r#"{"url":"http://u:p@h/?token=t&a=1","b":"a@b"}"#,
                Some(r##"{"url":"http://#@h/?token=#&a=1","b":"a@b"}"##),
            ),
            (r#"{"password":"a","password":"b"}"#, Some(r##"{"password":"#","password":"#"}"##)),
            (r#""text""#, None),
        ] {
            assert_eq!(shown(json, None).as_deref(), expected, "{json}");
        }
    }

    #[test]
    fn only_within_the_object_that_is_named() {
        let query = r#"{"source":{"index":"a","query":{"term":{"token":"x"}}},"dest":{"index":"b"}}"#;
        assert_eq!(shown(query, Some("remote")), None);
        let remote = r#"{"source":{"remote":{"host":"https://u:p@h:1","username":"u","password":"p","headers":{"X-Any":"y"}},"query":{"term":{"token":"x"}}}}"#;
        let expected = r##"{"source":{"remote":{"host":"https://#@h:1","username":"u","password":"#","headers":{"X-Any":"#"}},"query":{"term":{"token":"x"}}}}"##;
        assert_eq!(shown(remote, Some("remote")).as_deref(), Some(expected));
    }

    #[test]
    fn what_cannot_be_told_is_an_error() {
        let deep = format!("{}1{}", "[".repeat(MAX_DEPTH + 2), "]".repeat(MAX_DEPTH + 2));
        let never_ending = "[".repeat(100_000);
        for wrong in
            ["", "{", "password: x", "{password:1}", "{} {}", "/* */{}", "\u{1f}\u{8b}", &deep, &never_ending]
        {
            let told = without_secret_values(wrong.as_bytes(), None, &mut |_| String::new());
            assert_eq!(told, Err(NotJson), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn no_secret_stays_and_the_result_is_json(
            name in prop::sample::select(vec!["password", "a.secret_key", "API-Key", "Authorization", "sas_token"]),
            secret in "[ -~]{1,20}",
            others in prop::collection::vec(("[a-c]{1,3}", "\\PC{0,8}"), 0..4),
            list: bool,
        ) {
            let secret = format!("CANARY{secret}");
            let secret = if list { serde_json::json!([1, secret]) } else { secret.into() };
            let mut object: serde_json::Map<String, serde_json::Value> =
                others.into_iter().map(|(name, value)| (name, value.into())).collect();
            object.insert(name.to_owned(), secret);
            let json = serde_json::json!({ "settings": object }).to_string();
            let out = without_secret_values(json.as_bytes(), None, &mut |_| "#".to_owned()).unwrap().unwrap();
            let out: serde_json::Value = serde_json::from_slice(&out).unwrap();
            prop_assert!(!out.to_string().contains("CANARY"));
            let others = |value: &serde_json::Value| {
                let mut settings = value["settings"].as_object().unwrap().clone();
                settings.remove(name);
                settings
            };
            prop_assert_eq!(others(&out), others(&serde_json::from_str(&json).unwrap()));
        }

        #[test]
        fn any_bytes_are_read(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = without_secret_values(&bytes, None, &mut |_| String::new());
        }
    }
}
