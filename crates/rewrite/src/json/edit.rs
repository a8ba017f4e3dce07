//! Get, set, remove and rename at a JSON pointer.
//!
//! Where a name stands twice in an object the last one counts, as it does for clusters and for `serde_json`: `set`
//! replaces that one, `remove` and `rename` take all of them, so that no earlier one comes to light.

use std::ops::Range;

use super::pointer::Pointer;
use super::scan::{self, Kind};
use super::splice::{Splices, quoted, removed, value_of};
use super::{JsonError, JsonErrorKind};

/// The text of the value that a pointer leads to.
///
/// # Errors
/// When the text is not one JSON value.
pub fn get<'a>(text: &'a [u8], pointer: &Pointer) -> Result<Option<&'a [u8]>, JsonError> {
    let mut value = scan::check(text)?;
    for token in pointer.tokens() {
        match step(text, &value, token)? {
            Some(next) => value = next,
            None => return Ok(None),
        }
    }
    Ok(text.get(value))
}

/// Puts the JSON text `new` where the pointer leads. Objects on the way that are missing are made; `-` or the length
/// of an array appends to it.
///
/// # Errors
/// When the text is not one JSON value, or the way leads through something else than objects and arrays.
pub fn set(text: &[u8], pointer: &Pointer, new: &[u8]) -> Result<Vec<u8>, JsonError> {
    let mut value = scan::check(text)?;
    let mut splices = Splices::new(text);
    for (at, token) in pointer.tokens().iter().enumerate() {
        let Some(next) = step(text, &value, token)? else {
            let missing = pointer.tokens().get(at + 1..).unwrap_or_default();
            let new = missing.iter().rev().fold(new.to_vec(), |inner, name| {
                [b"{", quoted(name).as_slice(), b":", &inner, b"}"].concat()
            });
            append(text, &value, token, &new, &mut splices)?;
            return Ok(splices.finish().unwrap_or_default());
        };
        value = next;
    }
    splices.replace(value, new);
    Ok(splices.finish().unwrap_or_default())
}

/// Removes what the pointer leads to; `None` when nothing is there.
///
/// # Errors
/// When the text is not one JSON value.
pub fn remove(text: &[u8], pointer: &Pointer) -> Result<Option<Vec<u8>>, JsonError> {
    let Some((container, token)) = parent(text, pointer)? else { return Ok(None) };
    let mut splices = Splices::new(text);
    match scan::kind(text, &container) {
        Kind::Object => {
            let members = scan::members(text, &container)?;
            splices.remove(removed(&members, |member| scan::is(text, &member.key, token)));
        }
        Kind::Array => {
            let elements = scan::elements(text, &container)?;
            let Some(at) = index(token).filter(|at| *at < elements.len()) else { return Ok(None) };
            let start = |at: usize| elements.get(at).map(|element| element.start);
            let end = |at: usize| elements.get(at).map(|element| element.end);
            let cut = match (start(at), start(at + 1), at.checked_sub(1).and_then(end)) {
                (Some(this), Some(next), _) => this..next,
                (_, None, Some(before)) => before..end(at).unwrap_or(before),
                (Some(this), None, None) => this..end(at).unwrap_or(this),
                (None, ..) => return Ok(None),
            };
            splices.remove([cut]);
        }
        Kind::String | Kind::Scalar => {}
    }
    Ok(splices.finish())
}

/// Gives a member another name; a member that has that name already goes. `None` when there is nothing to rename.
///
/// # Errors
/// When the text is not one JSON value.
pub fn rename(text: &[u8], pointer: &Pointer, name: &str) -> Result<Option<Vec<u8>>, JsonError> {
    let Some((container, token)) = parent(text, pointer)? else { return Ok(None) };
    if scan::kind(text, &container) != Kind::Object || token == name {
        return Ok(None);
    }
    let members = scan::members(text, &container)?;
    if value_of(text, &members, token).is_none() {
        return Ok(None);
    }
    let mut splices = Splices::new(text);
    splices.remove(removed(&members, |member| scan::is(text, &member.key, name)));
    for member in members.iter().filter(|member| scan::is(text, &member.key, token)) {
        splices.replace(member.key.clone(), quoted(name));
    }
    Ok(splices.finish())
}

/// Where the last token of the pointer counts; `None` for the whole document, or when the way ends before.
fn parent<'p>(text: &[u8], pointer: &'p Pointer) -> Result<Option<(Range<usize>, &'p str)>, JsonError> {
    let mut value = scan::check(text)?;
    let Some((last, way)) = pointer.tokens().split_last() else { return Ok(None) };
    for token in way {
        match step(text, &value, token)? {
            Some(next) => value = next,
            None => return Ok(None),
        }
    }
    Ok(Some((value, last)))
}

fn step(text: &[u8], value: &Range<usize>, token: &str) -> Result<Option<Range<usize>>, JsonError> {
    Ok(match scan::kind(text, value) {
        Kind::Object => value_of(text, &scan::members(text, value)?, token),
        Kind::Array => match index(token) {
            Some(at) => scan::elements(text, value)?.get(at).cloned(),
            None => None,
        },
        Kind::String | Kind::Scalar => None,
    })
}

fn append(
    text: &[u8],
    container: &Range<usize>,
    token: &str,
    new: &[u8],
    splices: &mut Splices<'_>,
) -> Result<(), JsonError> {
    let nowhere = JsonError { kind: JsonErrorKind::NoSuchPlace, offset: container.start };
    let (last_end, member) = match scan::kind(text, container) {
        Kind::Object => {
            let last = scan::members(text, container)?.last().map(|member| member.value.end);
            (last, [quoted(token).as_slice(), b":", new].concat())
        }
        Kind::Array => {
            let elements = scan::elements(text, container)?;
            if token != "-" && index(token) != Some(elements.len()) {
                return Err(nowhere);
            }
            (elements.last().map(|element| element.end), new.to_vec())
        }
        Kind::String | Kind::Scalar => return Err(nowhere),
    };
    match last_end {
        Some(end) => splices.replace(end..end, [b",", member.as_slice()].concat()),
        None => splices.replace(container.start + 1..container.start + 1, member),
    }
    Ok(())
}

/// An array index: digits without leading zeros.
fn index(token: &str) -> Option<usize> {
    let plain = token.bytes().all(|byte| byte.is_ascii_digit()) && (token == "0" || !token.starts_with('0'));
    token.parse().ok().filter(|_| plain)
}
