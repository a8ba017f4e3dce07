//! The lines of bulk bodies: each action with the place of its metadata and of its document.

use std::borrow::Cow;
use std::ops::Range;

use crate::json::{self, JsonError, JsonErrorKind, Member};

/// One action.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Action<'a> {
    /// `index`, `create`, `update` or `delete`, as it stands there.
    pub name: Cow<'a, str>,
    /// The action line, without its end.
    pub line: Range<usize>,
    /// The object behind the name.
    pub metadata: Range<usize>,
    /// What is in it.
    pub members: Vec<Member>,
    /// The line of the document, without its end; deletes have none.
    pub document: Option<Range<usize>>,
    /// Everything of this action, with line ends and empty lines before it.
    pub whole: Range<usize>,
}

/// Iterates over the actions of a body.
#[derive(Debug)]
pub struct Actions<'a> {
    body: &'a [u8],
    at: usize,
}

/// The actions of a bulk body. Only action lines are parsed; documents are passed over.
#[must_use]
pub fn actions(body: &[u8]) -> Actions<'_> {
    Actions { body, at: 0 }
}

/// The next line from `at` on, without its end, and where the one after it begins.
#[must_use]
pub fn line(body: &[u8], at: usize) -> Option<(Range<usize>, usize)> {
    let rest = body.get(at..).filter(|rest| !rest.is_empty())?;
    Some(match memchr::memchr(b'\n', rest) {
        Some(end) => (at..at + end, at + end + 1),
        None => (at..body.len(), body.len()),
    })
}

/// The next line that says something.
#[must_use]
pub fn full_line(body: &[u8], mut at: usize) -> Option<(Range<usize>, usize)> {
    loop {
        let (found, next) = line(body, at)?;
        if !body.get(found.clone()).unwrap_or_default().trim_ascii().is_empty() {
            return Some((found, next));
        }
        at = next;
    }
}

impl<'a> Iterator for Actions<'a> {
    type Item = Result<Action<'a>, JsonError>;

    fn next(&mut self) -> Option<Self::Item> {
        let start = self.at;
        let (line, next) = full_line(self.body, start)?;
        let action = self.action(start, line, next);
        // After an error nothing can be said about what follows.
        self.at = action.as_ref().map_or(self.body.len(), |action| action.whole.end);
        Some(action)
    }
}

impl<'a> Actions<'a> {
    fn action(&self, start: usize, line: Range<usize>, mut next: usize) -> Result<Action<'a>, JsonError> {
        let text = self.body.get(line.clone()).unwrap_or_default();
        let (outer, mut members) =
            json::nested(text).map_err(|error| JsonError { offset: error.offset + line.start, ..error })?;
        let unexpected = JsonError { kind: JsonErrorKind::Unexpected, offset: line.start };
        let name = json::string(text, &outer.key).ok_or(unexpected)?;
        let document = if name == "delete" {
            None
        } else {
            let (document, after) = self::line(self.body, next).unwrap_or((next..next, next));
            next = after;
            Some(document)
        };
        let in_body = |range: &Range<usize>| line.start + range.start..line.start + range.end;
        let metadata = in_body(&outer.value);
        for member in &mut members {
            *member = Member { key: in_body(&member.key), value: in_body(&member.value) };
        }
        Ok(Action { name, line, metadata, members, document, whole: start..next })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn actions_with_their_places() {
        let body = b"\n{ \"index\" : {\"_id\":1} }\r\n{\"a\":\n{\"delete\":{}}\n\n{\"update\":{}}";
        let found: Vec<Action> = actions(body).collect::<Result<_, _>>().unwrap();
        let text = |range: &Range<usize>| String::from_utf8_lossy(&body[range.clone()]).into_owned();
        let names: Vec<&str> = found.iter().map(|action| action.name.as_ref()).collect();
        assert_eq!(names, ["index", "delete", "update"]);
        assert_eq!(text(&found[0].metadata), "{\"_id\":1}");
        assert_eq!(text(found[0].document.as_ref().unwrap()), "{\"a\":");
        assert_eq!((&found[1].document, text(&found[1].whole).as_str()), (&None, "{\"delete\":{}}\n"));
        assert_eq!(text(found[2].document.as_ref().unwrap()), "");
        let end = found.iter().fold(0, |end, action| {
            assert_eq!(action.whole.start, end);
            action.whole.end
        });
        assert_eq!(end, body.len());
    }

    #[test]
    fn what_is_no_bulk() {
        for body in
            ["{\"index\"", "[]\n", "{\"index\":{},\"create\":{}}\n{}\n", "{\"index\":[]}\n{}\n", "{}\n"]
        {
            assert!(actions(body.as_bytes()).any(|action| action.is_err()), "{body}");
            assert!(actions(body.as_bytes()).count() <= 2);
        }
        assert_eq!(actions(b"\n\n").count(), 0);
    }
}
