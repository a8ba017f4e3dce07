//! Changing one key of a YAML file so that every other byte stays: comments, order, indentation and line ends are the
//! operator's. The place is found in the text, and what came out is read again as YAML: where anything but that key changed
//! meaning (a flow mapping, an anchor, a key that stands twice), nothing is changed and the operator is told.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use yaml_serde::Value;

/// Settings by their dotted names, as Elasticsearch reads them: `http: {port: 1}` and `http.port: 1` are the same. Elements
/// of lists are named by their place, `network.host.0`.
pub(super) type Flat = BTreeMap<String, String>;

/// Why a file can't be edited. Display says it without the file's name.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum EditError {
    #[error("it is not YAML that can be read: {0}")]
    Unreadable(String),
    #[error("it is not a mapping of settings")]
    NoMapping,
    #[error(
        "{0} stands in a form that can't be changed without touching more than its line; write it as a line of its own, '{0}: ...'"
    )]
    NotALine(String),
}

/// One key that was changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Change {
    pub(super) key: String,
    /// The line as it was, without its end; `None`: there was none.
    pub(super) old_line: Option<String>,
    /// The value as it was written.
    pub(super) old_value: Option<String>,
    pub(super) new_line: String,
    pub(super) new_value: String,
}

/// What became of taking a change back in a file that was edited since.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum TakenBack {
    /// The text without the change.
    Text(String),
    /// The key does not have our value any more: somebody decided otherwise.
    NotOurs,
}

/// Where a key's line is.
struct Found<'a> {
    /// Bytes of the line, its end included.
    start: usize,
    end: usize,
    /// Bytes of the value.
    value: std::ops::Range<usize>,
    line: &'a str,
}

/// All settings.
pub(super) fn flatten(text: &str) -> Result<Flat, EditError> {
    let value: Value =
        yaml_serde::from_str(text).map_err(|error| EditError::Unreadable(error.to_string()))?;
    let mut flat = Flat::new();
    match value {
        Value::Null => {}
        Value::Mapping(_) => put("", &value, &mut flat)?,
        _ => return Err(EditError::NoMapping),
    }
    Ok(flat)
}

fn put(prefix: &str, value: &Value, flat: &mut Flat) -> Result<(), EditError> {
    let name = |key: &str| if prefix.is_empty() { key.to_owned() } else { format!("{prefix}.{key}") };
    let scalar = match value {
        Value::Mapping(mapping) => {
            for (key, value) in mapping {
                put(&name(&text_of(key).ok_or(EditError::NoMapping)?), value, flat)?;
            }
            return Ok(());
        }
        Value::Sequence(list) => {
            for (at, value) in list.iter().enumerate() {
                put(&name(&at.to_string()), value, flat)?;
            }
            return Ok(());
        }
        scalar => text_of(scalar).ok_or(EditError::NoMapping)?,
    };
    match flat.insert(prefix.to_owned(), scalar) {
        None => Ok(()),
        // `a: {b: 1}` beside `a.b: 2`.
        Some(_) => Err(EditError::Unreadable(format!("{prefix} is set twice"))),
    }
}

fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::Null => Some(String::new()),
        Value::Bool(value) => Some(value.to_string()),
        Value::Number(value) => Some(value.to_string()),
        Value::String(value) => Some(value.clone()),
        _ => None,
    }
}

/// What a value means that is written this way.
fn meaning(value: &str) -> Result<String, EditError> {
    let read = yaml_serde::from_str(value).map_err(|error| EditError::Unreadable(error.to_string()))?;
    text_of(&read).ok_or_else(|| EditError::Unreadable(format!("{value} is not one value")))
}

/// Gives a key a value (as YAML has it, with quotes where they are needed), in its line or in a new one at the end.
/// `None`: it has the value.
pub(super) fn set(text: &str, key: &str, value: &str) -> Result<Option<(String, Change)>, EditError> {
    let (before, meant) = (flatten(text)?, meaning(value)?);
    if before.get(key) == Some(&meant) {
        return Ok(None);
    }
    let shape = || EditError::NotALine(key.to_owned());
    let (edited, change) = if before.contains_key(key) {
        let found = find(text, key).ok_or_else(shape)?;
        let old_value = text[found.value.clone()].to_owned();
        let edited = format!("{}{value}{}", &text[..found.value.start], &text[found.value.end..]);
        let length = found.line.len() + value.len() - found.value.len();
        let change = Change {
            key: key.to_owned(),
            old_line: Some(found.line.to_owned()),
            old_value: Some(old_value),
            new_line: edited[found.start..found.start + length].to_owned(),
            new_value: value.to_owned(),
        };
        (edited, change)
    } else {
        let line = format!("{key}: {value}");
        let end = line_end(text);
        let gap = if text.is_empty() || text.ends_with('\n') { "" } else { end };
        let change = Change {
            key: key.to_owned(),
            old_line: None,
            old_value: None,
            new_line: line.clone(),
            new_value: value.to_owned(),
        };
        (format!("{text}{gap}{line}{end}"), change)
    };
    let mut expected = before;
    expected.insert(key.to_owned(), meant);
    if flatten(&edited).ok() == Some(expected) { Ok(Some((edited, change))) } else { Err(shape()) }
}

/// Takes a change out of a text that others have edited since.
pub(super) fn take_back(text: &str, change: &Change) -> Result<TakenBack, EditError> {
    let Change { key, old_value, new_value, .. } = change;
    let before = flatten(text)?;
    if before.get(key) == old_value.as_deref().map(meaning).transpose()?.as_ref() {
        // Done by somebody before us.
        return Ok(TakenBack::Text(text.to_owned()));
    }
    if before.get(key) != Some(&meaning(new_value)?) {
        return Ok(TakenBack::NotOurs);
    }
    let shape = || EditError::NotALine(key.clone());
    let found = find(text, key).ok_or_else(shape)?;
    let edited = match old_value {
        Some(old) => format!("{}{old}{}", &text[..found.value.start], &text[found.value.end..]),
        None => format!("{}{}", &text[..found.start], &text[found.end..]),
    };
    let (mut now, mut expected) = (flatten(&edited)?, before);
    // The old value as YAML reads it is not what was written.
    now.remove(key);
    expected.remove(key);
    if now == expected { Ok(TakenBack::Text(edited)) } else { Err(shape()) }
}

fn line_end(text: &str) -> &'static str {
    if text
        .lines()
        .next()
        .is_some_and(|_| text.split_once('\n').is_some_and(|(line, _)| line.ends_with('\r')))
    {
        "\r\n"
    } else {
        "\n"
    }
}

/// The line that gives a key its scalar value, whether it stands as `a.b: 1` or inside `a:`.
fn find<'a>(text: &'a str, wanted: &str) -> Option<Found<'a>> {
    let mut parents: Vec<(usize, &str)> = Vec::new();
    let mut start = 0;
    for with_end in text.split_inclusive('\n') {
        let (at, end) = (start, start + with_end.len());
        start = end;
        let line = with_end.trim_end_matches(['\n', '\r']);
        let content = line.trim_start_matches(' ');
        let indent = line.len() - content.len();
        let Some((key, rest)) = key_of(content) else { continue };
        parents.retain(|(of, _)| *of < indent);
        let path = || parents.iter().map(|(_, key)| *key).chain([key]).collect::<Vec<_>>().join(".");
        let (spaces, value) = scalar_of(rest);
        if value.is_empty() {
            parents.push((indent, key));
        } else if path() == wanted {
            let from = at + (line.len() - rest.len()) + spaces;
            return Some(Found { start: at, end, value: from..from + value.len(), line });
        }
    }
    None
}

/// Key and what is behind its colon.
fn key_of(content: &str) -> Option<(&str, &str)> {
    if content.starts_with(['#', '-', '[', '{', '}', ']']) {
        return None;
    }
    if let Some(quote) = content.chars().next().filter(|c| matches!(c, '"' | '\'')) {
        let (key, rest) = content[1..].split_once(quote)?;
        return Some((key, rest.trim_start().strip_prefix(':')?));
    }
    let at = content.find(": ").or_else(|| content.trim_end().strip_suffix(':').map(str::len))?;
    Some((content[..at].trim_end(), &content[at + 1..]))
}

/// Spaces before a value, and the value without the comment behind it.
fn scalar_of(rest: &str) -> (usize, &str) {
    let value = rest.trim_start();
    let spaces = rest.len() - value.len();
    let quoted = value.chars().next().filter(|c| matches!(c, '"' | '\''));
    let length = match quoted {
        Some(quote) => value[1..].find(quote).map_or(value.len(), |at| at + 2),
        None if value.starts_with('#') => 0,
        None => value.find(" #").unwrap_or(value.len()),
    };
    (spaces, value[..length].trim_end())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn changed(text: &str, key: &str, value: &str) -> String {
        set(text, key, value).unwrap().unwrap().0
    }

    #[test]
    fn only_the_value_changes() {
        for (before, after) in [
            ("http.port: 9200\n", "http.port: 19200\n"),
            (
                "# http.port: 9200\nhttp.port:   9200   # clients\nx: 1",
                "# http.port: 9200\nhttp.port:   19200   # clients\nx: 1",
            ),
            (
                "http:\n  # c\n  host: 0.0.0.0\n  port: 9200-9300\n\nnode.name: a\n",
                "http:\n  # c\n  host: 0.0.0.0\n  port: 19200\n\nnode.name: a\n",
            ),
            ("a: 1\r\nhttp.port: \"9200\"\r\n", "a: 1\r\nhttp.port: 19200\r\n"),
            ("'http.port': ${PORT}\n", "'http.port': 19200\n"),
            ("", "http.port: 19200\n"),
            ("# nothing\n", "# nothing\nhttp.port: 19200\n"),
            ("a: 1", "a: 1\nhttp.port: 19200\n"),
            ("a: 1\r\n", "a: 1\r\nhttp.port: 19200\r\n"),
            (
                "transport.port: 9300\nhttp:\n  publish_port: 1\n",
                "transport.port: 9300\nhttp:\n  publish_port: 1\nhttp.port: 19200\n",
            ),
            ("---\na: |\n  http.port: 1\nb: 2\n", "---\na: |\n  http.port: 1\nb: 2\nhttp.port: 19200\n"),
            (
                "network.host: [\"_local_\", \"_site_\"]\n",
                "network.host: [\"_local_\", \"_site_\"]\nhttp.port: 19200\n",
            ),
        ] {
            assert_eq!(changed(before, "http.port", "19200"), after);
        }
    }

    #[test]
    fn a_value_that_is_there_is_left() {
        assert_eq!(set("http: {port: 19200}\n", "http.port", "19200"), Ok(None));
    }

    #[test]
    fn what_can_not_be_changed_in_one_line_is_refused() {
        for text in [
            "http: {port: 9200}\n",
            "http: {host: a}\n...\n",
            "{\"http.port\": 9200}\n",
            "base: &b\n  port: 9200\nhttp: *b\n",
            "http.port: 9200\nhttp:\n  port: 9201\n",
            "a: [1\n",
            "- a\n",
            "a: |\n  http.port: 9200\nhttp: {port: 9200}\n",
        ] {
            assert!(set(text, "http.port", "19200").is_err(), "{text}");
        }
    }

    #[test]
    fn a_change_is_taken_back_from_an_edited_file() {
        let (text, change) = set("a: 1\nhttp.port: 9200-9300 # x\n", "http.port", "19200").unwrap().unwrap();
        let taken = take_back(&format!("{text}b: 2\n"), &change);
        assert_eq!(taken, Ok(TakenBack::Text("a: 1\nhttp.port: 9200-9300 # x\nb: 2\n".into())));
        assert_eq!(take_back("http.port: 9201\n", &change), Ok(TakenBack::NotOurs));
        let (text, change) = set("a: 1\n", "http.port", "19200").unwrap().unwrap();
        assert_eq!(take_back(&format!("{text}b: 2\n"), &change), Ok(TakenBack::Text("a: 1\nb: 2\n".into())));
        assert_eq!(take_back("a: 1\n", &change), Ok(TakenBack::Text("a: 1\n".into())));
    }

    fn line() -> impl Strategy<Value = String> {
        prop_oneof![
            Just(String::new()),
            "# [ -~]{0,20}",
            "[a-f]{1,3}(\\.[a-f]{1,3})?: [a-z0-9]{1,6}( # [ -~]{0,10})?",
            Just("http:".to_owned()),
            "  (port|host|publish_port): [0-9]{1,5}",
            "http\\.(port|host): [0-9]{1,5}(-[0-9]{1,5})?( #.*)?",
            "[a-f]{1,3}: \\[[0-9], [0-9]\\]",
            "[a-f]{1,3}: \\{[ab]: [0-9]\\}",
            "[a-f]{1,3}: [|>]",
            "  [ -~]{0,12}",
            "[ -~\t]{0,16}",
        ]
    }

    proptest! {
        /// Whatever the file: either nothing is done, or just that key's line differs, and it can be taken back.
        #[test]
        fn no_other_byte_changes(lines in prop::collection::vec(line(), 0..12), end in prop_oneof![Just("\n"), Just("\r\n")], closed: bool) {
            let mut text = lines.join(end);
            if closed { text.push_str(end); }
            if let Ok(Some((edited, change))) = set(&text, "http.port", "19200") {
                prop_assert_eq!(&flatten(&edited).unwrap()["http.port"], "19200");
                let (old, new): (Vec<_>, Vec<_>) = (text.split('\n').collect(), edited.split('\n').collect());
                match change.old_line {
                    Some(_) => {
                        prop_assert_eq!(old.len(), new.len());
                        prop_assert_eq!(old.iter().zip(&new).filter(|(a, b)| a != b).count(), 1);
                        prop_assert_eq!(take_back(&edited, &change), Ok(TakenBack::Text(text)));
                    }
                    None => {
                        prop_assert!(edited.starts_with(&text));
                        let TakenBack::Text(back) = take_back(&edited, &change).unwrap() else { panic!() };
                        prop_assert_eq!(back.trim_end(), text.trim_end());
                    }
                }
            }
        }
    }
}
