//! A document as scripts see it, in the shape of the existing tool (opensearch-migrations):
//!
//! ```text
//! { "schema": "rfs-opensearch-bulk-v1", "operation_type": "index", "include_document": true,
//!   "operation": { "_index": "logs", "_type": "web", "_id": "1", "routing": "r" }, "document": {...} }
//! ```
//!
//! There, scripts get lists of these, and return lists: so they do here, with one at a time. The source is embedded as it
//! stands, and only what differs is written back into it ([`json::merge`]).

use std::borrow::Cow;
use std::ops::Range;

use serde_json::Value;

use super::{Document, OPTIONS};
use crate::json::{self, JsonError, Kind, Member, Numbers};
use crate::outcome::Stop;

const SCHEMA: &str = "rfs-opensearch-bulk-v1";

/// The document alone.
pub(super) fn one(document: &Document<'_>) -> Result<String, Stop> {
    let source = document.source.as_ref();
    // What is not exactly one object would become something else inside of the message.
    let value = json::check(source).map_err(|error| Stop::failed(format!("the document: {error}")))?;
    if json::kind(source, &value) != Kind::Object {
        return Err(Stop::failed("the document is no JSON object"));
    }
    let source =
        std::str::from_utf8(source).map_err(|error| Stop::failed(format!("the document: {error}")))?;
    let mut operation = serde_json::Map::new();
    let mut put = |name: &str, value: &str| operation.insert(name.to_owned(), value.into());
    put("_index", &document.index);
    if let Some(doc_type) = &document.doc_type {
        put("_type", doc_type);
    }
    put("_id", &document.id);
    if let Some(routing) = &document.routing {
        put("routing", routing);
    }
    let mut operation = Value::Object(operation).to_string();
    for (name, value) in &document.options {
        operation.pop();
        operation.push_str(&format!(",\"{name}\":{value}}}"));
    }
    Ok(format!(
        "{{\"schema\":\"{SCHEMA}\",\"operation_type\":\"index\",\"include_document\":true,\"operation\":{operation},\"document\":{source}}}"
    ))
}

/// A list of the document alone.
pub(super) fn list(document: &Document<'_>) -> Result<String, Stop> {
    Ok(format!("[{}]", one(document)?))
}

/// The documents that a result stands for: one, or a list. `document` is what it was made of.
pub(super) fn read<'a>(
    result: &str,
    document: &Document<'a>,
    numbers: Numbers,
) -> Result<Vec<Document<'a>>, Stop> {
    let text = result.as_bytes();
    let wrong = |error: JsonError| Stop::failed(format!("the result is no document: {error}"));
    let value = json::check(text).map_err(wrong)?;
    let items = match json::kind(text, &value) {
        Kind::Array => json::elements(text, &value).map_err(wrong)?,
        _ => vec![value],
    };
    items.iter().map(|item| Reader { text, document, numbers }.item(item)).collect()
}

struct Reader<'r, 'a> {
    text: &'r [u8],
    document: &'r Document<'a>,
    numbers: Numbers,
}

impl<'a> Reader<'_, 'a> {
    fn item(&self, item: &Range<usize>) -> Result<Document<'a>, Stop> {
        let members = self.members(item, "the result")?;
        let value = |name: &str| json::value_of(self.text, &members, name);
        if let Some(kind) = value("operation_type").and_then(|value| self.string(&value))
            && !matches!(kind.as_ref(), "index" | "create")
        {
            return Err(Stop::failed(format!("the operation '{kind}': a backfill only indexes documents")));
        }
        if value("include_document").is_some_and(|value| self.raw(&value) != b"true") {
            return Err(Stop::failed("'include_document' is not true: a backfill only indexes documents"));
        }
        let operation = value("operation").ok_or_else(|| Stop::failed("the result has no 'operation'"))?;
        let operation = self.members(&operation, "'operation'")?;
        let source = value("document").ok_or_else(|| Stop::failed("the result has no 'document'"))?;
        if json::kind(self.text, &source) != Kind::Object {
            return Err(Stop::failed("'document' is no object"));
        }
        let old = &self.document.source;
        let merged = json::merge(old, self.raw(&source), self.numbers)
            .map_err(|error| Stop::failed(format!("the document: {error}")))?;
        let mut new = Document {
            source: merged.map_or_else(|| old.clone(), Cow::Owned),
            index: Cow::Borrowed(""),
            doc_type: None,
            id: Cow::Borrowed(""),
            routing: None,
            options: Vec::new(),
        };
        self.address(&operation, &mut new)?;
        if new.index.is_empty() || new.id.is_empty() {
            return Err(Stop::failed(
                "'operation' lacks '_index' or '_id'; without ids a document that is sent twice would be there twice",
            ));
        }
        Ok(new)
    }

    fn address(&self, operation: &[Member], new: &mut Document<'a>) -> Result<(), Stop> {
        for member in operation {
            let name = json::string(self.text, &member.key).unwrap_or_default();
            let value = &member.value;
            if self.raw(value) == b"null" {
                continue;
            }
            let text = || {
                let text = match json::kind(self.text, value) {
                    Kind::Scalar => Some(String::from_utf8_lossy(self.raw(value))),
                    _ => self.string(value),
                };
                text.map(|text| Cow::Owned(text.into_owned()))
                    .ok_or_else(|| Stop::failed(format!("'operation.{name}' is no string")))
            };
            match name.as_ref() {
                "_index" => new.index = text()?,
                "_type" => new.doc_type = Some(text()?),
                "_id" => new.id = text()?,
                "routing" => new.routing = Some(text()?),
                name => {
                    let known = OPTIONS.into_iter().find(|option| *option == name);
                    let known = known.ok_or_else(|| {
                        Stop::failed(format!(
                            "'operation.{name}' can't be sent; expected _index, _type, _id, routing, {}",
                            OPTIONS.join(", ")
                        ))
                    })?;
                    new.options.retain(|(option, _)| *option != known);
                    new.options.push((known, String::from_utf8_lossy(self.raw(value)).into_owned()));
                }
            }
        }
        Ok(())
    }

    fn members(&self, object: &Range<usize>, what: &str) -> Result<Vec<Member>, Stop> {
        if json::kind(self.text, object) != Kind::Object {
            return Err(Stop::failed(format!("{what} is no object")));
        }
        json::members(self.text, object).map_err(|error| Stop::failed(error.to_string()))
    }

    fn string(&self, value: &Range<usize>) -> Option<Cow<'_, str>> {
        json::string(self.text, value)
    }

    fn raw(&self, value: &Range<usize>) -> &[u8] {
        self.text.get(value.clone()).unwrap_or_default()
    }
}
