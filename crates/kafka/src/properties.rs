//! Java's `.properties` syntax, as `java.util.Properties.load` reads it: this is what Kafka's own tools take, so
//! users have such files. What the properties mean is in [`translate`].

pub(crate) mod jaas;
pub(crate) mod translate;

/// One property.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Property {
    /// Line of the file, from 1, on which it begins.
    pub(crate) line: usize,
    pub(crate) name: String,
    pub(crate) value: String,
}

/// All properties in order; a name may come twice, and then the last one counts. Any text is valid: what Java would
/// refuse (`\u` without four hex digits) is kept as it stands.
pub(crate) fn parse(text: &str) -> Vec<Property> {
    let mut properties = Vec::new();
    let mut lines = text
        .split('\n')
        .flat_map(|line| line.strip_suffix('\r').unwrap_or(line).split('\r'))
        .enumerate()
        .map(|(index, line)| (index + 1, line.trim_start_matches(BLANKS)));
    while let Some((number, line)) = lines.next() {
        if line.is_empty() || line.starts_with(['#', '!']) {
            continue;
        }
        let mut logical = line.to_owned();
        while continues(&logical) {
            logical.pop();
            let Some((_, next)) = lines.next() else { break };
            logical.push_str(next);
        }
        let (name, value) = split(&logical);
        properties.push(Property { line: number, name: unescape(name), value: unescape(value) });
    }
    properties
}

const BLANKS: [char; 3] = [' ', '\t', '\x0c'];

/// Whether the line ends with an odd number of backslashes.
fn continues(line: &str) -> bool {
    line.bytes().rev().take_while(|byte| *byte == b'\\').count() % 2 == 1
}

/// At the first `=`, `:` or blank that is not escaped; blanks around it are of neither part.
fn split(line: &str) -> (&str, &str) {
    let mut escaped = false;
    let end = line.find(|c: char| {
        let divides = !escaped && (matches!(c, '=' | ':') || BLANKS.contains(&c));
        escaped = c == '\\' && !escaped;
        divides
    });
    let (name, rest) = line.split_at(end.unwrap_or(line.len()));
    let rest = rest.trim_start_matches(BLANKS);
    let rest = rest.strip_prefix(['=', ':']).unwrap_or(rest);
    (name, rest.trim_start_matches(BLANKS))
}

fn unescape(text: &str) -> String {
    if !text.contains('\\') {
        return text.to_owned();
    }
    // UTF-16, because a character beyond the basic plane is written as two escapes.
    let mut units: Vec<u16> = Vec::with_capacity(text.len());
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        let plain = match c {
            '\\' => match rest.next() {
                None => break,
                Some('t') => '\t',
                Some('n') => '\n',
                Some('r') => '\r',
                Some('f') => '\x0c',
                Some('u') => match hex(rest.as_str()) {
                    Some(unit) => {
                        units.push(unit);
                        rest = rest.as_str().get(4..).unwrap_or_default().chars();
                        continue;
                    }
                    None => 'u',
                },
                Some(other) => other,
            },
            other => other,
        };
        units.extend_from_slice(plain.encode_utf16(&mut [0; 2]));
    }
    String::from_utf16_lossy(&units)
}

fn hex(text: &str) -> Option<u16> {
    let digits = text.get(..4).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()))?;
    u16::from_str_radix(digits, 16).ok()
}

#[cfg(test)]
mod tests;
