//! The one pass over a body.

use super::{Kind, MAX_DEPTH, Node};

/// What may come next.
#[derive(Clone, Copy)]
enum Expected {
    Value,
    ValueOrEnd,
    Key,
    KeyOrEnd,
    CommaOrEnd,
}

/// Appends the nodes of `body`, an object's children as name, value, name, value.
pub(super) fn parse(body: &[u8], nodes: &mut Vec<Node>) -> Option<()> {
    let mut open: Vec<usize> = Vec::new();
    let mut at = blank(body, 0);
    let mut expected = Expected::Value;
    loop {
        let byte = *body.get(at)?;
        match (expected, byte) {
            (Expected::ValueOrEnd, b']') | (Expected::KeyOrEnd, b'}') => {
                at = close(&mut open, nodes, at, byte)?
            }
            (Expected::CommaOrEnd, b']' | b'}') => at = close(&mut open, nodes, at, byte)?,
            (Expected::CommaOrEnd, b',') => {
                let parent = nodes.get(*open.last()?)?;
                expected = if parent.kind == Kind::Object { Expected::Key } else { Expected::Value };
                at = blank(body, at + 1);
                continue;
            }
            (Expected::Key | Expected::KeyOrEnd, b'"') => {
                at = blank(body, text(body, at, nodes)?);
                if body.get(at) != Some(&b':') {
                    return None;
                }
                at = blank(body, at + 1);
                expected = Expected::Value;
                continue;
            }
            (Expected::Value | Expected::ValueOrEnd, b'{' | b'[') => {
                if open.len() >= MAX_DEPTH {
                    return None;
                }
                open.push(nodes.len());
                let object = byte == b'{';
                push(nodes, if object { Kind::Object } else { Kind::Array }, at, at);
                expected = if object { Expected::KeyOrEnd } else { Expected::ValueOrEnd };
                at = blank(body, at + 1);
                continue;
            }
            (Expected::Value | Expected::ValueOrEnd, b'"') => at = text(body, at, nodes)?,
            (Expected::Value | Expected::ValueOrEnd, _) => at = word(body, at, nodes)?,
            _ => return None,
        }
        at = blank(body, at);
        if open.is_empty() {
            return (at == body.len()).then_some(());
        }
        expected = Expected::CommaOrEnd;
    }
}

/// Ends the innermost array or object. Gives the place behind it.
fn close(open: &mut Vec<usize>, nodes: &mut [Node], at: usize, byte: u8) -> Option<usize> {
    let next = nodes.len();
    let node = nodes.get_mut(open.pop()?)?;
    if (node.kind == Kind::Object) != (byte == b'}') {
        return None;
    }
    node.end = at as u32 + 1;
    node.next = next as u32;
    Some(at + 1)
}

fn push(nodes: &mut Vec<Node>, kind: Kind, start: usize, end: usize) {
    // A body is shorter than 4 GiB (MAX_BODY_BYTES), so every place in it fits; and there are fewer nodes than bytes.
    nodes.push(Node { kind, start: start as u32, end: end as u32, next: nodes.len() as u32 + 1 });
}

/// A string that begins with the quote at `at`. Gives the place behind it.
fn text(body: &[u8], at: usize, nodes: &mut Vec<Node>) -> Option<usize> {
    let start = at + 1;
    let mut end = start;
    loop {
        end += memchr::memchr2(b'"', b'\\', body.get(end..)?)?;
        if body.get(end) == Some(&b'"') {
            break;
        }
        end += 2;
    }
    push(nodes, Kind::Text, start, end);
    Some(end + 1)
}

/// A number, `true`, `false` or `null`. Gives the place behind it.
fn word(body: &[u8], at: usize, nodes: &mut Vec<Node>) -> Option<usize> {
    let rest = body.get(at..)?;
    let length =
        rest.iter().position(|byte| !matches!(byte, b'0'..=b'9' | b'a'..=b'z' | b'+' | b'-' | b'.' | b'E'));
    let word = rest.get(..length.unwrap_or(rest.len()))?;
    let kind = match word {
        b"true" => Kind::True,
        b"false" => Kind::False,
        b"null" => Kind::Null,
        _ if is_number(word) => Kind::Number,
        _ => return None,
    };
    push(nodes, kind, at, at + word.len());
    Some(at + word.len())
}

/// `-?digits[.digits][e[+-]digits]`. Zeros in front are let pass.
fn is_number(word: &[u8]) -> bool {
    fn digits(word: &[u8]) -> Option<&[u8]> {
        let count = word.iter().take_while(|byte| byte.is_ascii_digit()).count();
        if count == 0 { None } else { word.get(count..) }
    }
    let Some(mut rest) = digits(word.strip_prefix(b"-").unwrap_or(word)) else { return false };
    if let Some(fraction) = rest.strip_prefix(b".") {
        let Some(behind) = digits(fraction) else { return false };
        rest = behind;
    }
    if let [b'e' | b'E', exponent @ ..] = rest {
        let unsigned = exponent.strip_prefix(b"+").or(exponent.strip_prefix(b"-")).unwrap_or(exponent);
        return digits(unsigned).is_some_and(<[u8]>::is_empty);
    }
    rest.is_empty()
}

fn blank(body: &[u8], at: usize) -> usize {
    let rest = body.get(at..).unwrap_or_default();
    at + rest.iter().position(|byte| !matches!(byte, b' ' | b'\t' | b'\r' | b'\n')).unwrap_or(rest.len())
}
