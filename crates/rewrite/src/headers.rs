//! The headers of a request as lines: what is not touched keeps its bytes, its place and its repetitions.

use std::borrow::Cow;

/// Header lines, without the line ends.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Headers<'a> {
    lines: Vec<Cow<'a, [u8]>>,
}

impl<'a> FromIterator<&'a [u8]> for Headers<'a> {
    fn from_iter<T: IntoIterator<Item = &'a [u8]>>(lines: T) -> Self {
        Self { lines: lines.into_iter().map(Cow::Borrowed).collect() }
    }
}

impl Headers<'_> {
    /// The lines, in order.
    pub fn lines(&self) -> impl Iterator<Item = &[u8]> {
        self.lines.iter().map(AsRef::as_ref)
    }

    /// The first value of a header; names are compared without case.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&[u8]> {
        self.lines().find(|line| has_name(line, name)).map(value)
    }

    /// Name as first spelled and all values of each header, in order of their first lines. Bytes beyond ASCII are
    /// taken for Latin-1, as HTTP has it.
    #[must_use]
    pub fn grouped(&self) -> Vec<(String, Vec<String>)> {
        let mut grouped: Vec<(String, Vec<String>)> = Vec::new();
        for line in self.lines() {
            let (name, value) = (latin1(name(line)), latin1(value(line)));
            match grouped.iter_mut().find(|(known, _)| known.eq_ignore_ascii_case(&name)) {
                Some((_, values)) => values.push(value),
                None => grouped.push((name, vec![value])),
            }
        }
        grouped
    }

    /// Puts these values in the place of all that the header has; behind the others when there was none. A line that
    /// says the same already keeps its bytes. Returns whether anything changed.
    pub fn set(&mut self, name: &str, values: &[&str]) -> bool {
        let at: Vec<usize> = (0..self.lines.len()).filter(|at| self.line_has(*at, name)).collect();
        let mut changed = at.len() != values.len();
        for (at, new) in at.iter().zip(values) {
            let Some(line) = self.lines.get_mut(*at) else { continue };
            if latin1(value(line)) != *new {
                let written = written(self::name(line), new);
                *line = Cow::Owned(written);
                changed = true;
            }
        }
        for surplus in at.iter().skip(values.len()).rev() {
            self.lines.remove(*surplus);
        }
        let spelled =
            at.first().and_then(|first| self.lines.get(*first)).map(|line| self::name(line).to_vec());
        let spelled = spelled.unwrap_or_else(|| name.as_bytes().to_vec());
        let behind = at.last().map_or(self.lines.len(), |last| last + 1);
        for (offset, new) in values.iter().skip(at.len()).enumerate() {
            self.lines.insert(behind + offset, Cow::Owned(written(&spelled, new)));
        }
        changed
    }

    /// Removes all lines of a header. Returns whether there were any.
    pub fn remove(&mut self, name: &str) -> bool {
        let before = self.lines.len();
        self.lines.retain(|line| !has_name(line, name));
        self.lines.len() != before
    }

    fn line_has(&self, at: usize, name: &str) -> bool {
        self.lines.get(at).is_some_and(|line| has_name(line, name))
    }

    /// Gives a header another name. Returns whether there was one.
    pub fn rename(&mut self, from: &str, to: &str) -> bool {
        let mut found = false;
        for line in self.lines.iter_mut().filter(|line| has_name(line, from)) {
            let renamed = [to.as_bytes(), line.get(name(line).len()..).unwrap_or_default()].concat();
            *line = Cow::Owned(renamed);
            found = true;
        }
        found
    }
}

fn name(line: &[u8]) -> &[u8] {
    line.split(|byte| *byte == b':').next().unwrap_or_default()
}

fn has_name(line: &[u8], other: &str) -> bool {
    name(line).trim_ascii().eq_ignore_ascii_case(other.as_bytes())
}

fn value(line: &[u8]) -> &[u8] {
    line.get(name(line).len() + 1..).unwrap_or_default().trim_ascii()
}

fn latin1(bytes: &[u8]) -> String {
    bytes.iter().copied().map(char::from).collect()
}

/// `name: value`; characters beyond Latin-1 as UTF-8, and nothing that would end the line.
fn written(name: &[u8], value: &str) -> Vec<u8> {
    let mut line = [name, b": "].concat();
    for c in value.chars().filter(|c| !matches!(c, '\r' | '\n' | '\0')) {
        match u8::try_from(u32::from(c)) {
            Ok(byte) => line.push(byte),
            Err(_) => line.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers() -> Headers<'static> {
        [b"Host: a".as_slice(), b"X-A:  1 ", b"x-a: 2", b"B:\xe9"].into_iter().collect()
    }

    fn text(headers: &Headers<'_>) -> String {
        headers.lines().map(|line| format!("{}|", latin1(line))).collect()
    }

    #[test]
    fn untouched_lines_keep_their_bytes() {
        let mut headers = headers();
        assert_eq!(headers.grouped()[1], ("X-A".to_owned(), vec!["1".to_owned(), "2".to_owned()]));
        assert!(!headers.set("x-A", &["1", "2"]));
        assert!(!headers.set("B", &["\u{e9}"]));
        assert_eq!(text(&headers), "Host: a|X-A:  1 |x-a: 2|B:\u{e9}|");
        assert!(headers.set("x-a", &["1", "3"]));
        assert_eq!(text(&headers), "Host: a|X-A:  1 |x-a: 3|B:\u{e9}|");
        assert!(headers.set("x-a", &["1", "3", "4"]));
        assert_eq!(text(&headers), "Host: a|X-A:  1 |x-a: 3|X-A: 4|B:\u{e9}|");
        assert!(headers.set("x-a", &["9"]));
        assert_eq!(text(&headers), "Host: a|X-A: 9|B:\u{e9}|");
        assert!(headers.set("New", &["v"]) && headers.remove("HOST") && !headers.remove("HOST"));
        assert_eq!(text(&headers), "X-A: 9|B:\u{e9}|New: v|");
        assert!(headers.rename("b", "C") && !headers.rename("b", "C"));
        assert_eq!(headers.get("c"), Some(b"\xe9".as_slice()));
    }

    #[test]
    fn no_line_is_smuggled_in() {
        let mut headers = headers();
        headers.set("Host", &["a\r\nEvil: 1"]);
        assert!(headers.lines().all(|line| !line.contains(&b'\n') && !line.starts_with(b"Evil")));
    }
}
