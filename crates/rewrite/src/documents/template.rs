//! Texts made of a document: `$1` is what the first wildcard of the rule's index stands for, `${id}`, `${index}`, `${type}`
//! and `${routing}` are the document's, `${/customer/id}` is a value of it.

use super::Document;
use crate::json::{self, Kind, Pointer};
use crate::outcome::Stop;
use crate::wildcards::Found;

#[derive(Debug)]
pub(super) struct Template {
    pieces: Vec<Piece>,
}

#[derive(Debug)]
enum Piece {
    Text(String),
    Wildcard(usize),
    Index,
    Type,
    Id,
    Routing,
    Value(Pointer),
}

impl Template {
    /// `wildcards`: how many there are.
    pub(super) fn new(text: &str, wildcards: usize) -> Result<Self, String> {
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('$') {
            pieces.push(Piece::Text(before.to_owned()));
            if let Some(digit) = after.chars().next().and_then(|digit| digit.to_digit(10)) {
                let number = digit as usize;
                if number == 0 || number > wildcards {
                    return Err(format!("'{text}': match.index has no wildcard {number}"));
                }
                pieces.push(Piece::Wildcard(number));
                rest = after.get(1..).unwrap_or_default();
                continue;
            }
            let name = after.strip_prefix('{').and_then(|after| after.split_once('}'));
            let (name, after) =
                name.ok_or_else(|| format!("'{text}': behind $ comes a digit or a name in braces"))?;
            pieces.push(match name {
                "index" => Piece::Index,
                "type" => Piece::Type,
                "id" => Piece::Id,
                "routing" => Piece::Routing,
                pointer if pointer.starts_with('/') => {
                    Piece::Value(Pointer::parse(pointer).map_err(|error| error.to_string())?)
                }
                other => {
                    return Err(format!(
                        "'{text}': unknown '{other}'; expected index, type, id, routing or a JSON pointer"
                    ));
                }
            });
            rest = after;
        }
        pieces.push(Piece::Text(rest.to_owned()));
        Ok(Self { pieces })
    }

    /// Made of a document.
    pub(super) fn of(&self, document: &Document<'_>, found: &Found) -> Result<String, Stop> {
        let mut made = String::new();
        for piece in &self.pieces {
            match piece {
                Piece::Text(text) => made.push_str(text),
                Piece::Wildcard(number) => made.push_str(found.group(*number).unwrap_or_default()),
                Piece::Index => made.push_str(&document.index),
                Piece::Id => made.push_str(&document.id),
                Piece::Type => made.push_str(
                    document.doc_type.as_deref().ok_or_else(|| Stop::failed("the document has no type"))?,
                ),
                Piece::Routing => made.push_str(
                    document.routing.as_deref().ok_or_else(|| Stop::failed("the document has no routing"))?,
                ),
                Piece::Value(pointer) => made.push_str(&value(document, pointer)?),
            }
        }
        Ok(made)
    }

    /// Made of the index and the type alone; `None` when it takes more.
    pub(super) fn foreseen(&self, index: &str, doc_type: Option<&str>, found: &Found) -> Option<String> {
        let mut made = String::new();
        for piece in &self.pieces {
            made.push_str(match piece {
                Piece::Text(text) => text,
                Piece::Wildcard(number) => found.group(*number)?,
                Piece::Index => index,
                Piece::Type => doc_type?,
                Piece::Id | Piece::Routing | Piece::Value(_) => return None,
            });
        }
        Some(made)
    }
}

/// A string without its quotes, a number or a boolean as it stands.
fn value(document: &Document<'_>, pointer: &Pointer) -> Result<String, Stop> {
    let place = || pointer.tokens().join("/");
    let found = json::get(&document.source, pointer)
        .map_err(|error| Stop::failed(format!("the document: {error}")))?
        .ok_or_else(|| Stop::failed(format!("the document has no value at /{}", place())))?;
    let text = match json::kind(found, &(0..found.len())) {
        Kind::String => json::string(found, &(0..found.len())).map(|text| text.into_owned()),
        Kind::Scalar if found != b"null" => Some(String::from_utf8_lossy(found).into_owned()),
        Kind::Scalar | Kind::Object | Kind::Array => None,
    };
    text.ok_or_else(|| Stop::failed(format!("the value at /{} is no text", place())))
}
